//! Rows for a database. How values are made stands in `filler.sql`.

use super::stage::{SUPERUSER, Stage};

/// Enough for several values of each column and quick to insert row by row.
const ROWS_PER_TABLE: u32 = 40;

/// Fills every table. Returns how many tables hold rows, and how many there are.
pub(super) async fn fill(stage: &Stage, database: &str, nulls: bool) -> anyhow::Result<(i64, i64)> {
    let client = stage.connect(SUPERUSER, database).await?;
    for (name, value) in
        [("histories.rows", ROWS_PER_TABLE.to_string()), ("histories.nulls", nulls.to_string())]
    {
        client.execute("SELECT set_config($1, $2, false)", &[&name, &value]).await?;
    }
    client.batch_execute(include_str!("filler.sql")).await?;
    let row = client
        .query_one(
            "SELECT count(*) FILTER (WHERE reltuples > 0), count(*) FROM pg_class \
              WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'",
            &[],
        )
        .await?;
    Ok((row.get(0), row.get(1)))
}
