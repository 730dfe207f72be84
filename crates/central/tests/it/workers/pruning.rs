//! Releases that differ on what may be deleted.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::rivals::{Guard, Rivals};
use changeover_central::worker::pruning::{self, Rule};

/// Longer ago than any of the seeded alerts would be kept for.
const DAYS: i32 = 1;

const ENFORCED: &str = "SELECT count(*) FROM alerts WHERE state = 'RESOLVED'
    AND coalesce((payload ->> 'enforcementCount')::integer, 0) > 0";

/// Returns how many alerts are gone that the newer release keeps.
async fn deleted_that_are_kept(guard: Guard) -> i64 {
    let mut rivals = Rivals::new("pruning", guard).await;
    let before = rivals.count(ENFORCED).await;
    assert!(rivals.older.begin().await);
    let chosen = pruning::candidates(&rivals.older.client, Rule::All, DAYS).await.unwrap();
    rivals.newer_comes().await;
    assert!(rivals.newer.begin().await);
    let keeps = Rule::KeepEnforced;
    let newer = pruning::candidates(&rivals.newer.client, keeps, DAYS).await.unwrap();
    let pruned = pruning::delete(&rivals.newer.client, &newer).await.unwrap();
    assert!(pruned.alerts > 0, "the newer one prunes");
    assert!(rivals.newer.commit().await);
    pruning::delete(&rivals.older.client, &chosen).await.unwrap();
    assert_eq!(rivals.older.commit().await, guard == Guard::Off);
    before - rivals.count(ENFORCED).await
}

#[tokio::test]
async fn without_the_guard_the_older_release_deletes_what_the_newer_keeps() {
    assert!(deleted_that_are_kept(Guard::Off).await > 0);
}

#[tokio::test]
async fn with_the_guard_it_does_not() {
    assert_eq!(deleted_that_are_kept(Guard::On).await, 0);
}

/// What is left is deleted in full, by batches, and orphans with it.
#[tokio::test]
async fn the_owner_prunes_until_nothing_is_left() {
    let rivals = Rivals::new("pruning_all", Guard::On).await;
    let orphan =
        "INSERT INTO risks SELECT gen_random_uuid(), 1, '4.9', now() FROM generate_series(1, 3)";
    rivals.owner.execute(orphan, &[]).await.unwrap();
    let (mut alerts, mut orphans) = (0, 0);
    let expected = rivals.count("SELECT count(*) FROM alerts WHERE state = 'RESOLVED'").await;
    for _ in 0..=expected {
        assert!(rivals.older.begin().await);
        let chosen = pruning::candidates(&rivals.older.client, Rule::All, DAYS).await.unwrap();
        let pruned = pruning::delete(&rivals.older.client, &chosen).await.unwrap();
        assert!(rivals.older.commit().await);
        (alerts, orphans) = (alerts + pruned.alerts, orphans + pruned.orphans);
        if pruned.alerts == 0 {
            break;
        }
    }
    assert_eq!((i64::try_from(alerts).unwrap(), orphans), (expected, 3));
}
