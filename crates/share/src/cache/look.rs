//! One look at the notes: what was committed since the last one, and the snapshot of this one.
//!
//! SQL: function `changes_v1` in `sql/functions_0002.sql`. Unnamed statements, since a pooler may stand
//! between.

use super::snapshot::Snapshot;
use crate::connection::Connection;
use crate::error::Error;
use changeover_ledger::text::{listed, text};
use std::time::Instant;
use tokio_postgres::types::Type;

/// More changes than this in one look are taken as everything.
const CHANGES_MAX: i32 = 1_000;

/// What a look has found.
#[derive(Clone, Debug)]
pub(super) struct Look {
    /// When it was sent: what had been committed by then is in it.
    pub(super) sent: Instant,
    pub(super) timeline: i64,
    pub(super) snapshot: Snapshot,
}

/// What has changed since the look before.
#[derive(Debug)]
pub(super) struct Changes {
    /// What cannot be told: everything may have changed.
    pub(super) reset: bool,
    /// Source and key of each.
    pub(super) changes: Vec<(String, String)>,
    /// How each source that was asked for is watched; `None`: it is not.
    pub(super) prints: Vec<Option<String>>,
}

/// Looks. `last` is the look before on the same server; without one everything may have changed.
pub(super) async fn look(
    connection: &Connection,
    app: &str,
    sources: &[String],
    last: Option<&Look>,
) -> Result<(Look, Changes), Error> {
    let sent = Instant::now();
    let seen = last.map(|look| look.snapshot.text.as_str());
    let row = connection
        .client
        .query_typed_one(
            "SELECT snapshot, timeline, reset, sources, keys, prints \
               FROM changeover.changes_v1($1, $2, $3::text::pg_snapshot, $4)",
            &[
                (&app, Type::TEXT),
                (&sources, Type::TEXT_ARRAY),
                (&seen, Type::TEXT),
                (&CHANGES_MAX, Type::INT4),
            ],
        )
        .await
        .map_err(|source| Error::sql("looking for changes", source))?;
    let text = text(&row, 0);
    let snapshot = Snapshot::parse(&text)
        .ok_or_else(|| Error::Invalid(format!("`{text}` is not a snapshot that can be read")))?;
    let names = listed(&row, 3).into_iter().map(Option::unwrap_or_default);
    // A key that is no UTF-8 could not be found in a cache: then all of them may have changed.
    let keys: Option<Vec<String>> = row.try_get(4).ok();
    let found = Look { sent, timeline: row.get(1), snapshot };
    // Another server, or this one restored to an earlier state: numbers mean nothing from one to the other.
    let another = last.is_some_and(|last| {
        last.timeline != found.timeline || found.snapshot.is_before(&last.snapshot)
    });
    let changes = Changes {
        reset: another || row.get(2) || keys.is_none(),
        changes: names.zip(keys.unwrap_or_default()).collect(),
        prints: listed(&row, 5),
    };
    Ok((found, changes))
}
