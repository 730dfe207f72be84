//! Holds a release's migrations against what the ledger remembers, before anything else is done.

use crate::connection::Connection;
use crate::error::Error;
use crate::ledger::state;
use crate::options::Options;

/// Fails where a file was edited after it was applied, is missing, or comes too late. A database
/// that is newer than the release is no error: an older release may serve while the floor allows.
pub(crate) async fn check(connection: &Connection, options: &Options) -> Result<(), Error> {
    let applied = state::applied(&connection.client, &options.app).await?;
    changeover_plan::source::verify_history(&applied, &options.migrations)?;
    Ok(())
}
