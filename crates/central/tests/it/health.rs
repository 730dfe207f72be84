//! A cluster's health while two instances are there: written by who holds the stream, and nobody else.

use crate::{
    sensor::{Sensor, cluster},
    stage::{Stage, until},
};
use changeover_central::{
    server::Central,
    settings::{HealthTiming, Settings, Trial, UpgradeMode},
};
use std::time::Duration;
use tokio_postgres::Client;
use uuid::Uuid;

/// Rounds of each instance's loop that a trial waits for.
const ROUNDS: u64 = 20;

/// Notes every change of a cluster's state.
const WATCH: &str = "
    CREATE TABLE health_changes (
        id bigint GENERATED ALWAYS AS IDENTITY, cluster_id uuid, state text, stream_epoch bigint
    );
    CREATE FUNCTION note_health() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        INSERT INTO health_changes (cluster_id, state, stream_epoch)
        VALUES (new.cluster_id, new.state, new.stream_epoch);
        RETURN NULL;
    END $$;
    CREATE TRIGGER note_new AFTER INSERT ON cluster_health
        FOR EACH ROW EXECUTE FUNCTION note_health();
    CREATE TRIGGER note_changed AFTER UPDATE ON cluster_health
        FOR EACH ROW WHEN (old.state IS DISTINCT FROM new.state) EXECUTE FUNCTION note_health();";

async fn central(stage: &Stage, release: &str, inactive_after: Duration, trial: Trial) -> Central {
    let health = HealthTiming { period: Duration::from_millis(20), inactive_after };
    let settings = Settings { health, trial, ..stage.settings(release, UpgradeMode::None) };
    Central::start(settings).await.expect("it starts")
}

/// Longer than any test takes.
const NEVER: Duration = Duration::from_secs(3_600);

async fn states(client: &Client, cluster: Uuid) -> Vec<String> {
    let sql = "SELECT state FROM health_changes WHERE cluster_id = $1 ORDER BY id";
    let rows = client.query(sql, &[&cluster]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// Release A holds the stream, release B runs its loop beside it: the states that the cluster had.
async fn two_instances(name: &str, trial: Trial) -> Vec<String> {
    let stage = Stage::seeded(name).await;
    let client = stage.owner().await;
    client.batch_execute(WATCH).await.unwrap();
    let cluster = cluster(stage.population, 0);
    let a = central(&stage, "4.8", NEVER, trial.clone()).await;
    let b = central(&stage, "4.9", NEVER, trial).await;
    let (sensor, ..) = Sensor::opened(a.address(), cluster).await;
    let (from_a, from_b) = (a.health_rounds(), b.health_rounds());
    until("both have gone round", async || {
        sensor.beat("HEALTHY");
        a.health_rounds() >= from_a + ROUNDS && b.health_rounds() >= from_b + ROUNDS
    })
    .await;
    states(&client, cluster).await
}

#[tokio::test]
async fn who_does_not_hold_the_stream_writes_nothing() {
    assert_eq!(two_instances("guarded", Trial::default()).await, ["HEALTHY"]);
}

/// The control: as ACS writes it, the state goes to and fro.
#[tokio::test]
async fn without_the_guard_the_state_flaps() {
    let trial = Trial { health_unguarded: true, ..Trial::default() };
    let states = two_instances("flapping", trial).await;
    assert!(states.len() > 10, "{states:?}");
    assert!(states.windows(2).all(|pair| pair[0] != pair[1]), "{states:?}");
}

/// The stream moves: its new holder takes over at once, and the one before writes no more, though it
/// still believes that it holds it.
#[tokio::test]
async fn a_stream_that_moves_takes_the_health_with_it() {
    let stage = Stage::seeded("moves").await;
    let client = stage.owner().await;
    client.batch_execute(WATCH).await.unwrap();
    let cluster = cluster(stage.population, 1);
    let a = central(&stage, "4.8", NEVER, Trial::default()).await;
    let b = central(&stage, "4.9", NEVER, Trial::default()).await;
    let (before, ..) = Sensor::opened(a.address(), cluster).await;
    before.beat("DEGRADED");
    until("A writes", async || {
        states(&client, cluster).await.last().is_some_and(|state| state == "DEGRADED")
    })
    .await;
    let (after, ..) = Sensor::opened(b.address(), cluster).await;
    until("B writes", async || {
        after.beat("HEALTHY");
        states(&client, cluster).await.last().is_some_and(|state| state == "HEALTHY")
    })
    .await;
    let changes = states(&client, cluster).await.len();
    let (from_a, from_b) = (a.health_rounds(), b.health_rounds());
    until("both have gone round", async || {
        // A's sensor still says something else, over the older stream.
        before.beat("DEGRADED");
        after.beat("HEALTHY");
        a.health_rounds() >= from_a + ROUNDS && b.health_rounds() >= from_b + ROUNDS
    })
    .await;
    assert_eq!(states(&client, cluster).await.len(), changes);
    let sql = "SELECT stream_epoch FROM cluster_health WHERE cluster_id = $1";
    let row = client.query_one(sql, &[&cluster]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 2);
}

/// A holder that died cannot say so: the one that is left does, and only once.
#[tokio::test]
async fn a_cluster_that_nobody_hears_becomes_inactive() {
    let stage = Stage::seeded("inactive").await;
    let client = stage.owner().await;
    client.batch_execute(WATCH).await.unwrap();
    let (lost, kept) = (cluster(stage.population, 0), cluster(stage.population, 1));
    let patience = Duration::from_secs(2);
    let a = central(&stage, "4.8", patience, Trial::default()).await;
    let others = [
        central(&stage, "4.8", patience, Trial::default()).await,
        central(&stage, "4.8", patience, Trial::default()).await,
    ];
    let (_dying, ..) = Sensor::opened(a.address(), lost).await;
    let (living, ..) = Sensor::opened(others[0].address(), kept).await;
    until("both are healthy", async || {
        living.beat("HEALTHY");
        states(&client, lost).await == ["HEALTHY"] && states(&client, kept).await == ["HEALTHY"]
    })
    .await;
    drop(a);
    until("it is inactive", async || {
        living.beat("HEALTHY");
        states(&client, lost).await == ["HEALTHY", "INACTIVE"]
    })
    .await;
    let (again, ..) = Sensor::opened(others[1].address(), lost).await;
    until("it is back", async || {
        living.beat("HEALTHY");
        again.beat("HEALTHY");
        states(&client, lost).await == ["HEALTHY", "INACTIVE", "HEALTHY"]
    })
    .await;
    assert_eq!(states(&client, kept).await, ["HEALTHY"]);
}
