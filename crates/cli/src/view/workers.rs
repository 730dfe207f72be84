//! The singleton workers, as a table; and one line about them for the status.

use super::{
    figures, style,
    wrap::{self, Label},
};
use changeover::status::{Status, WorkerInstance, WorkerStatus};
use jiff::Timestamp;

/// Columns of the table: name, owner, epoch, window, since. The rest is for pid and host.
const WIDTHS: [usize; 5] = [18, 10, 6, 10, 14];

/// All workers, with what is to be said about each below its line.
pub(crate) fn screen(status: &Status, columns: usize) -> String {
    if status.workers.is_empty() {
        return "no singleton workers".to_owned();
    }
    let heading = row(["worker", "owner", "epoch", "window", "since", "process"], columns);
    let mut lines = vec![style::paint(style::FAINT, heading)];
    for worker in &status.workers {
        lines.extend(one(worker, status.at, columns));
    }
    lines.join("\n")
}

/// What somebody should look at, in one line; `None`: nothing.
pub(crate) fn warning(workers: &[WorkerStatus], columns: usize) -> Option<String> {
    let said: Vec<String> = workers
        .iter()
        .filter(|worker| worker.needs_a_look())
        .map(|worker| match &worker.refused {
            Some(_) => format!("{} is refused to a newer release", worker.name),
            None => format!("{} has no owner", worker.name),
        })
        .collect();
    if said.is_empty() {
        return None;
    }
    let label = Label { painted: style::paint(style::WARNING, "Workers: "), columns: 9, indent: 2 };
    let text = format!("{}; see `changeover workers`", said.join(", "));
    Some(wrap::behind(&label, &text, columns))
}

fn one(worker: &WorkerStatus, at: Timestamp, columns: usize) -> Vec<String> {
    let window = match (worker.min_generation, worker.max_generation) {
        // Nobody was ever ready for it.
        (least, most) if least > most => "none".to_owned(),
        (least, most) if least == most => least.to_string(),
        (least, most) => format!("{least} to {most}"),
    };
    let since = worker.since.map_or_else(String::new, |since| {
        format!("{} ago", figures::time_ms(at.as_millisecond() - since.as_millisecond()))
    });
    let (owner, process) = worker.owner.as_ref().map_or_else(
        || (worker.state.clone(), String::new()),
        |owner| (owner.release.clone(), place(owner)),
    );
    let text =
        row([&worker.name, &owner, &worker.epoch.to_string(), &window, &since, &process], columns);
    let mut lines =
        vec![if worker.needs_a_look() { style::paint(style::WARNING, text) } else { text }];
    if let Some(successor) = &worker.successor {
        let label = Label::plain("    asked to hand over to: ");
        let text = format!("release {}, {}", successor.release, place(successor));
        lines.push(wrap::behind(&label, &text, columns));
    }
    if let Some(refused) = &worker.refused {
        let label = Label {
            painted: format!("    {} ", style::paint(style::WARNING, "refused:")),
            columns: 13,
            indent: 6,
        };
        lines.push(wrap::behind(&label, refused, columns));
    }
    lines
}

fn place(instance: &WorkerInstance) -> String {
    format!("{} on {}", instance.pid, instance.host)
}

fn row(cells: [&str; 6], columns: usize) -> String {
    let [a, b, c, d, e, rest] = cells;
    let [wa, wb, wc, wd, we] = WIDTHS;
    let text = format!(
        "  {:wa$} {:wb$} {:wc$} {:wd$} {:we$} {rest}",
        wrap::cut(a, wa),
        wrap::cut(b, wb),
        wrap::cut(c, wc),
        wrap::cut(d, wd),
        wrap::cut(e, we)
    );
    wrap::cut(text.trim_end(), columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_state_reads_well() {
        let instance = |release: &str| {
            json!({ "instance": "0", "generation": 1, "release": release, "host": "node-1",
                    "pid": 17 })
        };
        let worker = |name: &str, state: &str, more: serde_json::Value| {
            let mut all = json!({
                "name": name, "state": state, "epoch": 3, "min_generation": 208,
                "max_generation": 209, "since": "2026-11-22T10:00:00Z", "handover_by": null,
                "owner": null, "successor": null, "refused": null,
            });
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            all
        };
        let refused =
            "generation 208 may still come back and could not own it: only 209 and later may";
        let status: Status = serde_json::from_value(json!({
            "app": "shop", "head": 2, "floor": 1, "at": "2026-11-22T10:00:03Z", "term": null,
            "instances": [], "parked_rows": 0, "migrations": 2, "events": [], "steps": [],
            "workers": [
                worker("reprocessor", "owned", json!({
                    "owner": instance("4.8"), "successor": instance("4.9") })),
                worker("pruner", "owned", json!({
                    "owner": instance("4.8"), "min_generation": 208, "max_generation": 208,
                    "refused": refused })),
                worker("reaper", "unowned", json!({ "min_generation": 1, "max_generation": 0,
                    "since": null })),
                worker("legacy", "retired", json!({ "max_generation": 208 })),
            ],
        }))
        .unwrap();
        let plain = |text: String| anstream::adapter::strip_str(&text).to_string();
        let screen = plain(screen(&status, 80));
        assert!(screen.lines().all(|line| line.chars().count() <= 80), "{screen}");
        insta::assert_snapshot!(screen, @r"
          worker             owner      epoch  window     since          process
          reprocessor        4.8        3      208 to 209 3.0 s ago      17 on node-1
            asked to hand over to: release 4.9, 17 on node-1
          pruner             4.8        3      208        3.0 s ago      17 on node-1
            refused: generation 208 may still come back and could not own it: only 209
              and later may
          reaper             unowned    3      none
          legacy             retired    3      208        3.0 s ago
        ");
        insta::assert_snapshot!(plain(warning(&status.workers, 80).unwrap()), @r"
        Workers: pruner is refused to a newer release, reaper has no owner; see
          `changeover workers`
        ");
        assert_eq!(warning(&status.workers[..1], 80), None);
    }
}
