//! Migrations as ACS runs them today: the files one after the other, before serving, while nobody
//! else serves. The measure against which the online way is held.
//!
//! One row in `versions` says how far the schema is. A session lock, tried again and again, keeps a
//! second central out; a database that is further on than the release is left alone.

use crate::{error::CentralError, migration};
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// The lock's number: any that nobody else in this database uses.
const LOCK_ID: i64 = 0x0AC5_0000_0000_0001;

/// How long is waited for another central's migrations: ACS' own limit of a statement is two hours.
const LOCK_WAIT_MAX: Duration = Duration::from_secs(2 * 3600);

/// How often is looked whether the lock is free.
const LOCK_POLL: Duration = Duration::from_millis(200);

/// Runs all migrations up to `head` that the database does not have.
///
/// # Errors
/// When the lock is not had in time or a migration fails; those before it stay applied.
pub async fn migrate(owner_url: &str, head: u64) -> Result<(), CentralError> {
    let client = crate::database::connect(owner_url, "central-migrator", "migrations").await?;
    lock(&client).await?;
    // The lock ends with the connection, whatever happens below.
    client
        .batch_execute(include_str!("versions.sql"))
        .await
        .map_err(CentralError::sql("creating the table versions"))?;
    let row = client
        .query_one("SELECT coalesce(max(seqnum), 0) FROM versions", &[])
        .await
        .map_err(CentralError::sql("reading versions"))?;
    let done: i64 = row.try_get(0).map_err(CentralError::sql("reading versions"))?;
    for (number, file, text) in migration::numbered_migrations_up_to(head) {
        if i64::try_from(number).is_ok_and(|number| number <= done) {
            continue;
        }
        let started = Instant::now();
        client.batch_execute(text).await.map_err(CentralError::sql(format!("migration {file}")))?;
        client
            .execute(
                "UPDATE versions SET seqnum = $1",
                &[&i64::try_from(number).unwrap_or(i64::MAX)],
            )
            .await
            .map_err(CentralError::sql("writing versions"))?;
        let took_ms = started.elapsed().as_millis();
        tracing::info!(file, took_ms, "migrated");
    }
    Ok(())
}

async fn lock(client: &Client) -> Result<(), CentralError> {
    let deadline = Instant::now() + LOCK_WAIT_MAX;
    loop {
        let row = client
            .query_one("SELECT pg_try_advisory_lock($1)", &[&LOCK_ID])
            .await
            .map_err(CentralError::sql("taking the migration lock"))?;
        if row.try_get(0).map_err(CentralError::sql("taking the migration lock"))? {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(CentralError::MigrationLockHeld { waited_s: LOCK_WAIT_MAX.as_secs() });
        }
        tokio::time::sleep(LOCK_POLL).await;
    }
}
