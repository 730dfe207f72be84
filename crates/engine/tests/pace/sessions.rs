//! Sessions that wait for a lock.

use crate::stage::Stage;

const WAITING: usize = 12;

#[tokio::test(flavor = "multi_thread")]
async fn waiting_sessions_slow_it_down_and_it_recovers() {
    let mut stage = Stage::new(&[]).await;
    let _company = stage.company().await;
    // The probe must not be what slows it down.
    stage.pace().probe_factor = 1000.0;
    stage.begin().await;
    stage.has_base().await;
    let holder = stage.database.connect("postgres").await;
    holder.batch_execute("SELECT pg_advisory_lock(1)").await.unwrap();
    let mut waiting = Vec::new();
    for _ in 0..WAITING {
        let client = stage.database.connect("postgres").await;
        waiting.push(tokio::spawn(async move {
            client.batch_execute("SELECT pg_advisory_xact_lock_shared(1)").await.unwrap();
        }));
    }
    stage.slows_by("sessions", "% sessions wait for locks, % are borne").await;
    holder.batch_execute("SELECT pg_advisory_unlock(1)").await.unwrap();
    for client in waiting {
        client.await.unwrap();
    }
    stage.recovers().await;
    stage.end().await;
}

/// A pool of which every connection is in use: who waits for one waits where the server doesn't see it.
#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_are_all_busy_slow_it_down_and_it_recovers() {
    let mut stage = Stage::new(&[]).await;
    let _company = stage.company().await;
    stage.begin().await;
    stage.has_base().await;
    let mut busy = Vec::new();
    for _ in 0..WAITING {
        let client = stage.database.connect("postgres").await;
        client.batch_execute("BEGIN").await.unwrap();
        busy.push(client);
    }
    stage.slows_by("sessions", "% sessions are busy instead of %").await;
    for client in &busy {
        client.batch_execute("COMMIT").await.unwrap();
    }
    stage.recovers().await;
    stage.end().await;
}
