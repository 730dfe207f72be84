//! `BUDGET_S`: how long a chore may take. Read once at the start.

use std::time::{Duration, Instant};

/// A time budget; without `BUDGET_S` it never runs out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    began: Instant,
    limit: Option<Duration>,
}

impl Budget {
    /// Begins now. Fails where `BUDGET_S` is not a number.
    pub(crate) fn from_environment() -> anyhow::Result<Self> {
        let limit = match std::env::var("BUDGET_S") {
            Ok(text) => Some(Duration::from_secs(text.parse()?)),
            Err(_) => None,
        };
        Ok(Self { began: Instant::now(), limit })
    }

    /// Whether it is used up.
    pub(crate) fn is_spent(&self) -> bool {
        self.limit.is_some_and(|limit| self.began.elapsed() > limit)
    }

    /// Whether there is a limit at all.
    pub(crate) fn is_limited(&self) -> bool {
        self.limit.is_some()
    }

    /// Seconds since the beginning.
    pub(crate) fn elapsed_s(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }
}
