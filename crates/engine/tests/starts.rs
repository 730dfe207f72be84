//! Many processes start at once, on an empty database and into an upgrade: the migrations run once,
//! and all end up serving.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use changeover::Changeover;
use common::{Database, OWNER, SERVICE, until, value};

const INSTANCES: usize = 10;
const BASE: (&str, &str) = (
    "0001_base.sql",
    "CREATE TABLE counted (id integer PRIMARY KEY);
     CREATE TYPE mood AS ENUM ('good');
     INSERT INTO counted VALUES (1);",
);
const NEXT: (&str, &str) = (
    "0002_next.sql",
    "ALTER TABLE counted ADD COLUMN twice integer;
     UPDATE counted SET twice = id * 2;
     CREATE INDEX counted_twice ON counted (twice);",
);

async fn start_all(database: &Database, release: &str, files: &[(&str, &str)]) -> Vec<Changeover> {
    let starts = (0..INSTANCES).map(|_| {
        let options = database.options(release, files);
        async move {
            let instance = Changeover::start(options).await?;
            instance.wait_until_servable().await?;
            instance.mark_serving().await?;
            Ok::<_, changeover::Error>(instance)
        }
    });
    let started = futures_util::future::join_all(starts).await;
    started.into_iter().map(|outcome| outcome.map_err(|e| changeover::chain(&e)).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_at_once_on_an_empty_database_and_into_an_upgrade() {
    let database = Database::new(15).await;
    let first = start_all(&database, "1", &[BASE]).await;
    let owner = database.connect(OWNER).await;
    assert_eq!(value::<i64>(&owner, "SELECT count(*) FROM counted").await, 1);
    let serving = "SELECT count(*) FROM changeover.instance WHERE state = 'serving'";
    assert_eq!(value::<i64>(&owner, serving).await, 10);
    assert_eq!(value::<i64>(&owner, "SELECT count(*) FROM changeover.plan").await, 1);

    let second = start_all(&database, "2", &[BASE, NEXT]).await;
    assert_eq!(value::<i64>(&owner, serving).await, 20);
    assert_eq!(value::<i64>(&owner, "SELECT count(*) FROM changeover.plan").await, 2);
    let repeated: i64 =
        value(&owner, "SELECT count(*) FROM changeover.step WHERE attempts > 1").await;
    assert_eq!(repeated, 0);

    until("the online steps are done", || async {
        value::<i64>(
            &owner,
            "SELECT count(*) FROM changeover.step WHERE phase = 'online' AND state <> 'done'",
        )
        .await
            == 0
    })
    .await;
    // The service's role owns nothing and still sees how far it is, and may not write.
    let service = database.connect(SERVICE).await;
    assert!(value::<bool>(&service, "SELECT changeover.is_done('shop', '0002.2.backfill')").await);
    // Migration 1 ran at once, so this step never was; what it would have done is done.
    assert!(value::<bool>(&service, "SELECT changeover.is_done('shop', '0001.2.backfill')").await);
    assert!(!value::<bool>(&service, "SELECT changeover.is_done('shop', '0003.1.backfill')").await);
    let refused = service.execute("UPDATE changeover.app SET floor = 0", &[]).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "42501");
    for instance in first.iter().chain(&second) {
        instance.leave().await.unwrap();
    }
}
