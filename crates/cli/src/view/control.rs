//! What operators want and how fast it goes: lines of the status, and what their commands say.

use super::{
    figures, style,
    wrap::{self, Label},
};
use changeover::control::{Wish, Wishes};
use changeover::status::{PaceStatus, Status, StepStatus};
use jiff::{Timestamp, tz::TimeZone};
use std::time::Duration;

/// A pace that was written longer ago is nobody's any more: its holder writes it once a second.
const PACE_AGE_MAX: Duration = Duration::from_secs(15);
/// A share from which on nothing is held back.
const FULL_SHARE: f64 = 0.995;

/// What holds or slows things down now, each with how to take it back; nothing where nothing does.
pub(crate) fn lines(status: &Status, columns: usize) -> Vec<String> {
    let wishes = &status.control;
    let who = |wish: &Wish| who(wish, status.at);
    let mut lines = Vec::new();
    if let Some(paused) = &wishes.paused {
        let runs_on =
            status.steps.iter().find(|step| runs_on(step)).map_or_else(String::new, |step| {
                format!(
                    ". {0} runs on, since it cannot wait: `changeover cancel {0}` ends it",
                    step.id
                )
            });
        let text = format!("{}; `changeover resume` goes on{runs_on}", who(paused));
        lines.push(line("paused ", &text, columns));
    } else if let Some(pace) = running(status) {
        lines.extend(speed(pace, status, columns));
    }
    if let Some(stop) = &wishes.stop_after {
        let text = format!("{} {}; `changeover stop --cancel` goes on", stop.step, who(&stop.wish));
        lines.push(line("stops after ", &text, columns));
    }
    if let Some(cancelled) = &wishes.cancelled {
        let text = format!(
            "{} {}; `changeover resume` begins it again",
            cancelled.step,
            who(&cancelled.wish)
        );
        lines.push(line("cancelled: ", &text, columns));
    }
    if let Some(hours) = &wishes.hours {
        let text = format!(
            "builds and validations begin at {hours} ({}); `changeover pace --hours any` lets them begin \
             at any time",
            if hours.is_open { "now" } else { "not now" }
        );
        lines.push(line("hours: ", &text, columns));
    }
    lines
}

/// What is set of the pace, for `changeover pace`.
pub(crate) fn pace(wishes: &Wishes) -> String {
    let or_default = |value: Option<f64>| {
        value.map_or_else(|| "as by default".to_owned(), |value| value.to_string())
    };
    let hours = wishes.hours.as_ref().map_or_else(
        || "any".to_owned(),
        |hours| format!("{hours} ({})", if hours.is_open { "now" } else { "not now" }),
    );
    let mut lines = vec![
        format!("max-share     {}", or_default(wishes.max_share)),
        format!("min-share     {}", or_default(wishes.min_share)),
        format!("probe-factor  {}", or_default(wishes.probe_factor)),
        format!("hours         {hours}"),
    ];
    if let Some(set) = &wishes.pace_set {
        lines.push(format!("set by {} at {}", set.by, moment(set.at, "%Y-%m-%d %H:%M")));
    }
    lines.join("\n")
}

/// Why a step does not run, in the few words that stand beside it.
pub(crate) fn held(step: &StepStatus, wishes: &Wishes) -> Option<String> {
    if wishes.cancelled.as_ref().is_some_and(|cancelled| cancelled.step == step.id) {
        return Some("cancelled".to_owned());
    }
    if step.state == "running" {
        return (wishes.paused.is_some() && !runs_on(step)).then(|| "paused".to_owned());
    }
    let hours = wishes.hours.as_ref().filter(|hours| !hours.is_open && step.is_long())?;
    (step.state == "pending").then(|| format!("waits for {}-{}", hours.from, hours.to))
}

/// Whether it runs and cannot be slowed down.
fn runs_on(step: &StepStatus) -> bool {
    step.state == "running" && step.is_long()
}

/// The pace of a step that runs.
fn running(status: &Status) -> Option<&PaceStatus> {
    let is_held = status.term.as_ref().is_some_and(|term| term.held);
    status.pace.as_ref().filter(|pace| {
        let age = Duration::try_from(status.at.duration_since(pace.updated_at)).unwrap_or_default();
        let runs = |step: &StepStatus| step.id == pace.step && step.state == "running";
        is_held && age <= PACE_AGE_MAX && status.steps.iter().any(runs)
    })
}

/// `at 30 % of its speed since 12:04: commit takes 9 ms instead of 4; 18 min left`, and what makes it faster.
fn speed(pace: &PaceStatus, status: &Status, columns: usize) -> Option<String> {
    if pace.share >= FULL_SHARE {
        return None;
    }
    let since = clock(pace.since, status.at);
    let percent = figures::percent(pace.share);
    let set = status.control.max_share.filter(|most| pace.share >= most - 0.01);
    let (why, faster) = match (set, &pace.observed) {
        (Some(most), _) => (
            format!("at most {} % is set", figures::percent(most)),
            "`changeover pace --max-share default`".to_owned(),
        ),
        (None, Some(observed)) => (observed.clone(), faster(pace)),
        (None, None) => return None,
    };
    let left = status
        .steps
        .iter()
        .find(|step| step.id == pace.step)
        .and_then(|step| time_left(step, pace))
        .map_or_else(String::new, |left| format!("; {left} left"));
    let text = format!("{percent} % of its speed since {since}: {why}{left}. Faster: {faster}");
    Some(line("at ", &text, columns))
}

/// For how long yet, at the rate of the last minutes; at the whole step's while that is unknown.
#[expect(clippy::cast_precision_loss, reason = "an estimate for people")]
fn time_left(step: &StepStatus, pace: &PaceStatus) -> Option<String> {
    let progress = step.progress?;
    let seconds = match pace.rate.filter(|rate| *rate > 0.0) {
        Some(rate) => progress.total.saturating_sub(progress.done) as f64 / rate,
        None => progress.seconds_left()?,
    };
    figures::time_left(seconds)
}

/// What lets it go faster, at the clients' cost.
fn faster(pace: &PaceStatus) -> String {
    let floor = "`changeover pace --min-share 0.5` whatever it says";
    match pace.limited_by.as_deref() {
        Some("probe" | "reported") => {
            format!("`changeover pace --probe-factor 2` where clients may wait longer, or {floor}")
        }
        _ => floor.to_owned(),
    }
}

fn line(label: &str, text: &str, columns: usize) -> String {
    let label = Label {
        painted: style::paint(style::WARNING, label.trim_end()) + " ",
        columns: label.chars().count(),
        indent: 2,
    };
    wrap::behind(&label, text, columns)
}

/// `by ada since 12:04: reason`.
fn who(wish: &Wish, now: Timestamp) -> String {
    let reason = wish.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
    format!("by {} since {}{reason}", wish.by, clock(wish.at, now))
}

/// The time of day, with the date where that was long ago; in the reader's time zone.
fn clock(at: Timestamp, now: Timestamp) -> String {
    let is_today = now.duration_since(at).as_hours().abs() < 20;
    moment(at, if is_today { "%H:%M" } else { "%Y-%m-%d %H:%M" })
}

fn moment(at: Timestamp, format: &str) -> String {
    at.to_zoned(TimeZone::system()).strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn status(kind: &str, control: serde_json::Value, pace: serde_json::Value) -> Status {
        serde_json::from_value(json!({
            "app": "shop", "head": 2, "floor": 1, "at": "2026-11-30T12:10:00Z",
            "term": { "epoch": 3, "holder": null, "release": "4.9", "held": true,
                      "expires_in_ms": null },
            "instances": [], "parked_rows": 0, "migrations": 2, "events": [],
            "steps": [{
                "id": "0002.2.backfill", "migration": 2, "title": "t", "kind": kind, "phase": "online",
                "state": "running", "before_serving": false, "floor": null, "attempts": 1,
                "started_at": "2026-11-30T10:00:00Z", "finished_at": null, "error": null,
                "reason": null,
                "progress": { "total": 2_000_000, "done": 920_000, "written": 0, "batches": 9,
                              "seconds": 10.0 },
            }],
            "control": control, "pace": pace,
        }))
        .unwrap()
    }

    fn slow(limited_by: Option<&str>, share: f64, updated_at: &str) -> serde_json::Value {
        let observed = limited_by.map(|_| "commit takes 9.0 ms instead of 4.0");
        json!({
            "step": "0002.2.backfill", "share": share, "batch_ms": 10.0, "limited_by": limited_by,
            "observed": observed, "since": "2026-11-30T12:04:00Z", "updated_at": updated_at,
            "rate": 1000.0,
        })
    }

    fn told(status: &Status) -> String {
        // The reader's time zone is none of this test's matters.
        let lines = lines(status, 400).join("\n");
        let plain = anstream::adapter::strip_str(&lines).to_string();
        let clock = clock("2026-11-30T12:04:00Z".parse().unwrap(), status.at);
        plain.replace(&clock, "12:04")
    }

    const NOW: &str = "2026-11-30T12:09:58Z";

    #[test]
    fn what_slows_it_down_is_said_with_what_makes_it_faster() {
        let probe = status("backfill", json!({}), slow(Some("probe"), 0.3, NOW));
        insta::assert_snapshot!(told(&probe), @"at 30 % of its speed since 12:04: commit takes 9.0 ms instead of 4.0; 18 min 00 s left. Faster: `changeover pace --probe-factor 2` where clients may wait longer, or `changeover pace --min-share 0.5` whatever it says");
        let set = status("backfill", json!({ "max_share": 0.3 }), slow(None, 0.3, NOW));
        insta::assert_snapshot!(told(&set), @"at 30 % of its speed since 12:04: at most 30 % is set; 18 min 00 s left. Faster: `changeover pace --max-share default`");
    }

    #[test]
    fn what_is_over_or_not_slow_is_not_said() {
        let full = status("backfill", json!({}), slow(Some("probe"), 1.0, NOW));
        let stale = status("backfill", json!({}), slow(Some("probe"), 0.3, "2026-11-30T12:04:00Z"));
        assert_eq!((told(&full), told(&stale)), (String::new(), String::new()));
    }

    #[test]
    fn a_pause_says_what_goes_on_all_the_same() {
        let paused = json!({ "paused": { "by": "ada", "at": "2026-11-30T12:04:00Z", "reason": "month end" } });
        let backfill = status("backfill", paused.clone(), slow(Some("probe"), 0.3, NOW));
        insta::assert_snapshot!(told(&backfill), @"paused by ada since 12:04: month end; `changeover resume` goes on");
        let build = status("index_build", paused, json!(null));
        insta::assert_snapshot!(told(&build), @"paused by ada since 12:04: month end; `changeover resume` goes on. 0002.2.backfill runs on, since it cannot wait: `changeover cancel 0002.2.backfill` ends it");
        assert_eq!(held(&build.steps[0], &build.control), None);
        assert_eq!(held(&backfill.steps[0], &backfill.control).as_deref(), Some("paused"));
    }
}
