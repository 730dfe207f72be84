//! What a change makes, removes or needs: how steps find those that must come before them.

use crate::model::identifier::{Identifier, QualifiedName};

/// Something that a change makes or removes, and that other changes need.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A table, view or sequence.
    Relation(QualifiedName),
    /// A column of a table.
    Column(QualifiedName, Identifier),
    /// That no row of a column differs from what it should be.
    Filled(QualifiedName, Identifier),
    /// An index, by its qualified name.
    Index(QualifiedName),
    /// A constraint of a table.
    Constraint(QualifiedName, Identifier),
    /// A type.
    Type(QualifiedName),
    /// A function, by its unqualified name.
    Function(Identifier),
    /// A trigger of a table.
    Trigger(QualifiedName, Identifier),
    /// That a column accepts no NULL.
    NotNull(QualifiedName, Identifier),
    /// That a column has no default.
    NoDefault(QualifiedName, Identifier),
    /// That privileges are taken away.
    Revoked,
}

impl Subject {
    /// Whether a change that names this one no longer finds it once the other is renamed or gone.
    pub(crate) fn goes_with(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Column(table, _)
                | Self::Filled(table, _)
                | Self::Constraint(table, _)
                | Self::Trigger(table, _)
                | Self::NotNull(table, _)
                | Self::NoDefault(table, _),
                Self::Relation(name),
            ) => table == name,
            (
                Self::Filled(table, column)
                | Self::NotNull(table, column)
                | Self::NoDefault(table, column),
                Self::Column(of, name),
            ) => table == of && column == name,
            _ => self == other,
        }
    }

    /// The subject for people: `column orders.total`.
    pub fn plain(&self) -> String {
        match self {
            Self::Column(table, column) => format!("column {}.{}", table.plain(), column.as_str()),
            Self::Relation(name) => format!("relation {}", name.plain()),
            Self::Index(name) => format!("index {}", name.plain()),
            Self::Constraint(table, name) => {
                format!("constraint {} of {}", name.as_str(), table.plain())
            }
            Self::Type(name) => format!("type {}", name.plain()),
            Self::Function(name) => format!("function {}", name.as_str()),
            Self::Trigger(table, name) => {
                format!("trigger {} of {}", name.as_str(), table.plain())
            }
            Self::Filled(table, column) => format!("{}.{}", table.plain(), column.as_str()),
            Self::NotNull(table, column) => {
                format!("NOT NULL of {}.{}", table.plain(), column.as_str())
            }
            Self::NoDefault(table, column) => {
                format!("DROP DEFAULT of {}.{}", table.plain(), column.as_str())
            }
            Self::Revoked => "privileges".to_owned(),
        }
    }
}

/// The subjects of one change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// What must be there before.
    pub needs: Vec<Subject>,
    /// What is there afterwards.
    pub makes: Vec<Subject>,
    /// What is gone afterwards, so that its name is free.
    pub removes: Vec<Subject>,
}

impl Effects {
    /// Adds what must be there before.
    pub(crate) fn needs(mut self, subjects: impl IntoIterator<Item = Subject>) -> Self {
        self.needs.extend(subjects);
        self
    }

    /// Adds what is there afterwards.
    pub(crate) fn makes(mut self, subject: Subject) -> Self {
        self.makes.push(subject);
        self
    }

    /// Adds what is gone afterwards; it must have been there before.
    pub(crate) fn removes(mut self, subject: Subject) -> Self {
        self.needs.push(subject.clone());
        self.removes.push(subject);
        self
    }

    /// Adds all of another change's subjects.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.needs.extend(other.needs);
        self.makes.extend(other.makes);
        self.removes.extend(other.removes);
        self
    }
}
