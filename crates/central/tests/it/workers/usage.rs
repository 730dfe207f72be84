//! Counters that are read, added to and written back.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::rivals::{Guard, Rivals};
use changeover_central::worker::usage;

const RAISED: &str = "UPDATE alerts SET raised_at = now() - interval '40 seconds'";
const COUNTED: &str = "SELECT coalesce(sum(alerts_raised), 0)::bigint FROM usage";

/// Returns by how many the alerts were counted too often.
async fn counted_twice(guard: Guard) -> i64 {
    let mut rivals = Rivals::new("usage", guard).await;
    // As if it had been counted up to a minute ago.
    let until =
        "INSERT INTO worker_cursors VALUES ('usage', (now() - interval '60 seconds')::text)";
    rivals.owner.execute(until, &[]).await.unwrap();
    let raised = i64::try_from(rivals.owner.execute(RAISED, &[]).await.unwrap()).unwrap();
    assert!(rivals.older.begin().await);
    let sample = usage::read(&rivals.older.client).await.unwrap();
    rivals.newer_comes().await;
    assert!(rivals.newer.begin().await);
    let newer = usage::read(&rivals.newer.client).await.unwrap();
    usage::add(&rivals.newer.client, &newer).await.unwrap();
    assert!(rivals.newer.commit().await);
    usage::add(&rivals.older.client, &sample).await.unwrap();
    assert_eq!(rivals.older.commit().await, guard == Guard::Off);
    rivals.count(COUNTED).await - raised
}

#[tokio::test]
async fn without_the_guard_usage_is_counted_twice() {
    assert!(counted_twice(Guard::Off).await > 0);
}

#[tokio::test]
async fn with_the_guard_it_is_counted_once() {
    assert_eq!(counted_twice(Guard::On).await, 0);
}

/// No matter who writes last, the peak is the largest that anybody saw.
#[tokio::test]
async fn the_peak_is_the_largest() {
    let mut rivals = Rivals::new("usage_peak", Guard::On).await;
    assert!(rivals.older.begin().await);
    let mut sample = usage::read(&rivals.older.client).await.unwrap();
    sample.deployments = 70;
    usage::add(&rivals.older.client, &sample).await.unwrap();
    assert!(rivals.older.commit().await);
    rivals.newer_comes().await;
    for deployments in [50, 90, 60] {
        assert!(rivals.newer.begin().await);
        // The same moment, so that the test cannot fall into two hours.
        sample.deployments = deployments;
        sample.alerts_raised.clear();
        usage::add(&rivals.newer.client, &sample).await.unwrap();
        assert!(rivals.newer.commit().await);
    }
    assert_eq!(rivals.count("SELECT max(deployments_peak) FROM usage").await, 90);
}
