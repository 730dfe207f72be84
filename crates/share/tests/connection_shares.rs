//! Shares of the connections: never more than the budget together, and each its part in the end.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../../engine/tests/common/mod.rs"]
mod common;

use changeover::Changeover;
use changeover_share::connection_share::{ConnectionShare, ShareOptions};
use common::{Database, SERVICE, until};
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use rand::{Rng, SeedableRng};
use tokio_postgres::Client;
use uuid::Uuid;

const TABLES: (&str, &str) = ("0001_tables.sql", "CREATE TABLE orders (id bigint PRIMARY KEY);");
const BUDGET: i32 = 80;

/// An instance as the ledger sees it: what it has open, and what it lets itself have.
struct Simulated {
    id: Uuid,
    wanted: i32,
    held: i32,
    cap: i32,
}

impl Simulated {
    async fn join(client: &Client, wanted: i32) -> Self {
        let id = Uuid::new_v4();
        client
            .execute("SELECT changeover.register($1, 'shop', '1', 1, 600000, 'here', 1)", &[&id])
            .await
            .unwrap();
        Self { id, wanted, held: 0, cap: 0 }
    }

    /// Asks; until the answer is there, it goes on as it may.
    async fn ask(&mut self, client: &Client, rng: &mut StdRng) {
        let keeps_to = self.cap.max(self.held);
        let sql = "SELECT granted, target FROM changeover.share_v1($1, $2, $3, $4, $5, 0, 6)";
        let row = client
            .query_one(sql, &[&self.id, &self.wanted, &keeps_to, &self.held, &Some(BUDGET)])
            .await
            .unwrap();
        if self.held < self.cap {
            self.held = rng.random_range(self.held..=self.cap);
        }
        self.cap = row.get::<_, i32>(0).min(row.get(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_the_sum_stays_within_the_budget() {
    for major in [15, 17] {
        let database = Database::new(major).await;
        let _first = Changeover::start(database.options("1", &[TABLES])).await.unwrap();
        let client = database.connect(SERVICE).await;
        let mut rng = StdRng::seed_from_u64(u64::from(major));
        let mut all: Vec<Simulated> = Vec::new();
        let (mut most, mut newcomers_with_nothing) = (0, 0);
        for _ in 0..3_000 {
            match rng.random_range(0..100) {
                0..4 if all.len() < 6 => {
                    let wanted = rng.random_range(1..200);
                    let mut one = Simulated::join(&client, wanted).await;
                    one.ask(&client, &mut rng).await;
                    newcomers_with_nothing += i32::from(one.cap == 0);
                    all.push(one);
                }
                4..7 if all.len() > 1 => {
                    let one = all.swap_remove(rng.random_range(0..all.len()));
                    client.execute("SELECT changeover.leave($1)", &[&one.id]).await.unwrap();
                }
                choice => {
                    let Some(one) = all.iter_mut().choose(&mut rng) else { continue };
                    match choice {
                        7..60 => one.ask(&client, &mut rng).await,
                        60..85 if one.held < one.cap => one.held = one.cap,
                        _ => one.held = rng.random_range(0..=one.held),
                    }
                }
            }
            let sum: i32 = all.iter().map(|one| one.held.max(one.cap)).sum();
            assert!(sum <= BUDGET, "{sum} of {BUDGET}");
            most = most.max(sum);
        }
        assert!(most > BUDGET * 3 / 4, "{most}");
        assert!(newcomers_with_nothing < 3, "{newcomers_with_nothing}");
        // Left to themselves, all get what is fair: who wants little that, the others the same.
        for one in &mut all {
            one.wanted = 200;
        }
        for _ in 0..6 {
            for one in &mut all {
                one.held = one.held.min(one.cap);
                one.ask(&client, &mut rng).await;
            }
        }
        let shares: Vec<i32> = all.iter().map(|one| one.cap).collect();
        let (least, greatest) = (shares.iter().min().unwrap(), shares.iter().max().unwrap());
        assert!(greatest - least <= 1, "{shares:?}");
        assert!(shares.iter().sum::<i32>() >= BUDGET * 4 / 5, "{shares:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_shrinks_when_another_joins_and_grows_back() {
    let database = Database::new(15).await;
    let one = Changeover::start(database.options("1", &[TABLES])).await.unwrap();
    let options = ShareOptions { budget: Some(60), ..ShareOptions::wanting(90) };
    let share = ConnectionShare::start(one.instance(), options).await.unwrap();
    until("it has nearly all", async || share.gate().limit() > 30).await;
    let alone = share.gate().limit();
    let mut permits = Vec::new();
    for _ in 0..alone {
        permits.push(share.gate().enter().await);
    }
    let other = Changeover::start(database.options("2", &[TABLES])).await.unwrap();
    let others = ConnectionShare::start(other.instance(), options).await.unwrap();
    assert!(others.gate().limit() > 0, "something at once");
    // Nobody gives anything back yet, and so the other cannot have more.
    until("it is told", async || share.gate().limit() < alone).await;
    assert!(others.gate().limit() + alone <= 60);
    permits.clear();
    until("both have the same", async || {
        share.gate().limit() == others.gate().limit() && others.gate().limit() > 15
    })
    .await;
    // As one that is killed: it does not say that it leaves.
    drop((other, others));
    until("it has nearly all again", async || share.gate().limit() == alone).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_too_few_for_all_each_still_has_one() {
    let database = Database::new(16).await;
    let options = ShareOptions { budget: Some(8), ..ShareOptions::wanting(20) };
    let one = Changeover::start(database.options("1", &[TABLES])).await.unwrap();
    let first = ConnectionShare::start(one.instance(), options).await.unwrap();
    until("alone it has some", async || first.gate().limit() > 1).await;
    let other = Changeover::start(database.options("2", &[TABLES])).await.unwrap();
    let second = ConnectionShare::start(other.instance(), options).await.unwrap();
    until("each has one", async || first.gate().limit() == 1 && second.gate().limit() == 1).await;
    drop(second);
    other.leave().await.unwrap();
    until("it comes back", async || first.gate().limit() > 1).await;
    one.leave().await.unwrap();
}
