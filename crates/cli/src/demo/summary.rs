//! Both runs side by side, as text.

use std::fmt::Write;

use super::{comparison::Comparison, outcome::RunOutcome, settings::Way, streams::StreamsOutcome};
use crate::view::{
    figures::count,
    style::{DONE, ERROR, FAINT, HEADING, paint},
};

/// The width of the names of figures, and of each run's column.
const NAME_WIDTH: usize = 34;
const COLUMN_WIDTH: usize = 27;

/// A row of the table: its name, and how a run's figure reads.
type Row = (&'static str, fn(&RunOutcome) -> Cell);

/// A figure as text, and whether it is bad.
struct Cell(String, bool);

const ROWS: [Row; 29] = [
    ("requests", |run| good(count(run.requests))),
    ("failed", |run| judged(run.failed)),
    ("  in the mere restart", |run| judged(run.failed_in_restart)),
    ("turned away (503), of the failed", |run| judged(run.turned_away)),
    ("waited more than 100 ms", |run| good(count(run.waited))),
    ("moved, unsent", |run| good(count(run.requests_moved))),
    ("longest outage", |run| Cell(time(run.outage_ms_max), run.outage_ms_max >= OUTAGE_MS_BAD)),
    ("p50 before", |run| good(time(run.p50_ms_before))),
    ("p50 of a mere restart", |run| good(time(run.p50_ms_restart))),
    ("p50 during", |run| good(time(run.p50_ms_during))),
    ("p99 before", |run| good(time(run.p99_ms_before))),
    ("p99 of a mere restart", |run| good(time(run.p99_ms_restart))),
    ("p99 during", |run| good(time(run.p99_ms_during))),
    ("p99.9 before", |run| good(time(run.p99_9_ms_before))),
    ("p99.9 of a mere restart", |run| good(time(run.p99_9_ms_restart))),
    ("p99.9 during", |run| good(time(run.p99_9_ms_during))),
    ("slowest of a mere restart", |run| good(time(run.max_ms_restart))),
    ("slowest during", |run| good(time(run.max_ms_during))),
    ("acknowledged writes", |run| good(count(run.writes_acknowledged))),
    ("  missing", |run| judged(run.writes_missing)),
    ("  doubled", |run| judged(run.writes_doubled)),
    ("sensors' streams opened", |run| of_streams(run, |s| good(count(s.opened)))),
    ("  ended by goAway", |run| of_streams(run, |s| good(count(s.ended_by_go_away)))),
    ("  cut", |run| of_streams(run, |s| judged(s.cut))),
    ("events acknowledged", |run| of_streams(run, |s| good(count(s.acknowledged)))),
    ("  sent again", |run| of_streams(run, |s| good(count(s.resent)))),
    ("  missing, doubled, unacknowledged", |run| {
        of_streams(run, |s| judged(s.missing + s.doubled + s.unacknowledged))
    }),
    ("  slowest acknowledgement", |run| of_streams(run, |s| good(time(s.acknowledged_ms_max)))),
    ("steps done", |run| good(count(run.steps_done))),
];

/// A second without any answer is what users call an outage.
const OUTAGE_MS_BAD: f64 = 1_000.0;

/// The table, the phases, the verdict.
pub(crate) fn summary(comparison: &Comparison) -> String {
    let runs: Vec<(Way, &RunOutcome)> =
        [(Way::Recreate, &comparison.recreate), (Way::Rolling, &comparison.rolling)]
            .into_iter()
            .filter_map(|(way, run)| run.as_ref().map(|run| (way, run)))
            .collect();
    let mut text = String::new();
    let titles = runs.iter().map(|(way, _)| Cell(way.title().to_owned(), false));
    line(&mut text, "", titles);
    for (name, cell) in ROWS {
        line(&mut text, name, runs.iter().map(|(_, run)| cell(run)));
        if name == "failed" {
            failures(&mut text, &runs);
        }
    }
    phases(&mut text, &runs);
    verdict(&mut text, comparison);
    text
}

/// One row for each kind of failure that there was.
fn failures(text: &mut String, runs: &[(Way, &RunOutcome)]) {
    let mut kinds: Vec<_> = runs.iter().flat_map(|(_, run)| run.failures_by_kind.keys()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        let of = |run: &RunOutcome| run.failures_by_kind.get(kind).copied().unwrap_or(0);
        let name = format!("  {}", name_of(kind));
        line(text, &name, runs.iter().map(|(_, run)| judged(of(run))));
    }
}

/// Duration, failures and p99 of each phase, run by run. The run with most phases has all names.
fn phases(text: &mut String, runs: &[(Way, &RunOutcome)]) {
    let most = runs.iter().map(|(_, run)| &run.phases).max_by_key(|phases| phases.len());
    text.push('\n');
    let heads = runs.iter().map(|_| good("time  failed       p99".to_owned()));
    line(text, "phase", heads);
    for named in most.into_iter().flatten() {
        let cells = runs.iter().map(|(_, run)| {
            let phase = run.phases.iter().find(|phase| phase.name == named.name);
            phase.map_or_else(
                || good(String::new()),
                |phase| {
                    let (took, failed) = (time(phase.duration_ms), count(phase.failed));
                    let cell = format!("{took}  {failed:>6}  {:>8}", time(phase.p99_ms));
                    Cell(cell, phase.failed > 0)
                },
            )
        });
        line(text, &named.name, cells);
    }
}

fn verdict(text: &mut String, comparison: &Comparison) {
    text.push('\n');
    match (&comparison.rolling, comparison.faults.is_empty()) {
        (None, _) => {}
        (Some(rolling), true) => {
            let count = comparison.rolling_runs.len().max(1);
            let runs = if count == 1 {
                "The rolling run".to_owned()
            } else {
                format!("All {count} rolling runs")
            };
            let told = format!(
                "{runs}: no failed request, each of {} acknowledged writes is there exactly once.",
                self::count(rolling.writes_acknowledged)
            );
            text.push_str(&paint(DONE, told));
            if let Some(streams) = &rolling.streams {
                let told = format!(
                    "\n{} of {} streams ended by goAway, the others with the load; each of {} events \
                     is there exactly once.",
                    self::count(streams.ended_by_go_away),
                    self::count(streams.opened),
                    self::count(streams.acknowledged)
                );
                text.push_str(&paint(DONE, told));
            }
        }
        (Some(_), false) => {
            text.push_str(&paint(ERROR, "The rolling run does not hold:"));
            for fault in &comparison.faults {
                append(text, &format!("\n  {fault}"));
            }
        }
    }
}

fn line(text: &mut String, name: &str, cells: impl Iterator<Item = Cell>) {
    let style = if name.starts_with(' ') { FAINT } else { HEADING };
    append(text, &paint(style, format!("{name:<NAME_WIDTH$}")));
    for Cell(value, is_bad) in cells {
        let value = format!("{value:>COLUMN_WIDTH$}");
        append(text, &if is_bad { paint(ERROR, value) } else { value });
    }
    text.push('\n');
}

fn append(text: &mut String, more: &str) {
    text.push_str(more);
}

fn good(text: String) -> Cell {
    Cell(text, false)
}

/// A figure of the streams, where there were any.
fn of_streams(run: &RunOutcome, cell: impl FnOnce(&StreamsOutcome) -> Cell) -> Cell {
    run.streams.as_ref().map_or_else(|| good("-".to_owned()), cell)
}

/// A count that ought to be 0.
fn judged(number: u64) -> Cell {
    Cell(count(number), number > 0)
}

/// Milliseconds, in a form that shows three digits.
fn time(ms: f64) -> String {
    match ms {
        0.0 => "-".to_owned(),
        ..10.0 => format!("{ms:.2} ms"),
        ..100.0 => format!("{ms:.1} ms"),
        ..1_000.0 => format!("{ms:.0} ms"),
        _ => format!("{:.1} s", ms / 1_000.0),
    }
}

/// The name of a kind of failure, for people.
fn name_of(kind: &changeover_rollout::load::Outcome) -> String {
    let mut name = String::new();
    // Kinds are printed as JSON prints them, so that both can be compared.
    match serde_json::to_value(kind) {
        Ok(serde_json::Value::String(text)) => name = text,
        _ => write!(name, "{kind:?}").unwrap_or_default(),
    }
    name.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::summary;
    use crate::demo::{comparison::Comparison, outcome::tests::outcome, run::PhaseKind};

    fn comparison() -> Comparison {
        let rolling =
            outcome(&[("before", PhaseKind::Baseline), ("steps go on", PhaseKind::Online)]);
        let mut recreate = outcome(&[("before", PhaseKind::Baseline)]);
        (recreate.requests, recreate.failed) = (5_000, 2_310);
        recreate.outage_ms_max = 7_450.0;
        let kind = changeover_rollout::load::Outcome::Reset;
        recreate.failures_by_kind.insert(kind, 2_310);
        Comparison {
            server: "17.10".to_owned(),
            rows: 1_000,
            seed: 1,
            replicas: 1,
            drain: true,
            recreate: Some(recreate),
            rolling: Some(rolling),
            rolling_runs: Vec::new(),
            faults: Vec::new(),
            report: "report.html".to_owned(),
        }
    }

    fn plain(comparison: &Comparison) -> String {
        let text = anstream::adapter::strip_str(&summary(comparison)).to_string();
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        lines.join("\n")
    }

    #[test]
    fn both_ways_stand_side_by_side() {
        insta::assert_snapshot!(plain(&comparison()), @r"
                                                  Recreate, in one go  RollingUpdate, Changeover
        requests                                                5,000                      1,000
        failed                                                  2,310                          0
          reset                                                 2,310                          0
          in the mere restart                                       0                          0
        turned away (503), of the failed                            0                          0
        waited more than 100 ms                                     0                          0
        moved, unsent                                               0                          0
        longest outage                                          7.5 s                    12.0 ms
        p50 before                                            1.00 ms                    1.00 ms
        p50 of a mere restart                                 1.00 ms                    1.00 ms
        p50 during                                            1.00 ms                    1.00 ms
        p99 before                                            2.00 ms                    2.00 ms
        p99 of a mere restart                                 1.50 ms                    1.50 ms
        p99 during                                            2.00 ms                    2.00 ms
        p99.9 before                                          3.00 ms                    3.00 ms
        p99.9 of a mere restart                               2.50 ms                    2.50 ms
        p99.9 during                                          3.00 ms                    3.00 ms
        slowest of a mere restart                             3.50 ms                    3.50 ms
        slowest during                                        4.00 ms                    4.00 ms
        acknowledged writes                                       400                        400
          missing                                                   0                          0
          doubled                                                   0                          0
        sensors' streams opened                                     9                          9
          ended by goAway                                           6                          6
          cut                                                       0                          0
        events acknowledged                                     2,400                      2,400
          sent again                                                0                          0
          missing, doubled, unacknowledged                          0                          0
          slowest acknowledgement                             90.0 ms                    90.0 ms
        steps done                                                 10                         10

        phase                                  time  failed       p99     time  failed       p99
        before                               10.0 s       0   12.5 ms   10.0 s       0   12.5 ms
        steps go on                                                     10.0 s       0   12.5 ms

        The rolling run: no failed request, each of 400 acknowledged writes is there exactly once.
        6 of 9 streams ended by goAway, the others with the load; each of 2,400 events is there exactly once.
        ");
    }

    #[test]
    fn what_does_not_hold_is_named() {
        let mut comparison = comparison();
        comparison.recreate = None;
        comparison.faults = vec!["3 of 1000 requests failed".to_owned()];
        let text = plain(&comparison);
        assert!(
            text.ends_with("The rolling run does not hold:\n  3 of 1000 requests failed"),
            "{text}"
        );
    }
}
