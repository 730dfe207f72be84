//! What the ledger's functions decide, no matter who calls them: members here are rows and nothing else.

use crate::common::{Database, value};
use crate::stage::{Member, NAME, database, epoch};
use std::sync::Arc;
use tokio_postgres::Client;

const EXPIRE: &str =
    "UPDATE changeover.worker SET expires_at = clock_timestamp() - interval '1 ms'";
/// As if the server had run for long: a lease that ran out while it was down is nobody's fault.
const LONG_AGO: &str = "UPDATE changeover.worker_candidate SET lease_ms = 100";

async fn successor(admin: &Client) -> Option<uuid::Uuid> {
    admin.query_one("SELECT successor FROM changeover.worker", &[]).await.unwrap().get(0)
}

async fn joined(database: &Database, generation: i64) -> Member {
    let member = Member::join(database, 1, generation).await;
    member.declare(0, 60_000).await;
    member.settle().await;
    member
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_and_no_race_says_who_owns() {
    for major in [15, 17] {
        let (database, admin) = database(major).await;
        let (old, new) = (joined(&database, 1).await, joined(&database, 2).await);
        assert_eq!(old.acquire().await, None, "nobody holds it, but it is the newer release's");
        let first = new.acquire().await.unwrap();
        assert_eq!(new.renew(first).await, Some(None));
        assert_eq!(old.acquire().await, None);
        // Another of the same release may take it when the holder does not renew, the older may not.
        let other = joined(&database, 2).await;
        assert_eq!(other.acquire().await, None);
        admin.batch_execute(EXPIRE).await.unwrap();
        assert_eq!(old.acquire().await, None);
        assert!(other.may_acquire().await);
        assert_eq!(other.acquire().await, Some(first + 1));
        assert_eq!(new.renew(first).await, None);
        assert_eq!(new.guard(first).await.unwrap(), "CO002");
        assert_eq!(other.guard(first + 1).await, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_is_asked_and_then_done_without() {
    for major in [15, 17] {
        let (database, admin) = database(major).await;
        let old = joined(&database, 1).await;
        let held = old.acquire().await.unwrap();
        let new = joined(&database, 2).await;
        assert_eq!(old.renew(held).await, Some(Some(new.id)), "it is told who waits");
        assert_eq!(old.guard(held).await, None, "and may end its unit of work");
        assert_eq!(new.acquire().await, None);
        admin
            .batch_execute("UPDATE changeover.worker SET handover_by = clock_timestamp()")
            .await
            .unwrap();
        new.settle().await;
        assert_eq!(old.renew(held).await, None);
        assert_eq!(old.guard(held).await.unwrap(), "CO002");
        assert_eq!(old.transfer(held).await.unwrap_err(), "CO002");
        assert_eq!(new.acquire().await, Some(held + 2), "one number for the taking, one for it");
        let taken = "SELECT count(*) FROM changeover.event WHERE kind = 'worker_taken'";
        assert_eq!(value::<i64>(&admin, taken).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_left_holds_nothing() {
    let (database, _admin) = database(15).await;
    let (one, two) = (joined(&database, 1).await, joined(&database, 1).await);
    let held = one.acquire().await.unwrap();
    assert_eq!(two.acquire().await, None);
    one.leave().await;
    assert!(two.acquire().await.is_some_and(|epoch| epoch > held), "without waiting for the lease");
    assert_eq!(one.guard(held).await.unwrap(), "CO002");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_successor_that_goes_before_it_takes_over_is_forgotten() {
    let (database, admin) = database(15).await;
    let old = joined(&database, 1).await;
    let held = old.acquire().await.unwrap();
    let new = joined(&database, 2).await;
    assert_eq!(successor(&admin).await, Some(new.id));
    // Gone between being named and the hand-over: the holder keeps it, no matter who settles first.
    new.leave().await;
    assert_eq!(old.transfer(held).await, Ok(None), "not to who has gone");
    assert_eq!(old.acquire().await, Some(held + 2));
    let newer = joined(&database, 3).await;
    assert_eq!(successor(&admin).await, Some(newer.id));
    newer.leave().await;
    old.settle().await;
    assert_eq!(successor(&admin).await, None, "no longer asked");
    assert_eq!(old.renew(held + 2).await, Some(None));
    // Handed over, and gone before it acquires: free at once.
    let newest = joined(&database, 4).await;
    assert_eq!(old.transfer(held + 2).await, Ok(Some(newest.id)));
    newest.leave().await;
    old.settle().await;
    assert!(old.acquire().await.is_some());
}

/// The hand-over's deadline is not put off by a successor that changes.
#[tokio::test(flavor = "multi_thread")]
async fn time_to_end_begins_once() {
    let (database, admin) = database(15).await;
    let old = joined(&database, 1).await;
    old.acquire().await.unwrap();
    let by = "SELECT handover_by::text FROM changeover.worker";
    let first = joined(&database, 2).await;
    let deadline: String = value(&admin, by).await;
    joined(&database, 3).await;
    assert_ne!(successor(&admin).await, Some(first.id));
    assert_eq!(value::<String>(&admin, by).await, deadline);
}

#[tokio::test(flavor = "multi_thread")]
async fn any_number_of_settles_come_to_one_result() {
    for major in [15, 17] {
        let (database, admin) = database(major).await;
        let old = joined(&database, 1).await;
        let held = old.acquire().await.unwrap();
        let mut members = Vec::new();
        for _ in 0..8 {
            let member = Member::join(&database, 1, 2).await;
            member.declare(0, 0).await;
            members.push(Arc::new(member));
        }
        // Named at once, and taken at once, since no time is given: each by one of them.
        admin
            .batch_execute("UPDATE changeover.worker_candidate SET handover_ms = 0")
            .await
            .unwrap();
        for _ in 0..4 {
            let settling: Vec<_> = members
                .iter()
                .map(|member| {
                    let member = Arc::clone(member);
                    tokio::spawn(async move { member.settle().await })
                })
                .collect();
            for settled in settling {
                settled.await.unwrap();
            }
        }
        assert_eq!(epoch(&admin).await, held + 1, "taken once");
        let acquiring: Vec<_> = members
            .iter()
            .map(|member| {
                let member = Arc::clone(member);
                tokio::spawn(async move { member.acquire().await })
            })
            .collect();
        let mut granted = 0;
        for acquired in acquiring {
            granted += usize::from(acquired.await.unwrap().is_some());
        }
        assert_eq!(granted, 1);
        assert_eq!(epoch(&admin).await, held + 2);
    }
}

/// Two that settle at the same moment, with the row in somebody's hands: what the one has done, the other
/// does not do again by what it saw before.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_settled_is_not_settled_again() {
    let (database, admin) = database(15).await;
    let old = joined(&database, 1).await;
    let held = old.acquire().await.unwrap();
    let members = [joined(&database, 2).await, joined(&database, 2).await];
    let overdue = "UPDATE changeover.worker SET handover_by = clock_timestamp()";
    admin.batch_execute(overdue).await.unwrap();
    let locking = database.connect("postgres").await;
    locking
        .batch_execute("BEGIN; SELECT 1 FROM changeover.worker FOR NO KEY UPDATE")
        .await
        .unwrap();
    let settling: Vec<_> = members
        .into_iter()
        .map(|member| tokio::spawn(async move { member.settle().await }))
        .collect();
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                    AND wait_event_type = 'Lock' AND query LIKE '%settle_v1%'";
    crate::common::until("both wait or have ended", async || {
        let ended = settling.iter().filter(|settled| settled.is_finished()).count();
        value::<i64>(&admin, waiting).await + i64::try_from(ended).unwrap() >= 2
    })
    .await;
    locking.batch_execute("COMMIT").await.unwrap();
    for settled in settling {
        settled.await.unwrap();
    }
    old.settle().await;
    assert_eq!(epoch(&admin).await, held + 1, "taken once");
}

/// A guarded transaction that has not committed yet holds back the one that would be next.
#[tokio::test(flavor = "multi_thread")]
async fn a_grant_waits_for_a_guard_that_has_passed() {
    let (database, admin) = database(15).await;
    let (one, two) = (joined(&database, 1).await, joined(&database, 1).await);
    let held = one.acquire().await.unwrap();
    let guarding = database.connect(crate::common::SERVICE).await;
    guarding.batch_execute("BEGIN").await.unwrap();
    guarding
        .execute("SELECT changeover.guard_v1('shop', $1, $2, $3)", &[&NAME, &held, &one.id])
        .await
        .unwrap();
    admin.batch_execute(EXPIRE).await.unwrap();
    let next = tokio::spawn(async move { two.acquire().await });
    let waits = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() \
                  AND wait_event_type = 'Lock' AND query LIKE '%acquire_v1%')";
    crate::common::until("the grant waits, or was made", async || {
        next.is_finished() || value::<bool>(&admin, waits).await
    })
    .await;
    assert!(!next.is_finished(), "granted over a guard that had passed");
    guarding.batch_execute("COMMIT").await.unwrap();
    assert_eq!(next.await.unwrap(), Some(held + 1));
}

/// Who takes a worker from its holder waits as well: here only the key makes the two locks conflict.
#[tokio::test(flavor = "multi_thread")]
async fn a_taking_waits_for_a_guard_that_has_passed() {
    let (database, admin) = database(15).await;
    let old = joined(&database, 1).await;
    let held = old.acquire().await.unwrap();
    let new = joined(&database, 2).await;
    let guarding = database.connect(crate::common::SERVICE).await;
    guarding.batch_execute("BEGIN").await.unwrap();
    guarding
        .execute("SELECT changeover.guard_v1('shop', $1, $2, $3)", &[&NAME, &held, &old.id])
        .await
        .unwrap();
    let overdue = "UPDATE changeover.worker SET handover_by = clock_timestamp()";
    admin.batch_execute(overdue).await.unwrap();
    // Gives up waiting for the lock by itself.
    new.settle().await;
    assert_eq!(epoch(&admin).await, held, "taken over a guard that had passed");
    guarding.batch_execute("COMMIT").await.unwrap();
    new.settle().await;
    assert_eq!(epoch(&admin).await, held + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_epoch_that_is_over_cannot_be_renewed() {
    let (database, _admin) = database(15).await;
    let one = joined(&database, 1).await;
    let first = one.acquire().await.unwrap();
    let second = one.acquire().await.unwrap();
    assert_eq!(one.renew(first).await, None, "the same instance, but another tenure");
    assert_eq!(one.renew(second).await, Some(None));
}

/// Renewing must not wait for one's own guards: it changes no key.
#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_does_not_wait_for_a_guard() {
    let (database, _admin) = database(15).await;
    let one = joined(&database, 1).await;
    let held = one.acquire().await.unwrap();
    let guarding = database.connect(crate::common::SERVICE).await;
    guarding.batch_execute("BEGIN").await.unwrap();
    guarding
        .execute("SELECT changeover.guard_v1('shop', $1, $2, $3)", &[&NAME, &held, &one.id])
        .await
        .unwrap();
    assert_eq!(one.renew(held).await, Some(None));
    guarding.batch_execute("COMMIT").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_outside_of_the_window_cannot_renew() {
    let (database, admin) = database(15).await;
    let one = joined(&database, 1).await;
    let held = one.acquire().await.unwrap();
    admin.batch_execute("UPDATE changeover.worker SET min_gen = 2, max_gen = 2").await.unwrap();
    assert_eq!(one.renew(held).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_of_another_timeline_is_nobodys() {
    let (database, admin) = database(15).await;
    let (one, two) = (joined(&database, 1).await, joined(&database, 1).await);
    let held = one.acquire().await.unwrap();
    // What a promoted standby shows: the row as it was granted, and a timeline that has moved on.
    admin.batch_execute("UPDATE changeover.worker SET timeline = 77").await.unwrap();
    assert_eq!(one.guard(held).await.unwrap(), "CO002");
    assert_eq!(one.renew(held).await, None);
    assert_eq!(one.transfer(held).await.unwrap_err(), "CO002");
    let next = two.acquire().await.unwrap();
    assert_eq!(next, held + 1);
    assert_eq!(two.guard(next).await, None);
}

/// A release that starts, is given the worker and dies, again and again, does not get it each time.
#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_keeps_dying_is_passed_over_for_a_while() {
    let (database, admin) = database(15).await;
    let old = joined(&database, 1).await;
    let mut owners = Vec::new();
    for _ in 0..3 {
        let new = joined(&database, 2).await;
        if let Some(epoch) = old.acquire().await {
            // Handed over as soon as it is asked for.
            old.settle().await;
            old.transfer(epoch).await.unwrap();
        }
        let got = new.acquire().await.is_some();
        owners.push(got);
        admin.batch_execute(LONG_AGO).await.unwrap();
        admin.batch_execute(EXPIRE).await.unwrap();
        // It counts as alive for an hour yet, and must not be asked to take it again.
        old.settle().await;
        assert!(old.may_acquire().await);
    }
    assert_eq!(owners, [true, true, false], "the third time the older release keeps it");
    admin
        .batch_execute("UPDATE changeover.worker_known SET avoid_until = '-infinity'")
        .await
        .unwrap();
    let new = joined(&database, 2).await;
    assert!(new.acquire().await.is_some(), "in the end it is tried once more");
}

/// While an older release may come back, and a newer one would lock it out, it is not handed over.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_is_not_handed_over_where_that_cuts_the_way_back() {
    let (database, admin) = database(15).await;
    let old = joined(&database, 1).await;
    let held = old.acquire().await.unwrap();
    let new = Member::join(&database, 2, 2).await;
    new.declare(2, 60_000).await;
    new.settle().await;
    let refused = "SELECT coalesce(refused, '') FROM changeover.worker";
    let why: String = value(&admin, refused).await;
    assert!(why.contains("generation 1 may still come back"), "{why}");
    assert_eq!(old.renew(held).await, Some(None), "not asked for");
    // Another of the old release takes it where the holder goes: it is not nobody's.
    let other = joined(&database, 1).await;
    old.say("draining").await;
    other.settle().await;
    assert_eq!(old.transfer(held).await, Ok(Some(other.id)));
    let held = other.acquire().await.unwrap();
    // The way back is cut by who decides that.
    admin.batch_execute("UPDATE changeover.app SET floor = 2 WHERE app = 'shop'").await.unwrap();
    new.settle().await;
    assert_eq!(value::<String>(&admin, refused).await, "");
    assert_eq!(other.transfer(held).await, Ok(Some(new.id)));
    new.acquire().await.unwrap();
    new.leave().await;
    other.settle().await;
    assert_eq!(other.acquire().await, None, "never again, since a newer one has owned it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_may_not_speak_for_anothers_instance() {
    let (database, _admin) = database(15).await;
    let one = joined(&database, 1).await;
    let owner = database.connect(crate::common::OWNER).await;
    for call in [
        "SELECT changeover.acquire_v1($1, 'counter', 1000)",
        "SELECT changeover.renew_v1($1, 'counter', 1, 1000)",
        "SELECT changeover.transfer_v1($1, 'counter', 1)",
        "SELECT changeover.declare_worker_v1($1, 'counter', 0, 0, 1000)",
        "SELECT changeover.worker_news_v1($1)",
    ] {
        let refused = owner.query(call, &[&one.id]).await.unwrap_err();
        assert_eq!(refused.code().unwrap().code(), "CO004", "{call}");
    }
}
