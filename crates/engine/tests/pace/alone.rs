//! Who is no company.

use crate::stage::Stage;

/// The engine's own sessions, no matter what the release is called, and those that only look on, as
/// `changeover migrate` does itself to show its progress: for none of them does it go slower.
#[tokio::test(flavor = "multi_thread")]
async fn who_looks_on_and_the_engines_own_sessions_are_no_company() {
    let mut stage = Stage::new(&[]).await;
    stage.release("feature/a-branch-with-a-name-that-is-longer-than-what-a-session-may-have");
    stage.look_on_as("changeover-status/status").await;
    stage.begin().await;
    // Company is known after at most three seconds, and would stay: it is looked at all the time.
    stage.says("batch_ms > 40 AND updated_at > mark_at + interval '6 seconds'").await;
    stage.end().await;
}
