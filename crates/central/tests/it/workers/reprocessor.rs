//! Double work, and newer scores overwritten by older ones.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::rivals::{Guard, Rivals};
use changeover_central::worker::reprocessor::{self, Formula};

const OLDER: Formula = Formula { release: "4.9", alert_weight: 1.0 };
const NEWER: Formula = Formula { release: "4.10", alert_weight: 2.0 };

/// Returns how many scores are not those of the newer release on what is stored.
async fn scores_that_are_wrong(guard: Guard) -> i64 {
    let mut rivals = Rivals::new("reprocessor", guard).await;
    assert!(rivals.older.begin().await);
    let computed = reprocessor::read(&rivals.older.client, OLDER).await.unwrap();
    assert!(!computed.scores.is_empty());
    // It is paused here: a long collection of garbage, a node that is frozen.
    rivals.newer_comes().await;
    rivals.owner.execute("UPDATE alerts SET state = 'ACTIVE'", &[]).await.unwrap();
    assert!(rivals.newer.begin().await);
    let batch = reprocessor::read(&rivals.newer.client, NEWER).await.unwrap();
    reprocessor::write(&rivals.newer.client, NEWER, &batch).await.unwrap();
    assert!(rivals.newer.commit().await);
    // It wakes up and believes what it believed.
    reprocessor::write(&rivals.older.client, OLDER, &computed).await.unwrap();
    assert_eq!(rivals.older.commit().await, guard == Guard::Off);
    assert_eq!(rivals.older.begin().await, guard == Guard::Off, "it does not go on");
    let right = i64::try_from(batch.scores.len()).unwrap();
    let sql = "SELECT count(*) FROM risks r WHERE r.release = '4.10' AND r.score =
        coalesce((SELECT max(v.cvss) FROM image_cves v JOIN deployments d ON d.image_id = v.image_id
                   WHERE d.id = r.deployment_id), 0)
        + 2.0 * (SELECT count(*) FROM alerts a WHERE a.deployment_id = r.deployment_id)";
    right - rivals.count(sql).await
}

#[tokio::test]
async fn without_the_guard_older_scores_overwrite_newer_ones() {
    assert!(scores_that_are_wrong(Guard::Off).await > 0);
}

#[tokio::test]
async fn with_the_guard_none_is_overwritten() {
    assert_eq!(scores_that_are_wrong(Guard::On).await, 0);
}
