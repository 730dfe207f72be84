//! The same upgrade of the same rows without load and without a fault, in a database beside: what a
//! disturbed run must end with.
//!
//! The rows differ from run to run, since clients write what they like. So the undisturbed run gets
//! those that the disturbed one has ended with, without the columns that the upgrade adds, and must make
//! the same of them; schema and ledger must be the same besides.

use super::ROWS_MIN;
use super::stage::{SUPERUSER, Stage};
use crate::connect::connect;
use crate::{row_sums, schema};
use anyhow::{Context as _, ensure};
use changeover::Options;
use changeover_central::population::Population;
use changeover_central::roles::{OWNER, SERVICE, create_roles};
use changeover_central::{migration, release::Release, seed};
use futures_util::{SinkExt as _, TryStreamExt as _};
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

const APP: &str = "central";
const LEDGER: &str = include_str!("ledger.sql");
/// Every table that holds rows, with the columns that release 4.8 knows.
const TABLES: &str = "SELECT c.oid::regclass::text, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) \
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' \
       AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' \
     GROUP BY c.oid ORDER BY 1";

/// Fails where schema, rows or ledger are not those of an undisturbed run. How many lines were compared.
pub(super) async fn compare(stage: &Stage) -> anyhow::Result<usize> {
    let server = stage.survivor();
    let database = server.fresh_database("undisturbed").await?;
    let url = server.url(SUPERUSER, &database);
    create_roles(&url).await?;
    let mut old = stage.start_undisturbed("4.8", &database)?;
    old.ready().await.context("central 4.8 of the undisturbed run")?;
    old.kill().await?;
    // For the partitions that come with the clusters; the rows go.
    let owner_url = server.url(OWNER, &database);
    seed::seed(Population::of(ROWS_MIN), 1, &owner_url, |_| {}).await?;
    let disturbed = stage.superuser().await?;
    let undisturbed = connect(&url).await?;
    copy_rows(&disturbed, &undisturbed).await?;
    changeover::operate::migrate(options(&owner_url)?, CancellationToken::new()).await?;
    let (wanted, found) = (lines(&undisturbed).await?, lines(&disturbed).await?);
    let differences = schema::differences(&wanted, &found);
    ensure!(
        differences.is_empty(),
        "it did not end as an undisturbed run:\n{}",
        schema::shown(&differences)
    );
    Ok(found.len())
}

fn options(owner_url: &str) -> anyhow::Result<Options> {
    let release = Release::named("4.9")?;
    let files = migration::migrations_up_to(release.head);
    let mut options = Options::new(APP, release.name, changeover_plan::source::read(&files)?);
    options.owner_url = Some(owner_url.to_owned());
    options.service_roles = vec![SERVICE.to_owned()];
    Ok(options)
}

async fn copy_rows(from: &Client, to: &Client) -> anyhow::Result<()> {
    // Rows come table by table: foreign keys would not hold in between.
    to.batch_execute("SET session_replication_role = replica").await?;
    let tables = to.query(TABLES, &[]).await?;
    for row in &tables {
        to.batch_execute(&format!("TRUNCATE {} CASCADE", row.get::<_, String>(0))).await?;
    }
    for row in &tables {
        let (table, columns): (String, String) = (row.get(0), row.get(1));
        let read = format!("COPY (SELECT {columns} FROM {table}) TO STDOUT (FORMAT binary)");
        let write = format!("COPY {table} ({columns}) FROM STDIN (FORMAT binary)");
        let mut rows = Box::pin(from.copy_out(&read).await?);
        let mut sink = Box::pin(to.copy_in(&write).await?);
        while let Some(bytes) = rows.try_next().await? {
            sink.feed(bytes).await?;
        }
        sink.close().await.with_context(|| format!("copying {table}"))?;
    }
    to.batch_execute("RESET session_replication_role").await?;
    Ok(())
}

async fn lines(client: &Client) -> anyhow::Result<Vec<String>> {
    let mut lines = schema::lines(client).await?;
    lines.extend(row_sums::sums(client).await?);
    let ledger = client.query(LEDGER, &[&APP]).await?;
    lines.extend(ledger.into_iter().map(|row| row.get::<_, String>(0)));
    Ok(lines)
}
