//! Webhooks that are retried by the one that has them in memory.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::rivals::{Guard, Rival, Rivals};
use changeover_central::outside::WebhookReceiver;
use changeover_central::worker::notifier::{self, Call, KIND};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

const NOTIFIER: Uuid = Uuid::from_u128(9);

async fn add_notifier(rivals: &Rivals, receiver: &WebhookReceiver) {
    let sql = "INSERT INTO notifiers VALUES ($1, 'pager', $2, false, '{}')";
    rivals.owner.execute(sql, &[&NOTIFIER, &receiver.endpoint()]).await.unwrap();
}

/// What a request does: stores an alert, and with the guard its job, in one transaction.
async fn store_alert(rival: &mut Rival, guard: Guard, version_max: i32, commit: bool) -> Uuid {
    let id = Uuid::new_v4();
    let transaction = rival.client.transaction().await.unwrap();
    let insert =
        "INSERT INTO alerts SELECT $1, NULL, policy_id, cluster_id, deployment_id, severity,
        'ACTIVE', now(), '{}' FROM alerts ORDER BY id LIMIT 1";
    transaction.execute(insert, &[&id]).await.unwrap();
    if guard == Guard::On {
        let alert = json!({"id": id, "payload": {"enforcementCount": 3}});
        let jobs = notifier::enqueue(&transaction, "central", &[alert], version_max).await;
        assert_eq!(jobs.unwrap(), 1);
    }
    if commit {
        transaction.commit().await.unwrap();
    }
    id
}

/// Runs what it can claim; jobs whose receiver refuses fail and are tried again by the one that is next.
async fn run_jobs(rival: &Rival) -> Vec<i32> {
    let mut versions = Vec::new();
    for job in rival.claim().await {
        rival.client.batch_execute("BEGIN").await.unwrap();
        let calls = notifier::calls(&rival.client, job.version, &job.payload).await.unwrap();
        let mut all_taken = true;
        for call in &calls {
            all_taken &= notifier::send(call, &job.key()).await.is_ok();
            notifier::record(&rival.client, call).await.unwrap();
        }
        if all_taken {
            assert!(rival.finish(&job).await);
            versions.push(job.version);
        } else {
            rival.fail(&job).await;
        }
    }
    versions
}

/// The first call is refused, then the process that wanted to try again dies. Returns how often the
/// receiver was told.
async fn told_after_a_death(guard: Guard) -> usize {
    let mut rivals = Rivals::new("notifier", guard).await;
    let receiver = WebhookReceiver::start().await.unwrap();
    add_notifier(&rivals, &receiver).await;
    rivals.newer_comes().await;
    for rival in [&rivals.older, &rivals.newer] {
        rival.runs_jobs(KIND, &[1]).await;
    }
    receiver.refuse(1);
    let alert_id = store_alert(&mut rivals.older, guard, 1, true).await;
    // As upstream: what is to be told is in the memory of the process that stored the alert.
    let mut memory = Vec::new();
    if guard == Guard::Off {
        let body = json!({"alertId": alert_id});
        memory.push(Call { alert_id, notifier_id: NOTIFIER, endpoint: receiver.endpoint(), body });
        assert!(notifier::send(&memory[0], "1").await.is_err());
    } else {
        assert!(run_jobs(&rivals.older).await.is_empty());
    }
    drop(memory);
    rivals.older_falls_silent().await;
    if guard == Guard::On {
        assert_eq!(run_jobs(&rivals.newer).await, [1]);
    }
    receiver.received().len()
}

#[tokio::test]
async fn without_the_queue_an_alert_is_never_told() {
    assert_eq!(told_after_a_death(Guard::Off).await, 0);
}

#[tokio::test]
async fn with_it_the_next_one_tells_it() {
    assert_eq!(told_after_a_death(Guard::On).await, 1);
}

/// Two processes that look for alerts that were not told of. Returns how often the receiver was told.
async fn told_by_two(guard: Guard) -> usize {
    let mut rivals = Rivals::new("notifier_two", guard).await;
    let receiver = WebhookReceiver::start().await.unwrap();
    add_notifier(&rivals, &receiver).await;
    rivals.newer_comes().await;
    for rival in [&rivals.older, &rivals.newer] {
        rival.runs_jobs(KIND, &[1]).await;
    }
    let alert_id = store_alert(&mut rivals.older, guard, 1, true).await;
    if guard == Guard::On {
        assert_eq!(run_jobs(&rivals.older).await.len() + run_jobs(&rivals.newer).await.len(), 1);
    } else {
        let untold = "SELECT count(*) FROM notifications WHERE alert_id = $1";
        let mut finders = Vec::new();
        for rival in [&rivals.older, &rivals.newer] {
            let told: i64 = rival.client.query_one(untold, &[&alert_id]).await.unwrap().get(0);
            finders.extend((told == 0).then_some(rival));
        }
        for rival in finders {
            let (endpoint, body) = (receiver.endpoint(), json!({"alertId": alert_id}));
            let call = Call { alert_id, notifier_id: NOTIFIER, endpoint, body };
            notifier::send(&call, &Uuid::new_v4().to_string()).await.unwrap();
            notifier::record(&rival.client, &call).await.unwrap();
        }
    }
    let told = rivals.count("SELECT count(*) FROM notifications").await;
    assert_eq!(usize::try_from(told).unwrap(), receiver.received().len());
    receiver.received().into_iter().map(|call| call.key).collect::<BTreeSet<_>>().len()
}

#[tokio::test]
async fn without_the_queue_two_tell_the_same_alert() {
    assert_eq!(told_by_two(Guard::Off).await, 2);
}

#[tokio::test]
async fn with_it_one_does() {
    assert_eq!(told_by_two(Guard::On).await, 1);
}

/// An alert that is rolled back is told to nobody.
#[tokio::test]
async fn a_job_is_there_if_its_alert_is() {
    let mut rivals = Rivals::new("notifier_outbox", Guard::On).await;
    let receiver = WebhookReceiver::start().await.unwrap();
    add_notifier(&rivals, &receiver).await;
    rivals.older.runs_jobs(KIND, &[1]).await;
    store_alert(&mut rivals.older, Guard::On, 1, false).await;
    assert!(run_jobs(&rivals.older).await.is_empty());
    store_alert(&mut rivals.older, Guard::On, 1, true).await;
    assert_eq!(run_jobs(&rivals.older).await, [1]);
}

/// 4.10 reads both versions and writes the second from the switch on; 4.9 is never given what it cannot
/// read.
#[tokio::test]
async fn the_second_version_is_written_from_the_switch_on() {
    let mut rivals = Rivals::new("notifier_versions", Guard::On).await;
    let receiver = WebhookReceiver::start().await.unwrap();
    add_notifier(&rivals, &receiver).await;
    rivals.older.runs_jobs(KIND, &[1]).await;
    let early = store_alert(&mut rivals.older, Guard::On, 1, true).await;
    rivals.newer_joins().await;
    rivals.newer.runs_jobs(KIND, &[1, 2]).await;
    // Not ready yet: what it writes must still be readable by the older one.
    let before = store_alert(&mut rivals.newer, Guard::On, 2, true).await;
    assert_eq!(run_jobs(&rivals.older).await, [1, 1]);
    rivals.newer_comes().await;
    let after = store_alert(&mut rivals.newer, Guard::On, 2, true).await;
    let late = store_alert(&mut rivals.older, Guard::On, 1, true).await;
    assert_eq!(run_jobs(&rivals.older).await, [1], "the second version is not for it");
    assert_eq!(run_jobs(&rivals.newer).await, [2]);
    let told: Vec<Value> = receiver
        .received()
        .into_iter()
        .map(|call| serde_json::from_str(&call.body).unwrap())
        .collect();
    let expected = [early, before, late, after].map(|id| json!(id));
    assert_eq!(told.iter().map(|body| body["alertId"].clone()).collect::<Vec<_>>(), expected);
    assert_eq!(told[3]["enforcementCount"], 3);
    assert_eq!(told[3]["notifierIds"], json!([NOTIFIER]));
}
