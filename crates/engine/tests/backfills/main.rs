//! Backfills whose rows are at fault (`rows`), whose tables others change meanwhile (`tables`), and whose
//! trigger leaves rows to the batch (`skipping`).

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;
mod rows;
mod skipping;
mod tables;

use changeover::{Hook, Options, PausePoint};
use common::{Database, OWNER, migrate, value};
use std::sync::Mutex;
use tokio::sync::{oneshot, watch};

/// A database at the first of two migrations, and options of a release that knows both.
async fn prepared(first: &str, second: &str) -> (Database, Options) {
    let database = Database::new(15).await;
    migrate(database.options("1", &[("0001_base.sql", first)])).await.unwrap();
    let files = [("0001_base.sql", first), ("0002_next.sql", second)];
    let options = database.options("2", &files);
    (database, options)
}

/// Stops a run when it first reaches a point of a step, known by the end of its id. The receiver hears
/// of it, the sender lets it go on.
fn stopped(
    options: &mut Options,
    point: PausePoint,
    step: &'static str,
) -> (oneshot::Receiver<()>, watch::Sender<bool>) {
    let (begin, begun) = oneshot::channel();
    let begin = Mutex::new(Some(begin));
    let (going, go) = watch::channel(false);
    options.hook = Hook::new(move |pause| {
        let is_there =
            pause.point == point && pause.step.is_some_and(|found| found.as_str().ends_with(step));
        let begin = begin.lock().unwrap().take_if(|_| is_there);
        let mut go = go.clone();
        async move {
            if let Some(begin) = begin {
                begin.send(()).unwrap();
                go.wait_for(|going| *going).await.unwrap();
            }
        }
    });
    (begun, going)
}

/// The errors of steps that failed, for the message of an assertion.
async fn errors(database: &Database) -> String {
    let owner = database.connect(OWNER).await;
    let errors = "SELECT coalesce(string_agg(id || ': ' || error, '; '), '') FROM changeover.step \
                   WHERE error IS NOT NULL";
    value(&owner, errors).await
}
