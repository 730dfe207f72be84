//! Jobs of the example workers when processes die, or are told to stop.

use super::stage::{Agent, Stage, runs, send};

/// Waits until this instance has begun some of its jobs and others wait.
async fn until_busy(stage: &Stage, agent: &Agent) -> String {
    let instance = agent.instance().await;
    stage
        .until(&format!(
            "(SELECT count(*) FROM changeover.jobs WHERE claimant = '{instance}') > 2 \
             AND EXISTS (SELECT FROM greeting WHERE greeted_by = '{instance}')"
        ))
        .await;
    instance
}

async fn assert_each_once(stage: &Stage, jobs: i64) {
    assert_eq!(stage.number("SELECT count(*) FROM greeting").await, jobs);
    assert_eq!(stage.number("SELECT count(DISTINCT job) FROM greeting").await, jobs);
}

#[tokio::test]
async fn what_dies_with_its_agent_is_done_by_others_once() {
    let stage = Stage::new().await;
    let mut victim = stage.python("1", &[]).await;
    victim.probe("/readyz", 200).await;
    let process = victim.field("pid").await.as_i64().unwrap();
    stage.enqueue(60, 40).await;
    let instance = until_busy(&stage, &victim).await;
    let mut node = stage.node("1", &[]).await;
    victim.signal("KILL");
    assert_eq!(victim.ended().await, None);
    super::stage::wait_for("the process dies with its agent", || async { !runs(process) }).await;
    stage.until("(SELECT count(*) FROM changeover.job) = 0").await;
    assert_each_once(&stage, 60).await;
    let others = format!("SELECT count(*) FROM greeting WHERE greeted_by <> '{instance}'");
    assert!(stage.number(&others).await > 0);
    let again = "SELECT count(*) FROM greeting WHERE attempt > 1";
    assert!(stage.number(again).await > 0, "nothing was rescued");
    assert_eq!(node.terminate().await, Some(0), "{}", node.said());
}

#[tokio::test]
async fn what_dies_without_its_agent_is_done_by_others_once() {
    let stage = Stage::new().await;
    let mut victim = stage.node("1", &[]).await;
    victim.probe("/readyz", 200).await;
    stage.enqueue(60, 40).await;
    until_busy(&stage, &victim).await;
    let mut python = stage.python("1", &[]).await;
    victim.signal_process("KILL").await;
    assert_eq!(victim.ended().await, Some(137), "{}", victim.said());
    assert!(victim.said().contains("cut: these jobs go to others"), "{}", victim.said());
    stage.until("(SELECT count(*) FROM changeover.job) = 0").await;
    assert_each_once(&stage, 60).await;
    assert_eq!(python.terminate().await, Some(0), "{}", python.said());
}

#[tokio::test]
async fn told_to_stop_nothing_stays_claimed_and_nothing_counts_as_failed() {
    let stage = Stage::new().await;
    for python in [true, false] {
        let mut agent =
            if python { stage.python("1", &[]).await } else { stage.node("1", &[]).await };
        agent.probe("/readyz", 200).await;
        stage.rows("DELETE FROM greeting RETURNING id").await;
        stage.enqueue(10, 300).await;
        until_busy(&stage, &agent).await;
        assert_eq!(agent.terminate().await, Some(0), "{}", agent.said());
        assert!(agent.said().contains("gave back"), "{}", agent.said());
        let left = "SELECT count(*) FROM changeover.jobs \
                     WHERE state = 'waiting' AND failures = 0 AND crashes = 0";
        let (left, all) =
            (stage.number(left).await, stage.number("SELECT count(*) FROM changeover.job").await);
        assert_eq!(left, all, "{}", agent.said());
        assert!(left > 0);
        assert_each_once(&stage, 10 - left).await;
        // The other one begins with what this one gave back.
        stage.rows("DELETE FROM changeover.job RETURNING id").await;
    }
}

#[tokio::test]
async fn an_orphan_does_no_harm() {
    let stage = Stage::new().await;
    // The shell dies with the agent; what it has started does not.
    let worker = stage.python_program().await.join(" ");
    let script = format!("{worker} & echo worker=$! >&2; wait");
    let args = ["--release", "orphan", "--generation", "1"];
    let mut victim = stage.agent(&args, &["sh", "-c", &script]);
    stage.until_owned_by(&victim).await;
    stage.enqueue(60, 40).await;
    let instance = until_busy(&stage, &victim).await;
    let said = victim.said();
    let orphan = said.lines().find_map(|line| line.strip_prefix("worker=")).unwrap();
    let orphan: i64 = orphan.parse().unwrap();
    let mut node = stage.node("1", &[]).await;
    victim.signal("KILL");
    victim.ended().await;
    assert!(runs(orphan), "it is no orphan");
    // Its instance beats no more: its jobs go to others, the tally too, and its commits are refused.
    stage
        .until(&format!("NOT EXISTS (SELECT FROM changeover.jobs WHERE claimant = '{instance}')"))
        .await;
    stage.until_owned_by(&node).await;
    stage.until("(SELECT count(*) FROM changeover.job) = 0").await;
    assert_each_once(&stage, 60).await;
    let mixed = "SELECT count(*) FROM (SELECT epoch FROM tally GROUP BY epoch \
                  HAVING count(DISTINCT told_by) > 1) AS twice";
    assert_eq!(stage.number(mixed).await, 0);
    assert!(runs(orphan), "it has ended by itself: nothing was shown");
    send("KILL", orphan);
    assert_eq!(node.terminate().await, Some(0), "{}", node.said());
}
