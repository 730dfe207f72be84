//! RollingUpdate, by the rules of the Deployment controller of Kubernetes.
//!
//! As there: one pass either scales the new ReplicaSet up or the old ones down; old pods that are
//! not available go first; terminating pods count for nothing, so with a long termination there may
//! be more processes than `replicas + max_surge`.

use super::{Counts, Step};

/// The next step.
pub(super) fn decide(max_surge: u32, max_unavailable: u32, counts: Counts) -> Step {
    let create = to_create(max_surge, counts);
    if create > 0 {
        return Step { create, ..Step::default() };
    }
    if counts.new > counts.desired {
        return Step { delete_new: counts.new - counts.desired, ..Step::default() };
    }
    let available_min = counts.desired.saturating_sub(max_unavailable);
    // New pods on their way up may not be counted on: what they lack must be left standing.
    let new_unavailable = counts.new - counts.new_available;
    let deletable = (counts.new + counts.old).saturating_sub(available_min + new_unavailable);
    let delete_old_unavailable = (counts.old - counts.old_available).min(deletable);
    let spare = (counts.new_available + counts.old_available).saturating_sub(available_min);
    let delete_old_available = if deletable == 0 { 0 } else { spare.min(counts.old_available) };
    Step { delete_old_unavailable, delete_old_available, ..Step::default() }
}

fn to_create(max_surge: u32, counts: Counts) -> u32 {
    let room = (counts.desired + max_surge).saturating_sub(counts.new + counts.old);
    room.min(counts.desired.saturating_sub(counts.new))
}

#[cfg(test)]
mod tests {
    use super::{Counts, Step, decide};

    /// Drives a rollout in which every new pod becomes available at once, and writes down how many
    /// (old, new) pods are available after each pass.
    fn trace(desired: u32, max_surge: u32, max_unavailable: u32) -> Vec<(u32, u32)> {
        let mut counts =
            Counts { desired, old: desired, old_available: desired, ..Counts::default() };
        let mut seen = vec![(desired, 0)];
        for _ in 0..50 {
            let step = decide(max_surge, max_unavailable, counts);
            if step == Step::default() {
                break;
            }
            counts.new += step.create;
            assert!(counts.new + counts.old <= desired + max_surge, "{counts:?}");
            counts.old -= step.delete_old_available + step.delete_old_unavailable;
            counts.old_available -= step.delete_old_available;
            assert!(counts.old_available + counts.new_available >= desired - max_unavailable);
            counts.new_available = counts.new;
            seen.push((counts.old_available, counts.new_available));
        }
        assert!(counts.complete(), "{counts:?}");
        seen
    }

    /// What was seen of the real controller (1.36): 4 replicas, surge 1, unavailable 0.
    #[test]
    fn surge_one_goes_as_the_real_controller_goes() {
        let expected = [(4, 0), (4, 1), (3, 1), (3, 2), (2, 2), (2, 3), (1, 3), (1, 4), (0, 4)];
        assert_eq!(trace(4, 1, 0), expected);
    }

    #[test]
    fn without_surge_old_pods_make_room() {
        assert_eq!(trace(3, 0, 1), [(3, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2), (0, 3)]);
    }

    #[test]
    fn a_new_pod_that_is_not_available_holds_the_old_ones() {
        let counts = Counts { desired: 3, new: 1, old: 3, old_available: 3, ..Counts::default() };
        assert_eq!(decide(1, 0, counts), Step::default());
    }

    /// As in Kubernetes: what new pods still lack is not made worse, not even by a broken old pod.
    #[test]
    fn a_broken_old_pod_stays_while_the_new_one_is_not_available() {
        let counts = Counts { desired: 3, new: 1, old: 3, old_available: 2, ..Counts::default() };
        assert_eq!(decide(1, 0, counts), Step::default());
    }

    #[test]
    fn broken_old_pods_go_first_and_do_not_cost_availability() {
        let counts = Counts {
            desired: 3,
            new: 1,
            new_available: 1,
            old: 3,
            old_available: 2,
            ..Counts::default()
        };
        let step = Step { delete_old_unavailable: 1, ..Step::default() };
        assert_eq!(decide(1, 0, counts), step);
    }

    #[test]
    fn going_back_in_mid_rollout_deletes_the_stuck_pod() {
        // The three pods that serve are now "new"; the stuck one is "old".
        let counts = Counts { desired: 3, new: 3, new_available: 3, old: 1, ..Counts::default() };
        let step = Step { delete_old_unavailable: 1, ..Step::default() };
        assert_eq!(decide(1, 0, counts), step);
    }
}
