//! How often each step was tried by this process, which steps it has given up on, and which wait.
//!
//! Nothing of it outlives the process: another one tries a step that counts as failed again.

use super::next::Skip;
use changeover_plan::StepId;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// After how long a step that waits for somebody is looked at again.
const HELD_FOR: Duration = Duration::from_secs(30);

/// How often each step was tried by this process, which it has given up on, and which wait.
#[derive(Debug, Default)]
pub(super) struct Tries {
    pub(super) count: BTreeMap<StepId, u32>,
    pub(super) given_up: BTreeSet<StepId>,
    pub(super) held: BTreeMap<StepId, Instant>,
    /// It may ask a holder to give way.
    pub(super) may_ask: bool,
}

impl Tries {
    /// The steps not to begin now.
    pub(super) fn skip(&mut self) -> Skip {
        self.held.retain(|_, since| since.elapsed() < HELD_FOR);
        Skip { given_up: self.given_up.clone(), held: self.held.keys().cloned().collect() }
    }
}
