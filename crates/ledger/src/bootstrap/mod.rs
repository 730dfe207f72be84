//! Makes the ledger where there is none, and refuses one that this engine must not read.
//!
//! Safe when many processes start at once: the transaction-level advisory lock is held only for the
//! few milliseconds that the creation takes, and everything is in one transaction.

use crate::connection::{Connection, Fitness};
use crate::error::Error;
use crate::text::{exact, texts};
use changeover_plan::Identifier;

/// The format that this engine writes.
pub const FORMAT: i32 = 4;

/// The tables and views that make each format of the one before; the first of nothing. A format only adds,
/// without a lock on what older engines use at that moment.
const TABLES: [&[&str]; FORMAT as usize] = [
    &[include_str!("sql/format_0001.sql")],
    &[
        include_str!("sql/generation/tables_0002.sql"),
        include_str!("sql/worker/tables_0002.sql"),
        include_str!("sql/job/tables_0002.sql"),
        include_str!("sql/cache/tables_0002.sql"),
        include_str!("sql/connection_share/tables_0002.sql"),
    ],
    &[include_str!("sql/tables_0003.sql")],
    &[include_str!("sql/control/tables_0004.sql"), include_str!("sql/pace/tables_0004.sql")],
];
/// All functions, made again with each format, so that a ledger of any age has their latest bodies. Their
/// signatures and rights stay; another signature gets a new suffix. After the tables: functions are checked
/// against them.
const FUNCTIONS: [&str; 11] = [
    include_str!("sql/functions_0001.sql"),
    include_str!("sql/generation/functions_0002.sql"),
    include_str!("sql/worker/functions_0002.sql"),
    include_str!("sql/job/functions_0002.sql"),
    include_str!("sql/job/claim_0002.sql"),
    include_str!("sql/job/outcome_0002.sql"),
    include_str!("sql/job/care_0002.sql"),
    include_str!("sql/cache/functions_0002.sql"),
    include_str!("sql/connection_share/functions_0002.sql"),
    include_str!("sql/pace/functions_0004.sql"),
    include_str!("sql/control/functions_0004.sql"),
];
/// Nobody but the owner writes the ledger, whatever the owner's default privileges are.
const REVOKE_OTHERS: &str = include_str!("sql/revoke_others.sql");
const WRITTEN: &str = "UPDATE changeover.format SET written = $1";
const GRANT_SERVICE: &str = include_str!("sql/grant_service.sql");
const APP: &str = "INSERT INTO changeover.app (app) VALUES ($1) ON CONFLICT DO NOTHING";
/// The owner's own role too: an application whose service uses it has its roles declared as well.
const SERVICE_ROLES: &str = "INSERT INTO changeover.service_role (app, role) \
     SELECT $1, role FROM unnest($2::text[] || current_user::text) AS given (role) ON CONFLICT DO NOTHING";
/// Every application's services that there are still.
const ALL_SERVICES: &str = "SELECT DISTINCT s.role FROM changeover.service_role s \
     JOIN pg_roles r ON r.rolname = s.role WHERE s.role <> current_user ORDER BY 1";

/// Serialises creation among processes; the figure is the word "chov" in ASCII and means nothing.
const CREATION_LOCK: &str =
    "SET LOCAL lock_timeout = '20s'; SELECT pg_advisory_xact_lock(1667788662)";

/// What stands in the table `format`, or `None` where there is no ledger. Typed statements, since a
/// status is read through poolers too.
pub async fn format(connection: &Connection) -> Result<Option<(i32, i32)>, Error> {
    let sql = |source| Error::sql("looking for the ledger", source);
    let client = &connection.client;
    let exists = client
        .query_typed_one("SELECT to_regclass('changeover.format') IS NOT NULL", &[])
        .await
        .map_err(sql)?;
    if !exists.get::<_, bool>(0) {
        return Ok(None);
    }
    let row = client
        .query_typed_one("SELECT written, min_reader FROM changeover.format", &[])
        .await
        .map_err(sql)?;
    Ok(Some((row.get(0), row.get(1))))
}

/// Fails unless there is a ledger that this engine may read. The format that is written there.
pub async fn require(connection: &Connection) -> Result<i32, Error> {
    match format(connection).await? {
        None => Err(Error::NoLedger),
        Some((written, min_reader)) if min_reader > FORMAT => {
            Err(Error::LedgerTooNew { written, min_reader, own: FORMAT })
        }
        Some((written, _)) => Ok(written),
    }
}

/// Says that the ledger does not know the application, and which ones it knows.
pub async fn unknown_app(connection: &Connection, app: &str) -> Error {
    let known = connection
        .client
        .query_typed("SELECT app FROM changeover.app ORDER BY app", &[])
        .await
        .map_err(|source| Error::sql("reading the ledger's applications", source));
    match known {
        Ok(rows) => Error::UnknownApp { app: app.to_owned(), known: texts(&rows) },
        Err(error) => error,
    }
}

/// Makes the ledger where there is none, or what an older engine's lacks, the application's row in it,
/// and the services' grants.
pub async fn ensure(
    connection: &mut Connection,
    app: &str,
    service_roles: &[String],
) -> Result<(), Error> {
    let fitness = Fitness::ask(connection).await?;
    fitness.require_writable()?;
    let written = format(connection).await?.map(|(written, _)| written);
    if written.is_none() {
        fitness.require_create()?;
    }
    if written.is_none_or(|written| written < FORMAT) {
        create(connection, app, service_roles).await?;
    }
    require(connection).await?;
    crate::term::assert_unique_epoch(connection).await?;
    let sql = |source| Error::sql("entering the application in the ledger", source);
    connection.client.execute(APP, &[&app]).await.map_err(sql)?;
    connection.client.execute(SERVICE_ROLES, &[&app, &service_roles]).await.map_err(sql)?;
    for role in service_roles {
        grant(connection, role).await?;
    }
    Ok(())
}

async fn create(
    connection: &mut Connection,
    app: &str,
    service_roles: &[String],
) -> Result<(), Error> {
    let sql = |source| Error::sql("making the ledger", source);
    let transaction = connection.client.transaction().await.map_err(sql)?;
    transaction.batch_execute(CREATION_LOCK).await.map_err(sql)?;
    // Somebody else may have made it while we waited. Read from the table: `to_regclass` would answer
    // from this session's cache, which may still say that there is none.
    let exists = transaction
        .query_one(
            "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
              WHERE n.nspname = 'changeover' AND c.relname = 'format')",
            &[],
        )
        .await
        .map_err(sql)?;
    let mut written = 0_i32;
    if exists.get::<_, bool>(0) {
        let row = transaction
            .query_one("SELECT written FROM changeover.format", &[])
            .await
            .map_err(sql)?;
        written = row.get(0);
    }
    let missing =
        usize::try_from(written).map_or(&TABLES[..0], |from| TABLES.get(from..).unwrap_or(&[]));
    if missing.is_empty() {
        return transaction.commit().await.map_err(sql);
    }
    // Two loops: an iterator over both would be held over an await, and rustc then cannot see that the
    // future is `Send`.
    for statements in missing {
        for statement in *statements {
            transaction.batch_execute(statement).await.map_err(sql)?;
        }
    }
    for statement in FUNCTIONS {
        transaction.batch_execute(statement).await.map_err(sql)?;
    }
    transaction.execute(APP, &[&app]).await.map_err(sql)?;
    transaction.execute(SERVICE_ROLES, &[&app, &service_roles]).await.map_err(sql)?;
    transaction.batch_execute(REVOKE_OTHERS).await.map_err(sql)?;
    for row in transaction.query(ALL_SERVICES, &[]).await.map_err(sql)? {
        transaction
            .batch_execute(&grant_to(&exact::<String>(&row, 0, "reading the service roles")?))
            .await
            .map_err(sql)?;
    }
    transaction.execute(WRITTEN, &[&FORMAT]).await.map_err(sql)?;
    transaction.commit().await.map_err(sql)
}

fn grant_to(role: &str) -> String {
    GRANT_SERVICE.replace("$ROLE", &Identifier::from(role).to_string())
}

/// Lets a service's role register and look. Skipped where it may already: granting again would
/// make concurrent starts collide on the same catalog rows.
async fn grant(connection: &mut Connection, role: &str) -> Result<(), Error> {
    let sql = |source| Error::sql(format!("granting the ledger to role {role}"), source);
    let granted = connection
        .client
        .query_one(
            "SELECT has_schema_privilege($1::text, 'changeover', 'USAGE') \
                AND has_table_privilege($1::text, 'changeover.event', 'SELECT') \
                AND has_function_privilege($1::text, 'changeover.standing(text, bigint)', 'EXECUTE') \
                AND has_table_privilege($1::text, 'changeover.service_role', 'SELECT') \
                AND has_function_privilege($1::text, 'changeover.settle_v1(text)', 'EXECUTE') \
                AND has_function_privilege($1::text, \
                        'changeover.report_latency_v1(text, text, double precision)', 'EXECUTE')",
            &[&role],
        )
        .await
        .map_err(sql)?;
    if granted.get::<_, bool>(0) {
        return Ok(());
    }
    let transaction = connection.client.transaction().await.map_err(sql)?;
    transaction.batch_execute(CREATION_LOCK).await.map_err(sql)?;
    transaction.batch_execute(&grant_to(role)).await.map_err(sql)?;
    transaction.commit().await.map_err(sql)
}
