//! Reads pgbench's log: one line a transaction, with its latency from when it was due.

use crate::measured::Measured;
use anyhow::Context;
use std::path::Path;

/// One transaction: when it ended, in seconds since 1970, and how long it took, in ms.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transaction {
    pub(super) ended_s: f64,
    pub(super) ms: f64,
}

/// What clients felt in a stretch of time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Felt {
    pub(super) count: usize,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) p999_ms: f64,
    pub(super) max_ms: f64,
}

/// All logs of a folder; a last line that was cut is left out.
pub(super) fn read(folder: &Path) -> anyhow::Result<Vec<Transaction>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        all.extend(text.lines().filter_map(line));
    }
    Ok(all)
}

/// `client number latency_us script epoch_s epoch_us lag_us`
fn line(line: &str) -> Option<Transaction> {
    let mut words = line.split(' ');
    let latency_us: f64 = words.nth(2)?.parse().ok()?;
    let seconds: f64 = words.nth(1)?.parse().ok()?;
    let microseconds: f64 = words.next()?.parse().ok()?;
    words.next()?;
    Some(Transaction { ended_s: seconds + microseconds / 1e6, ms: latency_us / 1000.0 })
}

/// What was felt by those that were due from `from_s` on and before `until_s`.
pub(super) fn felt(all: &[Transaction], from_s: f64, until_s: f64) -> anyhow::Result<Felt> {
    let due = |one: &&Transaction| (from_s..until_s).contains(&(one.ended_s - one.ms / 1000.0));
    let within: Vec<f64> = all.iter().filter(due).map(|one| one.ms).collect();
    let count = within.len();
    let mut sorted = within;
    sorted.sort_by(f64::total_cmp);
    let at = |thousandth: usize| sorted.get(count * thousandth / 1000).or(sorted.last()).copied();
    let figures = Measured::new(sorted.clone())?;
    Ok(Felt {
        count,
        p50_ms: figures.median(),
        p99_ms: figures.at(99),
        p999_ms: at(999).context("no transaction")?,
        max_ms: figures.most(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_and_counts_from_when_it_was_due() {
        let one = line("3 17 2500 0 1700000000 500000 120").unwrap();
        assert!((one.ms - 2.5).abs() < 1e-9 && (one.ended_s - 1_700_000_000.5).abs() < 1e-6);
        assert!(line("3 17 2500 0 17000").is_none(), "cut");
        let late = Transaction { ended_s: 20.0, ms: 15_000.0 };
        assert_eq!(felt(&[late], 0.0, 10.0).unwrap().count, 1);
        assert!(felt(&[late], 10.0, 30.0).is_err());
    }
}
