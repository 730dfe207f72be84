//! From registering to leaving, with processes that are shell scripts.

use super::stage::{Stage, runs, wait_for};
use crate::project;

/// Ends with 7 when told to, and says what it was told.
const ORDERLY: &str = "trap 'exit 7' TERM; trap 'echo hung up >&2' HUP; \
    echo env=$CHANGEOVER_INSTANCE/$CHANGEOVER_APP/$CHANGEOVER_GENERATION/$PGAPPNAME >&2; \
    while :; do sleep 0.05; done";
/// Does not end.
const STUBBORN: &str = "trap '' TERM; echo ready >&2; while :; do sleep 0.05; done";

#[tokio::test]
async fn a_process_is_started_when_its_release_may_serve_and_drained_at_the_end() {
    let stage = Stage::new().await;
    let mut agent = stage.agent(&["--release", "2.4", "--head", "2"], &["sh", "-c", ORDERLY]);
    // Migration 2 was not made yet.
    assert_eq!(agent.ask("GET", "/livez").await.0, 200);
    assert_eq!(agent.ask("GET", "/startupz").await.0, 200);
    assert_eq!(agent.ask("GET", "/readyz").await.0, 503);
    let status = agent.ask("GET", "/status").await.1;
    assert!(status.contains(r#""stage":"waiting","child_pid":null"#), "{status}");
    let two = "ALTER TABLE greeting ADD COLUMN language text;\n";
    std::fs::write(stage.path("migrations/0002_language.sql"), two).unwrap();
    stage.migrate().await;

    let instance = agent.instance().await;
    agent.says(&format!("env={instance}/tally/2/changeover@2/tally/2.4")).await;
    agent.probe("/readyz", 200).await;
    assert_eq!(agent.ask("GET", "/instance").await, (200, instance.clone()));
    let state =
        format!("SELECT state = 'serving' FROM changeover.instance WHERE id = '{instance}'");
    stage.until(&format!("({state})")).await;
    assert_eq!(stage.number("SELECT gen FROM changeover.member").await, 2);
    agent.signal("HUP");
    agent.says("hung up").await;

    assert_eq!(agent.ask("POST", "/drain").await.0, 202);
    assert_eq!(agent.ended().await, Some(7), "{}", agent.said());
    let left = format!(
        "SELECT count(*) FROM changeover.instance WHERE id = '{instance}' \
                        AND state = 'left'"
    );
    assert_eq!(stage.number(&left).await, 1);
}

#[tokio::test]
async fn probes_fail_while_the_process_still_ends_its_work() {
    let stage = Stage::new().await;
    let args = ["--release", "2.3", "--drain-delay-s", "600"];
    let mut agent = stage.agent(&args, &["sh", "-c", ORDERLY]);
    agent.probe("/readyz", 200).await;
    agent.signal("TERM");
    assert!(agent.probe("/readyz", 503).await.contains("draining"));
    assert_eq!(agent.ask("GET", "/livez").await.0, 200);
    let instance = agent.instance().await;
    stage
        .until(&format!(
            "(SELECT state = 'draining' FROM changeover.instance WHERE id = '{instance}')"
        ))
        .await;
    assert!(runs(agent.field("pid").await.as_i64().unwrap()));
    // A second signal cuts the waiting short.
    agent.signal("TERM");
    assert_eq!(agent.ended().await, Some(7), "{}", agent.said());
}

#[tokio::test]
async fn a_process_that_does_not_end_is_killed_with_all_that_it_has_started() {
    let stage = Stage::new().await;
    let script = format!("sleep 3600 & echo sleeper=$! >&2; {STUBBORN}");
    let mut agent = stage.agent(&["--release", "2.3", "--grace-s", "1"], &["sh", "-c", &script]);
    agent.says("ready").await;
    let said = agent.said();
    let sleeper = said.lines().find_map(|line| line.strip_prefix("sleeper=")).unwrap();
    let sleeper: i64 = sleeper.parse().unwrap();
    assert_eq!(agent.terminate().await, Some(137), "{}", agent.said());
    assert!(agent.said().contains("not ended within its grace"), "{}", agent.said());
    wait_for("the sleeper ends", || async { !runs(sleeper) }).await;
}

#[tokio::test]
async fn it_ends_as_its_process_does() {
    let stage = Stage::new().await;
    for (script, code) in [("exit 3", 3), ("kill -KILL $$", 137), ("exec no-such-program", 127)] {
        let mut agent = stage.agent(&["--release", "2.3"], &["sh", "-c", script]);
        assert_eq!(agent.ended().await, Some(code), "{script}: {}", agent.said());
    }
    let mut agent = stage.agent(&["--release", "2.3"], &["/no/such/program"]);
    assert_eq!(agent.ended().await, Some(127), "{}", agent.said());
    let alive = "SELECT count(*) FROM changeover.instance WHERE left_at IS NULL";
    assert_eq!(stage.number(alive).await, 0);
}

#[tokio::test]
async fn below_the_floor_the_process_is_told_to_stop() {
    let stage = Stage::new().await;
    let mut old = stage.agent(&["--release", "2.3", "--head", "1"], &["sh", "-c", ORDERLY]);
    old.probe("/readyz", 200).await;
    // As where it was given up, and the floor raised over it.
    stage.rows("UPDATE changeover.app SET floor = 2 RETURNING app").await;
    assert_eq!(old.ended().await, Some(5), "{}", old.said());
    assert!(old.said().contains("process ended"), "{}", old.said());
    let mut late = stage.agent(&["--release", "2.3", "--head", "1"], &["sh", "-c", ORDERLY]);
    assert_eq!(late.ended().await, Some(5), "{}", late.said());
}

#[tokio::test]
async fn beside_a_process_of_somebody_elses_it_writes_a_file() {
    let stage = Stage::new().await;
    let file = stage.path("instance");
    let args = ["--release", "2.3", "--instance-file", file.to_str().unwrap()];
    let mut agent = stage.agent(&args, &[]);
    agent.probe("/readyz", 200).await;
    let instance = agent.instance().await;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("{instance}\n"));
    // That process has a job, so the agent waits for it.
    let service = stage.service().await;
    let declare =
        format!("SELECT changeover.declare_job_v1('{instance}', 'greet', 1, 20, 3, false)");
    service.batch_execute(&declare).await.unwrap();
    stage.enqueue(1, 0).await;
    let claim = format!("SELECT changeover.claim_v1('{instance}', 1)");
    assert_eq!(service.query(&claim, &[]).await.unwrap().len(), 1);
    agent.signal("TERM");
    agent.probe("/readyz", 503).await;
    assert!(agent.child.try_wait().unwrap().is_none());
    stage.rows("DELETE FROM changeover.job RETURNING id").await;
    assert_eq!(agent.ended().await, Some(0), "{}", agent.said());
    assert!(!file.exists());
}

#[tokio::test]
async fn told_to_stop_before_the_release_could_serve() {
    let stage = Stage::new().await;
    let mut agent = stage.agent(&["--release", "9", "--head", "9"], &["sh", "-c", ORDERLY]);
    agent.probe("/readyz", 503).await;
    assert_eq!(agent.terminate().await, Some(130), "{}", agent.said());
    assert!(!agent.said().contains("process started"), "{}", agent.said());
}

#[tokio::test]
async fn calls_that_make_no_sense() {
    let database = ["agent", "--release", "1", "--service-url", "postgres://nobody@127.0.0.1:1/x"];
    for (args, said) in [
        (&["--head", "1"][..], "nobody would learn the instance's id"),
        (&["--head", "1", "--owner-url", "postgres://x", "--", "true"], "cannot be used with"),
        (&["--head", "1", "--migrations", "m", "--", "true"], "cannot be used with"),
    ] {
        let ran = project::run(&[&database[..], args].concat()).await;
        assert_eq!(ran.exit_code, Some(2), "{}", ran.all());
        assert!(ran.all().contains(said), "{}", ran.all());
    }
    let ran = project::run(&[&database[..], &["--head", "1", "--", "true"]].concat()).await;
    assert_eq!(ran.exit_code, Some(4), "{}", ran.all());
}

#[tokio::test]
async fn what_others_leave_behind_is_reaped() {
    let stage = Stage::new().await;
    let script = format!("sh -c 'sleep 0.3 & echo orphan=$! >&2'; {ORDERLY}");
    let mut agent = stage.reaper(&["--release", "2.3"], &["sh", "-c", &script]);
    agent.says("orphan=").await;
    let said = agent.said();
    let orphan = said.lines().find_map(|line| line.strip_prefix("orphan=")).unwrap();
    // Neither runs nor is a zombie.
    let place = std::path::PathBuf::from(format!("/proc/{orphan}"));
    wait_for("the orphan is reaped", || async { !place.exists() }).await;
    assert!(agent.child.try_wait().unwrap().is_none(), "{}", agent.said());
    assert_eq!(agent.terminate().await, Some(7), "{}", agent.said());
}
