//! The three checks on central's own upgrades: no findings on any major.

use crate::shop;
use changeover::LockLimits;
use changeover_central::population::Population;
use changeover_central::release::{Release, corpus::CORPUS_ROWS};
use changeover_central::{migration, roles, seed};
use changeover_plan::{LockHeld, Migration};
use changeover_verify::compatibility::{self, OlderRelease};
use changeover_verify::{CorpusStatement, Stage, Trial, deadline, lock_trace};

const APP: &str = "central";

fn release(name: &str) -> &'static Release {
    Release::named(name).expect("it exists")
}

fn migrations(release: &Release) -> Vec<Migration> {
    changeover_plan::source::read(&migration::migrations_up_to(release.head)).expect("it reads")
}

/// Central stands at `from`, seeded; upgraded one by one from 4.8.
async fn trial(major: u16, from: &Release, to: &Release) -> (Stage, Trial) {
    let stage = Stage::empty(shop::server(major).await, roles::OWNER, roles::SERVICE)
        .await
        .expect("a database is made");
    roles::create_roles(&stage.superuser_url).await.expect("roles are made");
    let options = |release: &Release| stage.options(APP, release.name, migrations(release));
    stage.install(options(release("4.8"))).await.expect("4.8 is installed");
    seed::seed(Population::of(CORPUS_ROWS), 1, &stage.owner_url, |_| {})
        .await
        .expect("rows are made");
    if from.name != "4.8" {
        stage.install(options(from)).await.expect("it is upgraded");
    }
    let options = options(to);
    (stage.clone(), stage.trial(options))
}

fn older(stage: &Stage, release: &Release) -> OlderRelease {
    let corpus = release.corpus().into_iter().map(|statement| CorpusStatement {
        name: statement.name.to_owned(),
        sql: statement.sql.to_owned(),
        parameters: statement
            .parameters
            .into_iter()
            .map(|set| set.into_iter().map(|value| value.text).collect())
            .collect(),
        compare_rows: true,
    });
    OlderRelease {
        name: release.name.to_owned(),
        head: release.head,
        url: stage.service_url.clone(),
        corpus: corpus.collect(),
    }
}

async fn older_release_keeps_working(major: u16, from: &str, to: &str) {
    let (from, to) = (release(from), release(to));
    let (stage, trial) = trial(major, from, to).await;
    let report = compatibility::check(&trial, older(&stage, from)).await.expect("it runs");
    assert!(report.findings.is_empty(), "{report}");
    assert!(report.failing_before.is_empty(), "{:?}", report.failing_before);
    assert!(report.steps.len() > 3 && report.executions > 300, "{report:?}");
}

async fn locks_are_as_stated(major: u16, from: &str, to: &str) {
    let (_stage, trial) = trial(major, release(from), release(to)).await;
    let trace = lock_trace::trace(&trial).await.expect("it runs");
    assert!(trace.findings().is_empty(), "\n{trace}");
    assert!(trace.steps.len() > 3, "\n{trace}");
    // What is built or dropped concurrently is seen everywhere, not by luck.
    for step in &trace.steps {
        for stated in step.stated.iter().filter(|lock| lock.held == LockHeld::WholeStep) {
            let seen = step
                .observed
                .iter()
                .any(|lock| lock.relation == stated.relation && lock.mode == stated.mode);
            assert!(seen, "{}: {stated:?}\n{trace}", step.id);
        }
    }
}

#[tokio::test]
async fn from_4_8_to_4_9_on_13() {
    older_release_keeps_working(13, "4.8", "4.9").await;
    locks_are_as_stated(13, "4.8", "4.9").await;
}

#[tokio::test]
async fn from_4_9_to_4_10_on_15() {
    older_release_keeps_working(15, "4.9", "4.10").await;
    locks_are_as_stated(15, "4.9", "4.10").await;
}

#[tokio::test]
async fn from_4_8_to_4_10_on_18() {
    older_release_keeps_working(18, "4.8", "4.10").await;
    locks_are_as_stated(18, "4.8", "4.10").await;
}

#[tokio::test]
async fn waits_of_an_upgrade_to_4_9_are_bounded_on_15() {
    let (_stage, trial) = trial(15, release("4.8"), release("4.9")).await;
    // Long enough that the engine leaves off `NOWAIT` and queues.
    let reading = LockLimits::default().nowait_phase * 2;
    let report =
        deadline::watch(&trial, reading, LockLimits::default().window_cap).await.expect("it runs");
    assert!(report.findings.is_empty(), "{report:?}");
    assert!(report.waits > 0, "{report:?}");
}
