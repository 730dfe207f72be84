//! A second disk of a few megabytes, so that a server can run out of space for real (ENOSPC).
//!
//! It is a tmpfs mounted in a mount namespace that only the server's processes are in: the kernel
//! unmounts it when the last of them has ended, however that comes about. Root makes the namespace as
//! root and then becomes the server's user; anybody else needs a user namespace besides.
//!
//! A database is put on it as on any tablespace. Filling and giving room again go through the server,
//! which alone sees the disk: `COPY … TO` a file there writes until the disk is full.

use std::path::{Path, PathBuf};
use std::process::Command;

use tokio_postgres::error::SqlState;

use crate::account::Account;
use crate::databases::quoted;
use crate::error::{AdminError, StartError, file_error};
use crate::server::Server;

/// The tablespace on the small disk.
const TABLESPACE: &str = "small_disk";

/// Mounts the disk ($1, options $2), then becomes what follows. Capabilities that were needed for
/// mounting go, so that the server runs as an ordinary process.
const MOUNT: &str = "mount -t tmpfs -o \"$2\" small_disk \"$1\" && shift 2 && exec \"$@\"";

/// A small disk of one server.
#[derive(Debug)]
pub(crate) struct SmallDisk {
    folder: PathBuf,
    bytes: u64,
}

impl SmallDisk {
    /// Makes the folder that the disk will be mounted on.
    pub(crate) fn make(
        server_folder: &Path,
        bytes: u64,
        account: &Account,
    ) -> Result<Self, StartError> {
        let folder = server_folder.join("small_disk");
        std::fs::create_dir(&folder).map_err(file_error("make", &folder))?;
        account.own(&folder)?;
        Ok(Self { folder, bytes })
    }

    /// `sh`, run as the server's user where the disk is mounted; its arguments are to follow.
    pub(crate) fn command(&self, account: &Account) -> Command {
        let (uid, gid) = (account.uid, account.gid);
        let mut command = Command::new("unshare");
        if !account.switches() {
            command.args(["--user", "--map-current-user", "--keep-caps"]);
        }
        command.args(["--mount", "--propagation", "private", "sh", "-c", MOUNT, "sh"]);
        command.arg(&self.folder);
        command.arg(format!("size={},uid={uid},gid={gid},mode=0700", self.bytes));
        command.arg("setpriv");
        if account.switches() {
            command.arg(format!("--reuid={uid}"));
            command.args([&format!("--regid={gid}"), "--clear-groups"]);
        }
        command.args(["--inh-caps=-all", "--ambient-caps=-all", "sh"]);
        command
    }

    /// The file that takes the room away; the server does not mind what lies beside its own folder.
    fn filler(&self) -> String {
        literal(&self.folder.join("filler").to_string_lossy())
    }
}

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

/// A quoted literal.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
