//! `CREATE INDEX`, plain or concurrently.

use super::{Break, DropIndex, Effects, Facts, Inverse, Kind, Subject, leaves};
use crate::model::{
    catalog::{Catalog, Index, RelationKind},
    identifier::{Identifier, QualifiedName},
    lock::LockMode,
};
use crate::world::names::shortened;
use serde::{Deserialize, Serialize};

/// `CREATE INDEX`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateIndex {
    /// The table.
    pub table: QualifiedName,
    /// The index; its schema is the table's.
    pub index: Identifier,
    /// Whether it is unique.
    pub unique: bool,
    /// All that stands after `ON table`, e.g. `USING btree ("deployment_id") WHERE …`.
    pub definition: String,
    /// Whether writes go on meanwhile.
    #[serde(default)]
    pub concurrently: bool,
    /// For a partitioned table: on the parent alone, invalid until each part's is attached.
    #[serde(default)]
    pub only: bool,
    /// The access method.
    #[serde(default = "btree")]
    pub method: String,
    /// Its key columns in order; empty where one of them is an expression.
    #[serde(default)]
    pub columns: Vec<Identifier>,
    /// All columns that it reads.
    #[serde(default)]
    pub reads: Vec<Identifier>,
    /// Whether it has a predicate or an expression.
    #[serde(default = "unknown")]
    pub partial_or_expression: bool,
}

fn btree() -> String {
    "btree".to_owned()
}

/// What format 1 of the ledger did not keep; the cautious answer.
fn unknown() -> bool {
    true
}

impl CreateIndex {
    /// The index's full name.
    pub fn name(&self) -> QualifiedName {
        QualifiedName { schema: self.table.schema.clone(), name: self.index.clone() }
    }

    /// The same index on the partitioned table alone.
    pub fn on_parent_alone(&self) -> Self {
        Self { concurrently: false, only: true, ..self.clone() }
    }

    /// The same index on one part: built concurrently, named after both until it is attached.
    pub fn on_part(&self, part: &QualifiedName) -> Self {
        let name = format!("{}_{}", self.index.as_str(), part.name.as_str());
        Self {
            table: part.clone(),
            index: Identifier::new(shortened(&name)),
            concurrently: true,
            only: false,
            ..self.clone()
        }
    }

    /// What takes away what a build that failed has left.
    pub fn leftover(&self) -> DropIndex {
        DropIndex {
            table: self.table.clone(),
            index: self.name(),
            concurrently: true,
            if_exists: true,
        }
    }

    /// Makes a part's index a part of this one.
    pub fn attach(&self, part: &QualifiedName) -> String {
        format!("ALTER INDEX {} ATTACH PARTITION {part}", self.name())
    }
}

impl Kind for CreateIndex {
    fn render(&self) -> Vec<String> {
        let unique = if self.unique { "UNIQUE " } else { "" };
        let concurrently = if self.concurrently { "CONCURRENTLY " } else { "" };
        let only = if self.only { "ONLY " } else { "" };
        vec![format!(
            "CREATE {unique}INDEX {concurrently}{} ON {only}{} {}",
            self.index, self.table, self.definition
        )]
    }

    fn apply(&self, catalog: &mut Catalog) {
        let Some(relation) = catalog.relation_mut(&self.table) else { return };
        relation.indexes.retain(|found| found.name != self.index);
        relation.indexes.push(Index {
            name: self.index.clone(),
            method: self.method.clone(),
            columns: self.columns.clone(),
            unique: self.unique,
            primary: false,
            valid: true,
            partial_or_expression: self.partial_or_expression,
            constraint: None,
            expression_columns: match self.partial_or_expression {
                true => self.reads.clone(),
                false => Vec::new(),
            },
            ..Index::default()
        });
    }

    fn invert(&self, before: &Catalog) -> Inverse {
        let partitioned = before
            .relation(&self.table)
            .is_some_and(|found| found.kind == RelationKind::PartitionedTable);
        Inverse::one(DropIndex {
            table: self.table.clone(),
            index: self.name(),
            concurrently: self.concurrently && !partitioned,
            if_exists: true,
        })
    }

    fn facts(&self, catalog: &Catalog) -> Facts {
        // Where one of that name stands already, nothing is built.
        let stands = catalog.relation(&self.table).is_some_and(|table| {
            table.indexes.iter().any(|index| index.name == self.index && index.valid)
        });
        let facts = Facts::default();
        let mut facts = if stands { facts } else { facts.scans(&self.table) };
        facts.outside_transaction = self.concurrently;
        if self.unique {
            facts = facts.breaks(Break::Writes);
        }
        let mode = if self.concurrently { LockMode::ShareUpdateExclusive } else { LockMode::Share };
        facts.lock(&self.table, mode).lock_all(&leaves(catalog, &self.table), mode)
    }

    fn effects(&self) -> Effects {
        let column = |name: &Identifier| Subject::Column(self.table.clone(), name.clone());
        let filled = |name: &Identifier| Subject::Filled(self.table.clone(), name.clone());
        let effects = Effects::default()
            .needs([Subject::Relation(self.table.clone())])
            .needs(self.reads.iter().map(column))
            .makes(Subject::Index(self.name()));
        if self.unique { effects.needs(self.reads.iter().map(filled)) } else { effects }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_parts_stay_within_the_limit_and_apart() {
        let create = |index: &str| CreateIndex {
            table: QualifiedName::new("public", "flows"),
            index: Identifier::from(index),
            unique: false,
            definition: "USING btree (\"a\")".to_owned(),
            concurrently: true,
            only: false,
            method: btree(),
            columns: Vec::new(),
            reads: Vec::new(),
            partial_or_expression: false,
        };
        let part = |name: &str| QualifiedName::new("public", name);
        let long = create(&"i".repeat(50));
        let one = long.on_part(&part(&format!("{}1", "p".repeat(40)))).index;
        let two = long.on_part(&part(&format!("{}2", "p".repeat(40)))).index;
        assert!(one.as_str().len() <= 63);
        assert_ne!(one, two);
        assert_eq!(create("a").on_part(&part("b")).index.as_str(), "a_b");
    }
}
