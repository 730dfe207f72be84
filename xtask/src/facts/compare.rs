//! Predicted and seen, side by side.

use super::observe::Seen;
use changeover_plan::{Catalog, Facts, LockMode, QualifiedName};
use std::collections::{BTreeMap, BTreeSet};

/// How a prediction compares with what was seen.
#[derive(Debug)]
pub(super) enum Verdict {
    /// As predicted.
    Exact,
    /// It does more: the prediction would have let it through.
    Weaker(String),
    /// It may do anything, and that was said; what else differs.
    Open(String),
    /// It does less.
    Stronger(String),
}

/// Compares. `before`: the catalog before the statement.
pub(super) fn compare(before: &Catalog, facts: &Facts, seen: &Seen) -> Verdict {
    let mut weaker = Vec::new();
    let mut stronger = Vec::new();
    let claimed = strongest(facts.locks.iter().cloned());
    let taken = strongest(seen.locks.iter().cloned());
    // What is said of a relation that is not there says nothing.
    let claimed: BTreeMap<_, _> =
        claimed.into_iter().filter(|(name, _)| before.relation(name).is_some()).collect();
    for relation in claimed.keys().chain(taken.keys()).collect::<BTreeSet<_>>() {
        // Functions that read the catalog take ACCESS SHARE, and nobody waits for that.
        let weakest = LockMode::AccessShare;
        let claim = over_parents(before, &claimed, relation).unwrap_or(weakest);
        let taken = taken.get(relation).copied().unwrap_or(weakest);
        if taken > claim {
            weaker.push(format!("{} locked {taken}, predicted {claim}", relation.plain()));
        }
        // A partitioned table's prediction stands for its parts, which a statement may leave alone.
        if claimed.get(relation).copied().unwrap_or(weakest) > taken {
            stronger.push(format!("{} locked {taken}, predicted {claim}", relation.plain()));
        }
    }
    tables("rewritten", before, &facts.rewrites, &seen.rewritten, &mut weaker, &mut stronger);
    // What is rewritten is read, too; and nobody waits for a reader.
    let blocks = |table: &&QualifiedName| {
        seen.locks.iter().any(|(name, mode)| name == *table && *mode > LockMode::AccessShare)
    };
    let read: Vec<QualifiedName> = seen
        .scanned
        .iter()
        .filter(blocks)
        .filter(|table| !seen.rewritten.contains(table) && !facts.rewrites.contains(table))
        .cloned()
        .collect();
    tables("scanned", before, &facts.scans, &read, &mut weaker, &mut stronger);
    if facts.open {
        Verdict::Open(weaker.into_iter().chain(stronger).collect::<Vec<_>>().join("; "))
    } else if !weaker.is_empty() {
        Verdict::Weaker(weaker.join("; "))
    } else if !stronger.is_empty() {
        Verdict::Stronger(stronger.join("; "))
    } else {
        Verdict::Exact
    }
}

fn tables(
    what: &str,
    before: &Catalog,
    predicted: &[QualifiedName],
    seen: &[QualifiedName],
    weaker: &mut Vec<String>,
    stronger: &mut Vec<String>,
) {
    let parents = |table: &QualifiedName| {
        let mut name = Some(table.clone());
        // Partitions are nested a few levels deep at most.
        for _ in 0..8 {
            let Some(current) = name else { return false };
            if predicted.contains(&current) {
                return true;
            }
            name = before.relation(&current).and_then(|found| found.partition_of.clone());
        }
        false
    };
    for table in seen.iter().filter(|table| !parents(table)) {
        weaker.push(format!("{} {what}, not predicted", table.plain()));
    }
    let is_there = |table: &&QualifiedName| before.relation(table).is_some();
    for table in predicted.iter().filter(is_there).filter(|table| !seen.contains(table)) {
        stronger.push(format!("{} predicted to be {what}", table.plain()));
    }
}

fn strongest(
    locks: impl Iterator<Item = (QualifiedName, LockMode)>,
) -> BTreeMap<QualifiedName, LockMode> {
    let mut strongest = BTreeMap::new();
    for (relation, mode) in locks {
        let entry = strongest.entry(relation).or_insert(mode);
        *entry = mode.max(*entry);
    }
    strongest
}

/// The strongest prediction for a relation or a table that it is a part of.
fn over_parents(
    before: &Catalog,
    claimed: &BTreeMap<QualifiedName, LockMode>,
    relation: &QualifiedName,
) -> Option<LockMode> {
    let mut name = Some(relation.clone());
    let mut strongest = None;
    for _ in 0..8 {
        let Some(current) = name else { break };
        strongest = strongest.max(claimed.get(&current).copied());
        name = before.relation(&current).and_then(|found| found.partition_of.clone());
    }
    strongest
}
