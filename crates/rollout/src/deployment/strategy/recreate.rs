//! Recreate: nothing new starts while anything old runs, terminating pods included.

use super::{Counts, Step};

/// The next step.
pub(super) fn decide(counts: Counts) -> Step {
    let all_old = Step {
        delete_old_available: counts.old_available,
        delete_old_unavailable: counts.old - counts.old_available,
        ..Step::default()
    };
    if counts.old > 0 || counts.old_terminating > 0 {
        return all_old;
    }
    Step {
        create: counts.desired.saturating_sub(counts.new),
        delete_new: counts.new.saturating_sub(counts.desired),
        ..Step::default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Counts, Step, decide};

    #[test]
    fn old_pods_go_first() {
        let counts = Counts { desired: 3, old: 3, old_available: 2, ..Counts::default() };
        let step = Step { delete_old_available: 2, delete_old_unavailable: 1, ..Step::default() };
        assert_eq!(decide(counts), step);
    }

    #[test]
    fn terminating_pods_are_waited_for() {
        let counts = Counts { desired: 3, old_terminating: 1, ..Counts::default() };
        assert_eq!(decide(counts), Step::default());
        let counts = Counts { desired: 3, ..Counts::default() };
        assert_eq!(decide(counts), Step { create: 3, ..Step::default() });
    }
}
