//! Enqueueing: unique keys, priorities, later; and what the login of another may not do.

use crate::claimant::{Claimant, sqlstate};
use crate::on_servers;
use crate::stage::{Act, Stage, write_as};
use changeover_work::{Enqueue, JobLimits};
use serde_json::json;
use std::time::{Duration, SystemTime};
use tokio_postgres::Client;

on_servers!(
    unique_keys_hold_while_a_job_is_there,
    urgent_ones_come_first_and_later_ones_later,
    only_the_login_that_registered_may_act,
    a_kind_gets_no_more_than_its_limit,
);

async fn requeue(client: &Client, ids: &[i64]) -> i64 {
    client.query_one("SELECT changeover.requeue_v1('shop', $1)", &[&ids]).await.unwrap().get(0)
}

async fn unique_keys_hold_while_a_job_is_there(major: u16) {
    let stage = Stage::new(major).await;
    let claimant = Claimant::new(&stage, 1, "work", &[1]).await;
    let instance = stage.instance(1, |builder| builder).await;
    let (jobs, client) = (instance.jobs(), stage.client().await);
    let unique = || Enqueue::new("work", 1).unique("customer 7", json!({})).unwrap();
    let first = jobs.enqueue_all(&client, unique()).await.unwrap();
    assert_eq!(first.len(), 1);
    let twice =
        unique().unique("customer 8", json!({})).unwrap().unique("customer 8", json!({})).unwrap();
    assert_eq!(jobs.enqueue_all(&client, twice).await.unwrap().len(), 1);
    let claims = claimant.claim(10).await;
    assert!(jobs.enqueue_all(&client, unique()).await.unwrap().is_empty(), "it runs");
    // Given up, it makes room for another; put back, it does not push that one out.
    let dead = "SELECT changeover.fail_v1($1, $2, $3, 'no', NULL, true)";
    client.execute(dead, &[&claimant.id, &claims[0].job, &claims[0].attempt]).await.unwrap();
    assert_eq!(jobs.enqueue_all(&client, unique()).await.unwrap().len(), 1);
    assert_eq!(requeue(&client, &first).await, 0);
    let again = claimant.claim(1).await.remove(0);
    claimant.finish(&again).await.unwrap();
    assert_eq!(requeue(&client, &first).await, 1);
    assert_eq!(
        stage
            .count(&format!(
                "SELECT id FROM changeover.jobs WHERE state = 'waiting' AND id = {}",
                first[0]
            ))
            .await,
        first[0]
    );
    instance.leave().await;
}

async fn urgent_ones_come_first_and_later_ones_later(major: u16) {
    let stage = Stage::new(major).await;
    let claimant = Claimant::new(&stage, 1, "work", &[1]).await;
    let instance = stage.instance(1, |builder| builder).await;
    let (jobs, client) = (instance.jobs(), stage.client().await);
    let one = || Enqueue::new("work", 1).payload(json!({})).unwrap();
    let usual = jobs.enqueue_all(&client, one()).await.unwrap()[0];
    let urgent = jobs.enqueue_all(&client, one().priority(-5)).await.unwrap()[0];
    let hour = SystemTime::now() + Duration::from_secs(3600);
    let later = jobs.enqueue_all(&client, one().priority(-9).at(hour)).await.unwrap()[0];
    assert_eq!(claimant.claim(1).await[0].job, urgent);
    assert_eq!(claimant.claim(10).await[0].job, usual);
    claimant.tend().await;
    assert_eq!(claimant.claim(10).await, []);
    stage
        .owner
        .batch_execute("UPDATE changeover.job SET run_at = clock_timestamp() WHERE shelf = 'later'")
        .await
        .unwrap();
    claimant.tend().await;
    assert_eq!(claimant.claim(10).await[0].job, later);
    instance.leave().await;
}

/// The owner is another login of the same server: whatever instance it names, it is refused.
async fn only_the_login_that_registered_may_act(major: u16) {
    let stage = Stage::new(major).await;
    let claimant = Claimant::new(&stage, 1, "work", &[1]).await;
    let instance = stage.instance(1, |builder| builder).await;
    stage.enqueue(&instance.jobs(), 2).await;
    let claim = claimant.claim(1).await.remove(0);
    let other = &stage.owner;
    let sql = "SELECT count(*) FROM changeover.claim_v1($1, 1)";
    let refused = other.query_one(sql, &[&claimant.id]).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "CO004");
    for sql in [
        "SELECT changeover.finish_v1($1, ARRAY[$2::bigint], ARRAY[$3::integer])::text",
        "SELECT changeover.fail_v1($1, $2, $3, 'no')",
        "SELECT changeover.unclaim_v1($1, ARRAY[$2::bigint], ARRAY[$3::integer])::text",
        "SELECT changeover.mark_v1($1, $2, $3)::text",
        "SELECT changeover.set_unknown_v1($1, $2, $3, 'no')::text",
    ] {
        let refused =
            other.query(sql, &[&claimant.id, &claim.job, &claim.attempt]).await.unwrap_err();
        assert_eq!(sqlstate(&refused), "CO004", "{sql}");
    }
    for sql in [
        "SELECT changeover.tend_jobs_v1($1)::text",
        "SELECT changeover.claim_unknown_v1($1, 1)::text",
        "SELECT changeover.unclaim_others_v1($1, '{}')::text",
        "SELECT changeover.declare_job_v1($1, 'work', 9, 1, 1, false)::text",
    ] {
        let refused = other.query(sql, &[&claimant.id]).await.unwrap_err();
        assert_eq!(sqlstate(&refused), "CO004", "{sql}");
    }
    // And nobody but the owner writes the tables.
    let refused = claimant.client.execute("DELETE FROM changeover.job", &[]).await.unwrap_err();
    assert_eq!(sqlstate(&refused), "42501");
    claimant.finish(&claim).await.unwrap();
    instance.leave().await;
}

/// A kind with a long backlog whose handler is slow must not fill the process.
async fn a_kind_gets_no_more_than_its_limit(major: u16) {
    let stage = Stage::new(major).await;
    let gate = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    let waiting = std::sync::Arc::clone(&gate);
    let mut slow = Act::new(move |_, _| {
        let gate = std::sync::Arc::clone(&waiting);
        Box::pin(async move {
            gate.acquire().await?.forget();
            Ok(())
        })
    });
    slow.limits = JobLimits { concurrency: 1, ..JobLimits::default() };
    let mut quick = Act::new(|job, transaction| Box::pin(write_as(job, transaction, "quick")));
    quick.kind = "quick";
    let instance = stage.instance(1, |builder| builder.job(slow).job(quick)).await;
    stage.enqueue(&instance.jobs(), 1000).await;
    let client = stage.client().await;
    for _ in 0..20 {
        instance.jobs().enqueue(&client, "quick", 1, json!({})).await.unwrap();
    }
    stage.reached("the quick ones have run", "SELECT count(*) = 20 FROM effects").await;
    let running = stage
        .count("SELECT count(*) FROM changeover.jobs WHERE kind = 'work' AND state = 'running'")
        .await;
    assert!((1..=16).contains(&running), "{running}");
    gate.add_permits(2000);
    stage.none_left().await;
    instance.leave().await;
}
