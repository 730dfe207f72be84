//! What the controller holds for any input: generated runs of looks.

use crate::pace::controller::{Controller, Course};
use crate::pace::limits::{Limits, Reach};
use proptest::prelude::*;
use std::time::Duration;

const LOOK: Duration = Duration::from_millis(100);
/// Looks within which full speed is reached again once the signal is half of its bound: nine seconds.
const RECOVERED_LOOKS: usize = 90;

pub(super) fn reach(max_share: f64, min_share: f64) -> Reach {
    Reach {
        limits: Limits { max_share, min_share, probe_factor: 1.3 }.sane(),
        batch_longest: Duration::from_millis(8),
        batch_shortest: Duration::from_millis(4),
    }
}

fn run(controller: &mut Controller, signal: &[f64], reach: &Reach) -> Vec<Course> {
    let look = |worst: &f64| {
        controller.observe(*worst, LOOK, reach);
        controller.course(reach)
    };
    signal.iter().map(look).collect()
}

/// Signals of any size, also what a broken input would say.
fn signals() -> impl Strategy<Value = Vec<f64>> {
    let any = prop_oneof![
        8 => 0.01_f64..20.0,
        1 => Just(f64::INFINITY),
        1 => Just(f64::NAN),
        1 => Just(0.0),
    ];
    proptest::collection::vec(any, 1..200)
}

proptest! {
    #[test]
    fn stays_between_floor_and_cap(signal in signals(), max in 0.01_f64..=1.0, min in 0.0_f64..=1.0) {
        let reach = reach(max, min);
        for course in run(&mut Controller::new(), &signal, &reach) {
            prop_assert!(course.share <= reach.limits.max_share + 1e-9, "{course:?}");
            prop_assert!(course.share >= reach.limits.min_share - 1e-9, "{course:?}");
            prop_assert!(course.batch <= reach.batch_longest && course.batch >= reach.batch_shortest);
        }
    }

    #[test]
    fn recovers_whatever_was_before(signal in signals(), max in 0.01_f64..=1.0, min in 0.0_f64..=0.5) {
        let reach = reach(max, min);
        let mut controller = Controller::new();
        run(&mut controller, &signal, &reach);
        let last = run(&mut controller, &[0.4; RECOVERED_LOOKS], &reach)[RECOVERED_LOOKS - 1];
        prop_assert!((last.share - max).abs() < 1e-6, "no windup: {last:?}");
        prop_assert_eq!(last.batch, reach.batch_longest);
    }

    #[test]
    fn a_worse_signal_never_makes_it_faster(
        signal in signals(), more in 0.0_f64..5.0, max in 0.01_f64..=1.0, min in 0.0_f64..=0.5
    ) {
        let reach = reach(max, min);
        let worse: Vec<f64> = signal.iter().map(|value| value + more).collect();
        let better = run(&mut Controller::new(), &signal, &reach);
        let worse = run(&mut Controller::new(), &worse, &reach);
        for (better, worse) in better.iter().zip(&worse) {
            prop_assert!(worse.share <= better.share + 1e-9, "{better:?} {worse:?}");
            prop_assert!(worse.batch <= better.batch + Duration::from_nanos(10));
        }
    }

    #[test]
    fn attack_is_quick_wherever_it_stood(calm in 0_usize..1000, worst in 2.8_f64..1e9, max in 0.01_f64..=1.0) {
        let reach = reach(max, 0.02);
        let mut controller = Controller::new();
        run(&mut controller, &vec![0.1; calm], &reach);
        let looks = run(&mut controller, &[worst; 12], &reach);
        prop_assert!(looks[8].share <= reach.limits.min_share.max(0.01) + 1e-9, "{:?}", looks[8]);
        prop_assert_eq!(looks[11].batch, reach.batch_shortest, "batch last");
    }
}

#[test]
fn rests_first_and_shortens_batches_last() {
    let reach = reach(1.0, 0.02);
    let courses = run(&mut Controller::new(), &[1.5; 100], &reach);
    let shortens = courses.iter().position(|course| course.batch < reach.batch_longest).unwrap();
    assert!(courses[..shortens - 1].iter().any(|course| course.share < 0.1));
    assert!((courses[shortens].share - 0.02).abs() < 1e-9);
}

#[test]
fn a_floor_of_zero_stands_still_and_goes_on() {
    let reach = reach(1.0, 0.0);
    let mut controller = Controller::new();
    assert!(run(&mut controller, &[f64::INFINITY; 50], &reach)[49].share <= 0.0);
    assert!(run(&mut controller, &[0.4; 1], &reach)[0].share > 0.0);
}

#[test]
fn limits_are_put_right() {
    let odd = Limits { max_share: f64::NAN, min_share: 7.0, probe_factor: 0.1 }.sane();
    assert_eq!(odd, Limits { max_share: 1.0, min_share: 1.0, probe_factor: 1.0 });
    let odd = Limits { max_share: 0.3, min_share: 0.9, probe_factor: f64::NAN }.sane();
    assert_eq!(odd, Limits { max_share: 0.3, min_share: 0.3, probe_factor: 1.0 });
}
