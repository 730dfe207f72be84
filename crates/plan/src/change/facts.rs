//! What a change does to a live database while it runs, by server major and catalog.
//!
//! The planner takes a step's locks from here and refuses what rewrites or scans under a lock; the
//! checker and, later, the linter judge by it. `cargo xtask facts` holds it against servers.

use super::Change;
use crate::model::{
    catalog::{Catalog, RelationKind},
    identifier::{Identifier, QualifiedName},
    lock::LockMode,
};

/// What a change does while it runs. Only relations that were there before it are named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The table locks that it takes, one for each relation and mode, also on relations that the
    /// statement does not name. Locks on a partitioned table's parts are listed by the parent.
    pub locks: Vec<(QualifiedName, LockMode)>,
    /// Tables whose rows it writes out again, under its lock.
    pub rewrites: Vec<QualifiedName>,
    /// Tables that it reads from end to end, under its lock.
    pub scans: Vec<QualifiedName>,
    /// Whether it cannot run in a transaction.
    pub outside_transaction: bool,
    /// Whether it may do anything besides: it fires what the planner cannot look into.
    pub open: bool,
    /// What of an older release stops working once it is done.
    pub breaks: Vec<Break>,
}

/// What of an older release a change breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Break {
    /// Statements that read what is gone or means something else.
    Reads,
    /// Writes that were accepted and are rejected now, or no longer have their effect.
    Writes,
    /// Warm prepared statements whose result changes its shape: they fail with 0A000.
    PreparedStars,
    /// Warm prepared statements that name the column: its type is another.
    PreparedColumns,
}

impl Facts {
    /// Adds a lock on a relation.
    pub(crate) fn lock(mut self, relation: &QualifiedName, mode: LockMode) -> Self {
        let entry = (relation.clone(), mode);
        if !self.locks.contains(&entry) {
            self.locks.push(entry);
        }
        self
    }

    /// Adds a lock on each of the relations.
    pub(crate) fn lock_all<'a>(
        self,
        relations: impl IntoIterator<Item = &'a QualifiedName>,
        mode: LockMode,
    ) -> Self {
        relations.into_iter().fold(self, |facts, relation| facts.lock(relation, mode))
    }

    /// Says that the table is written out again.
    pub(crate) fn rewrites(mut self, table: &QualifiedName) -> Self {
        self.rewrites.push(table.clone());
        self
    }

    /// Says that the table is read from end to end.
    pub(crate) fn scans(mut self, table: &QualifiedName) -> Self {
        self.scans.push(table.clone());
        self
    }

    /// Says what it breaks.
    pub(crate) fn breaks(mut self, what: Break) -> Self {
        self.breaks.push(what);
        self
    }

    /// Adds the facts of another change that runs in the same transaction.
    pub fn and(mut self, other: Self) -> Self {
        for (relation, mode) in other.locks {
            self = self.lock(&relation, mode);
        }
        self.rewrites.extend(other.rewrites);
        self.scans.extend(other.scans);
        self.outside_transaction |= other.outside_transaction;
        self.open |= other.open;
        self.breaks.extend(other.breaks);
        self
    }
}

/// What a statement does as its author wrote it, where it comes to these changes.
///
/// It may do less than the changes one by one. No row breaks a foreign key on a column that the same
/// statement adds with NULL in every row, so the server does not look. And `IF EXISTS` of what is not
/// there locks nothing; `catalog` must be a server's, with nothing left out.
pub fn facts_of_statement(catalog: &Catalog, changes: &[Change]) -> Facts {
    let mut catalog = catalog.clone();
    let mut all = Facts::default();
    let mut null: Vec<(&QualifiedName, &Identifier)> = Vec::new();
    for change in changes {
        let mut facts = change.facts(&catalog);
        match change {
            Change::AddColumn(add) if !add.fills_rows && add.column.default.is_none() => {
                null.push((&add.table, &add.column.name));
            }
            Change::AddConstraint(add) if add.is_foreign_key() => {
                let is_null = |column| null.contains(&(&add.table, column));
                if !add.constraint.columns.is_empty() && add.constraint.columns.iter().all(is_null)
                {
                    facts.scans.clear();
                }
            }
            Change::DropTrigger(drop) if drop.if_exists && !drop.stands(&catalog) => {
                facts = Facts::default();
            }
            _ => {}
        }
        all = all.and(facts);
        change.apply(&mut catalog);
    }
    all
}

/// The parts of a partitioned table that hold rows, parts of parts included; the table itself where
/// it is not partitioned.
pub(crate) fn leaves(catalog: &Catalog, table: &QualifiedName) -> Vec<QualifiedName> {
    let is_partitioned = |name: &QualifiedName| {
        catalog.relation(name).is_some_and(|found| found.kind == RelationKind::PartitionedTable)
    };
    if !is_partitioned(table) {
        return vec![table.clone()];
    }
    let mut leaves = Vec::new();
    let mut parents = vec![table.clone()];
    while let Some(parent) = parents.pop() {
        let parts = catalog.every_relation();
        for part in parts.filter(|relation| relation.partition_of.as_ref() == Some(&parent)) {
            match part.kind {
                RelationKind::PartitionedTable => parents.push(part.name.clone()),
                _ => leaves.push(part.name.clone()),
            }
        }
    }
    leaves.sort();
    leaves
}
