//! Effects exactly once: two instances, rolled-back producers, claimants that die or are overtaken.

use crate::claimant::{Claimant, sqlstate};
use crate::on_servers;
use crate::stage::{Act, ActOnBatch, Stage, write};
use changeover_work::JobError;
use serde_json::json;
use std::sync::Arc;
use tokio::sync::Semaphore;

on_servers!(
    two_instances_run_each_job_once,
    a_claimant_dies_at_any_point,
    a_stale_claimant_is_refused,
    a_claim_waits_for_no_look_at_the_dead,
    a_bad_job_does_not_take_its_batch_with_it,
    what_cannot_be_read_does_not_hold_up_the_rest,
    a_batch_that_has_lost_one_gives_the_others_back,
    what_a_lost_answer_claimed_is_given_back,
);

async fn two_instances_run_each_job_once(major: u16) {
    let stage = Stage::new(major).await;
    let one = stage.instance(1, |builder| builder.job(Act::writing())).await;
    let two = stage.instance(1, |builder| builder.job(Act::writing())).await;
    let ids = stage.enqueue(&one.jobs(), 200).await;
    let mut client = stage.client().await;
    // What a producer rolls back never was.
    let transaction = client.transaction().await.unwrap();
    one.jobs().enqueue(&transaction, "work", 1, json!({})).await.unwrap();
    transaction.rollback().await.unwrap();
    stage.none_left().await;
    stage.effects_are_once(&ids).await;
    assert!(one.leave().await.is_clean());
    assert!(two.leave().await.is_clean());
}

/// Where the claimant's process ends: its session is gone, and its instance counts as dead.
async fn a_claimant_dies_at_any_point(major: u16) {
    let stage = Stage::new(major).await;
    let mut ids = Vec::new();
    for point in ["claimed", "effects", "finished", "committed"] {
        let dying = Claimant::new(&stage, 1, "work", &[1]).await;
        let instance = stage.instance(1, |builder| builder).await;
        let id = stage.enqueue(&instance.jobs(), 1).await[0];
        ids.push(id);
        let claim = dying.claim(1).await.remove(0);
        assert_eq!(claim.job, id);
        if point != "claimed" {
            dying.begin_with_effect(&claim).await;
        }
        if point == "finished" || point == "committed" {
            dying.finish(&claim).await.unwrap();
        }
        if point == "committed" {
            dying.commit().await;
        }
        dying.counts_as_dead(&stage).await;
        drop(dying);
        let heir = stage.instance(1, |builder| builder.job(Act::writing())).await;
        stage.none_left().await;
        stage.effects_are_once(&ids).await;
        instance.leave().await;
        heir.leave().await;
    }
}

async fn a_stale_claimant_is_refused(major: u16) {
    let stage = Stage::new(major).await;
    let stale = Claimant::new(&stage, 1, "work", &[1]).await;
    let heir = Claimant::new(&stage, 1, "work", &[1]).await;
    let instance = stage.instance(1, |builder| builder).await;
    let ids = stage.enqueue(&instance.jobs(), 1).await;
    let claim = stale.claim(1).await.remove(0);
    stale.begin_with_effect(&claim).await;
    stale.counts_as_dead(&stage).await;
    heir.tend().await;
    let again = heir.claim(1).await.remove(0);
    assert_eq!((again.job, again.attempt), (claim.job, claim.attempt + 1));

    // It wakes up while the heir works: nothing of what it has done happens.
    let refused = stale.finish(&claim).await.unwrap_err();
    assert_eq!(sqlstate(&refused), "CO007");
    stale.commit().await;
    assert_eq!(stage.count("SELECT count(*) FROM effects").await, 0);
    heir.begin_with_effect(&again).await;
    heir.finish(&again).await.unwrap();
    heir.commit().await;
    stage.effects_are_once(&ids).await;

    // Alive again, it claims and finishes as before; what others have claimed is not its own.
    stale.beat().await;
    stale.tend().await;
    stage.enqueue(&instance.jobs(), 1).await;
    let other = stale.claim(1).await.remove(0);
    assert_eq!(sqlstate(&heir.finish(&other).await.unwrap_err()), "CO007");
    let failed = "SELECT changeover.fail_v1($1, $2, $3, 'not mine')";
    let refused = heir.client.execute(failed, &[&heir.id, &other.job, &other.attempt]).await;
    assert_eq!(sqlstate(&refused.unwrap_err()), "CO007");
    let returned = "SELECT changeover.unclaim_v1($1, ARRAY[$2::bigint], ARRAY[$3::integer])";
    let row =
        heir.client.query_one(returned, &[&heir.id, &other.job, &other.attempt]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 0);
    stale.finish(&other).await.unwrap();
    instance.leave().await;
}

/// A claim that is open while its instance is found dead: the one that returns its jobs waits, and returns
/// these too. Else they would be running for ever.
async fn a_claim_waits_for_no_look_at_the_dead(major: u16) {
    let stage = Stage::new(major).await;
    let dying = Claimant::new(&stage, 1, "work", &[1]).await;
    let heir = Claimant::new(&stage, 1, "work", &[1]).await;
    let instance = stage.instance(1, |builder| builder).await;
    stage.enqueue(&instance.jobs(), 1).await;
    dying.client.batch_execute("BEGIN").await.unwrap();
    assert_eq!(dying.claim(1).await.len(), 1);
    dying.counts_as_dead(&stage).await;
    let (_, ()) = tokio::join!(heir.tend(), async {
        let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                      AND query LIKE '%tend_jobs_v1%' AND datname = current_database())";
        stage.reached("the return waits for the claim", waits).await;
        dying.commit().await;
    });
    assert_eq!(
        stage.count("SELECT count(*) FROM changeover.jobs WHERE state = 'waiting'").await,
        1
    );
    // It claims no more, until it says that it lives.
    assert_eq!(dying.claim(1).await.len(), 0);
    instance.leave().await;
}

/// Does not like 7 and 9.
fn picky() -> ActOnBatch {
    ActOnBatch::new(|jobs, transaction| {
        Box::pin(async move {
            for job in jobs {
                write(job, transaction).await?;
                assert!(job.payload["number"] != 7, "seven");
                if job.payload["number"] == 9 {
                    return Err(JobError::give_up("nine"));
                }
            }
            Ok(())
        })
    })
}

async fn a_bad_job_does_not_take_its_batch_with_it(major: u16) {
    let stage = Stage::new(major).await;
    let instance = stage.instance(1, |builder| builder.batch_job(picky())).await;
    let mut ids = stage.enqueue(&instance.jobs(), 20).await;
    stage
        .reached(
            "two are left",
            "SELECT count(*) = 2 FROM changeover.jobs WHERE claimant IS NULL AND failures > 0 AND \
                  (SELECT count(*) FROM effects) = 18",
        )
        .await;
    assert_eq!(
        stage.text("SELECT string_agg((shelf = 'dead') || ': ' || error, '; ' ORDER BY id) FROM changeover.job").await,
        "false: the handler panicked: seven; true: nine"
    );
    ids.remove(9);
    ids.remove(7);
    stage.effects_are_once(&ids).await;
    instance.leave().await;
}

/// Numbers that no double holds and times that no calendar has are taken by the server and not by us.
async fn what_cannot_be_read_does_not_hold_up_the_rest(major: u16) {
    let stage = Stage::new(major).await;
    let instance = stage.instance(1, |builder| builder.batch_job(picky())).await;
    let client = stage.client().await;
    let enqueue = "SELECT array_agg(id) FROM changeover.enqueue_v1('shop', 'work', 1, \
        ARRAY['{}', '{\"n\": 1e400}', '{}']::jsonb[]) id";
    let ids: Vec<i64> = client.query_one(enqueue, &[]).await.unwrap().get(0);
    let too_early =
        "SELECT changeover.enqueue_v1('shop', 'work', 1, ARRAY['{}']::jsonb[], at => '-infinity')";
    let early: i64 = client.query_one(too_early, &[]).await.unwrap().get(0);
    let left = "SELECT count(*) = 2 FROM changeover.jobs WHERE claimant IS NULL AND failures > 0 AND \
        (SELECT count(*) FROM effects) = 2";
    stage.reached("two are left", left).await;
    stage.effects_are_once(&[ids[0], ids[2]]).await;
    let errors = "SELECT string_agg(error, '; ' ORDER BY id) FROM changeover.job";
    let errors = stage.text(errors).await;
    for id in [ids[1], early] {
        assert!(errors.contains(&format!("reading job {id} of work")), "{errors}");
    }
    instance.leave().await;
}

async fn a_batch_that_has_lost_one_gives_the_others_back(major: u16) {
    let stage = Stage::new(major).await;
    let (gate, written) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    // Says how many it has written, and waits until it may go on.
    let (open, wrote) = (Arc::clone(&gate), Arc::clone(&written));
    let handler = ActOnBatch::new(move |jobs, transaction| {
        let (open, wrote) = (Arc::clone(&open), Arc::clone(&wrote));
        Box::pin(async move {
            for job in jobs {
                write(job, transaction).await?;
            }
            wrote.add_permits(jobs.len());
            let _permit = open.acquire().await?;
            Ok(())
        })
    });
    let instance = stage.instance(1, |builder| builder.batch_job(handler)).await;
    let ids = stage.enqueue(&instance.jobs(), 3).await;
    written.acquire_many(3).await.unwrap().forget();
    // As the one that counts it as dead would.
    let rescue = "UPDATE changeover.job SET attempt = attempt + 1 WHERE id = $1";
    stage.owner.execute(rescue, &[&ids[1]]).await.unwrap();
    gate.add_permits(10);
    stage.none_left().await;
    stage.effects_are_once(&ids).await;
    assert!(written.available_permits() >= 3, "the first run was rolled back");
    instance.leave().await;
}

async fn what_a_lost_answer_claimed_is_given_back(major: u16) {
    let stage = Stage::new(major).await;
    let claimant = Claimant::new(&stage, 1, "work", &[1]).await;
    let instance = stage.instance(1, |builder| builder).await;
    stage.enqueue(&instance.jobs(), 3).await;
    let known = claimant.claim(1).await.remove(0);
    assert_eq!(claimant.claim(2).await.len(), 2);
    let sql = "SELECT changeover.unclaim_others_v1($1, ARRAY[$2::bigint])";
    let row = claimant.client.query_one(sql, &[&claimant.id, &known.job]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 2);
    claimant.finish(&known).await.unwrap();
    assert_eq!(claimant.claim(5).await.len(), 2);
    instance.leave().await;
}
