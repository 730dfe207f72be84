//! Whole objects out of a memory that is out of date.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::rivals::{Guard, Rival, Rivals};
use changeover_central::worker::network_baselines::{BATCH_ROWS, Baselines};
use uuid::Uuid;

const FLOW: &str = "INSERT INTO network_flows (cluster_id, id, source_deployment_id,
    destination_deployment_id, destination_port, protocol, last_seen_at, payload)
    SELECT id, gen_random_uuid(), $1, $1, $2, 'TCP', now(), '{}' FROM clusters ORDER BY id LIMIT 1";

/// Walks all flows once and flushes, if it may; says whether that is committed.
async fn walk(rival: &Rival, baselines: &mut Baselines) -> bool {
    if !rival.begin().await {
        return false;
    }
    let batch = usize::try_from(BATCH_ROWS).unwrap();
    while baselines.read(&rival.client).await.unwrap() == batch {}
    baselines.flush(&rival.client).await.unwrap();
    let committed = rival.commit().await;
    if committed {
        baselines.flushed();
    }
    committed
}

/// Returns how many peers that were seen are in no baseline.
async fn lost_peers(guard: Guard) -> i64 {
    let mut rivals = Rivals::new("network_baselines", guard).await;
    rivals.owner.execute("DELETE FROM network_flows", &[]).await.unwrap();
    let deployment = Uuid::from_u128(7);
    rivals.owner.execute(FLOW, &[&deployment, &1]).await.unwrap();
    let mut older = Baselines::load(&rivals.older.client).await.unwrap();
    assert!(walk(&rivals.older, &mut older).await);
    rivals.newer_comes().await;
    let mut newer = Baselines::load(&rivals.newer.client).await.unwrap();
    rivals.owner.execute(FLOW, &[&deployment, &2]).await.unwrap();
    assert!(walk(&rivals.newer, &mut newer).await);
    // The flow that only the newer one has seen is deleted, its baseline stays: nobody sees it again.
    let gone = "DELETE FROM network_flows WHERE destination_port = 2";
    rivals.owner.execute(gone, &[]).await.unwrap();
    rivals.owner.execute(FLOW, &[&deployment, &3]).await.unwrap();
    assert_eq!(walk(&rivals.older, &mut older).await, guard == Guard::Off);
    // The one that holds the worker sees the third flow.
    if guard == Guard::On {
        assert!(walk(&rivals.newer, &mut newer).await);
    }
    let known = "SELECT coalesce(sum(jsonb_array_length(peers)), 0)::bigint FROM network_baselines
                  WHERE deployment_id = '00000000-0000-0000-0000-000000000007'";
    3 - rivals.count(known).await
}

#[tokio::test]
async fn without_the_guard_an_update_is_lost() {
    assert_eq!(lost_peers(Guard::Off).await, 1);
}

#[tokio::test]
async fn with_the_guard_none_is_lost() {
    assert_eq!(lost_peers(Guard::On).await, 0);
}

/// A tenure begins with what is stored, and goes on where its predecessor stopped.
#[tokio::test]
async fn each_tenure_loads_what_the_last_one_wrote() {
    let mut rivals = Rivals::new("network_baselines_tenure", Guard::On).await;
    let mut older = Baselines::load(&rivals.older.client).await.unwrap();
    assert!(rivals.older.begin().await);
    assert!(older.read(&rivals.older.client).await.unwrap() > 0);
    older.flush(&rivals.older.client).await.unwrap();
    assert!(rivals.older.commit().await);
    rivals.newer_comes().await;
    let mut newer = Baselines::load(&rivals.newer.client).await.unwrap();
    assert!(walk(&rivals.newer, &mut newer).await);
    let differ = "SELECT count(*) FROM (SELECT source_deployment_id AS id, count(DISTINCT
        (destination_deployment_id, destination_port, protocol)) AS peers
        FROM network_flows GROUP BY 1) f FULL JOIN network_baselines b ON b.deployment_id = f.id
        WHERE f.peers IS DISTINCT FROM jsonb_array_length(b.peers)";
    assert_eq!(rivals.count(differ).await, 0);
}
