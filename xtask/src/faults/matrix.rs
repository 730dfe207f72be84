//! What was run, as three tables: points by kinds, points by faults, kinds by faults.
//!
//! A cell is how many scenarios were run, `!` behind it where one of them failed, `-` where an
//! undisturbed run does not get, `.` where none was run yet.

use super::fault::Fault;
use super::generate::{BUILDING, Observed, Scenario};
use changeover::PausePoint;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The columns' width: the longest name of a kind, and a blank.
const WIDTH: usize = 20;

/// A scenario that was run, and whether all held.
pub(super) struct Ran {
    pub(super) scenario: Scenario,
    pub(super) held: bool,
}

/// The three tables.
pub(super) fn text(observed: &Observed, ran: &[Ran]) -> String {
    let kinds: BTreeSet<Option<&str>> = observed.keys().map(|spot| spot.kind.as_deref()).collect();
    let kinds: Vec<Option<&str>> = kinds.into_iter().collect();
    let kind_names: Vec<&str> = kinds.iter().map(|kind| kind.unwrap_or("(no step)")).collect();
    let points: Vec<&str> =
        PausePoint::ALL.iter().map(|point| point.name()).chain([BUILDING]).collect();
    let faults: Vec<&str> = Fault::ALL.iter().map(|fault| fault.name()).collect();
    let occurs = |point: Option<&str>, kind: Option<Option<&str>>| {
        observed.keys().any(|spot| {
            point.is_none_or(|point| spot.point == point)
                && kind.is_none_or(|kind| spot.kind.as_deref() == kind)
        })
    };
    let count = |chosen: &dyn Fn(&Scenario) -> bool| {
        let (mut run, mut failed) = (0, 0);
        for ran in ran.iter().filter(|ran| chosen(&ran.scenario)) {
            run += 1;
            failed += u32::from(!ran.held);
        }
        match (run, failed) {
            (0, _) => ".".to_owned(),
            (run, 0) => run.to_string(),
            (run, _) => format!("{run}!"),
        }
    };
    let mut text = String::new();
    table(&mut text, "points by kinds of step", &points, &kind_names, |row, column| {
        let (point, kind) = (points[row], kinds[column]);
        occurs(Some(point), Some(kind)).then(|| {
            count(&|scenario| scenario.spot.point == point && scenario.spot.kind.as_deref() == kind)
        })
    });
    table(&mut text, "points by faults", &points, &faults, |row, column| {
        let (point, fault) = (points[row], Fault::ALL[column]);
        occurs(Some(point), None)
            .then(|| count(&|scenario| scenario.spot.point == point && scenario.fault == fault))
    });
    table(&mut text, "kinds of step by faults", &kind_names, &faults, |row, column| {
        let (kind, fault) = (kinds[row], Fault::ALL[column]);
        Some(count(&|scenario| scenario.spot.kind.as_deref() == kind && scenario.fault == fault))
    });
    text
}

/// One table; a cell that is `None` cannot occur.
fn table(
    text: &mut String,
    title: &str,
    rows: &[&str],
    columns: &[&str],
    cell: impl Fn(usize, usize) -> Option<String>,
) {
    let mut line = |cells: &mut dyn Iterator<Item = String>| {
        let cells: Vec<String> = cells.collect();
        // Writing to a string does not fail.
        writeln!(text, "{}", cells.join(" ").trim_end()).ok();
    };
    let widths: Vec<usize> = columns.iter().map(|column| column.len().max(4)).collect();
    line(&mut std::iter::once(format!("\n{title}")));
    line(
        &mut std::iter::once(" ".repeat(WIDTH))
            .chain(columns.iter().zip(&widths).map(|(column, &width)| format!("{column:>width$}"))),
    );
    for (at, row) in rows.iter().enumerate() {
        line(&mut std::iter::once(format!("{row:WIDTH$}")).chain(widths.iter().enumerate().map(
            |(column, &width)| {
                let cell = cell(at, column).unwrap_or_else(|| "-".to_owned());
                format!("{cell:>width$}")
            },
        )));
    }
}

#[cfg(test)]
mod tests {
    use super::super::generate::{observe, scenarios};
    use super::super::migrator::Place;
    use super::super::shop::Course;
    use super::*;

    #[test]
    fn cells_say_what_was_run_what_failed_and_what_cannot_be() {
        let mut observed = Observed::new();
        let place = |point: &str, kind: Option<&str>| Place {
            point: point.to_owned(),
            kind: kind.map(str::to_owned),
            backend_pid: 1,
        };
        let trace = [place("term-granted", None), place("before-commit", Some("ddl"))];
        observe(&mut observed, Course::Online, &trace);
        let ran: Vec<Ran> = scenarios(&observed, 1)
            .into_iter()
            .map(|scenario| Ran { held: scenario.fault != Fault::Hang, scenario })
            .collect();
        let text = text(&observed, &ran);
        let row = |title: &str, name: &str| {
            let table = text.split("\n\n").find(|table| table.contains(title)).unwrap();
            let line = table.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(row("points by kinds", "term-granted"), ["9!", "-"], "{text}");
        assert_eq!(row("points by kinds", "after-batch"), ["-", "-"]);
        let faults = ["1", "1", "1", "1", "1!", "1", "1", "1", "1"];
        assert_eq!(row("points by faults", "before-commit"), faults);
        assert_eq!(row("kinds of step by faults", "ddl"), faults);
    }
}
