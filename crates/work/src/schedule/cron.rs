//! Which times of a schedule are due. Pure: no clock, no I/O.
//!
//! Looks backwards from now, so that a schedule that was not looked at for a year costs no more than the
//! times that are wanted of it.

use super::{CatchUp, Schedule};
use crate::error::Error;
use croner::{Cron, Direction};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use std::str::FromStr as _;

/// How many missed times are enqueued at most.
pub(super) const CAUGHT_UP_MAX: usize = 1000;
/// How far those beyond are counted: a count that takes longer would hold other schedules up.
const COUNTED_MAX: usize = 100_000;
/// From when on a time counts as missed. A minute: many polls, and less than most schedules' pace.
const MISSED_AFTER_S: i64 = 60;

/// A schedule that can be computed with.
pub(super) struct Timetable {
    cron: Cron,
    zone: TimeZone,
    catch_up: CatchUp,
}

/// What is due.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Due {
    /// To be enqueued, in order.
    pub(super) times: Vec<Timestamp>,
    /// How many earlier ones were not.
    pub(super) passed_over: usize,
}

impl Timetable {
    /// Fails where pattern or zone mean nothing.
    pub(super) fn new(schedule: &Schedule) -> Result<Self, Error> {
        let invalid = |what: &str, why: String| {
            Error::Invalid(format!("{what} of schedule `{}` cannot be used: {why}", schedule.name))
        };
        let cron = Cron::from_str(&schedule.cron)
            .map_err(|error| invalid("the pattern", error.to_string()))?;
        let zone = TimeZone::get(&schedule.time_zone)
            .map_err(|error| invalid("the time zone", error.to_string()))?;
        Ok(Self { cron, zone, catch_up: schedule.catch_up })
    }

    /// What is due after `done_until` and up to `now`.
    pub(super) fn due(&self, done_until: Timestamp, now: Timestamp) -> Due {
        let Ok(second) = Timestamp::from_second(now.as_second()) else { return Due::default() };
        let wanted = match self.catch_up {
            CatchUp::All => CAUGHT_UP_MAX,
            CatchUp::Latest | CatchUp::None => 1,
        };
        let missed = second.saturating_sub(MISSED_AFTER_S.seconds()).unwrap_or(second);
        let mut due = Due::default();
        let past = self.cron.iter_from(second.to_zoned(self.zone.clone()), Direction::Backward);
        for time in past.map(|time| time.timestamp()).take(CAUGHT_UP_MAX + COUNTED_MAX) {
            if time <= done_until {
                break;
            }
            if due.times.len() < wanted && (self.catch_up != CatchUp::None || time > missed) {
                due.times.push(time);
            } else {
                due.passed_over += 1;
            }
        }
        due.times.reverse();
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn timetable(cron: &str, catch_up: CatchUp) -> Timetable {
        Timetable::new(&Schedule {
            name: "s".to_owned(),
            cron: cron.to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            catch_up,
            kind: "k".to_owned(),
            version: 1,
        })
        .expect("a schedule")
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    /// The times of a day, as they are in UTC.
    fn times(cron: &str, from: &str, until: &str) -> Vec<String> {
        let due = timetable(cron, CatchUp::All).due(at(from), at(until));
        assert_eq!(due.passed_over, 0);
        due.times.iter().map(ToString::to_string).collect()
    }

    const SPRING: (&str, &str) = ("2026-03-28T23:00:00Z", "2026-03-29T04:00:00Z");
    const AUTUMN: (&str, &str) = ("2026-10-24T22:00:00Z", "2026-10-25T04:00:00Z");

    /// In Berlin on 29 March 2026 there is no time between 2 and 3 o'clock.
    #[test]
    fn a_time_that_does_not_exist_comes_right_after_the_gap() {
        assert_eq!(times("30 2 * * *", SPRING.0, SPRING.1), ["2026-03-29T01:00:00Z"]);
        // The day before and after it is where it should be, and it is not run twice.
        assert_eq!(
            times("30 2 * * *", "2026-03-27T12:00:00Z", "2026-03-30T12:00:00Z"),
            ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]
        );
    }

    #[test]
    fn what_follows_the_clock_on_the_wall_skips_the_gap() {
        assert_eq!(
            times("*/30 * * * *", "2026-03-29T00:00:00Z", "2026-03-29T02:00:00Z"),
            [
                "2026-03-29T00:30:00Z",
                "2026-03-29T01:00:00Z",
                "2026-03-29T01:30:00Z",
                "2026-03-29T02:00:00Z"
            ]
        );
        assert_eq!(times("30 2,14 * * *", SPRING.0, SPRING.1), Vec::<String>::new());
    }

    /// On 25 October 2026 the time between 2 and 3 o'clock exists twice.
    #[test]
    fn a_time_that_exists_twice_comes_once() {
        assert_eq!(times("30 2 * * *", AUTUMN.0, AUTUMN.1), ["2026-10-25T00:30:00Z"]);
    }

    #[test]
    fn what_follows_the_clock_on_the_wall_comes_twice() {
        assert_eq!(
            times("30 * * * *", "2026-10-24T23:45:00Z", "2026-10-25T02:45:00Z"),
            ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"]
        );
    }

    #[test]
    fn missed_times_are_caught_up_with_as_told() {
        let (from, now) = (at("2026-06-01T00:00:00Z"), at("2026-06-02T00:00:30Z"));
        let all = timetable("* * * * *", CatchUp::All).due(from, now);
        assert_eq!((all.times.len(), all.passed_over), (1000, 440));
        assert_eq!(all.times.last(), Some(&at("2026-06-02T00:00:00Z")));
        let latest = timetable("* * * * *", CatchUp::Latest).due(from, now);
        assert_eq!((latest.times, latest.passed_over), (vec![at("2026-06-02T00:00:00Z")], 1439));
        let none = timetable("0 * * * *", CatchUp::None).due(from, now);
        assert_eq!((none.times, none.passed_over), (vec![at("2026-06-02T00:00:00Z")], 23));
        let none = timetable("0 * * * *", CatchUp::None).due(from, at("2026-06-02T00:01:00Z"));
        assert_eq!((none.times, none.passed_over), (Vec::new(), 24));
    }

    #[test]
    fn nothing_is_due_twice() {
        let table = timetable("0 * * * *", CatchUp::All);
        assert_eq!(table.due(at("2026-06-01T01:00:00Z"), at("2026-06-01T01:59:59.9Z")).times, []);
        let due = table.due(at("2026-06-01T00:59:59.9Z"), at("2026-06-01T01:00:00.1Z")).times;
        assert_eq!(due, [at("2026-06-01T01:00:00Z")]);
    }

    #[test]
    fn what_means_nothing_is_refused() {
        let schedule = Schedule {
            name: "s".to_owned(),
            cron: "61 * * * *".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            catch_up: CatchUp::All,
            kind: "k".to_owned(),
            version: 1,
        };
        assert!(Timetable::new(&schedule).is_err());
        let schedule = Schedule {
            cron: "* * * * *".to_owned(),
            time_zone: "Mars/Olympus".to_owned(),
            ..schedule
        };
        assert!(Timetable::new(&schedule).is_err());
    }

    proptest! {
        /// Over both changes of the clock: however often somebody looks, the times are the same, each
        /// once, as if one had looked once.
        #[test]
        fn looking_often_or_once_is_the_same(
            spring in any::<bool>(),
            pattern in prop::sample::select(vec![
                "*/7 * * * *", "30 2 * * *", "0 3 * * *", "0 * * * *", "15,45 1-3 * * *", "0 0 2 * * *",
            ]),
            mut looks in prop::collection::vec(0_i64..21_600, 0..12),
        ) {
            let (from, until) = if spring { SPRING } else { AUTUMN };
            let (from, until) = (at(from), at(until));
            let table = timetable(pattern, CatchUp::All);
            looks.sort_unstable();
            let mut done = from;
            let mut seen = Vec::new();
            let looks = looks.iter().map(|second| from + second.seconds()).filter(|now| *now < until);
            for now in looks.chain([until]) {
                seen.extend(table.due(done, now).times);
                done = now;
            }
            prop_assert_eq!(seen, table.due(from, until).times);
        }
    }
}
