//! What must hold of a history of commits. Pure.
//!
//! 1. The term's number only grows, and a row of the term never shows a number below the current one.
//! 2. No guarded transaction commits after the grant of a higher term than its own, nor before its own
//!    was granted.
//! 3. What cannot be guarded (`CREATE INDEX CONCURRENTLY`) may still commit after that grant, but not
//!    after the first effect of the higher term, whose holder ends such sessions before he works.
//! 4. A step is done once. The floor only grows, and no instance registers below it.
//! 5. What only a migrator writes carries a label, so that nothing escapes these rules.

use super::decoded::{History, Transaction};
use std::collections::BTreeSet;
use std::fmt;

/// Tables of the ledger that only a migrator writes. Not `app`: its row is made before there is a term,
/// and changed only together with others.
const MIGRATORS: [&str; 5] = [
    "changeover.step",
    "changeover.plan",
    "changeover.migration",
    "changeover.skipped_row",
    "changeover.parked_row",
];

/// What does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// A term was granted whose number is not higher than the last one's, or its row fell back.
    Regrown {
        /// The transaction.
        xid: String,
        /// The epoch that it wrote.
        epoch: i64,
        /// The epoch that was current.
        current: i64,
    },
    /// Work of a lower epoch was committed after a higher one was granted.
    Stale {
        /// The transaction.
        xid: String,
        /// The epoch that it says it works under.
        epoch: i64,
        /// The epoch that was current.
        current: i64,
        /// What it wrote.
        wrote: String,
    },
    /// Work of an epoch was committed that had not been granted.
    Early {
        /// The transaction.
        xid: String,
        /// The epoch that it says it works under.
        epoch: i64,
        /// The epoch that was current.
        current: i64,
    },
    /// A step was done a second time.
    DoneTwice {
        /// The transaction.
        xid: String,
        /// The step.
        step: String,
    },
    /// The floor fell, or somebody registered below it.
    BelowFloor {
        /// The transaction.
        xid: String,
        /// The floor that it set, or the head that it registered.
        head: i64,
        /// The floor.
        floor: i64,
    },
    /// What only a migrator writes was written by nobody in particular.
    Unlabelled {
        /// The transaction.
        xid: String,
        /// What it wrote.
        wrote: String,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Regrown { xid, epoch, current } => {
                write!(f, "transaction {xid} set the term to epoch {epoch} after {current}")
            }
            Self::Stale { xid, epoch, current, wrote } => write!(
                f,
                "stale commit: transaction {xid} of epoch {epoch} committed under epoch {current}, \
                 having written {wrote}"
            ),
            Self::Early { xid, epoch, current } => write!(
                f,
                "transaction {xid} of epoch {epoch} committed while {current} was current"
            ),
            Self::DoneTwice { xid, step } => {
                write!(f, "transaction {xid} did step {step} a second time")
            }
            Self::BelowFloor { xid, head, floor } => {
                write!(f, "transaction {xid} registered or set {head} below the floor {floor}")
            }
            Self::Unlabelled { xid, wrote } => {
                write!(f, "transaction {xid} says no epoch, having written {wrote}")
            }
        }
    }
}

/// All that does not hold, in the order of the commits.
pub fn violations(history: &History) -> Vec<Violation> {
    let mut current = history.epoch;
    // The highest term under which something was committed.
    let mut worked = history.epoch;
    let mut found = once_and_above_the_floor(history);
    for transaction in &history.transactions {
        let xid = || transaction.xid.clone();
        let unguarded = transaction.sessions.difference(&transaction.labels);
        let labels = transaction.labels.iter().map(|epoch| (*epoch, current));
        let all: Vec<_> = labels.chain(unguarded.map(|epoch| (*epoch, worked))).collect();
        for (epoch, bar) in all {
            if epoch < bar {
                let wrote = wrote(transaction);
                found.push(Violation::Stale { xid: xid(), epoch, current: bar, wrote });
            } else if epoch > current {
                found.push(Violation::Early { xid: xid(), epoch, current });
            }
            worked = worked.max(epoch.min(current));
        }
        for &epoch in &transaction.term {
            if epoch < current {
                found.push(Violation::Regrown { xid: xid(), epoch, current });
            }
            current = current.max(epoch);
        }
        let nobodys = transaction.labels.is_empty() && transaction.sessions.is_empty();
        if nobodys && needs_label(transaction) {
            found.push(Violation::Unlabelled { xid: xid(), wrote: wrote(transaction) });
        }
    }
    found
}

/// Steps that were done twice, floors that fell, instances that registered below.
fn once_and_above_the_floor(history: &History) -> Vec<Violation> {
    let (mut done, mut floor, mut found) = (BTreeSet::new(), i64::MIN, Vec::new());
    for transaction in &history.transactions {
        let xid = || transaction.xid.clone();
        for step in transaction.done.iter().filter(|step| !done.insert(step.as_str())) {
            found.push(Violation::DoneTwice { xid: xid(), step: step.clone() });
        }
        let below = transaction.registered.iter().chain(&transaction.floors);
        for &head in below.filter(|head| **head < floor) {
            found.push(Violation::BelowFloor { xid: xid(), head, floor });
        }
        floor = transaction.floors.iter().copied().fold(floor, i64::max);
    }
    found
}

/// Whether only a migrator can have written it. An index build's progress is written without guard, for
/// people; it has no cursor.
fn needs_label(transaction: &Transaction) -> bool {
    transaction.moves_cursor
        || transaction
            .tables
            .keys()
            .any(|table| !table.starts_with("changeover.") || MIGRATORS.contains(&table.as_str()))
}

fn wrote(transaction: &Transaction) -> String {
    let tables = transaction.tables.iter().map(|(table, actions)| {
        format!("{table} ({})", actions.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
    });
    let all: Vec<String> = tables.chain(transaction.ddl.iter().cloned()).collect();
    if all.is_empty() { "nothing".to_owned() } else { all.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn transaction(xid: &str, labels: &[i64], term: &[i64], table: Option<&str>) -> Transaction {
        Transaction {
            xid: xid.to_owned(),
            labels: labels.iter().copied().collect(),
            term: term.to_vec(),
            tables: table
                .map(|table| (table.to_owned(), BTreeSet::from(["UPDATE".to_owned()])))
                .into_iter()
                .collect::<BTreeMap<_, _>>(),
            ..Transaction::default()
        }
    }

    fn found(transactions: Vec<Transaction>) -> Vec<Violation> {
        violations(&History { epoch: 3, transactions })
    }

    #[test]
    fn a_takeover_in_order_is_fine() {
        let history = vec![
            transaction("1", &[3], &[], Some("public.orders")),
            transaction("2", &[], &[3], Some("changeover.term")),
            transaction("3", &[], &[4], Some("changeover.term")),
            transaction("4", &[4], &[], Some("public.orders")),
            transaction("5", &[], &[], Some("changeover.instance")),
            transaction("6", &[], &[], Some("changeover.progress")),
        ];
        assert_eq!(found(history), []);
    }

    #[test]
    fn a_commit_after_a_higher_grant_is_found() {
        let stale = found(vec![
            transaction("1", &[], &[4], Some("changeover.term")),
            transaction("2", &[3], &[], Some("public.orders")),
        ]);
        let [Violation::Stale { xid, epoch: 3, current: 4, wrote }] = stale.as_slice() else {
            panic!("{stale:?}");
        };
        assert_eq!((xid.as_str(), wrote.as_str()), ("2", "public.orders (UPDATE)"));
    }

    #[test]
    fn what_cannot_be_guarded_must_end_before_the_next_one_works() {
        let mut late = transaction("2", &[], &[], None);
        late.sessions = BTreeSet::from([3]);
        late.ddl = vec!["ddl_command_end CREATE INDEX by changeover@2/shop/2/work/3".to_owned()];
        let grant = transaction("1", &[], &[4], None);
        // Granted, but the one who was granted it has not begun: he ends this session first.
        assert_eq!(found(vec![grant.clone(), late.clone()]), []);
        let begun = transaction("4", &[4], &[], None);
        let stale = found(vec![grant, begun, late]);
        assert!(stale[0].to_string().contains("CREATE INDEX"), "{stale:?}");
    }

    #[test]
    fn numbers_that_fall_back_or_come_early_are_found() {
        let back =
            found(vec![transaction("1", &[], &[4], None), transaction("2", &[], &[3], None)]);
        assert!(matches!(back.as_slice(), [Violation::Regrown { epoch: 3, current: 4, .. }]));
        let early = found(vec![transaction("1", &[5], &[], Some("public.orders"))]);
        assert!(matches!(early.as_slice(), [Violation::Early { epoch: 5, current: 3, .. }]));
    }

    #[test]
    fn a_step_done_twice_and_heads_below_the_floor_are_found() {
        let done = |xid: &str| Transaction {
            done: vec!["0002.1.ddl".to_owned()],
            ..transaction(xid, &[3], &[], None)
        };
        assert!(matches!(
            found(vec![done("1"), done("2")]).as_slice(),
            [Violation::DoneTwice { xid, .. }] if xid == "2"
        ));
        let raised = Transaction { floors: vec![2], ..transaction("1", &[3], &[], None) };
        let joins =
            |head| Transaction { registered: vec![head], ..transaction("2", &[], &[], None) };
        assert_eq!(found(vec![joins(1), raised.clone(), joins(2)]), []);
        assert!(matches!(
            found(vec![raised.clone(), joins(1)]).as_slice(),
            [Violation::BelowFloor { head: 1, floor: 2, .. }]
        ));
        let fell = Transaction { floors: vec![1], ..transaction("3", &[3], &[], None) };
        assert!(matches!(
            found(vec![raised, fell]).as_slice(),
            [Violation::BelowFloor { head: 1, floor: 2, .. }]
        ));
    }

    #[test]
    fn what_carries_no_label_is_found() {
        for table in ["public.orders", "changeover.step", "changeover.plan"] {
            let bare = found(vec![transaction("1", &[], &[], Some(table))]);
            assert!(matches!(bare.as_slice(), [Violation::Unlabelled { .. }]), "{table}");
        }
        let mut cursor = transaction("1", &[], &[], Some("changeover.progress"));
        cursor.moves_cursor = true;
        assert!(matches!(found(vec![cursor]).as_slice(), [Violation::Unlabelled { .. }]));
    }

    #[test]
    fn two_grants_in_a_row_are_fine_and_a_grant_counts_from_its_own_commit_on() {
        let history = vec![
            transaction("1", &[], &[4], None),
            transaction("2", &[], &[5], None),
            transaction("3", &[5], &[], Some("public.orders")),
        ];
        assert_eq!(found(history), []);
    }
}
