//! Sessions that wait for locks or latches, that run, that are busy, and how many there are at all.
//!
//! Busy ones say what no probe can: once all connections of a pool are, a request that wants one waits in the service,
//! while the server answers each of them nearly as quickly as before.

use super::{Input, Reading, Seen};
use crate::pace::look::Look;

/// The share of `max_connections` from which on an upgrade should not keep any transaction waiting: a pool that
/// grows for that would find none left.
const CONNECTIONS_SHARE: f64 = 0.9;
/// Sessions that run for each processor. As `bench-locks` has it, four a core is a queue of some milliseconds.
const RUNNING_A_CORE: u32 = 4;
/// How much one look weighs. Sessions wait for moments: about four looks, one second.
const SMOOTH: f64 = 0.25;

/// What is granted beyond the factor: one session more is busy now and then by itself.
const BUSY_NOISE: f64 = 1.0;

/// Those that aren't the engine's.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    waiting: f64,
    running: f64,
    busy: f64,
    /// Those that waited without us.
    base: f64,
    /// Those that were busy without us; nothing is known before.
    base_busy: Option<f64>,
}

impl Input for Sessions {
    fn name(&self) -> &'static str {
        "sessions"
    }

    fn learn(&mut self, _seen: &Seen<'_>) {
        self.base = self.waiting;
        self.base_busy = Some(self.busy);
    }

    #[expect(clippy::cast_precision_loss, reason = "numbers of sessions")]
    fn read(&mut self, seen: &Seen<'_>) -> Option<Reading> {
        let look = seen.look;
        let smooth = |before: f64, now: i64| before + SMOOTH * (now as f64 - before);
        self.waiting = smooth(self.waiting, look.waiting);
        self.running = smooth(self.running, look.running);
        self.busy = smooth(self.busy, look.busy);
        let bounds = seen.bounds;
        let bound = self.base + f64::from(bounds.waiting_sessions.max(1));
        let waiting = Reading::of(
            self.waiting / bound,
            format!("{:.0} sessions wait for locks, {bound:.0} are borne", self.waiting),
        );
        let allowed = look.connections_max.max(1) as f64 * CONNECTIONS_SHARE;
        let connections = Reading::of(
            look.sessions as f64 / allowed,
            format!("{} of {} connections are taken", look.sessions, look.connections_max),
        );
        let running = bounds.cores.map(|cores| {
            let bound = f64::from(cores.max(1) * RUNNING_A_CORE);
            let says = format!("{:.0} sessions run on {cores} processors", self.running);
            Reading::of(self.running / bound, says)
        });
        let busy = self.base_busy.map(|base| {
            let bound = base * seen.limits.probe_factor + BUSY_NOISE;
            let says = format!("{:.1} sessions are busy instead of {base:.1}", self.busy);
            Reading::of(self.busy / bound, says)
        });
        let others = [Some(connections), running, busy].into_iter().flatten();
        let worst = others.max_by(|a, b| a.ratio.total_cmp(&b.ratio))?;
        // Who waits for a lock is busy too: the lock says more.
        let is_waiting = waiting.ratio > 1.0 || waiting.ratio >= worst.ratio;
        let ratio = worst.ratio.max(waiting.ratio);
        Some(if is_waiting { Reading { ratio, ..waiting } } else { worst })
    }

    fn hidden(&self, look: &Look) -> Option<&'static str> {
        (look.hidden_sessions > 0).then_some("some sessions' state (needs pg_read_all_stats)")
    }
}
