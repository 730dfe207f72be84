//! Runs a statement as it is prepared, and reads from the server what it cost.

use changeover_central::release::SampleValue;
use tokio_postgres::{Client, SimpleQueryMessage};

/// What one statement cost with one set of values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    /// Rows of sequential scans and entries of index scans.
    pub(super) read: i64,
    /// Rows returned, or written where that is more.
    pub(super) useful: i64,
    /// The rows that a piece of a walk may read; 0 where it is no walk.
    pub(super) piece: i64,
}

/// Counts of the current transaction, or of those before it that are not reported yet: only differences count.
const COUNTS: &str = "SELECT sum(pg_stat_get_xact_tuples_returned(c.oid))::text,
       sum(pg_stat_get_xact_tuples_inserted(c.oid) + pg_stat_get_xact_tuples_updated(c.oid)
           + pg_stat_get_xact_tuples_deleted(c.oid))::text
  FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace";

async fn counts(client: &Client) -> (i64, i64) {
    let row = client.query_one(COUNTS, &[]).await.expect("it counts");
    let number = |column| row.get::<_, &str>(column).parse().expect("a number");
    (number(0), number(1))
}

fn literal(value: &SampleValue) -> String {
    match &value.text {
        Some(text) => format!("'{}'::{}", text.replace('\'', "''"), value.type_sql),
        None => format!("NULL::{}", value.type_sql),
    }
}

/// Runs it with these settings; what it writes is undone. To be called within a transaction.
pub(super) async fn measure(
    client: &Client,
    sql: &str,
    values: &[SampleValue],
    settings: &str,
) -> Cost {
    let list = |parts: Vec<String>| match parts.is_empty() {
        true => String::new(),
        false => format!("({})", parts.join(", ")),
    };
    let types = list(values.iter().map(|value| value.type_sql.to_owned()).collect());
    let literals = list(values.iter().map(literal).collect());
    let begin = format!(
        "SAVEPOINT before; SET LOCAL max_parallel_workers_per_gather = 0;
         {settings}; PREPARE measured {types} AS {sql}"
    );
    client.batch_execute(&begin).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let before = counts(client).await;
    let messages = client
        .simple_query(&format!("EXECUTE measured {literals}"))
        .await
        .unwrap_or_else(|error| panic!("{sql} {literals}: {error:?}"));
    let after = counts(client).await;
    let returned =
        messages.iter().filter(|message| matches!(message, SimpleQueryMessage::Row(_))).count();
    client
        .batch_execute("ROLLBACK TO before; RELEASE before; DEALLOCATE measured")
        .await
        .expect("it is undone");
    Cost {
        read: after.0 - before.0,
        useful: (after.1 - before.1).max(i64::try_from(returned).expect("few")),
        piece: 0,
    }
}
