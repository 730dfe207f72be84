//! A limit that can be raised and lowered while permits are out.
//!
//! Lowering takes nothing away: who has a permit keeps it, and none is given until fewer are out than
//! the limit says. First come, first served: one that comes later never passes one that waits, or the unlucky
//! would wait for many times as long as the others. (`deadpool`'s `resize` counts wrong where a pool is not
//! full, and where it grows while connections beyond the last limit are still in use.)

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Gives out at most so many permits at once; cheap to clone.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    count: Mutex<Count>,
    changed: Notify,
    /// Held by the one whose turn it is; the others wait for it, in the order in which they came.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    limit: usize,
    out: usize,
}

impl Gate {
    /// A gate with this limit.
    pub fn new(limit: usize) -> Self {
        let count = Mutex::new(Count { limit, out: 0 });
        Self(Arc::new(Inner { count, changed: Notify::new(), turn: tokio::sync::Mutex::default() }))
    }

    /// Waits until fewer permits are out than the limit says. The caller bounds the wait.
    pub async fn enter(&self) -> Permit {
        let _turn = self.0.turn.lock().await;
        loop {
            let changed = self.0.changed.notified();
            {
                let mut count = self.0.lock();
                if count.out < count.limit {
                    count.out += 1;
                    return Permit(Arc::clone(&self.0));
                }
            }
            changed.await;
        }
    }

    /// From now on so many.
    pub fn set_limit(&self, limit: usize) {
        self.0.lock().limit = limit;
        self.0.changed.notify_one();
    }

    /// How many permits may be out.
    pub fn limit(&self) -> usize {
        self.0.lock().limit
    }

    /// How many are.
    pub fn out(&self) -> usize {
        self.0.lock().out
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Count> {
        // Two numbers, changed one at a time: nothing is left half done.
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts until it is dropped.
#[derive(Debug)]
pub struct Permit(Arc<Inner>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.lock().out -= 1;
        self.0.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn a_lower_limit_takes_nothing_away_and_gives_nothing_out() {
        let gate = Gate::new(3);
        let mut out = vec![gate.enter().await, gate.enter().await, gate.enter().await];
        gate.set_limit(1);
        for left in [2, 1] {
            out.pop();
            assert_eq!(gate.out(), left);
            assert!(gate.enter().now_or_never().is_none(), "{left} are out of 1");
        }
        // Raised again before all had come back: no more than that.
        gate.set_limit(2);
        out.push(gate.enter().await);
        assert!(gate.enter().now_or_never().is_none());
    }

    #[tokio::test]
    async fn one_that_comes_later_does_not_pass_one_that_waits() {
        let gate = Gate::new(1);
        let out = gate.enter().await;
        let mut first = Box::pin(gate.enter());
        assert!(first.as_mut().now_or_never().is_none());
        drop(out);
        // There is room, and the first has not looked yet.
        assert!(gate.enter().now_or_never().is_none(), "a second one passed the first");
        let out = first.await;
        // One that gives up while it waits leaves its place to the next.
        let mut gives_up = Box::pin(gate.enter());
        let mut next = Box::pin(gate.enter());
        assert!(gives_up.as_mut().now_or_never().is_none());
        assert!(next.as_mut().now_or_never().is_none());
        drop(gives_up);
        drop(out);
        assert!(next.now_or_never().is_some(), "the place of one that gave up is lost");
    }

    #[tokio::test]
    async fn all_who_wait_get_in_when_there_is_room_for_all() {
        let gate = Gate::new(0);
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                let gate = gate.clone();
                tokio::spawn(async move { gate.enter().await })
            })
            .collect();
        tokio::task::yield_now().await;
        gate.set_limit(3);
        let mut out = Vec::new();
        for one in waiting {
            out.extend(one.await);
        }
        assert_eq!(gate.out(), 3);
    }
}
