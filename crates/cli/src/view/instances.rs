//! The instances of all releases, as a table.

use super::{figures, style, wrap};
use changeover::status::InstanceStatus;

/// Columns of the table: release, head, state, heartbeat. The rest is for host and pid.
const WIDTHS: [usize; 4] = [14, 16, 9, 13];

/// The table; those that left are counted, not listed.
pub(crate) fn table(instances: &[InstanceStatus], columns: usize) -> Vec<String> {
    let (here, gone): (Vec<_>, Vec<_>) =
        instances.iter().partition(|instance| instance.left_at.is_none());
    let mut lines = Vec::new();
    if here.is_empty() {
        lines.push("  none registered".to_owned());
    } else {
        let heading = row(["release", "head", "state", "heartbeat", "process"], columns);
        lines.push(style::paint(style::FAINT, heading));
    }
    let mut sorted = here;
    sorted.sort_by_key(|instance| (instance.head, instance.registered_at));
    for instance in sorted {
        let text = row(
            [
                &instance.release,
                &instance.head.to_string(),
                if instance.alive { &instance.state } else { "silent" },
                &format!("{} ago", figures::time_ms(instance.heartbeat_age_ms)),
                &format!("{} on {}", instance.pid, instance.host),
            ],
            columns,
        );
        lines.push(if instance.alive { text } else { style::paint(style::WARNING, text) });
    }
    if !gone.is_empty() {
        let left = figures::counted(gone.len(), "instance has", "instances have");
        lines.push(style::paint(style::FAINT, format!("  {left} left within the last hour")));
    }
    lines
}

fn row(cells: [&str; 5], columns: usize) -> String {
    let [a, b, c, d, rest] = cells;
    let [wa, wb, wc, wd] = WIDTHS;
    let text = format!(
        "  {:wa$} {:wb$} {:wc$} {:wd$} {rest}",
        wrap::cut(a, wa),
        wrap::cut(b, wb),
        wrap::cut(c, wc),
        wrap::cut(d, wd)
    );
    wrap::cut(text.trim_end(), columns)
}
