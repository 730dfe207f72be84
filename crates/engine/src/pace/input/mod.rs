//! What the controller listens to: one file an input, one line in [`all`].
//!
//! Each turns what was seen into observed / bound (1.0: at its bound) and a sentence for people. What it
//! was like without us it learns in pauses ([`Input::learn`]). What a role may not see is left out, said once.

mod archiver;
mod autovacuum;
mod probe;
mod replica_lag;
mod reported;
mod sessions;
mod slots;
mod wal;

use super::limits::Limits;
use super::look::Look;
use super::window::Window;
use crate::options::PaceBounds;
use std::time::Duration;

/// All inputs. Of two that are equally bad, the first is named.
pub(super) fn all() -> Vec<Box<dyn Input>> {
    vec![
        Box::new(probe::Probe::default()),
        Box::new(reported::Reported::default()),
        Box::new(sessions::Sessions::default()),
        Box::new(replica_lag::ReplicaLag::default()),
        Box::new(slots::Slots),
        Box::new(archiver::Archiver),
        Box::new(wal::Wal::default()),
        Box::new(autovacuum::Autovacuum),
    ]
}

/// One input.
pub(super) trait Input: Send {
    /// Its name in `changeover.pace`.
    fn name(&self) -> &'static str;

    /// Learns what it is like while nothing of ours runs.
    fn learn(&mut self, _seen: &Seen<'_>) {}

    /// What it says now; `None`: nothing, there is no such thing here.
    fn read(&mut self, seen: &Seen<'_>) -> Option<Reading>;

    /// Why it is left out, where the role may not see what it needs.
    fn hidden(&self, _look: &Look) -> Option<&'static str> {
        None
    }
}

/// What was seen by now.
pub(super) struct Seen<'a> {
    pub(super) look: &'a Look,
    /// How long a trivial statement and a commit took lately.
    pub(super) statements: &'a Window,
    pub(super) commits: &'a Window,
    /// Whether sessions other than ours are at work.
    pub(super) has_company: bool,
    pub(super) limits: Limits,
    pub(super) bounds: &'a PaceBounds,
    /// Since the last look, for rates.
    pub(super) elapsed: Duration,
}

/// What an input says.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    /// Observed / bound.
    pub(super) ratio: f64,
    /// The share that may be worked while it says so, whatever the controller finds; 1.0: any.
    pub(super) cap: f64,
    /// For people: `commit takes 9.0 ms instead of 4.0`.
    pub(super) says: String,
}

impl Reading {
    /// One that the controller holds within its bound.
    pub(super) fn of(ratio: f64, says: String) -> Self {
        Self { ratio, cap: 1.0, says }
    }
}

/// Milliseconds with one decimal, for people.
pub(super) fn ms(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}

/// Megabytes, for people.
pub(super) fn mb(bytes: f64) -> String {
    format!("{:.1} MB", bytes / f64::from(1 << 20))
}
