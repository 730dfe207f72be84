//! Waits for locks are bounded beside a long reader; an engine that waits longer is found out.

use crate::shop;
use changeover::LockLimits;
use changeover_verify::deadline;
use std::time::Duration;

const CHANGE: &str = "ALTER TABLE orders ADD COLUMN total bigint;
     UPDATE orders SET total = (payload ->> 'total')::bigint;
     ALTER TABLE events ADD COLUMN extra text;";

/// Long enough for the engine to leave off `NOWAIT` (2 s) and to queue.
const READING: Duration = Duration::from_millis(4_000);

async fn waits_are_bounded(major: u16) {
    let (_stage, trial) = shop::trial(major, CHANGE).await;
    let cap = LockLimits::default().window_cap;
    let report = deadline::watch(&trial, READING, cap).await.expect("it runs");
    assert!(report.findings.is_empty(), "{report:?}");
    assert!(report.waits > 0 && report.readings > 1, "{report:?}");
}

#[tokio::test]
async fn waits_are_bounded_on_13() {
    waits_are_bounded(13).await;
}

#[tokio::test]
async fn waits_are_bounded_on_18() {
    waits_are_bounded(18).await;
}

#[tokio::test]
async fn an_unbounded_wait_is_found() {
    let (_stage, mut trial) = shop::trial(15, CHANGE).await;
    trial.options.locks = LockLimits {
        nowait_phase: Duration::ZERO,
        window_min: Duration::from_secs(5),
        window_max: Duration::from_secs(5),
        window_cap: Duration::from_secs(5),
        ..LockLimits::default()
    };
    let cap = LockLimits::default().window_cap;
    let report = deadline::watch(&trial, READING, cap).await.expect("it runs");
    assert!(!report.findings.is_empty(), "{report:?}");
}
