//! What depends on what, by column: `pg_depend` for what users made.
//!
//! [`Catalog::bars_drop`] answers the question that the server asks before a `DROP`: which objects
//! would be in the way. Objects that pending statements have dropped meanwhile no longer count.
//! SQL: `sql/dependencies.sql`.

use super::Catalog;
use crate::model::identifier::{Identifier, QualifiedName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Something that depends, or that is depended on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Object {
    /// A table, view, materialised view, foreign table, sequence or index.
    Relation {
        /// Its name.
        name: QualifiedName,
    },
    /// A column.
    Column {
        /// The table.
        relation: QualifiedName,
        /// The column.
        name: Identifier,
    },
    /// A default, or the expression of a generated column.
    Default {
        /// The table.
        relation: QualifiedName,
        /// The column.
        name: Identifier,
    },
    /// A constraint of a table.
    Constraint {
        /// The table.
        relation: QualifiedName,
        /// The constraint.
        name: Identifier,
    },
    /// A trigger.
    Trigger {
        /// The table.
        relation: QualifiedName,
        /// The trigger.
        name: Identifier,
    },
    /// A policy of row security.
    Policy {
        /// The table.
        relation: QualifiedName,
        /// The policy.
        name: Identifier,
    },
    /// A rule, other than the one behind a view.
    Rule {
        /// The table.
        relation: QualifiedName,
        /// The rule.
        name: Identifier,
    },
    /// A function, procedure or aggregate.
    Function {
        /// Its name.
        name: QualifiedName,
        /// The types of its arguments, as the server prints them.
        arguments: String,
    },
    /// A type or domain.
    Type {
        /// Its name.
        name: QualifiedName,
    },
    /// A table as a part of a publication, with its column list and row filter.
    Publication {
        /// The publication.
        name: Identifier,
        /// The table.
        relation: QualifiedName,
    },
    /// Anything else, as the server describes it.
    Other {
        /// The server's words.
        description: String,
    },
}

/// What happens to the dependant when what it depends on is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DependencyKind {
    /// It bars the drop.
    Bars,
    /// It goes along without a word.
    Goes,
}

/// One dependency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// What is depended on.
    pub on: Object,
    /// What depends on it.
    pub by: Object,
    /// What happens to it.
    pub kind: DependencyKind,
}

impl Object {
    /// The object for people: `view v`, `policy p of doc`.
    pub fn plain(&self) -> String {
        let of = |what: &str, name: &Identifier, relation: &QualifiedName| {
            format!("{what} {} of {}", name.as_str(), relation.plain())
        };
        match self {
            Self::Relation { name } => name.plain(),
            Self::Column { relation, name } => format!("{}.{}", relation.plain(), name.as_str()),
            Self::Default { relation, name } => {
                format!("the default or expression of {}.{}", relation.plain(), name.as_str())
            }
            Self::Constraint { relation, name } => of("constraint", name, relation),
            Self::Trigger { relation, name } => of("trigger", name, relation),
            Self::Policy { relation, name } => of("policy", name, relation),
            Self::Rule { relation, name } => of("rule", name, relation),
            Self::Function { name, arguments } => format!("function {}({arguments})", name.plain()),
            Self::Type { name } => format!("type {}", name.plain()),
            Self::Publication { name, relation } => of("publication", name, relation),
            Self::Other { description } => description.clone(),
        }
    }
}

impl Catalog {
    /// What would be in the way of dropping the object: all that depends on it or on what goes
    /// along with it, and does not go along itself.
    pub fn bars_drop(&self, object: &Object) -> Vec<Object> {
        let mut goes = vec![object.clone()];
        let mut barring: BTreeSet<Object> = BTreeSet::new();
        let mut at = 0;
        while let Some(current) = goes.get(at).cloned() {
            at += 1;
            for found in self.dependencies.iter().filter(|found| covers(&current, &found.on)) {
                if !self.is_there(&found.by) {
                    continue;
                }
                match found.kind {
                    DependencyKind::Goes if !goes.contains(&found.by) => {
                        goes.push(found.by.clone())
                    }
                    DependencyKind::Goes => {}
                    DependencyKind::Bars => {
                        barring.insert(found.by.clone());
                    }
                }
            }
        }
        barring.into_iter().filter(|found| !goes.iter().any(|gone| covers(gone, found))).collect()
    }

    /// Forgets an object that a statement drops, with what it depends on and what depends on it.
    pub fn forget(&mut self, object: &Object) {
        self.forget_dependencies(|found| &found.by == object || &found.on == object);
    }

    /// Forgets all functions of an unqualified name.
    pub fn forget_function(&mut self, function: &Identifier) {
        let is_it = |object: &Object| match object {
            Object::Function { name, .. } => &name.name == function,
            _ => false,
        };
        self.forget_dependencies(|found| is_it(&found.by) || is_it(&found.on));
    }

    /// Forgets those that are meant; where there are none, the list stays shared with other copies.
    fn forget_dependencies(&mut self, meant: impl Fn(&Dependency) -> bool) {
        if self.dependencies.iter().any(&meant) {
            self.dependencies.retain(|found| !meant(found));
        }
    }

    /// Whether the object still is in this picture, as far as the picture shows such objects.
    fn is_there(&self, object: &Object) -> bool {
        match object {
            Object::Column { relation, name } => {
                self.relation(relation).is_some_and(|found| found.column(name).is_some())
            }
            Object::Default { relation, name } => self
                .relation(relation)
                .and_then(|found| found.column(name))
                .is_some_and(|column| column.default.is_some() || column.generated.is_some()),
            Object::Constraint { relation, name } => self
                .relation(relation)
                .is_some_and(|found| found.constraints.iter().any(|other| &other.name == name)),
            Object::Trigger { relation, name } => self
                .relation(relation)
                .is_some_and(|found| found.triggers.iter().any(|other| &other.name == name)),
            Object::Policy { relation, .. }
            | Object::Rule { relation, .. }
            | Object::Publication { relation, .. } => self.relation(relation).is_some(),
            Object::Relation { name } => self.relation(name).is_some() || self.has_index(name),
            Object::Function { .. } | Object::Type { .. } | Object::Other { .. } => true,
        }
    }

    fn has_index(&self, name: &QualifiedName) -> bool {
        self.every_relation()
            .filter(|relation| relation.name.schema == name.schema)
            .any(|relation| relation.indexes.iter().any(|index| index.name == name.name))
    }
}

/// Whether what goes takes the other along: a table all that is of it, a column its default. Our
/// query leaves out that a default depends on its own column.
fn covers(gone: &Object, other: &Object) -> bool {
    gone == other
        || match (gone, other) {
            (
                Object::Relation { name },
                Object::Column { relation, .. }
                | Object::Default { relation, .. }
                | Object::Constraint { relation, .. }
                | Object::Trigger { relation, .. }
                | Object::Policy { relation, .. }
                | Object::Rule { relation, .. }
                | Object::Publication { relation, .. },
            ) => name == relation,
            (
                Object::Column { relation, name },
                Object::Default { relation: default_of, name: default },
            ) => relation == default_of && name == default,
            _ => false,
        }
}
