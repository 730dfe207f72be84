//! Claims beside each other: no job twice, nobody waits, nobody claims who is not heard of.

use crate::claimant::{Claim, Claimant, sqlstate};
use crate::drain::gated;
use crate::on_servers;
use crate::stage::Stage;
use std::sync::Arc;
use tokio::sync::Semaphore;

on_servers!(
    a_claim_passes_over_what_another_is_claiming,
    racing_claimants_claim_each_job_once,
    a_claim_ends_with_its_jobs,
    a_whole_claim_is_finished_or_refused,
    what_was_claimed_is_read_wherever_it_lies,
    what_is_not_ours_any_more_is_not_begun,
    a_read_looks_at_no_more_than_it_was_asked_for,
    a_suspect_is_claimed_with_kinds_and_no_limits,
    what_lies_before_the_last_claim_is_not_overlooked,
    whoever_is_not_heard_of_asks_about_nothing,
);

async fn a_claim_passes_over_what_another_is_claiming(major: u16) {
    let stage = Stage::new(major).await;
    let one = Claimant::new(&stage, 1, "work", &[1]).await;
    let other = Claimant::new(&stage, 1, "work", &[1]).await;
    let instance = stage.instance(1, |builder| builder).await;
    stage.enqueue(&instance.jobs(), 10).await;
    one.client.batch_execute("BEGIN").await.unwrap();
    let held = one.claim(4).await;
    assert_eq!(held.len(), 4);
    // Waiting would be refused.
    other.client.batch_execute("SET lock_timeout = '5s'").await.unwrap();
    let rest = other.claim(10).await;
    assert_eq!(rest.len(), 6);
    assert!(rest.iter().all(|claim| !held.contains(claim)));
    one.commit().await;
    assert_eq!(other.claim(10).await, []);
    assert_eq!(
        stage.count("SELECT count(*) FROM changeover.jobs WHERE state = 'running'").await,
        10
    );
    // The one that could not see what was claimed meanwhile is refused.
    one.client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ").await.unwrap();
    let sql = "SELECT count(*) FROM changeover.claim_v1($1, 1)";
    let refused = one.client.query_one(sql, &[&one.id]).await.unwrap_err();
    assert_eq!(sqlstate(&refused), "25001");
    instance.leave().await;
}

async fn racing_claimants_claim_each_job_once(major: u16) {
    let stage = Stage::new(major).await;
    let mut claimants = Vec::new();
    for _ in 0..4 {
        claimants.push(Claimant::new(&stage, 1, "work", &[1]).await);
    }
    let instance = stage.instance(1, |builder| builder).await;
    let ids = stage.enqueue(&instance.jobs(), 600).await;
    let mut racing = tokio::task::JoinSet::new();
    for claimant in claimants {
        racing.spawn(async move {
            let mut claims: Vec<Claim> = Vec::new();
            loop {
                let more = claimant.claim(20).await;
                if more.is_empty() {
                    return (claimant, claims);
                }
                claims.extend(more);
            }
        });
    }
    let mut claimed = Vec::new();
    while let Some(raced) = racing.join_next().await {
        let (claimant, claims) = raced.unwrap();
        claimed.extend(claims.iter().map(|claim| claim.job));
        // Each may finish all of its own, in any order.
        for claim in claims.iter().rev() {
            claimant.finish(claim).await.unwrap();
        }
    }
    // A claim comes back with fewer, or none, where others were quicker: nothing is lost by it.
    claimed.sort_unstable();
    let mut once = claimed.clone();
    once.dedup();
    assert_eq!(once.len(), claimed.len(), "claimed twice");
    assert!(claimed.iter().all(|job| ids.contains(job)));
    let left = stage.count("SELECT count(*) FROM changeover.jobs WHERE state = 'waiting'").await;
    assert_eq!(claimed.len() + usize::try_from(left).unwrap(), ids.len());
    instance.leave().await;
}

/// A claim's row goes when its last job does, and not before.
async fn a_claim_ends_with_its_jobs(major: u16) {
    const CLAIMS: &str = "SELECT count(*) FROM changeover.job_claim";
    let stage = Stage::new(major).await;
    let claimant = Claimant::new(&stage, 1, "work", &[1]).await;
    let instance = stage.instance(1, |builder| builder).await;
    stage.enqueue(&instance.jobs(), 3).await;
    let claims = claimant.claim(3).await;
    claimant.finish(&claims[0]).await.unwrap();
    let fail = "SELECT changeover.fail_v1($1, $2, $3, 'no', 60000)";
    claimant
        .client
        .execute(fail, &[&claimant.id, &claims[1].job, &claims[1].attempt])
        .await
        .unwrap();
    claimant.tend().await;
    assert_eq!(stage.count(CLAIMS).await, 1);
    // Its row is there, for the third; of the second it holds no more.
    assert_eq!(sqlstate(&claimant.finish(&claims[1]).await.unwrap_err()), "CO007");
    claimant.finish(&claims[2]).await.unwrap();
    claimant.tend().await;
    assert_eq!(stage.count(CLAIMS).await, 0);
    // Failed under that claim, it is claimed again under another; the old one is void.
    stage
        .owner
        .batch_execute("UPDATE changeover.job SET run_at = clock_timestamp() WHERE shelf = 'later'")
        .await
        .unwrap();
    claimant.tend().await;
    let again = claimant.claim(3).await.remove(0);
    assert_eq!((again.job, again.attempt), (claims[1].job, claims[1].attempt + 1));
    assert_eq!(sqlstate(&claimant.finish(&claims[1]).await.unwrap_err()), "CO007");
    claimant.finish(&again).await.unwrap();
    assert_eq!(stage.count(CLAIMS).await, 0);
    instance.leave().await;
}

/// What one claim has returned is finished in one call, also where attempts differ; where one of its jobs is
/// lost, none is.
async fn a_whole_claim_is_finished_or_refused(major: u16) {
    let stage = Stage::new(major).await;
    let one = Claimant::new(&stage, 1, "work", &[1]).await;
    let instance = stage.instance(1, |builder| builder).await;
    stage.enqueue(&instance.jobs(), 40).await;
    one.finish_all(&one.claim(20).await).await.unwrap();
    let claims = one.claim(20).await;
    assert_eq!(claims.len(), 20);
    one.give_back(&claims[7]).await;
    assert_eq!(sqlstate(&one.finish_all(&claims).await.unwrap_err()), "CO007");
    assert_eq!(stage.count("SELECT count(*) FROM changeover.job").await, 20);
    let others: Vec<Claim> = claims.iter().filter(|claim| **claim != claims[7]).cloned().collect();
    one.finish_all(&others).await.unwrap();
    let again = one.claim(20).await;
    assert_eq!(again, [Claim { job: claims[7].job, attempt: 2 }]);
    one.give_back(&again[0]).await;
    // Forgets the claim, so that the next one looks from the start.
    one.tend().await;
    stage.enqueue(&instance.jobs(), 2).await;
    let mixed = one.claim(20).await;
    assert_eq!(mixed.iter().map(|claim| claim.attempt).collect::<Vec<_>>(), [3, 1, 1]);
    one.finish_all(&mixed).await.unwrap();
    assert_eq!(stage.count("SELECT count(*) FROM changeover.job").await, 0);
    assert_eq!(stage.count("SELECT count(*) FROM changeover.job_claim").await, 0);
    instance.leave().await;
}

async fn whoever_is_not_heard_of_asks_about_nothing(major: u16) {
    const ASK: &str = "SELECT count(*) FROM changeover.claim_unknown_v1($1, 10)";
    let stage = Stage::new(major).await;
    let claimant = Claimant::new(&stage, 1, "work", &[1]).await;
    let instance = stage.instance(1, |builder| builder).await;
    stage.enqueue(&instance.jobs(), 1).await;
    let claim = claimant.claim(1).await.remove(0);
    let unknown = "SELECT changeover.set_unknown_v1($1, $2, $3, 'no answer')";
    claimant.client.execute(unknown, &[&claimant.id, &claim.job, &claim.attempt]).await.unwrap();
    claimant.counts_as_dead(&stage).await;
    let claimed: i64 = claimant.client.query_one(ASK, &[&claimant.id]).await.unwrap().get(0);
    assert_eq!(claimed, 0);
    claimant.beat().await;
    let claimed: i64 = claimant.client.query_one(ASK, &[&claimant.id]).await.unwrap().get(0);
    assert_eq!(claimed, 1);
    instance.leave().await;
}

async fn what_lies_before_the_last_claim_is_not_overlooked(major: u16) {
    let stage = Stage::new(major).await;
    let one = Claimant::new(&stage, 1, "work", &[1]).await;
    let instance = stage.instance(1, |builder| builder).await;
    let ids = stage.enqueue(&instance.jobs(), 40).await;
    let first = one.claim(10).await;
    assert_eq!(first.len(), 10);
    let urgent: i64 = one
        .client
        .query_one(
            "SELECT changeover.enqueue_v1('shop', 'work', 1, ARRAY['{}'::jsonb], -1::smallint)",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    // As if it had looked from the start a while ago.
    let aged =
        "UPDATE changeover.job_claim SET from_start_at = from_start_at - interval '1 second'";
    stage.owner.batch_execute(aged).await.unwrap();
    let next = one.claim(10).await;
    assert!(next.iter().any(|claim| claim.job == urgent), "{next:?}");

    // What is given back lies before; the rest alone does not suffice.
    one.give_back(&first[0]).await;
    let rest = one.claim(100).await;
    assert_eq!(rest.len(), ids.len() + 1 - 10 - 10 + 1);
    assert!(rest.iter().any(|claim| claim.job == first[0].job && claim.attempt == 2), "{rest:?}");
    // Nobody goes on from there into what this claim has beyond it.
    let other = Claimant::new(&stage, 1, "work", &[1]).await;
    assert_eq!(other.claim(100).await, []);
    assert_eq!(one.claim(100).await, []);
    instance.leave().await;
}

/// A claim without payloads says where the rows lie; they are found there, and where they went since.
async fn what_was_claimed_is_read_wherever_it_lies(major: u16) {
    const READ: &str = "SELECT string_agg(id || ' ' || attempt, ', ') FROM changeover.read_jobs_v1($1, $2, \
        (SELECT array_agg(format('(%s,%s)', block, line)::tid) FROM unnest($3::bigint[], $4::bigint[]) p (block, line)))";
    let stage = Stage::new(major).await;
    let one = Claimant::new(&stage, 1, "work", &[1]).await;
    let stranger = Claimant::new(&stage, 1, "other", &[1]).await;
    let instance = stage.instance(1, |builder| builder).await;
    let ids = stage.enqueue(&instance.jobs(), 4).await;
    let claim =
        "SELECT ids, attempts, places::text[], alone FROM changeover.claim_unread_v1($1, 4)";
    let row = one.client.query_one(claim, &[&one.id]).await.unwrap();
    assert_eq!(row.get::<_, Vec<i64>>(0), ids);
    assert_eq!(row.get::<_, Vec<i32>>(1), [1; 4]);
    assert_eq!(row.get::<_, Option<Vec<i64>>>(3), None);
    let (blocks, lines): (Vec<i64>, Vec<i64>) =
        row.get::<_, Vec<String>>(2).iter().map(|place| block_and_line(place)).unzip();
    let read = async |by: &Claimant, ids: &[i64]| {
        let row = by.client.query_one(READ, &[&by.id, &ids, &blocks, &lines]).await.unwrap();
        row.get::<_, Option<String>>(0)
    };
    let all = format!("{} 1, {} 1, {} 1, {} 1", ids[0], ids[1], ids[2], ids[3]);
    assert_eq!(read(&one, &ids).await.as_deref(), Some(&*all));
    assert_eq!(read(&stranger, &ids).await, None, "a kind that it does not run");
    // Given back by the second, finished by the third; the fourth's row is written, its claim holds.
    one.give_back(&Claim { job: ids[1], attempt: 1 }).await;
    one.finish(&Claim { job: ids[2], attempt: 1 }).await.unwrap();
    let mark = "SELECT changeover.mark_v1($1, $2, 1)";
    one.client.execute(mark, &[&one.id, &ids[3]]).await.unwrap();
    let rest = format!("{} 1, {} 2, {} 1", ids[0], ids[1], ids[3]);
    assert_eq!(read(&one, &ids).await.as_deref(), Some(&*rest));
    // Their places go to others, who are not what was asked for.
    stage.owner.batch_execute("VACUUM changeover.job").await.unwrap();
    let more = stage.enqueue(&instance.jobs(), 4).await;
    let moved_in =
        "SELECT count(*) FROM changeover.job WHERE id = ANY ($1) AND ctid::text = ANY ($2)";
    let places = row.get::<_, Vec<String>>(2);
    let count: i64 = stage.owner.query_one(moved_in, &[&more, &places]).await.unwrap().get(0);
    assert!(count > 0, "no place was taken by another");
    assert_eq!(read(&one, &ids).await.as_deref(), Some(&*rest));
    instance.leave().await;
}

/// `(block,line)`.
fn block_and_line(place: &str) -> (i64, i64) {
    let (block, line) = place.trim_matches(['(', ')']).split_once(',').unwrap();
    (block.parse().unwrap(), line.parse().unwrap())
}

/// Jobs that wait in a process are read when they begin: what somebody has given back meanwhile is not run.
async fn what_is_not_ours_any_more_is_not_begun(major: u16) {
    let stage = Stage::new(major).await;
    let (gate, begun) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let handler = gated(&gate, &begun);
    let instance = stage.instance(1, |builder| builder.job(handler)).await;
    let ids = stage.enqueue(&instance.jobs(), 3).await;
    stage
        .reached(
            "all are claimed",
            "SELECT count(*) = 3 FROM changeover.jobs WHERE state = 'running'",
        )
        .await;
    // As the one that rescues them would.
    stage
        .owner
        .execute(
            "UPDATE changeover.job SET attempt = attempt + 1, shelf = 'dead' WHERE id = $1",
            &[&ids[1]],
        )
        .await
        .unwrap();
    gate.add_permits(3);
    stage.reached("the others are done", "SELECT count(*) = 2 FROM effects").await;
    stage.reached("it is left", "SELECT count(*) = 1 FROM changeover.job").await;
    let done = stage.text("SELECT string_agg(job::text, ', ' ORDER BY job) FROM effects").await;
    assert_eq!(done, format!("{}, {}", ids[0], ids[2]));
    assert_eq!(begun.available_permits(), 2, "it was not even begun");
    instance.leave().await;
}

/// Plans are kept; one that was made for a short queue must do for a long one.
async fn a_read_looks_at_no_more_than_it_was_asked_for(major: u16) {
    const READ: &str = "SELECT count(*) FROM changeover.read_jobs_v1($1, $2, $3::text[]::tid[])";
    // What scans by index or from end to end have returned in this transaction; by ctid it counts nothing.
    const LOOKED_AT: &str = "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::bigint \
        FROM pg_stat_xact_user_tables WHERE schemaname = 'changeover' AND relname = 'job'";
    let stage = Stage::new(major).await;
    stage
        .owner
        .batch_execute("ALTER TABLE changeover.job SET (autovacuum_enabled = off)")
        .await
        .unwrap();
    let one = Claimant::new(&stage, 1, "work", &[1]).await;
    let instance = stage.instance(1, |builder| builder).await;
    let nowhere: Vec<String> = Vec::new();
    let few = stage.enqueue(&instance.jobs(), 1).await;
    stage.owner.batch_execute("ANALYZE changeover.job").await.unwrap();
    let first = one.client.query_one(READ, &[&one.id, &few, &nowhere]).await.unwrap();
    assert_eq!(first.get::<_, i64>(0), 1);
    let ids = stage.enqueue(&instance.jobs(), 3000).await;
    for places in [nowhere, vec!["(0,1)".to_owned()]] {
        one.client.batch_execute("BEGIN").await.unwrap();
        let asked = vec![ids[0], ids[1500], ids[2999]];
        let read = one.client.query_one(READ, &[&one.id, &asked, &places]).await.unwrap();
        assert_eq!(read.get::<_, i64>(0), 3);
        let looked_at: i64 = one.client.query_one(LOOKED_AT, &[]).await.unwrap().get(0);
        // Each counts in the index and in the table, and what is looked for in vain, too.
        assert!(looked_at <= 20, "{looked_at} rows for 3");
        one.commit().await;
    }
    // Places are a hint: without them, or with one that is not known, the same is read.
    let unknown = "SELECT count(*) FROM changeover.read_jobs_v1($1, $2, NULL) a, \
        changeover.read_jobs_v1($1, $2, ARRAY[NULL, '(0,1)']::tid[]) b";
    let row = one.client.query_one(unknown, &[&one.id, &vec![ids[0], ids[1]]]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 4);
    instance.leave().await;
}

async fn a_suspect_is_claimed_with_kinds_and_no_limits(major: u16) {
    const CLAIM: &str = "SELECT id FROM changeover.claim_v1($1, $2, ARRAY['work'])";
    let stage = Stage::new(major).await;
    let one = Claimant::new(&stage, 1, "work", &[1]).await;
    let instance = stage.instance(1, |builder| builder).await;
    let ids = stage.enqueue(&instance.jobs(), 1).await;
    stage.owner.batch_execute("UPDATE changeover.job SET crashes = 1").await.unwrap();
    let refused = one.client.query(CLAIM, &[&one.id, &None::<i32>]).await.unwrap_err();
    assert_eq!(sqlstate(&refused), "22004", "any number of them");
    let claimed = one.client.query(CLAIM, &[&one.id, &5_i32]).await.unwrap();
    assert_eq!(claimed.iter().map(|row| row.get::<_, i64>(0)).collect::<Vec<_>>(), ids);
    instance.leave().await;
}
