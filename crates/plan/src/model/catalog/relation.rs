//! Relations: tables, parts, views, sequences, with all that belongs to one of them.
//!
//! Read by every rewrite. Parents and children by `INHERITS` stand apart from partitions, since the
//! server treats them differently. SQL: `sql/relations.sql`.

use super::{Column, Constraint, Index, Rule, Statistics, Trigger};
use crate::model::identifier::{Identifier, QualifiedName};
use serde::{Deserialize, Serialize};

/// What kind of relation it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelationKind {
    /// An ordinary table.
    #[default]
    Table,
    /// A partitioned table.
    PartitionedTable,
    /// A view.
    View,
    /// A materialised view.
    MaterializedView,
    /// A foreign table.
    ForeignTable,
    /// A sequence.
    Sequence,
}

/// For how long its rows live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Persistence {
    /// Logged, and replicated.
    #[default]
    Permanent,
    /// Emptied by a crash, and not replicated.
    Unlogged,
    /// Of one session.
    Temporary,
}

/// Whether row security applies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowSecurity {
    /// Off.
    #[default]
    Off,
    /// On, but not for the owner.
    Enabled,
    /// On, for the owner too.
    Forced,
}

/// What of an old row logical replication is given to find it by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplicaIdentity {
    /// The primary key, if there is one.
    #[default]
    Default,
    /// Nothing.
    Nothing,
    /// The whole row.
    Full,
    /// The columns of an index.
    Index(Identifier),
}

/// One relation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Relation {
    /// Its name.
    pub name: QualifiedName,
    /// Its kind.
    pub kind: RelationKind,
    /// Its columns in order.
    #[serde(default)]
    pub columns: Vec<Column>,
    /// Its indexes, also those of constraints.
    #[serde(default)]
    pub indexes: Vec<Index>,
    /// Its constraints.
    #[serde(default)]
    pub constraints: Vec<Constraint>,
    /// Users' triggers (none of the server's own), ours included.
    #[serde(default)]
    pub triggers: Vec<Trigger>,
    /// Its rules, without the one that makes a view a view.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// Its extended statistics.
    #[serde(default)]
    pub statistics: Vec<Statistics>,
    /// Row security.
    pub row_security: RowSecurity,
    /// The partitioned table it is a direct part of.
    pub partition_of: Option<QualifiedName>,
    /// The tables from which it inherits (`INHERITS`, not as a partition), in their order.
    #[serde(default)]
    pub inherits: Vec<QualifiedName>,
    /// The columns of the partition key, where it is partitioned.
    pub partition_key: Vec<Identifier>,
    /// Views and materialised views that read it (direct dependants).
    #[serde(default)]
    pub views: Vec<QualifiedName>,
    /// `reltuples`, summed over partitions; 0 where unknown.
    pub rows_estimate: u64,
    /// For how long its rows live.
    #[serde(default)]
    pub persistence: Persistence,
    /// What of an old row logical replication is given.
    #[serde(default)]
    pub replica_identity: ReplicaIdentity,
    /// Its owner.
    #[serde(default)]
    pub owner: Option<Identifier>,
    /// Whether the role that plans may not act as its owner.
    #[serde(default)]
    pub owned_by_other: bool,
    /// The type of which it is a typed table (`OF`).
    #[serde(default)]
    pub of_type: Option<QualifiedName>,
}

impl Relation {
    /// Finds a column.
    pub fn column(&self, name: &Identifier) -> Option<&Column> {
        self.columns.iter().find(|column| &column.name == name)
    }

    /// The other tables to which those of its foreign keys point that `counts` picks, by name.
    pub fn referenced_by_keys(&self, counts: impl Fn(&Constraint) -> bool) -> Vec<QualifiedName> {
        let counted = self.constraints.iter().filter(|constraint| counts(constraint));
        let mut tables: Vec<QualifiedName> = counted
            .filter_map(Constraint::references)
            .filter(|references| *references != &self.name)
            .cloned()
            .collect();
        tables.sort();
        tables.dedup();
        tables
    }
}
