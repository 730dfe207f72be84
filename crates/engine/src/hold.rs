//! Holding the term for one short change of the ledger, by an operator's command or before a start.
//!
//! Called by `operate` and `history`; the driver, which keeps its term for hours, waits in its own way.

use crate::connection::Connection;
use crate::error::Error;
use crate::options::Options;
use crate::term::{COMMAND_HEAD, GuardedConnection, Term};
use std::time::Duration;
use uuid::Uuid;

/// For how long an operator's command waits for the term while another process holds it.
const TERM_WAIT: Duration = Duration::from_secs(30);

/// The connection string of the role that owns the tables, or why there is none.
pub(crate) fn owner_url(options: &Options) -> Result<&str, Error> {
    options.owner_url.as_deref().ok_or_else(|| {
        Error::Invalid("no connection string of the role that owns the tables was given".to_owned())
    })
}

/// Gets the term within a bounded wait, and a connection that works under it.
pub(crate) async fn hold(
    options: &Options,
    watch: &Connection,
) -> Result<(Term, GuardedConnection), Error> {
    let url = owner_url(options)?;
    let deadline = tokio::time::Instant::now() + TERM_WAIT;
    let holder = Uuid::new_v4();
    loop {
        if let Some(term) = Term::try_acquire(watch, options, url, holder).await? {
            let worker = GuardedConnection::open(options, url, &term).await?;
            return Ok((term, worker));
        }
        Term::ask(watch, &options.app, holder, COMMAND_HEAD).await?;
        if tokio::time::Instant::now() > deadline {
            return Err(Error::Deadline {
                what: "waiting for another process that migrates".to_owned(),
                limit_ms: u64::try_from(TERM_WAIT.as_millis()).unwrap_or(u64::MAX),
            });
        }
        tokio::time::sleep(options.timing.poll).await;
    }
}
