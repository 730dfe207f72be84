//! Jobs that fail, take their process with them, or are given up, and come back.

use crate::claimant::Claimant;
use crate::on_servers;
use crate::stage::{Act, Stage, write};
use changeover_work::{JobError, JobLimits};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

on_servers!(
    each_pause_is_twice_the_one_before,
    failures_wait_longer_and_longer_and_then_are_given_up,
    poison_is_found_and_the_innocent_run,
    what_takes_too_long_is_cut_off,
    an_error_that_no_text_can_hold_holds_up_nobody,
);

async fn failures_wait_longer_and_longer_and_then_are_given_up(major: u16) {
    let stage = Stage::new(major).await;
    let mended = Arc::new(AtomicBool::new(false));
    let looked = Arc::clone(&mended);
    let mut handler = Act::new(move |job, transaction| {
        let is_mended = looked.load(Ordering::Relaxed);
        Box::pin(async move {
            write(job, transaction).await?;
            if is_mended { Ok(()) } else { Err(std::io::Error::other("no such thing").into()) }
        })
    });
    handler.limits.max_attempts = 3;
    let instance = stage.instance(1, |builder| builder.job(handler)).await;
    let ids = stage.enqueue(&instance.jobs(), 1).await;
    let make_due = "UPDATE changeover.job SET run_at = clock_timestamp() WHERE shelf = 'later'";
    for count in 1..=2 {
        // By itself it may have been tried again by the time that we look.
        let failed =
            format!("SELECT failures >= {count} AND error = 'no such thing' FROM changeover.job");
        stage.reached("it has failed", &failed).await;
        stage.owner.batch_execute(make_due).await.unwrap();
    }
    stage
        .reached("it is given up", "SELECT shelf = 'dead' AND failures = 3 FROM changeover.job")
        .await;
    assert_eq!(stage.count("SELECT count(*) FROM effects").await, 0);

    mended.store(true, Ordering::Relaxed);
    let client = stage.client().await;
    let put_back = "SELECT changeover.requeue_v1('shop', $1)";
    assert_eq!(client.query_one(put_back, &[&ids]).await.unwrap().get::<_, i64>(0), 1);
    stage.none_left().await;
    stage.effects_are_once(&ids).await;
    instance.leave().await;
}

async fn each_pause_is_twice_the_one_before(major: u16) {
    let stage = Stage::new(major).await;
    let claimant = Claimant::new(&stage, 1, "work", &[1]).await;
    let instance = stage.instance(1, |builder| builder).await;
    stage.enqueue(&instance.jobs(), 1).await;
    // From 10 minutes on, so that a busy machine does not blur it; an hour is the longest.
    for (failures, least_s, most_s) in
        [(10, 768.0, 1280.0), (11, 1536.0, 2560.0), (15, 2700.0, 4500.0)]
    {
        let set = "UPDATE changeover.job SET failures = $1, shelf = 'open'";
        stage.owner.execute(set, &[&failures]).await.unwrap();
        let claim = claimant.claim(1).await.remove(0);
        let fail = "SELECT changeover.fail_v1($1, $2, $3, 'no')";
        claimant.client.execute(fail, &[&claimant.id, &claim.job, &claim.attempt]).await.unwrap();
        let pause =
            "SELECT extract(epoch FROM run_at - clock_timestamp())::float8 FROM changeover.job";
        let pause_s: f64 = crate::common::value(&stage.owner, pause).await;
        assert!(pause_s > least_s - 180.0 && pause_s <= most_s, "{failures}: {pause_s}");
    }
    instance.leave().await;
}

/// Of ten jobs that a process has claimed one kills it. The first time all are suspects; from then on
/// each is claimed alone, so only the one that kills is charged.
async fn poison_is_found_and_the_innocent_run(major: u16) {
    let stage = Stage::new(major).await;
    let rescuer = Claimant::new(&stage, 1, "work", &[1]).await;
    let instance = stage.instance(1, |builder| builder).await;
    let ids = stage.enqueue(&instance.jobs(), 10).await;
    let poison = ids[4];
    let dying = Claimant::new(&stage, 1, "work", &[1]).await;
    assert_eq!(dying.claim(10).await.len(), 10);
    dying.counts_as_dead(&stage).await;
    rescuer.tend().await;

    let mut finished = 0;
    let mut deaths = 1;
    let make_due = "UPDATE changeover.job SET run_at = clock_timestamp() WHERE shelf = 'later'";
    let mut process = Claimant::new(&stage, 1, "work", &[1]).await;
    // Each turn ends a job or a process: 9 and 2.
    for _ in 0..11 {
        stage.owner.batch_execute(make_due).await.unwrap();
        rescuer.tend().await;
        let claims = process.claim(10).await;
        let [claim] = &*claims else { panic!("a suspect is claimed alone: {claims:?}") };
        assert_eq!(process.claim(10).await, [], "one suspect at a time");
        if claim.job == poison {
            process.counts_as_dead(&stage).await;
            deaths += 1;
            process = Claimant::new(&stage, 1, "work", &[1]).await;
        } else {
            process.finish(claim).await.unwrap();
            finished += 1;
        }
    }
    rescuer.tend().await;
    assert_eq!((finished, deaths), (9, 3));
    let state =
        stage.text("SELECT id || ' ' || state || ' ' || crashes FROM changeover.jobs").await;
    assert_eq!(state, format!("{poison} dead 3"));
    instance.leave().await;
}

async fn what_takes_too_long_is_cut_off(major: u16) {
    let stage = Stage::new(major).await;
    let mut handler = Act::new(|job, transaction| {
        Box::pin(async move {
            write(job, transaction).await?;
            transaction.client().batch_execute("SELECT pg_sleep(600)").await?;
            Ok::<(), JobError>(())
        })
    });
    handler.limits =
        JobLimits { run_max: Duration::from_millis(300), max_attempts: 1, ..JobLimits::default() };
    let instance = stage.instance(1, |builder| builder.job(handler)).await;
    stage.enqueue(&instance.jobs(), 1).await;
    stage.reached("it is given up", "SELECT shelf = 'dead' FROM changeover.job").await;
    assert_eq!(stage.text("SELECT error FROM changeover.job").await, "it took longer than 300 ms");
    // Its statement does not go on without it.
    stage
        .reached(
            "the statement has ended",
            "SELECT count(*) = 0 FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(600)' \
             AND datname = current_database()",
        )
        .await;
    assert_eq!(stage.count("SELECT count(*) FROM effects").await, 0);
    instance.leave().await;
}

async fn an_error_that_no_text_can_hold_holds_up_nobody(major: u16) {
    let stage = Stage::new(major).await;
    let handler = Act::new(|job, transaction| {
        Box::pin(async move {
            write(job, transaction).await?;
            if job.payload["number"] == 0 { Err(JobError::give_up("a\0b")) } else { Ok(()) }
        })
    });
    let instance = stage.instance(1, |builder| builder.job(handler)).await;
    let ids = stage.enqueue(&instance.jobs(), 3).await;
    stage
        .reached("only that one is left", "SELECT count(*) = 1 FROM changeover.jobs WHERE state = 'dead' AND (SELECT count(*) FROM effects) = 2")
        .await;
    stage.effects_are_once(&ids[1..]).await;
    assert_eq!(stage.text("SELECT error FROM changeover.job").await, "a\u{fffd}b");
    instance.leave().await;
}
