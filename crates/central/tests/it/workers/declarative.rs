//! Two mounts, each of which removes what it does not hold.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::rivals::{Guard, Rival, Rivals};
use changeover_central::worker::declarative::{
    Applied, DeclarativeError, Declared, apply, read_folder,
};
use std::path::PathBuf;

/// A mount that goes with the test.
struct Mount(PathBuf);

impl Mount {
    fn of(name: &str, files: &[(&str, &str)]) -> Self {
        let folder = std::env::temp_dir().join(format!("mount-{name}-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&folder).unwrap();
        for (file, text) in files {
            std::fs::write(folder.join(file), text).unwrap();
        }
        Self(folder)
    }

    fn read(&self) -> Vec<Declared> {
        read_folder(&self.0).unwrap()
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

const COMMON: &str = r#"{"kind": "policy", "name": "no root", "severity": "HIGH",
    "lifecycleStage": "DEPLOY", "payload": {"minCvss": 7}}"#;
const ADDED: &str = r#"{"kind": "policy", "name": "no shells", "severity": "LOW",
    "lifecycleStage": "RUNTIME", "payload": {}}"#;
const NOTIFIER: &str = r#"{"kind": "notifier", "name": "pager", "endpoint": "http://pager/"}"#;

/// Applies a mount in one turn, if it may.
async fn turn(rival: &Rival, mount: &Mount) -> Option<Applied> {
    if !rival.begin().await {
        return None;
    }
    let applied = apply(&rival.client, &mount.read()).await.unwrap();
    rival.commit().await.then_some(applied)
}

/// Returns how many objects of the newer release's mount are gone, or were written again, after both
/// have taken some turns.
async fn removed_of_the_newer(guard: Guard) -> i64 {
    let mut rivals = Rivals::new("declarative", guard).await;
    let older = Mount::of("older", &[("common.json", COMMON)]);
    let newer = Mount::of(
        "newer",
        &[("common.json", COMMON), ("added.json", ADDED), ("pager.json", NOTIFIER)],
    );
    assert_eq!(turn(&rivals.older, &older).await.unwrap().written, 1);
    rivals.newer_comes().await;
    assert_eq!(turn(&rivals.newer, &newer).await.unwrap().written, 2);
    let mut again = 0;
    for _ in 0..3 {
        turn(&rivals.older, &older).await;
        if guard == Guard::On {
            again += turn(&rivals.newer, &newer).await.unwrap().written;
        }
    }
    let there =
        "SELECT (SELECT count(*) FROM declared_policies) + (SELECT count(*) FROM notifiers)";
    3 - rivals.count(there).await + i64::try_from(again).unwrap()
}

#[tokio::test]
async fn without_the_guard_the_older_mount_removes_the_newer_ones_objects() {
    assert_eq!(removed_of_the_newer(Guard::Off).await, 2);
}

#[tokio::test]
async fn with_the_guard_they_stay() {
    assert_eq!(removed_of_the_newer(Guard::On).await, 0);
}

/// A policy that alerts name is disabled and not deleted; a person's object is left alone.
#[tokio::test]
async fn what_is_gone_from_the_mount_is_removed_and_nothing_else() {
    let rivals = Rivals::new("declarative_gone", Guard::On).await;
    let theirs = r#"{"kind": "notifier", "name": "theirs", "endpoint": "http://mine/"}"#;
    let insert =
        "INSERT INTO notifiers VALUES (gen_random_uuid(), 'theirs', 'http://theirs/', false, '{}')";
    rivals.owner.execute(insert, &[]).await.unwrap();
    let full = Mount::of(
        "full",
        &[("a.json", COMMON), ("b.json", ADDED), ("c.json", NOTIFIER), ("d.json", theirs)],
    );
    let applied = turn(&rivals.older, &full).await.unwrap();
    assert_eq!(applied, Applied { written: 3, removed: 0, passed_over: 1 });
    assert_eq!(turn(&rivals.older, &full).await.unwrap().written, 0, "nothing differs");
    let alert = "UPDATE alerts SET policy_id = (SELECT id FROM policies WHERE name = 'no root')
                  WHERE id = (SELECT min(id::text)::uuid FROM alerts)";
    rivals.owner.execute(alert, &[]).await.unwrap();
    let policies = rivals.count("SELECT count(*) FROM policies").await;
    let empty = Mount::of("empty", &[("readme.txt", "not a declaration")]);
    let applied = turn(&rivals.older, &empty).await.unwrap();
    assert_eq!(applied, Applied { written: 0, removed: 3, passed_over: 0 });
    assert_eq!(turn(&rivals.older, &empty).await.unwrap().removed, 0, "nothing is left");
    assert_eq!(rivals.count("SELECT count(*) FROM policies").await, policies - 1);
    let disabled = "SELECT count(*) FROM policies WHERE disabled AND name = 'no root'";
    assert_eq!(rivals.count(disabled).await, 1);
    let kept = "SELECT count(*) FROM notifiers WHERE endpoint = 'http://theirs/'";
    assert_eq!(rivals.count(kept).await, 1);
}

/// Half a mount would remove what the other half holds.
#[tokio::test]
async fn a_mount_with_a_broken_file_is_not_applied() {
    let mount = Mount::of("broken", &[("a.json", COMMON), ("b.json", "{")]);
    assert!(matches!(read_folder(&mount.0), Err(DeclarativeError::Malformed { .. })));
}
