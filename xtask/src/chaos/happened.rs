//! What befell whom, by program, and what else was done: for the figures at the end.

use super::member::Program;
use std::collections::BTreeMap;
use std::fmt;

/// Counts.
#[derive(Debug, Default)]
pub(super) struct Happened {
    of: BTreeMap<Program, BTreeMap<&'static str, u32>>,
    pub(super) requests: u32,
    pub(super) unanswered: u32,
    /// Strikes into a unit that found nobody in one.
    pub(super) missed: u32,
    /// Paused or cut off in mid-unit until somebody else had taken over, and let go then.
    pub(super) let_go_late: u32,
    /// Moments at which several schedulers were made to enqueue the same times at once.
    pub(super) races: u32,
}

impl Happened {
    pub(super) fn count(&mut self, program: Program, what: &'static str) {
        *self.of.entry(program).or_default().entry(what).or_default() += 1;
    }

    /// How often this befell anybody.
    pub(super) fn total(&self, what: &str) -> u32 {
        self.of.values().filter_map(|counts| counts.get(what)).sum()
    }
}

impl fmt::Display for Happened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (program, counts) in &self.of {
            let counts: Vec<_> = counts.iter().map(|(what, n)| format!("{n} {what}")).collect();
            writeln!(f, "  {:7} {}", program.word(), counts.join(", "))?;
        }
        write!(
            f,
            "  {} requests, {} not answered; {} let go after somebody else had taken over, {} strikes \
             found no unit; {} races of schedulers",
            self.requests, self.unanswered, self.let_go_late, self.missed, self.races
        )
    }
}
