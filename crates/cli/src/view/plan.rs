//! A plan on the screen: by phase, each step with its lock, whom that blocks, what it waits for
//! and why it stands there.

use super::{
    figures, refusal, style,
    wrap::{self, Label},
};
use changeover::planning::model::plan::{PlanMode, Warning};
use changeover::planning::{Lock, LockHeld, LockMode, Phase, Plan, Step};

/// The phases in the order in which they run.
const PHASES: [Phase; 3] = [Phase::Expand, Phase::Online, Phase::Contract];
/// A lock on more relations than this (parts of a table, mostly) names the first ones only.
const RELATIONS_MAX: usize = 4;

/// The whole plan, without its refusals.
pub(crate) fn steps(plan: &Plan, columns: usize) -> String {
    let mut lines = vec![headline(plan)];
    for phase in PHASES {
        let steps: Vec<&Step> = plan.steps.iter().filter(|step| step.phase == phase).collect();
        if steps.is_empty() {
            continue;
        }
        lines.push(String::new());
        let label = Label {
            painted: style::paint(style::HEADING, format!("{:8}  ", phase_name(phase, plan.mode))),
            columns: 10,
            indent: 10,
        };
        lines.push(wrap::behind(&label, phase_meaning(phase, plan.mode), columns));
        for step in steps {
            lines.push(String::new());
            lines.extend(one(step, columns));
        }
    }
    lines.join("\n")
}

/// The last line: how many steps, and the worst that a service meets.
pub(crate) fn summary(plan: &Plan, columns: usize) -> String {
    if plan.is_empty() {
        return nothing(plan);
    }
    let parts: Vec<String> = PHASES
        .into_iter()
        .filter_map(|phase| {
            let count = plan.steps.iter().filter(|step| step.phase == phase).count();
            (count > 0).then(|| format!("{count} {phase}"))
        })
        .collect();
    let mut text = figures::counted(plan.steps.len(), "step", "steps");
    if plan.mode == PlanMode::Online && !parts.is_empty() {
        text.push_str(&format!(": {}", parts.join(", ")));
    }
    if !plan.refusals.is_empty() {
        text.push_str(&format!("; {}", refusal::headline(plan.refusals.len())));
    }
    text.push_str(&format!(". {}", effect(plan)));
    wrap::behind(&Label::plain(""), &text, columns)
}

/// What should be known before it runs.
pub(crate) fn warning(warning: &Warning, columns: usize) -> String {
    let about = format!("warning[{}]: ", warning.about);
    let label = Label {
        painted: style::paint(style::RUNNING, &about),
        columns: about.chars().count(),
        indent: 2,
    };
    let text = format!("{}; {}", warning.reason, warning.remedy);
    wrap::behind(&label, &text, columns)
}

/// What is said where a newer release has migrated the database already.
pub(crate) fn database_newer(plan: &Plan, head: u64, own_head: u64, columns: usize) -> String {
    let text = format!(
        "Nothing to do: a newer release has been here. {} is at migration {head}, this folder knows \
         them up to {own_head}.",
        plan.app
    );
    wrap::behind(&Label::plain(""), &text, columns)
}

fn headline(plan: &Plan) -> String {
    let from = plan.from_head.map_or_else(|| "an empty ledger".to_owned(), |head| head.to_string());
    let migrations = figures::counted(plan.migrations.len(), "migration", "migrations");
    let title = format!("Plan for {}: {migrations}, from {from} to {}", plan.app, plan.head);
    style::paint(style::HEADING, title)
}

fn nothing(plan: &Plan) -> String {
    match plan.from_head {
        Some(head) => format!("Nothing to do: {} is at migration {head}.", plan.app),
        None => format!("Nothing to do: there are no migrations for {}.", plan.app),
    }
}

fn effect(plan: &Plan) -> String {
    if !plan.refusals.is_empty() {
        return "No step runs until every refused statement is rewritten.".to_owned();
    }
    if plan.mode == PlanMode::AtOnce {
        return "Nobody may use the tables meanwhile.".to_owned();
    }
    let blocking = plan
        .steps
        .iter()
        .filter(|step| step.locks.iter().any(|lock| lock.mode.blocks_service()))
        .count();
    match blocking {
        0 => "None of them blocks reads or writes.".to_owned(),
        1 => "One of them blocks reads or writes, for milliseconds.".to_owned(),
        _ => format!("{blocking} of them block reads or writes, for milliseconds each."),
    }
}

fn phase_name(phase: Phase, mode: PlanMode) -> &'static str {
    match mode {
        PlanMode::AtOnce => "at once",
        PlanMode::Online => phase.as_str(),
    }
}

fn phase_meaning(phase: Phase, mode: PlanMode) -> &'static str {
    match (phase, mode) {
        (_, PlanMode::AtOnce) => "each file as it is written: nobody serves",
        (Phase::Expand, _) => "before the new release serves; short, and only adds or loosens",
        (Phase::Online, _) => "in the background, while old and new release serve",
        (Phase::Contract, _) => "once no older release that needs it lives or may come back",
    }
}

fn one(step: &Step, columns: usize) -> Vec<String> {
    let id = step.id.to_string();
    let label = Label {
        painted: format!("  {}  ", style::paint(style::RUNNING, &id)),
        columns: id.chars().count() + 4,
        indent: 6,
    };
    let mut lines = vec![wrap::behind(&label, &step.title, columns)];
    let mut fact = |name: &str, text: &str| {
        let label = Label {
            painted: style::paint(style::FAINT, format!("      {name:5}  ")),
            columns: 13,
            indent: 13,
        };
        lines.push(wrap::behind(&label, text, columns));
    };
    fact("file", &format!("{}:{}", step.file, step.line));
    for lock in locks(&step.locks) {
        fact("lock", &lock);
    }
    if !step.needs.is_empty() {
        let needs: Vec<&str> = step.needs.iter().map(|need| need.as_str()).collect();
        fact("after", &needs.join(", "));
    }
    if let Some(floor) = step.floor {
        fact("gate", &format!("the floor must be {floor}: no release below may live or come back"));
    }
    if step.before_serving && step.phase != Phase::Expand {
        fact("gate", "the new release waits for it before it serves");
    }
    fact("why", &step.reason);
    lines
}

/// The locks, those alike in one line.
fn locks(locks: &[Lock]) -> Vec<String> {
    let mut kinds: Vec<(LockMode, LockHeld, Vec<String>)> = Vec::new();
    for lock in locks {
        let relation = lock.relation.plain();
        match kinds.iter_mut().find(|(mode, held, _)| (*mode, *held) == (lock.mode, lock.held)) {
            Some((_, _, relations)) => relations.push(relation),
            None => kinds.push((lock.mode, lock.held, vec![relation])),
        }
    }
    kinds.iter().map(|(mode, held, relations)| lock(*mode, *held, relations)).collect()
}

fn lock(mode: LockMode, held: LockHeld, relations: &[String]) -> String {
    let named = relations.get(..RELATIONS_MAX).unwrap_or(relations).join(", ");
    let more = match relations.len().saturating_sub(RELATIONS_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let held = match held {
        LockHeld::Blink => "for milliseconds",
        LockHeld::Batch => "for one batch at a time",
        LockHeld::WholeStep => "for the whole step",
    };
    format!("{mode} on {named}{more}, {held}: blocks {}", mode.blocks())
}
