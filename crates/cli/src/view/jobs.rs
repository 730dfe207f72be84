//! The queue: counts, dead letters, what an older release could not run.

use super::wrap::{self, Label};
use super::{figures, style};
use changeover_work::{DeadJob, JobCount, JobsBeyond};

/// The widest that a kind is shown: the rest of the line must fit beside it.
const KIND_MAX: usize = 28;

/// A row for each kind, version and state.
pub(crate) fn counts(counts: &[JobCount], columns: usize) -> String {
    if counts.is_empty() {
        return "No jobs.".to_owned();
    }
    let width = kind_width(counts.iter().map(|count| &*count.kind));
    let heading = format!(
        "{:width$}  {:>7}  {:8}  {:>11}  {:10}  run by",
        "kind", "version", "state", "jobs", "oldest"
    );
    let mut lines = vec![style::paint(style::FAINT, heading)];
    for count in counts {
        let text = format!(
            "{:width$}  {:>7}  {:8}  {:>11}  {:10}  {}",
            wrap::cut(&count.kind, width),
            count.version,
            count.state,
            figures::count(u64::try_from(count.jobs).unwrap_or(0)),
            figures::time_ms(count.oldest_ms),
            instances(count),
        );
        let text = wrap::cut(&text, columns);
        let needs_a_look =
            matches!(&*count.state, "dead" | "unknown" | "parked") || is_without_anybody(count);
        lines.push(if needs_a_look { style::paint(style::WARNING, text) } else { text });
    }
    let without: Vec<String> = counts
        .iter()
        .filter(|count| is_without_anybody(count))
        .map(|count| format!("{} version {}", count.kind, count.version))
        .collect();
    if !without.is_empty() {
        let text = format!(
            "Nobody can run {}: no instance that serves and is heard of has a handler for it.",
            without.join(", ")
        );
        lines.push(wrap::behind(&Label::plain(""), &text, columns));
    }
    lines.join("\n")
}

/// Jobs that are to be run now, and no instance that could.
fn is_without_anybody(count: &JobCount) -> bool {
    count.state == "waiting" && count.instances == 0
}

fn instances(count: &JobCount) -> String {
    if count.instances == 0 { "nobody".to_owned() } else { count.instances.to_string() }
}

/// A paragraph for each.
pub(crate) fn dead(dead: &[DeadJob], columns: usize) -> String {
    if dead.is_empty() {
        return "No job was given up, and none is of unknown outcome.".to_owned();
    }
    let mut lines = Vec::new();
    for job in dead {
        let head = format!(
            "{}  {} version {}: {}, {}, {}",
            job.id,
            job.kind,
            job.version,
            job.state,
            figures::counted(usize::try_from(job.failures).unwrap_or(0), "failure", "failures"),
            figures::counted(usize::try_from(job.crashes).unwrap_or(0), "crash", "crashes"),
        );
        lines.push(style::paint(style::HEADING, wrap::cut(&head, columns)));
        let why = job.error.as_deref().unwrap_or("nothing is known of why");
        lines.push(wrap::behind(&Label::plain("    "), why, columns));
    }
    lines.push("Next: `changeover jobs requeue ID…` once the cause is mended.".to_owned());
    lines.join("\n")
}

/// How many were put back, of how many.
pub(crate) fn requeued(back: i64, asked: Option<i64>, columns: usize) -> String {
    let number = |count: i64| usize::try_from(count).unwrap_or(0);
    let put = figures::counted(number(back), "job was put back", "jobs were put back");
    match asked {
        Some(asked) if asked > back => wrap::behind(
            &Label::plain(""),
            &format!(
                "{put}. {} not: not there, neither given up nor of unknown outcome, or another job \
                 has the same unique key by now.",
                figures::counted(number(asked - back), "was", "were")
            ),
            columns,
        ),
        _ => format!("{put}."),
    }
}

/// What an older release could not run.
pub(crate) fn beyond(beyond: &[JobsBeyond], generation: i64, columns: usize) -> String {
    if beyond.is_empty() {
        return format!("Generation {generation} could run everything that is enqueued.");
    }
    let mut lines = vec![format!("Generation {generation} could not run:")];
    for row in beyond {
        let jobs = figures::count(u64::try_from(row.jobs).unwrap_or(0));
        let noun = if row.jobs == 1 { "job" } else { "jobs" };
        lines.push(wrap::cut(
            &format!("  {jobs} {noun} of {} version {}", row.kind, row.version),
            columns,
        ));
    }
    lines.push(wrap::behind(
        &Label::plain(""),
        "Gone back to, it leaves them as they are, parked, until a release that can run them is back. \
         To have none, let the newer release finish them before.",
        columns,
    ));
    lines.join("\n")
}

fn kind_width<'a>(kinds: impl Iterator<Item = &'a str>) -> usize {
    kinds.map(|kind| kind.chars().count()).max().unwrap_or(0).clamp(4, KIND_MAX)
}
