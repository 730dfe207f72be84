//! What was run, and what of it is printed: the matrix, each failure with how to play it again, and the
//! figures last.

use super::fault::Fault;
use super::generate::{Observed, Scenario};
use super::matrix::{self, Ran};
use crate::budget::Budget;
use anyhow::ensure;

/// What was run.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) ran: Vec<Ran>,
    pub(super) judged: usize,
    pub(super) met: usize,
    pub(super) seconds: f64,
}

impl Tally {
    pub(super) fn add(&mut self, other: Self) {
        self.ran.extend(other.ran);
        self.judged += other.judged;
        self.met += other.met;
        self.seconds += other.seconds;
    }

    /// The matrix, what failed, and the figures last.
    pub(super) fn print(
        &self,
        observed: &Observed,
        all: usize,
        budget: &Budget,
    ) -> anyhow::Result<()> {
        println!("{}", matrix::text(observed, &self.ran));
        let failed: Vec<&Ran> = self.ran.iter().filter(|ran| !ran.held).collect();
        for ran in &failed {
            let Scenario { seed, .. } = &ran.scenario;
            println!("failed: {}\n    cargo xtask faults --replay {seed}", ran.scenario);
        }
        let bites =
            |fault: Fault| self.ran.iter().filter(|ran| ran.scenario.fault == fault).count();
        #[expect(clippy::cast_precision_loss, reason = "a mean")]
        let mean = self.seconds / self.ran.len().max(1) as f64;
        println!(
            "faults: {} of {all} scenarios, {} failed; {} labelled transactions judged by their \
             place in the order of commits; {} of {} refusals (53300, 53100) met; {mean:.1} s a \
             scenario, {:.0} s in all",
            self.ran.len(),
            failed.len(),
            self.judged,
            self.met,
            bites(Fault::Exhausted) + bites(Fault::DiskFull),
            budget.elapsed_s()
        );
        ensure!(!self.ran.is_empty(), "the budget did not suffice for one scenario");
        ensure!(failed.is_empty(), "{} scenarios failed", failed.len());
        Ok(())
    }
}
