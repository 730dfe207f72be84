//! Faults by places, as a table: what was run, and whether it held.

use super::judge::Counts;
use super::place::Place;
use super::strike::Strike;

/// What came of one scenario.
pub(super) struct Ran {
    pub(super) strike: Strike,
    pub(super) place: Place,
    /// `None`: it did not hold.
    pub(super) counts: Option<Counts>,
}

/// The table. A cell is `requests/failed/apart`, `BROKEN`, or `.` where nothing was run.
pub(super) fn text(ran: &[Ran]) -> String {
    let mut lines = vec![
        "faults by places: requests/failed/counted apart (k sent to a killed process, d to a server \
         that was down, f refused by a full disk)"
            .to_owned(),
        Place::ALL.iter().fold(format!("{:20}", ""), |line, place| format!("{line} {place:>16}")),
    ];
    for strike in Strike::ALL {
        let line = Place::ALL.iter().fold(format!("{strike:20}"), |line, place| {
            let found = ran.iter().find(|one| one.strike == strike && one.place == *place);
            let cell = match found.map(|one| one.counts) {
                None => ".".to_owned(),
                Some(None) => "BROKEN".to_owned(),
                Some(Some(counts)) => {
                    format!("{}/{}/{}", counts.requests, counts.failed, counts.apart())
                }
            };
            format!("{line} {cell:>16}")
        });
        lines.push(line);
    }
    lines.join("\n")
}

/// All pairs in an order of which any prefix is a good sample: each fault at another place first.
pub(super) fn list(only: Option<Strike>, at: Option<Place>) -> Vec<(Strike, Place)> {
    (0..Place::ALL.len())
        .flat_map(|round| {
            Strike::ALL.iter().enumerate().map(move |(nth, strike)| {
                (*strike, Place::ALL[(nth + round + 1) % Place::ALL.len()])
            })
        })
        .filter(|(strike, place)| {
            only.is_none_or(|only| only == *strike) && at.is_none_or(|at| at == *place)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_comes_to_every_place_once() {
        let list = list(None, None);
        assert_eq!(list.len(), Strike::ALL.len() * Place::ALL.len());
        for strike in Strike::ALL {
            for place in Place::ALL {
                assert_eq!(list.iter().filter(|pair| **pair == (strike, place)).count(), 1);
            }
        }
    }

    #[test]
    fn cells_say_what_was_run_and_what_broke() {
        let counts = Counts { requests: 500, down: 3, ..Counts::default() };
        let ran = [
            Ran { strike: Strike::Restart, place: Place::Expand, counts: Some(counts) },
            Ran { strike: Strike::Restart, place: Place::Backfill, counts: None },
        ];
        let text = text(&ran);
        let line = text.lines().find(|line| line.starts_with("restart")).unwrap();
        let cells: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(cells, ["restart", "500/0/3d", "BROKEN", "."]);
    }
}
