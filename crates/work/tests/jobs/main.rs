//! The queue on real servers: effects exactly once no matter who dies, versions, drain, schedules.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../../../engine/tests/common/mod.rs"]
mod common;

mod at_most_once;
mod claimant;
mod claims;
mod drain;
mod failures;
mod once;
mod pooler;
mod processes;
mod queue;
mod schedules;
mod stage;
mod versions;

/// Each scenario on two majors: one without and one with `transaction_timeout`.
macro_rules! on_servers {
    ($($name:ident),+ $(,)?) => { $(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_15() {
                super::$name(15).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_17() {
                super::$name(17).await;
            }
        }
    )+ };
}
pub(crate) use on_servers;
