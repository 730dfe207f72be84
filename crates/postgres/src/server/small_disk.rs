//! A database on the small disk, and filling it.
//!
//! A database is put on it as on any tablespace. Filling and giving room again go through the server,
//! which alone sees the disk: `COPY … TO` a file there writes until the disk is full.

use tokio_postgres::error::SqlState;

use super::Server;
use super::databases::quoted;
use crate::error::AdminError;
use crate::small_disk::literal;

/// The tablespace on the small disk.
const TABLESPACE: &str = "small_disk";

impl Server {
    /// Makes a copy of the database `template` on the small disk.
    ///
    /// Errors: the server has none ([`crate::Builder::small_disk`]), or as
    /// [`Server::clone_database`].
    pub async fn create_database_on_small_disk(
        &self,
        template: &str,
        name: &str,
    ) -> Result<(), AdminError> {
        let disk = self.small_disk().ok_or(AdminError::NoSmallDisk)?;
        let location = literal(&disk.folder.to_string_lossy());
        let tablespace = format!("CREATE TABLESPACE {TABLESPACE} LOCATION {location}");
        match self.administer("make the tablespace of", name, &tablespace).await {
            Err(AdminError::Statement { source, .. })
                if source.code() == Some(&SqlState::DUPLICATE_OBJECT) => {}
            outcome => outcome?,
        }
        let clone = format!(
            "CREATE DATABASE {} TEMPLATE {} TABLESPACE {TABLESPACE}",
            quoted(name),
            quoted(template)
        );
        self.administer("clone on the small disk", name, &clone).await
    }

    /// Fills the small disk: from now on what needs another block fails with SQLSTATE 53100.
    ///
    /// Errors: the server has none, or fails otherwise than by a full disk.
    pub async fn fill_small_disk(&self) -> Result<(), AdminError> {
        let disk = self.small_disk().ok_or(AdminError::NoSmallDisk)?;
        // More lines of 1000 bytes than fit.
        let fill = format!(
            "COPY (SELECT repeat('x', 999) FROM generate_series(1, {})) TO {}",
            disk.bytes / 1000 + 1,
            disk.filler()
        );
        match self.administer("fill the disk of", TABLESPACE, &fill).await {
            Err(AdminError::Statement { source, .. })
                if source.code() == Some(&SqlState::DISK_FULL) =>
            {
                Ok(())
            }
            outcome => outcome,
        }
    }

    /// Gives the room back that [`Server::fill_small_disk`] took.
    ///
    /// Errors: the server has none, or does not answer.
    pub async fn relieve_small_disk(&self) -> Result<(), AdminError> {
        let disk = self.small_disk().ok_or(AdminError::NoSmallDisk)?;
        let empty = format!("COPY (SELECT WHERE false) TO {}", disk.filler());
        self.administer("give room on the disk of", TABLESPACE, &empty).await
    }
}
