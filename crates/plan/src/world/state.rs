//! What the planner knows while it goes through the statements: the catalog as it will be by then,
//! which step makes what, and which sync triggers will be there.

use super::records::{Records, Sync};
use crate::{
    change::Change,
    model::{
        catalog::{Catalog, Relation},
        identifier::{Identifier, QualifiedName},
        plan::Refusal,
        step::StepId,
    },
    sql::statement::Name,
};
use std::collections::{BTreeMap, BTreeSet};

/// The planner's state.
#[derive(Debug)]
pub(crate) struct World {
    /// The application.
    pub(crate) app: String,
    /// The catalog as it will be after all statements so far.
    pub(crate) catalog: Catalog,
    /// Relations made by the pending migrations: no older release uses them.
    pub(crate) new_relations: BTreeSet<QualifiedName>,
    /// Columns that the pending migrations add, with what the rows that are there get at once: `None` for NULL.
    pub(crate) new_columns: BTreeMap<(QualifiedName, Identifier), Option<String>>,
    /// The steps so far and what they do.
    pub(crate) records: Records,
    /// Steps of earlier plans that still remove sync triggers, by table.
    pub(crate) pending_sync_drops: Vec<(QualifiedName, StepId)>,
    /// The refusals so far.
    pub(crate) refusals: Vec<Refusal>,
}

impl World {
    /// A world before the first statement.
    pub(crate) fn new(app: &str, catalog: &Catalog) -> Self {
        Self {
            app: app.to_owned(),
            catalog: catalog.clone(),
            new_relations: BTreeSet::new(),
            new_columns: BTreeMap::new(),
            records: Records::default(),
            pending_sync_drops: Vec::new(),
            refusals: Vec::new(),
        }
    }

    /// Plays a change on the catalog and remembers what it renames.
    pub(crate) fn apply(&mut self, change: &Change) {
        change.apply(&mut self.catalog);
        match change {
            Change::RenameRelation(rename) if self.new_relations.remove(&rename.from) => {
                self.new_relations.insert(rename.to.clone());
            }
            Change::DropRelation(drop) => {
                self.new_relations.remove(&drop.name);
            }
            Change::AsWritten(written) => {
                let renames = written.changes.iter();
                for change in renames
                    .filter(|c| matches!(c, Change::RenameRelation(_) | Change::DropRelation(_)))
                {
                    self.apply(change);
                }
            }
            _ => {}
        }
    }

    /// Resolves a name as written.
    pub(crate) fn resolve(&self, name: &Name) -> QualifiedName {
        self.catalog.resolve(name.schema.as_ref(), &name.name)
    }

    /// The name that a new object gets: never that of an existing one in a later schema.
    pub(crate) fn resolve_new(&self, name: &Name) -> QualifiedName {
        self.catalog.resolve_new(name.schema.as_ref(), &name.name)
    }

    /// Resolves an index's name along the search path.
    pub(crate) fn resolve_index(&self, name: &Name) -> QualifiedName {
        self.catalog.resolve_index(name.schema.as_ref(), &name.name)
    }

    /// Whether the pending migrations made the relation.
    pub(crate) fn is_new(&self, name: &QualifiedName) -> bool {
        self.new_relations.contains(name)
    }

    /// A relation that must be there.
    pub(crate) fn relation(&self, name: &QualifiedName) -> Option<&Relation> {
        self.catalog.relation(name)
    }

    /// Sync triggers of this plan that compute or read a column.
    pub(crate) fn syncs_touching(&self, table: &QualifiedName, column: &Identifier) -> Vec<Sync> {
        self.records
            .syncs()
            .iter()
            .filter(|sync| &sync.table == table)
            .filter(|sync| sync.columns.contains(column) || sync.reads.contains(column))
            .cloned()
            .collect()
    }
}
