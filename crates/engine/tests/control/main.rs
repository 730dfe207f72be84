//! Operators pause, slow down, stop and cancel what runs, by the ledger alone.

#![expect(clippy::unwrap_used, reason = "tests")]

mod cancel;
#[path = "../common/mod.rs"]
mod common;
mod functions;
mod pace;
mod pause;
mod stop;

use changeover::{Changeover, Options, Pace};
use common::{Database, OWNER, STATE_WAIT, migrate, until, value};
use tokio_postgres::Client;

pub(crate) const BASE: (&str, &str) = (
    "0001_base.sql",
    "CREATE TABLE orders (id bigserial PRIMARY KEY, payload jsonb NOT NULL);
     CREATE TABLE customers (id bigserial PRIMARY KEY, name text);
     INSERT INTO orders (payload)
     SELECT jsonb_build_object('total', g) FROM generate_series(1, 2000) g;
     INSERT INTO customers (name) SELECT 'n' || g FROM generate_series(1, 100) g;",
);
pub(crate) const TOTAL: (&str, &str) = (
    "0002_total.sql",
    "ALTER TABLE orders ADD COLUMN total bigint;
     UPDATE orders SET total = (payload->>'total')::bigint;",
);

/// One row a batch, with a rest that makes it last for minutes.
pub(crate) fn slowly(mut options: Options) -> Options {
    options.pace =
        Pace { batch_rows_first: 1, batch_rows_max: 1, rest_ratio: Some(5.0), ..Pace::default() };
    options
}

/// A release that serves and fills slowly, and the owner's connection.
pub(crate) async fn in_mid_backfill(database: &Database) -> (Changeover, Client) {
    migrate(database.options("1", &[BASE])).await.unwrap();
    let owner = database.connect(OWNER).await;
    let two = Changeover::start(slowly(database.options("2", &[BASE, TOTAL]))).await.unwrap();
    servable(&two).await;
    until("the backfill is under way", || async { filled(&owner).await > 3 }).await;
    (two, owner)
}

pub(crate) async fn servable(release: &Changeover) {
    tokio::time::timeout(STATE_WAIT, release.wait_until_servable())
        .await
        .expect("not servable in time")
        .unwrap();
    release.mark_serving().await.unwrap();
}

/// How many rows backfills have looked at.
pub(crate) async fn filled(owner: &Client) -> i64 {
    let sql = "SELECT coalesce(sum(p.done), 0)::bigint FROM changeover.progress p \
                 JOIN changeover.step s ON s.app = p.app AND s.id = p.step WHERE s.kind = 'backfill'";
    value(owner, sql).await
}

/// Waits until no row is filled between two renewals of the term; from then on none is over eight more, which a
/// batch that only rests doesn't survive.
pub(crate) async fn stands_still(owner: &Client) {
    until("nothing is filled while the term is renewed", || async {
        let before = filled(owner).await;
        renewed(owner).await;
        renewed(owner).await;
        filled(owner).await == before
    })
    .await;
    let before = filled(owner).await;
    for _ in 0..8 {
        renewed(owner).await;
    }
    assert_eq!(filled(owner).await, before, "rows are filled while paused");
}

async fn renewed(owner: &Client) {
    let expiry = "SELECT expires_at::text FROM changeover.term WHERE holder IS NOT NULL";
    let read = || async { owner.query_opt(expiry, &[]).await.unwrap().map(|row| row.get(0)) };
    let before: Option<String> = read().await;
    until("the term is renewed", || async { read().await.is_some_and(|now| Some(now) != before) })
        .await;
}

/// Waits until no step but those of the contract is open.
pub(crate) async fn all_done(owner: &Client) {
    let open = "SELECT count(*) FROM changeover.step WHERE state <> 'done' AND phase <> 'contract'";
    until("everything is done", || async { value::<i64>(owner, open).await == 0 }).await;
}

/// The state of the only step of a kind.
pub(crate) async fn state_of(owner: &Client, kind: &str) -> String {
    let sql = "SELECT state FROM changeover.step WHERE kind = $1";
    owner.query_one(sql, &[&kind]).await.unwrap().get(0)
}
