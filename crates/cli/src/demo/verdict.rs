//! What must hold of a rolling run, and what of it did not.

use super::{outcome::RunOutcome, streams::StreamsOutcome};

/// The least share of requests that must write to tables that migrate: an upgrade that nobody
/// disturbs proves nothing.
const MIGRATING_WRITES_SHARE_MIN: f64 = 0.3;

/// What did not hold, one sentence each; empty: everything did.
pub(crate) fn faults(rolling: &RunOutcome) -> Vec<String> {
    let mut faults = Vec::new();
    let mut must = |holds: bool, otherwise: String| {
        if !holds {
            faults.push(otherwise);
        }
    };
    let RunOutcome { requests, failed, turned_away, .. } = rolling;
    must(*requests > 0, "no request was sent".to_owned());
    let broken = failed.saturating_sub(*turned_away);
    must(broken == 0, format!("{broken} of {requests} requests failed"));
    // Told to come again is better than nothing, and is not served.
    must(*turned_away == 0, format!("{turned_away} of {requests} requests were turned away (503)"));
    let missing = rolling.writes_missing;
    must(missing == 0, format!("{missing} acknowledged writes are missing"));
    let doubled = rolling.writes_doubled;
    must(doubled == 0, format!("{doubled} acknowledged writes are there more than once"));
    must(rolling.writes_acknowledged > 0, "no write was acknowledged".to_owned());
    for step in &rolling.steps_not_done {
        must(false, format!("a step is not done: {step}"));
    }
    for fault in rolling.streams.iter().flat_map(StreamsOutcome::faults) {
        must(false, fault);
    }
    let percent = rolling.migrating_writes_share * 100.0;
    must(
        rolling.migrating_writes_share >= MIGRATING_WRITES_SHARE_MIN,
        format!("only {percent:.0} % of the requests wrote to tables that migrate"),
    );
    faults
}

#[cfg(test)]
mod tests {
    use super::faults;
    use crate::demo::outcome::{RunOutcome, tests::outcome};

    fn good() -> RunOutcome {
        outcome(&[])
    }

    #[test]
    fn a_good_run_has_no_fault() {
        assert_eq!(faults(&good()), Vec::<String>::new());
    }

    #[test]
    fn each_fault_is_named() {
        let bad = RunOutcome {
            failed: 6,
            turned_away: 4,
            writes_missing: 1,
            writes_doubled: 3,
            steps_not_done: vec!["0213.1.drop (pending)".to_owned()],
            migrating_writes_share: 0.1,
            ..good()
        };
        insta::assert_snapshot!(faults(&bad).join("\n"), @r"
        2 of 1000 requests failed
        4 of 1000 requests were turned away (503)
        1 acknowledged writes are missing
        3 acknowledged writes are there more than once
        a step is not done: 0213.1.drop (pending)
        only 10 % of the requests wrote to tables that migrate
        ");
    }
}
