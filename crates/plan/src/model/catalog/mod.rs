//! A picture of the database's catalog, as far as planning needs it.
//!
//! The engine reads it from a server by the queries of [`load`], or from a file that holds it as JSON;
//! the planner plays the pending statements on a copy of it, so that a later statement sees what an
//! earlier one will have made. One file a subject, with its SQL in `sql/`. Fields may be added, with
//! a default: pictures are kept in files.

mod column;
mod constraint;
mod dependency;
mod index;
pub mod load;
mod publication;
mod relation;
mod session;
mod trigger;
mod types;

pub use column::Column;
pub use constraint::{Constraint, ConstraintKind};
pub use dependency::{Dependency, DependencyKind, Object};
pub use index::{Index, Statistics};
pub use publication::{Publication, PublishedTable};
pub use relation::{Persistence, Relation, RelationKind, ReplicaIdentity, RowSecurity};
pub use session::{Schema, Session};
pub use trigger::{EventTrigger, Rule, RuleEvent, Trigger};
pub use types::{Attribute, Domain, DomainCheck, DomainRules, Type, TypeKind, without_modifier};

use super::{
    identifier::{Identifier, QualifiedName},
    shared::Shared,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The catalog at one moment. A copy is cheap: what is large is shared until one of them changes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Catalog {
    /// `server_version_num`, e.g. 150018.
    pub server_version: u32,
    /// The schemas in which unqualified names are looked up, in order; the first one is where
    /// unqualified new objects go. Without `pg_catalog`.
    pub search_path: Vec<Identifier>,
    /// Tables, partitioned tables and views by name; partitions too.
    pub relations: Shared<BTreeMap<String, Shared<Relation>>>,
    /// For each function name (unqualified), the most volatile of its overloads.
    pub functions: Shared<BTreeMap<String, Volatility>>,
    /// Types: the server's base types and all that users made.
    #[serde(default)]
    pub types: Shared<Vec<Type>>,
    /// Publications.
    #[serde(default)]
    pub publications: Shared<Vec<Publication>>,
    /// Event triggers.
    #[serde(default)]
    pub event_triggers: Vec<EventTrigger>,
    /// What depends on what.
    #[serde(default)]
    pub dependencies: Shared<Vec<Dependency>>,
    /// Who plans; `None` where nobody is known, so that no rights are asked for.
    #[serde(default)]
    pub session: Option<Shared<Session>>,
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

impl Catalog {
    /// Finds a relation by name.
    pub fn relation(&self, name: &QualifiedName) -> Option<&Relation> {
        self.relations.get(&name.to_string()).map(|found| &**found)
    }

    /// Finds a relation by name, to change it.
    pub fn relation_mut(&mut self, name: &QualifiedName) -> Option<&mut Relation> {
        self.relations.get_mut(&name.to_string()).map(|found| &mut **found)
    }

    /// All relations, by name.
    pub fn every_relation(&self) -> impl Iterator<Item = &Relation> {
        self.relations.values().map(|found| &**found)
    }

    /// Changes the relations that are meant, and copies no other.
    pub fn change_relations(
        &mut self,
        meant: impl Fn(&Relation) -> bool,
        change: impl Fn(&mut Relation),
    ) {
        if self.every_relation().any(&meant) {
            self.relations
                .values_mut()
                .filter(|found| meant(found))
                .for_each(|found| change(found));
        }
    }

    /// Adds or replaces a relation.
    pub fn insert(&mut self, relation: Relation) {
        self.relations.insert(relation.name.to_string(), relation.into());
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

    /// The partitioned tables above a part, nearest first.
    pub fn ancestors(&self, relation: &Relation) -> Vec<QualifiedName> {
        let mut ancestors = Vec::new();
        let mut next = relation.partition_of.clone();
        while let Some(parent) = next.filter(|parent| !ancestors.contains(parent)) {
            next = self.relation(&parent).and_then(|found| found.partition_of.clone());
            ancestors.push(parent);
        }
        ancestors
    }

    /// All parts below a partitioned table, parts of parts included, by name.
    pub fn parts(&self, table: &QualifiedName) -> Vec<&Relation> {
        let below = |part: &&Relation| self.ancestors(part).contains(table);
        self.every_relation().filter(below).collect()
    }

    /// Tables that inherit directly from this one (`INHERITS`).
    pub fn children(&self, table: &QualifiedName) -> Vec<&Relation> {
        self.every_relation().filter(|child| child.inherits.contains(table)).collect()
    }
}

#[cfg(test)]
mod tests;
