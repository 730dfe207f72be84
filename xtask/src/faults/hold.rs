//! Holds A while it builds an index concurrently: the one place between two effects that is no point of
//! the program, since the build is one statement. It is a state that the server shows.

use super::migrator::Migrator;
use crate::connect::connect;
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// How often it is looked whether A builds.
const LOOK: Duration = Duration::from_millis(10);
/// Has written to every table and does not end: a concurrent build waits for it.
const HOLD_WRITERS: &str = include_str!("sql/hold_writers.sql");
const IS_BUILDING: &str = "SELECT EXISTS (SELECT FROM pg_stat_progress_create_index \
     WHERE datname = current_database() AND command = 'CREATE INDEX CONCURRENTLY')";

/// Lets A go on into its build, and holds it there; `None` where it does not come to it in time. The one that
/// holds it lets go when dropped.
pub(super) async fn in_build(
    superuser_url: &str,
    a: &Migrator,
    wait: Duration,
) -> anyhow::Result<Option<Client>> {
    let holds = connect(superuser_url).await?;
    holds.batch_execute(HOLD_WRITERS).await?;
    let client = connect(superuser_url).await?;
    a.go_on()?;
    let began = Instant::now();
    while began.elapsed() < wait {
        if client.query_one(IS_BUILDING, &[]).await?.get(0) {
            return Ok(Some(holds));
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(None)
}
