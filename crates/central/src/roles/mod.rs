//! The two roles of central: `central_owner` owns and migrates, `central_service` reads and writes.
//!
//! Neither is a superuser. Called by the demo and by tests on a throw-away server, with a superuser's
//! connection; on a real one the administrator runs `roles/roles.sql` by hand.

use crate::{database, error::CentralError};

/// The role that owns the tables and migrates.
pub const OWNER: &str = "central_owner";

/// The role that the service logs in as. Owns nothing.
pub const SERVICE: &str = "central_service";

/// Makes the roles, unless they are there, and gives them their rights in the database that the
/// address names.
///
/// # Errors
/// When the database cannot be reached or the role of the address may not do this.
pub async fn create_roles(superuser_url: &str) -> Result<(), CentralError> {
    let client = database::connect(superuser_url, "central-roles", "making roles").await?;
    client
        .batch_execute(include_str!("roles.sql"))
        .await
        .map_err(CentralError::sql("making central's roles"))
}
