//! What sensors' streams came to, as `--json` prints it and the report shows it.

use std::collections::BTreeMap;

use changeover_rollout::load::StreamEnd;
use serde::Serialize;

use super::run::StreamsSeen;

/// The figures of the streams of one run, or of several added up. Fields are only ever added.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct StreamsOutcome {
    /// Sensors, each with one stream at a time.
    pub(crate) sensors: u64,
    /// Streams that were opened.
    pub(crate) opened: u64,
    /// Streams that ended in order: everything acknowledged, and `goAway` as the last message.
    pub(crate) ended_by_go_away: u64,
    /// Streams that were reset, or ended without a word.
    pub(crate) cut: u64,
    /// Times that no stream could be opened, or that one was turned away.
    pub(crate) not_opened: u64,
    /// How many of the streams each release held.
    pub(crate) streams_by_release: BTreeMap<String, u64>,
    /// Events that were due and sent.
    pub(crate) events: u64,
    /// Events that were due and had to be held back.
    pub(crate) held_back: u64,
    pub(crate) acknowledged: u64,
    /// Events that were never acknowledged.
    pub(crate) unacknowledged: u64,
    /// Events that were sent again over a further stream.
    pub(crate) resent: u64,
    /// Of these, those that the database had already: not stored again.
    pub(crate) repeated: u64,
    /// Acknowledgements that fit no event.
    pub(crate) wrong: u64,
    /// Acknowledged events that are nowhere.
    pub(crate) missing: u64,
    /// Acknowledged events that are there more than once.
    pub(crate) doubled: u64,
    /// From an event's being due to its acknowledgement; of several runs, the worst.
    pub(crate) acknowledged_ms_p50: f64,
    pub(crate) acknowledged_ms_p99: f64,
    pub(crate) acknowledged_ms_max: f64,
    /// The first problems in full.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) problems: Vec<String>,
}

/// Problems that are told.
const PROBLEMS_MAX: usize = 10;

impl StreamsOutcome {
    /// Computes the figures.
    pub(crate) fn of(seen: &StreamsSeen) -> StreamsOutcome {
        let load = &seen.load;
        StreamsOutcome {
            sensors: load.clients as u64,
            opened: load.opened,
            ended_by_go_away: load.ended(StreamEnd::GoAway),
            cut: load.ended(StreamEnd::Cut),
            not_opened: load.not_opened + load.ended(StreamEnd::TurnedAway),
            streams_by_release: load.streams_by_holder(),
            events: load.events,
            held_back: load.held_back,
            acknowledged: load.acknowledged.len() as u64,
            unacknowledged: load.unacknowledged.len() as u64,
            resent: load.resent,
            repeated: load.repeated,
            wrong: load.wrong,
            missing: seen.events.missing.len() as u64,
            doubled: seen.events.doubled.len() as u64,
            acknowledged_ms_p50: load.acknowledged_ms_p50,
            acknowledged_ms_p99: load.acknowledged_ms_p99,
            acknowledged_ms_max: load.acknowledged_ms_max,
            problems: load.problems.iter().take(PROBLEMS_MAX).cloned().collect(),
        }
    }

    /// Two runs as one: counts are added up, times are the worse ones.
    pub(crate) fn with(mut self, other: StreamsOutcome) -> StreamsOutcome {
        for (all, more) in [
            (&mut self.opened, other.opened),
            (&mut self.ended_by_go_away, other.ended_by_go_away),
            (&mut self.cut, other.cut),
            (&mut self.not_opened, other.not_opened),
            (&mut self.events, other.events),
            (&mut self.held_back, other.held_back),
            (&mut self.acknowledged, other.acknowledged),
            (&mut self.unacknowledged, other.unacknowledged),
            (&mut self.resent, other.resent),
            (&mut self.repeated, other.repeated),
            (&mut self.wrong, other.wrong),
            (&mut self.missing, other.missing),
            (&mut self.doubled, other.doubled),
        ] {
            *all += more;
        }
        for (release, count) in other.streams_by_release {
            *self.streams_by_release.entry(release).or_default() += count;
        }
        for (worst, time) in [
            (&mut self.acknowledged_ms_p50, other.acknowledged_ms_p50),
            (&mut self.acknowledged_ms_p99, other.acknowledged_ms_p99),
            (&mut self.acknowledged_ms_max, other.acknowledged_ms_max),
        ] {
            *worst = worst.max(time);
        }
        self.problems.extend(other.problems);
        self.problems.truncate(PROBLEMS_MAX);
        self
    }

    /// What did not hold of a rolling run, one sentence each.
    pub(crate) fn faults(&self) -> Vec<String> {
        let counted = [
            (self.cut, "of the sensors' streams were cut"),
            (self.not_opened, "times a sensor's stream was not taken"),
            (self.unacknowledged, "events were never acknowledged"),
            (self.held_back, "events had to be held back"),
            (self.wrong, "acknowledgements fit no event"),
            (self.missing, "acknowledged events are missing"),
            (self.doubled, "acknowledged events are there more than once"),
        ];
        let mut faults: Vec<String> = counted
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        if self.acknowledged == 0 {
            faults.push("no event was acknowledged".to_owned());
        }
        if self.ended_by_go_away == 0 {
            faults.push("no stream ended by goAway: none moved to a new release".to_owned());
        }
        faults
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::StreamsOutcome;

    /// Streams without a fault.
    pub(crate) fn streams() -> StreamsOutcome {
        StreamsOutcome {
            sensors: 3,
            opened: 9,
            ended_by_go_away: 6,
            streams_by_release: [("4.8".to_owned(), 3), ("4.9".to_owned(), 6)].into(),
            events: 2_400,
            acknowledged: 2_400,
            acknowledged_ms_p50: 8.0,
            acknowledged_ms_p99: 40.0,
            acknowledged_ms_max: 90.0,
            ..StreamsOutcome::default()
        }
    }

    #[test]
    fn each_fault_is_named() {
        assert_eq!(streams().faults(), Vec::<String>::new());
        let bad =
            StreamsOutcome { cut: 2, missing: 1, doubled: 3, ended_by_go_away: 0, ..streams() };
        insta::assert_snapshot!(bad.faults().join("\n"), @r"
        2 of the sensors' streams were cut
        1 acknowledged events are missing
        3 acknowledged events are there more than once
        no stream ended by goAway: none moved to a new release
        ");
    }

    #[test]
    fn several_runs_are_added_up() {
        let slow = StreamsOutcome { acknowledged_ms_p99: 70.0, ..streams() };
        let both = streams().with(slow);
        assert_eq!((both.sensors, both.events, both.streams_by_release["4.9"]), (3, 4_800, 12));
        assert_eq!(both.acknowledged_ms_p99, 70.0);
    }
}
