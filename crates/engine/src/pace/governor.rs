//! Decides twenty times a second how fast to go: asks the inputs, moves the controller by the worst.
//!
//! Has no I/O and no clock. Who it is for is known first ([`Company`]): alone, batches are long and nothing is
//! probed; in company they are short, and what it is like without us is measured in pauses (the *base*).

use super::company::Company;
use super::controller::Controller;
use super::input::{self, Input, Reading, Seen};
use super::limits::{Limits, Reach};
use super::look::Look;
use super::shared::{Shared, Standing, locked};
use crate::options::Pace;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How often it decides.
pub(super) const TICK: Duration = Duration::from_millis(50);

/// What a pause leaves for the effects of the last batch to pass (its WAL is written, queues are empty).
const SETTLE: Duration = Duration::from_millis(150);
/// Probes of a base: one and a quarter seconds.
const BASE_PROBES: usize = 50;
/// For how long a base is measured at most; what was seen by then has to do.
const MEASURE_MAX: Duration = Duration::from_secs(4);
/// How old a base gets: the clients' load changes by the minute. Costs two of a hundred.
const BASE_AGE_MAX: Duration = Duration::from_secs(60);
/// The same at the least share, where a pause costs nothing: what keeps it there may be there without us.
const BASE_AGE_MAX_AT_FLOOR: Duration = Duration::from_secs(10);
/// The share with which work in company begins. A quarter: clients feel the first batches too, and from there full
/// speed is two seconds away.
const FIRST_SHARE: f64 = 0.25;
/// When statistics that don't come count as the worst.
const LOOK_STALE: Duration = Duration::from_secs(6);

/// What it is like without us.
#[derive(Clone, Copy, Debug)]
enum Base {
    Unknown,
    Measuring { began: Instant, rested: Option<Instant>, is_clear: bool },
    Known { at: Instant },
}

/// All that it knows.
pub(super) struct Governor {
    pace: Pace,
    inputs: Vec<Box<dyn Input>>,
    controller: Controller,
    company: Company,
    base: Base,
    began: Option<Instant>,
    last: Option<Instant>,
    last_look: Option<Instant>,
    readings: Vec<(&'static str, Reading)>,
    hidden: BTreeSet<&'static str>,
    limited: Option<(&'static str, String)>,
}

impl Governor {
    pub(super) fn new(pace: &Pace) -> Self {
        Self {
            pace: *pace,
            inputs: input::all(),
            controller: Controller::new(),
            company: Company::default(),
            base: Base::Unknown,
            began: None,
            last: None,
            last_look: None,
            readings: Vec::new(),
            hidden: BTreeSet::new(),
            limited: None,
        }
    }

    /// One decision, at `now`.
    pub(super) fn tick(&mut self, now: Instant, shared: &Shared) -> Standing {
        let began = *self.began.get_or_insert(now);
        let elapsed = self.last.map_or(TICK, |last| now.duration_since(last));
        self.last = Some(now);
        let mut limits = *locked(&shared.limits);
        let is_blind = shared.is_blind.load(Ordering::Relaxed);
        let (seen_at, look) = locked(&shared.seen).clone().unzip();
        let look = look.unwrap_or_default();
        let was_there = self.company.is_there();
        let is_new = seen_at.is_some() && seen_at != self.last_look;
        if is_new {
            self.company.note(look.at_work);
        }
        // Who cannot be seen is there.
        let has_company = self.company.is_there() || is_blind || (look.hidden_sessions > 0);
        let seen_before = self.last_look.unwrap_or(began);
        let is_stale = !is_blind && now.duration_since(seen_at.unwrap_or(began)) > LOOK_STALE;
        let since_look =
            seen_at.map_or(Duration::ZERO, |at| at.saturating_duration_since(seen_before));

        let known = Known { look: &look, has_company, limits, since_look };
        let hold = self.measure(now, shared, &known);
        if is_new || self.readings.is_empty() || has_company {
            self.ask(shared, &known, is_new);
        }
        for (_, reading) in &self.readings {
            limits.max_share = limits.max_share.min(reading.cap.max(limits.min_share));
        }
        let reach = self.reach(limits, has_company);
        if has_company && !was_there {
            self.controller.at_most(FIRST_SHARE, &reach);
        }
        let worst = self.worst(shared, is_stale);
        let is_known = seen_at.is_some() || is_blind || is_stale;
        if !hold && is_known {
            let ratio = worst.as_ref().map_or(0.0, |(_, reading)| reading.ratio);
            self.controller.observe(ratio, elapsed, &reach);
        }
        self.last_look = seen_at.or(self.last_look);
        let course = self.controller.course(&reach);
        self.name_limit(worst.as_ref(), course.share, locked(&shared.limits).max_share);
        Standing {
            course,
            hold,
            is_probed: has_company,
            has_company,
            allows_long: is_known && !hold && worst.is_none_or(|(_, reading)| reading.ratio <= 1.0),
            limited: self.limited.clone(),
        }
    }

    fn reach(&self, limits: Limits, has_company: bool) -> Reach {
        let pace = &self.pace;
        let longest = if has_company {
            pace.batch_target_shared.min(pace.batch_target)
        } else {
            pace.batch_target
        };
        Reach { limits, batch_longest: longest, batch_shortest: pace.batch_target_min.min(longest) }
    }

    /// Whether work has to rest for the base, which is learned at the end of the pause.
    fn measure(&mut self, now: Instant, shared: &Shared, known: &Known<'_>) -> bool {
        let age_max =
            if self.controller.is_at_floor() { BASE_AGE_MAX_AT_FLOOR } else { BASE_AGE_MAX };
        let begin = Base::Measuring { began: now, rested: None, is_clear: false };
        match self.base {
            Base::Unknown if known.has_company => self.base = begin,
            Base::Known { at } if known.has_company && now.duration_since(at) > age_max => {
                self.base = begin
            }
            _ => {}
        }
        let Base::Measuring { began, rested, is_clear } = &mut self.base else {
            return false;
        };
        if rested.is_none() && shared.is_resting.load(Ordering::Relaxed) {
            *rested = Some(now);
        }
        let mut probes = locked(&shared.probes);
        if !*is_clear && rested.is_some_and(|at| now.duration_since(at) >= SETTLE) {
            probes.clear();
            *is_clear = true;
        }
        let is_long = *is_clear && probes.commits.len() >= BASE_PROBES;
        // Clients that queued behind our first batches would be taken for what it is like without us.
        let is_steady = !probes.commits.is_falling() && !probes.statements.is_falling();
        let is_complete = is_long && is_steady;
        if !is_complete && now.duration_since(*began) < MEASURE_MAX {
            return true;
        }
        let seen = known.seen(&self.pace, &probes.statements, &probes.commits);
        self.inputs.iter_mut().for_each(|input| input.learn(&seen));
        probes.clear();
        self.base = Base::Known { at: now };
        false
    }

    /// Asks the inputs; all of them where there is a new look, the probe at every tick.
    fn ask(&mut self, shared: &Shared, known: &Known<'_>, is_new_look: bool) {
        let probes = locked(&shared.probes);
        let seen = known.seen(&self.pace, &probes.statements, &probes.commits);
        for input in &mut self.inputs {
            if !is_new_look && input.name() != "probe" {
                continue;
            }
            if let Some(what) = input.hidden(known.look)
                && self.hidden.insert(input.name())
            {
                tracing::info!(what, "the pace doesn't see everything");
            }
            let name = input.name();
            self.readings.retain(|(known, _)| *known != name);
            self.readings.extend(input.read(&seen).map(|reading| (name, reading)));
        }
    }

    /// The worst input. What gets no answer is worse than all that do.
    fn worst(&self, shared: &Shared, is_stale: bool) -> Option<(&'static str, Reading)> {
        let silent = |what: String| Reading::of(f64::INFINITY, what);
        if let Some(why) = &locked(&shared.probes).failed {
            return Some(("probe", silent(format!("the probe gets no answer: {why}"))));
        }
        if is_stale {
            return Some((
                "statistics",
                silent("the server's statistics are not answered".to_owned()),
            ));
        }
        self.readings.iter().max_by(|a, b| a.1.ratio.total_cmp(&b.1.ratio)).cloned()
    }

    /// Who holds it back: the one that did so last, until it is at full speed again.
    fn name_limit(&mut self, worst: Option<&(&'static str, Reading)>, share: f64, max_share: f64) {
        let cap = self.readings.iter().find(|(_, reading)| reading.cap <= share + f64::EPSILON);
        if share >= max_share - f64::EPSILON {
            self.limited = None;
        } else if let Some((name, reading)) =
            worst.filter(|(_, reading)| reading.ratio > 1.0).or(cap)
        {
            self.limited = Some((name, reading.says.clone()));
        } else if self.limited.is_none()
            && let Some((name, reading)) = worst
        {
            self.limited = Some((name, reading.says.clone()));
        }
    }
}

/// What a tick knows besides the probes.
struct Known<'a> {
    look: &'a Look,
    has_company: bool,
    limits: Limits,
    since_look: Duration,
}

impl<'a> Known<'a> {
    fn seen(
        &self,
        pace: &'a Pace,
        statements: &'a super::window::Window,
        commits: &'a super::window::Window,
    ) -> Seen<'a> {
        Seen {
            look: self.look,
            statements,
            commits,
            has_company: self.has_company,
            limits: self.limits,
            bounds: &pace.bounds,
            elapsed: self.since_look,
        }
    }
}
