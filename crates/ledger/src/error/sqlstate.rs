//! The SQLSTATEs of the ledger's own refusals (class CO). For other languages: `docs/sql-functions.md`.

/// The SQLSTATE with which the ledger refuses a head below the floor.
pub const SQLSTATE_BELOW_FLOOR: &str = "CO001";
/// The SQLSTATE with which the guard refuses a term that is not (or no longer) held.
pub const SQLSTATE_FENCED: &str = "CO002";
/// The SQLSTATE for an application that the ledger does not know.
pub const SQLSTATE_UNKNOWN_APP: &str = "CO003";
/// The SQLSTATE for an instance that is not registered, or was given up.
pub const SQLSTATE_UNREGISTERED: &str = "CO004";
/// The SQLSTATE for a session whose name does not say to which instance it belongs.
pub const SQLSTATE_UNNAMED: &str = "CO005";
/// The SQLSTATE for a kind of job that nobody has declared in this version, or not before the switch.
pub const SQLSTATE_NOT_ENQUEUEABLE: &str = "CO006";
/// The SQLSTATE for a job that is not (or no longer) claimed by the process that ends it.
pub const SQLSTATE_NOT_CLAIMED: &str = "CO007";
/// The SQLSTATE for a step that the application does not have.
pub const SQLSTATE_UNKNOWN_STEP: &str = "CO008";
