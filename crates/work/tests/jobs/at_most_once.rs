//! Kinds whose call outside must not be made twice: marked, called, known or asked about.

use crate::claimant::Claimant;
use crate::on_servers;
use crate::stage::{Stage, write_as};
use changeover_work::{
    BoxFuture, Job, JobError, JobHandler, JobLimits, JobTransaction, Reconciled,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

on_servers!(
    a_lost_answer_is_asked_for_and_not_called_again,
    a_process_that_dies_after_the_mark_leaves_the_outcome_unknown,
    what_cannot_be_read_was_not_called,
);

/// Calls, and what the other side says afterwards.
struct Mailer {
    calls: Arc<AtomicU32>,
    says: Reconciled,
}

impl JobHandler for Mailer {
    fn kind(&self) -> &str {
        "work"
    }

    fn versions(&self) -> &[i32] {
        &[1]
    }

    fn limits(&self) -> JobLimits {
        JobLimits { at_most_once: true, ..JobLimits::default() }
    }

    fn run<'a>(
        &'a self,
        job: &'a Job,
        transaction: &'a mut JobTransaction,
    ) -> BoxFuture<'a, Result<(), JobError>> {
        Box::pin(async move {
            // The first call's answer is lost, the second is refused, the third goes well.
            match self.calls.fetch_add(1, Ordering::Relaxed) {
                0 => Err(std::io::Error::other("no answer").into()),
                1 => Err(JobError::not_done("refused", Some(std::time::Duration::ZERO))),
                _ => write_as(job, transaction, "called").await,
            }
        })
    }

    fn reconcile<'a>(
        &'a self,
        job: &'a Job,
        transaction: &'a mut JobTransaction,
    ) -> BoxFuture<'a, Result<Reconciled, JobError>> {
        Box::pin(async move {
            write_as(job, transaction, "asked").await?;
            Ok(self.says)
        })
    }
}

async fn a_lost_answer_is_asked_for_and_not_called_again(major: u16) {
    for (says, calls_expected, effects) in
        [(Reconciled::Done, 1, "asked"), (Reconciled::NotDone, 3, "called")]
    {
        let stage = Stage::new(major).await;
        let calls = Arc::new(AtomicU32::new(0));
        let mailer = Mailer { calls: Arc::clone(&calls), says };
        let instance = stage.instance(1, |builder| builder.job(mailer)).await;
        stage.enqueue(&instance.jobs(), 1).await;
        stage.none_left().await;
        assert_eq!(calls.load(Ordering::Relaxed), calls_expected);
        assert_eq!(stage.text("SELECT string_agg(what, ', ') FROM effects").await, effects);
        instance.leave().await;
    }
}

async fn a_process_that_dies_after_the_mark_leaves_the_outcome_unknown(major: u16) {
    let stage = Stage::new(major).await;
    let dying = Claimant::new(&stage, 1, "work", &[1]).await;
    let giving_back = Claimant::new(&stage, 1, "work", &[1]).await;
    let instance = stage.instance(1, |builder| builder).await;
    stage.enqueue(&instance.jobs(), 2).await;
    let mark = "SELECT changeover.mark_v1($1, $2, $3)";
    let claim = dying.claim(1).await.remove(0);
    dying.client.execute(mark, &[&dying.id, &claim.job, &claim.attempt]).await.unwrap();
    // A second mark is a second call: refused.
    assert!(dying.client.execute(mark, &[&dying.id, &claim.job, &claim.attempt]).await.is_err());
    dying.counts_as_dead(&stage).await;
    let given = giving_back.claim(1).await.remove(0);
    giving_back.client.execute(mark, &[&giving_back.id, &given.job, &given.attempt]).await.unwrap();
    let give_back = "SELECT changeover.unclaim_v1($1, ARRAY[$2::bigint], ARRAY[$3::integer])";
    giving_back
        .client
        .execute(give_back, &[&giving_back.id, &given.job, &given.attempt])
        .await
        .unwrap();
    giving_back.tend().await;
    assert_eq!(
        stage.count("SELECT count(*) FROM changeover.jobs WHERE state = 'unknown'").await,
        2
    );
    assert_eq!(giving_back.claim(10).await, [], "nobody calls again");

    // Nobody can say what became of them: they stay, and are asked about again later.
    let calls = Arc::new(AtomicU32::new(0));
    let mailer = Mailer { calls: Arc::clone(&calls), says: Reconciled::Unknown };
    let asking = stage.instance(1, |builder| builder.job(mailer)).await;
    stage
        .reached(
            "both were asked about",
            "SELECT count(*) = 2 FROM changeover.jobs WHERE state = 'unknown' AND run_at > clock_timestamp() + interval '5 s'",
        )
        .await;
    assert_eq!(calls.load(Ordering::Relaxed), 0);
    assert_eq!(stage.count("SELECT count(*) FROM effects").await, 0);
    asking.leave().await;
    instance.leave().await;
}

/// It is marked before it is read, and yet nobody has to find out what became of it.
async fn what_cannot_be_read_was_not_called(major: u16) {
    let stage = Stage::new(major).await;
    let calls = Arc::new(AtomicU32::new(0));
    let mailer = Mailer { calls: Arc::clone(&calls), says: Reconciled::Unknown };
    let instance = stage.instance(1, |builder| builder.job(mailer)).await;
    let enqueue =
        "SELECT changeover.enqueue_v1('shop', 'work', 1, ARRAY['{\"n\": 1e400}']::jsonb[])";
    stage.client().await.batch_execute(enqueue).await.unwrap();
    let failed =
        "SELECT shelf = 'later' AND called_at IS NULL AND failures > 0 FROM changeover.job";
    stage.reached("it has failed", failed).await;
    assert_eq!(calls.load(Ordering::Relaxed), 0);
    instance.leave().await;
}
