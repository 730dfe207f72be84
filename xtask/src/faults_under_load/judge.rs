//! Counts what became of requests: none may fail but those to a process that was killed, and those to a
//! server that was down. Both are counted apart, and so are those that a full disk refused.

use changeover_rollout::load::LoadReport;
use std::fmt;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How long after a server is back a request may still meet a connection that died with it.
const RECOVERY: Duration = Duration::from_secs(2);
/// How the system words it that there is no space.
const FULL: &str = "No space left on device";

/// Why a request may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Excuse {
    /// None.
    Nothing,
    /// It went to a process that was killed then.
    Killed(Instant),
    /// It was under way while the server was down.
    Down(Instant, Instant),
    /// It was under way while the disk was full, and central's log says that this was the reason.
    Full(Instant, Instant),
}

impl Excuse {
    fn covers(self, due: Instant, over: Instant) -> bool {
        match self {
            Self::Nothing => false,
            Self::Killed(at) => over >= at,
            Self::Down(from, to) => over >= from && due <= to + RECOVERY,
            Self::Full(from, to) => over >= from && due <= to,
        }
    }
}

/// What became of the requests to one central.
pub(super) struct Sent {
    pub(super) report: LoadReport,
    pub(super) excuse: Excuse,
    /// The ids of the errors that it answered with, and what it logged.
    pub(super) errors: Vec<Uuid>,
    pub(super) log: String,
}

/// Figures of a scenario.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) requests: u64,
    pub(super) failed: u64,
    /// Sent to a process that was killed.
    pub(super) killed: u64,
    /// Sent to a server that was down.
    pub(super) down: u64,
    /// Refused by a full disk.
    pub(super) full: u64,
}

impl Counts {
    /// What was counted apart, for a table.
    pub(super) fn apart(&self) -> String {
        let kinds = [(self.killed, 'k'), (self.down, 'd'), (self.full, 'f')];
        let found: Vec<String> = kinds
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, kind)| format!("{count}{kind}"))
            .collect();
        if found.is_empty() { "0".to_owned() } else { found.join("+") }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { requests, failed, killed, down, full } = self;
        write!(f, "{requests} requests, {failed} failed")?;
        for (count, what) in [
            (killed, "sent to the killed process"),
            (down, "sent to a server that was down"),
            (full, "refused by the full disk (53100)"),
        ] {
            if *count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        Ok(())
    }
}

/// The figures, and the first failures that nothing excuses.
pub(super) fn judge(sent: &[Sent]) -> anyhow::Result<(Counts, Vec<String>)> {
    let (mut counts, mut examples) = (Counts::default(), Vec::new());
    for one in sent {
        let report = &one.report;
        counts.requests += u64::try_from(report.samples.len())?;
        let mut excused = 0_u64;
        for sample in report.samples.iter().filter(|sample| !sample.outcome.is_ok()) {
            let due = report.started + Duration::from_micros(sample.intended_us);
            let over = report.started + Duration::from_micros(sample.completed_us());
            if one.excuse.covers(due, over) {
                excused += 1;
            } else {
                counts.failed += 1;
                examples.push(format!("{:?} by {:?}", sample.outcome, sample.client));
            }
        }
        match one.excuse {
            Excuse::Nothing => {}
            Excuse::Killed(_) => counts.killed += excused,
            Excuse::Down(..) => counts.down += excused,
            Excuse::Full(..) => {
                // A moment alone excuses nothing here: the server answers.
                let (explained, other) = explained(&one.errors, &one.log);
                let full = excused.min(explained);
                counts.full += full;
                counts.failed += excused - full;
                examples.extend(other);
            }
        }
        if counts.failed > 0 {
            examples.extend(report.failures.iter().map(|one| {
                format!("at {} ms, after {} ms: {}", one.intended_ms, one.latency_ms, one.text)
            }));
        }
    }
    Ok((counts, examples))
}

/// How many errors were a full disk's by central's own log, and the lines of the others.
fn explained(errors: &[Uuid], log: &str) -> (u64, Vec<String>) {
    let (mut full, mut other) = (0, Vec::new());
    for id in errors {
        let id = id.to_string();
        match log.lines().find(|line| line.contains(&id)) {
            Some(line) if line.contains(FULL) => full += 1,
            Some(line) => other.push(line.to_owned()),
            None => other.push(format!("error {id} is not in the log")),
        }
    }
    (full, other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use changeover_rollout::load::{ClientKind, Outcome, Sample};

    fn sent(outcomes: &[(u64, Outcome)], excuse: impl Fn(Instant) -> Excuse) -> Sent {
        let started = Instant::now();
        let samples = outcomes
            .iter()
            .map(|(ms, outcome)| Sample {
                intended_us: ms * 1_000,
                latency_us: 1_000,
                outcome: *outcome,
                client: ClientKind::Http2,
                request: 0,
            })
            .collect();
        let report = LoadReport {
            started,
            due_for: Duration::from_secs(60),
            samples,
            request_names: vec!["any"],
            acknowledged: Vec::new(),
            unacknowledged: Vec::new(),
            failures: Vec::new(),
            moved: 0,
        };
        Sent { report, excuse: excuse(started), errors: Vec::new(), log: String::new() }
    }

    const AT: fn(Instant, u64) -> Instant = |started, ms| started + Duration::from_millis(ms);

    #[test]
    fn only_what_was_under_way_is_excused() {
        let down = |started| Excuse::Down(AT(started, 1_000), AT(started, 2_000));
        let found = sent(
            &[
                (500, Outcome::Reset),
                (1_500, Outcome::Reset),
                (1_600, Outcome::Ok),
                (4_500, Outcome::TimedOut),
            ],
            down,
        );
        let (counts, examples) = judge(&[found]).unwrap();
        assert_eq!((counts.requests, counts.failed, counts.down), (4, 2, 1));
        assert_eq!(examples.len(), 2);
        assert_eq!(counts.apart(), "1d");
    }

    #[test]
    fn a_full_disk_excuses_only_what_the_log_blames_on_it() {
        let full = |started| Excuse::Full(AT(started, 1_000), AT(started, 2_000));
        let mut found = sent(
            &[(1_100, Outcome::Http5xx), (1_200, Outcome::Http5xx), (1_300, Outcome::Reset)],
            full,
        );
        found.errors = vec![Uuid::from_u128(1), Uuid::from_u128(2)];
        found.log = format!(
            "ERROR a request failed error_id={} error=db error: {FULL}\nERROR a request failed \
             error_id={} error=db error: syntax",
            found.errors[0], found.errors[1]
        );
        let (counts, examples) = judge(&[found]).unwrap();
        assert_eq!((counts.full, counts.failed), (1, 2), "{examples:?}");
        assert!(examples.iter().any(|line| line.contains("syntax")));
    }
}
