//! Whether two owners of a singleton worker ever committed in overlap. Pure.
//!
//! A unit of work says in the write-ahead log under which epoch it was begun (`worker=NAME epoch=N`, by
//! the engine with `label_commits`); a grant is a new epoch in the row of `changeover.worker`. In the order
//! of the commits each unit must be of the epoch that is current: one of a lower epoch was committed by an
//! owner that had been replaced.

use super::decoded::fields;
use crate::error::VerifyError;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The engine's message, between its prefix and the name.
const LABEL: &str = "content:worker=";
const TABLE: &str = "table changeover.worker: ";

/// What the history of the workers shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerHistory {
    /// How many units were committed, by worker.
    pub units: BTreeMap<String, u64>,
    /// How many epochs were granted, by worker.
    pub grants: BTreeMap<String, u64>,
    /// What must not be.
    pub violations: Vec<WorkerViolation>,
}

/// A unit of another epoch than the current one, or an epoch that fell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerViolation {
    /// The transaction.
    pub xid: String,
    /// The worker.
    pub worker: String,
    /// The epoch under which it was committed, or that it set.
    pub epoch: i64,
    /// The epoch that was current.
    pub current: i64,
}

impl fmt::Display for WorkerViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { xid, worker, epoch, current } = self;
        write!(
            f,
            "transaction {xid} of worker {worker} under epoch {epoch}, while {current} was current"
        )
    }
}

/// Reads the lines of a slot that was made before `app` had any worker.
///
/// # Errors
/// A label or a row is of no known form.
pub fn worker_history(lines: &[String], app: &str) -> Result<WorkerHistory, VerifyError> {
    let mut history = WorkerHistory::default();
    let mut current = BTreeMap::new();
    let (mut xid, mut labels, mut rows) = (String::new(), BTreeSet::new(), Vec::new());
    for line in lines {
        let not_understood = || VerifyError::Decoding { line: line.clone() };
        if let Some(number) = line.strip_prefix("BEGIN ") {
            number.clone_into(&mut xid);
        } else if line.starts_with("COMMIT ") {
            for (worker, epoch) in std::mem::take(&mut labels) {
                history.unit(&xid, worker, epoch, &current);
            }
            for (worker, epoch) in std::mem::take(&mut rows) {
                history.row(&xid, worker, epoch, &mut current);
            }
        } else if let Some((_, label)) =
            line.split_once(LABEL).filter(|_| line.starts_with("message"))
        {
            let (worker, epoch) = label.rsplit_once(" epoch=").ok_or_else(not_understood)?;
            let epoch: i64 = epoch.parse().map_err(|_| not_understood())?;
            labels.insert((worker.to_owned(), epoch));
        } else if let Some(change) = line.strip_prefix(TABLE).filter(|c| !c.starts_with("DELETE")) {
            let (_, tuple) = change.split_once(": ").ok_or_else(not_understood)?;
            let mut row = fields(tuple);
            let mut field = |name: &str| row.remove(name).flatten().ok_or_else(not_understood);
            if field("app")? == app {
                let epoch = field("epoch")?.parse().map_err(|_| not_understood())?;
                rows.push((field("name")?, epoch));
            }
        }
    }
    Ok(history)
}

impl WorkerHistory {
    fn unit(&mut self, xid: &str, worker: String, epoch: i64, current: &BTreeMap<String, i64>) {
        let current = current.get(&worker).copied().unwrap_or_default();
        *self.units.entry(worker.clone()).or_default() += 1;
        if epoch != current {
            self.violations.push(WorkerViolation { xid: xid.to_owned(), worker, epoch, current });
        }
    }

    fn row(&mut self, xid: &str, worker: String, epoch: i64, all: &mut BTreeMap<String, i64>) {
        let current = all.entry(worker.clone()).or_default();
        if epoch < *current {
            let (xid, current) = (xid.to_owned(), *current);
            self.violations.push(WorkerViolation { xid, worker, epoch, current });
        } else if epoch > *current {
            *current = epoch;
            *self.grants.entry(worker).or_default() += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(text: &str) -> WorkerHistory {
        let lines: Vec<_> = text.lines().map(|line| line.trim().to_owned()).collect();
        worker_history(&lines, "shop").expect("is understood")
    }

    const GRANTS: &str = "BEGIN 1
        table changeover.worker: UPDATE: app[text]:'shop' name[text]:'prune' epoch[bigint]:4 holder[uuid]:null
        COMMIT 1
        BEGIN 2
        message: transactional: 1 prefix: changeover, sz: 20 content:worker=prune epoch=4
        table public.alerts: DELETE: id[integer]:1
        COMMIT 2
        BEGIN 3
        table changeover.worker: UPDATE: old-key: app[text]:'shop' name[text]:'prune' epoch[bigint]:4 new-tuple: app[text]:'shop' name[text]:'prune' epoch[bigint]:5
        COMMIT 3
        BEGIN 4
        table changeover.worker: UPDATE: app[text]:'other' name[text]:'prune' epoch[bigint]:9
        COMMIT 4";

    #[test]
    fn units_of_the_current_epoch_are_well() {
        let history = history(GRANTS);
        assert_eq!(history.violations, []);
        assert_eq!((history.units["prune"], history.grants["prune"]), (1, 2));
    }

    /// What a guard that does nothing would let through.
    #[test]
    fn a_unit_of_an_owner_that_was_replaced_is_found() {
        let stale = "BEGIN 5
            message: transactional: 1 prefix: changeover, sz: 20 content:worker=prune epoch=4
            COMMIT 5";
        let violations = history(&format!("{GRANTS}\n{stale}")).violations;
        assert_eq!(violations.len(), 1);
        assert_eq!((violations[0].epoch, violations[0].current), (4, 5));
    }

    #[test]
    fn a_label_without_a_number_is_an_error() {
        let line =
            "message: transactional: 1 prefix: changeover, sz: 9 content:worker=prune".to_owned();
        assert!(worker_history(&[line], "shop").is_err());
    }
}
