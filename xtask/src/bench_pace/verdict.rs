//! What must hold: what clients bear, and how long the upgrade may take for it.

use super::scene::{Alone, Scene};

/// p99 during: so many times what it was before, and so many ms.
const P99: (f64, f64) = (1.3, 1.0);
/// p99.9 during.
const P999: (f64, f64) = (2.0, 5.0);
/// The time of the fixed pace that the controller may take.
const TIME: f64 = 2.0;
/// The time of a single `UPDATE` that filling may take alone on the machine.
const ALONE: f64 = 1.1;

/// What doesn't hold beside clients.
pub(super) fn company(load: u32, fixed: &Scene, ours: &Scene) -> Vec<String> {
    let mut broken = Vec::new();
    let mut bound = |what: &str, is: f64, most: f64| {
        let holds = is <= most;
        println!(
            "  {load} %: {what} {is:.1}, at most {most:.1}: {}",
            if holds { "holds" } else { "BROKEN" }
        );
        if !holds {
            broken.push(format!("at {load} % {what} {is:.1} is above {most:.1}"));
        }
    };
    bound("p99 in ms", ours.during.p99_ms, ours.before.p99_ms * P99.0 + P99.1);
    bound("p99.9 in ms", ours.during.p999_ms, ours.before.p999_ms * P999.0 + P999.1);
    bound("upgrade in s", ours.took_s, fixed.took_s * TIME);
    broken
}

/// What doesn't hold alone.
pub(super) fn alone(single_s: f64, ours: &Alone) -> Vec<String> {
    let share = ours.fill_s / single_s;
    if share <= ALONE {
        return Vec::new();
    }
    vec![format!("alone filling took {share:.2} of the single UPDATE, at most {ALONE} is allowed")]
}
