//! A picture of the database's catalog, as far as planning needs it.
//!
//! The engine reads it from a server (`catalog/` there); the planner plays the pending statements
//! on a copy of it, so that a later statement sees what an earlier one will have made.

use super::identifier::{Identifier, QualifiedName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The catalog at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Catalog {
    /// `server_version_num`, e.g. 150018.
    pub server_version: u32,
    /// The schemas in which unqualified names are looked up, in order; the first one is where
    /// unqualified new objects go. Without `pg_catalog`.
    pub search_path: Vec<Identifier>,
    /// Tables, partitioned tables and views by name; partitions too.
    pub relations: BTreeMap<String, Relation>,
    /// For each function name (unqualified), the most volatile of its overloads.
    pub functions: BTreeMap<String, Volatility>,
    /// Names of the types made by users (enums, domains, composites, ranges).
    pub types: Vec<QualifiedName>,
}

/// What `provolatile` says of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Volatility {
    /// Same arguments, same result, for ever.
    Immutable,
    /// Same within one statement; may depend on settings.
    Stable,
    /// Anything.
    Volatile,
}

/// What kind of relation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelationKind {
    /// An ordinary table.
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

/// One relation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Relation {
    /// Its name.
    pub name: QualifiedName,
    /// Its kind.
    pub kind: RelationKind,
    /// Its columns in order.
    pub columns: Vec<Column>,
    /// Its indexes, also those of constraints.
    pub indexes: Vec<Index>,
    /// Its constraints.
    pub constraints: Vec<Constraint>,
    /// Users' triggers (none of the server's own), ours included.
    pub triggers: Vec<Trigger>,
    /// Row security.
    pub row_security: RowSecurity,
    /// The partitioned table it is a direct part of.
    pub partition_of: Option<QualifiedName>,
    /// The columns of the partition key, where it is partitioned.
    pub partition_key: Vec<Identifier>,
    /// Views and materialised views that read it (direct dependants).
    pub views: Vec<QualifiedName>,
    /// `reltuples`, summed over partitions; 0 where unknown.
    pub rows_estimate: u64,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: Identifier,
    /// Its type as `format_type` prints it.
    pub type_sql: String,
    /// Whether it is NOT NULL.
    pub not_null: bool,
    /// Its default expression.
    pub default: Option<String>,
    /// For a generated column, its expression.
    pub generated: Option<String>,
    /// Whether it is an identity column.
    pub identity: bool,
}

/// One index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// Its name; its schema is the table's.
    pub name: Identifier,
    /// The access method: `btree`, `hash`, `gin`, …
    pub method: String,
    /// Its key columns in order; empty where one of them is an expression.
    pub columns: Vec<Identifier>,
    /// Whether it is unique.
    pub unique: bool,
    /// Whether it is the primary key's.
    pub primary: bool,
    /// Whether it is valid.
    pub valid: bool,
    /// Whether it has a predicate or an expression.
    pub partial_or_expression: bool,
    /// The constraint it stands behind.
    pub constraint: Option<Identifier>,
}

/// What kind of constraint it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum ConstraintKind {
    /// PRIMARY KEY.
    PrimaryKey,
    /// UNIQUE.
    Unique,
    /// CHECK.
    Check,
    /// FOREIGN KEY.
    ForeignKey {
        /// The table that it points to.
        references: QualifiedName,
        /// Whether deleting or updating the referenced row changes rows here (CASCADE, SET NULL, …).
        acts: bool,
    },
    /// EXCLUDE.
    Exclusion,
    /// NOT NULL as a constraint of its own (PostgreSQL 18).
    NotNull,
}

/// One constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Constraint {
    /// Its name.
    pub name: Identifier,
    /// Its kind.
    pub kind: ConstraintKind,
    /// Its columns.
    pub columns: Vec<Identifier>,
    /// Its definition as `pg_get_constraintdef` prints it.
    pub definition: String,
    /// Whether it is validated.
    pub validated: bool,
}

/// One trigger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// Its name; the server fires triggers of one kind in the order of names.
    pub name: Identifier,
    /// Whether it fires BEFORE (else AFTER or INSTEAD OF).
    pub before: bool,
    /// Whether it fires for each row.
    pub row: bool,
    /// Whether it fires on INSERT.
    pub on_insert: bool,
    /// Whether it fires on UPDATE.
    pub on_update: bool,
    /// For `UPDATE OF`, the columns; empty means all.
    pub update_columns: Vec<Identifier>,
    /// Whether it is enabled.
    pub enabled: bool,
    /// Whether it was made by Changeover.
    pub ours: bool,
}

impl Catalog {
    /// Finds a relation by name.
    pub fn relation(&self, name: &QualifiedName) -> Option<&Relation> {
        self.relations.get(&name.to_string())
    }

    /// Finds a relation by name, to change it.
    pub fn relation_mut(&mut self, name: &QualifiedName) -> Option<&mut Relation> {
        self.relations.get_mut(&name.to_string())
    }

    /// Adds or replaces a relation.
    pub fn insert(&mut self, relation: Relation) {
        self.relations.insert(relation.name.to_string(), relation);
    }

    /// Resolves a name as the server would: as it is where it has a schema, else along the search
    /// path, else (not there) in the schema where new objects go.
    pub fn resolve(&self, schema: Option<&Identifier>, name: &Identifier) -> QualifiedName {
        if let Some(schema) = schema {
            return QualifiedName { schema: schema.clone(), name: name.clone() };
        }
        let candidate =
            |schema: &Identifier| QualifiedName { schema: schema.clone(), name: name.clone() };
        self.search_path
            .iter()
            .map(candidate)
            .find(|qualified| self.relation(qualified).is_some())
            .or_else(|| self.search_path.first().map(candidate))
            .unwrap_or_else(|| candidate(&Identifier::from("public")))
    }
}

impl Relation {
    /// Finds a column.
    pub fn column(&self, name: &Identifier) -> Option<&Column> {
        self.columns.iter().find(|column| &column.name == name)
    }
}
