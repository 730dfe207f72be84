//! Processes that run jobs, killed at random: effects exactly once all the same.
//!
//! The test starts itself again as a process that runs jobs, and kills it.

use crate::claimant::Claimant;
use crate::stage::{Act, BASE, Stage};
use changeover::Changeover;
use changeover_work::BackgroundBuilder;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Names the database in a process that runs jobs; elsewhere it is not set.
const DATABASE: &str = "CHANGEOVER_TEST_JOBS";
const JOBS: usize = 1500;
/// Kills beyond which something else is wrong.
const KILLS_MAX: u32 = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn effects_are_once_whatever_is_killed() {
    if let Ok(url) = std::env::var(DATABASE) {
        return run_jobs(url).await;
    }
    let stage = Stage::new(15).await;
    // Declares the kind, so that jobs can be enqueued; only processes run them.
    let declaring = Claimant::new(&stage, 1, "work", &[1]).await;
    let instance = stage.instance(1, |builder| builder).await;
    let ids = stage.enqueue(&instance.jobs(), JOBS).await;
    instance.leave().await;
    drop(declaring);
    let mut kills = 0;
    let mut done = 0;
    while kills < KILLS_MAX && done < i64::try_from(JOBS).unwrap() {
        let mut child = start(&stage);
        let next = done + 100;
        stage
            .reached(
                "some more are done",
                &format!("SELECT count(*) >= {next} OR count(*) = {JOBS} FROM effects"),
            )
            .await;
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        done = stage.count("SELECT count(*) FROM effects").await;
    }
    let mut last = start(&stage);
    // Suspects wait some seconds between two deaths.
    stage.none_left().await;
    last.kill().unwrap();
    last.wait().unwrap();
    assert!(kills > 3);
    stage.effects_are_once(&ids).await;
}

fn start(stage: &Stage) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::effects_are_once_whatever_is_killed"])
        .env(DATABASE, stage.database.url(crate::common::SERVICE))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

async fn run_jobs(url: String) {
    let mut options = changeover::Options::new("shop", "1", crate::common::migrations(BASE));
    options.service_url = Some(url);
    options.generation = Some(1);
    options.timing.poll = Duration::from_millis(20);
    options.timing.heartbeat = Duration::from_millis(200);
    options.timing.instance_ttl = Duration::from_secs(1);
    let upgrade = Changeover::start(options).await.unwrap();
    let mut handler = Act::writing();
    handler.limits.max_crashes = 100;
    let background = BackgroundBuilder::new(upgrade.instance()).job(handler).start().await.unwrap();
    upgrade.mark_serving().await.unwrap();
    // Until it is killed, or its test has gone.
    tokio::time::sleep(Duration::from_secs(300)).await;
    drop(background);
}
