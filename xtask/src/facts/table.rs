//! The figures of all histories on all majors, as a table.

use super::play::Tally;
use std::collections::BTreeMap;
use std::fmt;

/// The figures by history and major.
pub(super) struct Table {
    majors: Vec<u16>,
    histories: Vec<String>,
    figures: BTreeMap<(String, u16), Tally>,
}

impl Table {
    /// An empty one, with its rows in this order.
    pub(super) fn new(majors: &[u16], histories: impl Iterator<Item = String>) -> Self {
        Self { majors: majors.to_vec(), histories: histories.collect(), figures: BTreeMap::new() }
    }

    /// Adds what was found in one history on one major.
    pub(super) fn add(&mut self, history: String, major: u16, tally: Tally) {
        self.figures.insert((history, major), tally);
    }

    /// Everything together.
    pub(super) fn sum(&self) -> Tally {
        let mut sum = Tally::default();
        self.figures.values().for_each(|tally| sum.add(tally));
        sum
    }

    /// How many histories stopped before their end.
    pub(super) fn stopped(&self) -> usize {
        self.figures.values().filter(|tally| tally.stopped.is_some()).count()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "{:<27} {:>5} {:>10} {:>6} {:>8} {:>6} {:>4} {:>7} {:>5}  why skipped",
            "history", "major", "statements", "exact", "stronger", "weaker", "open", "skipped", "s"
        )?;
        for history in &self.histories {
            for major in &self.majors {
                if let Some(tally) = self.figures.get(&(history.clone(), *major)) {
                    line(out, history, &major.to_string(), tally)?;
                }
            }
        }
        for major in &self.majors {
            let mut sum = Tally::default();
            let of_major = self.figures.iter().filter(|((_, of), _)| of == major);
            of_major.for_each(|(_, tally)| sum.add(tally));
            line(out, "all", &major.to_string(), &sum)?;
        }
        let sum = self.sum();
        line(out, "all", "all", &sum)?;
        let compared = sum.compared();
        let share = |count: usize| 100.0 * share_of(count, compared);
        writeln!(out, "{:.2} % of {compared} compared statements are exact", share(sum.exact))
    }
}

fn share_of(count: usize, all: usize) -> f64 {
    // Counts of statements are far below what a float holds exactly.
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
        / f64::from(u32::try_from(all).unwrap_or(u32::MAX).max(1))
}

fn line(out: &mut fmt::Formatter<'_>, history: &str, major: &str, tally: &Tally) -> fmt::Result {
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for (why, _) in &tally.skipped {
        *reasons.entry(why.to_string()).or_default() += 1;
    }
    let reasons = reasons.iter().map(|(why, count)| format!("{count} {why}"));
    let stopped = tally.stopped.iter().map(|place| format!("STOPPED at {place}"));
    writeln!(
        out,
        "{history:<27} {major:>5} {:>10} {:>6} {:>8} {:>6} {:>4} {:>7} {:>5}  {}",
        tally.statements(),
        tally.exact,
        tally.stronger.len(),
        tally.weaker.len(),
        tally.open.len(),
        tally.skipped.len(),
        tally.took.as_secs(),
        reasons.chain(stopped).collect::<Vec<_>>().join(", ")
    )
}
