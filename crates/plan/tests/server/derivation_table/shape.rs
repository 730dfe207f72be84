//! The tables of the generated table: what kind of relation holds the rows, and what the column allows.

use super::{keys::Key, types::Group};
use changeover_plan::QualifiedName;

/// The longest name that the server keeps whole.
const NAME_BYTES_MAX: usize = 63;

/// A kind of relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    Partitioned,
    /// A partition of a partition.
    Below,
    /// A partition whose columns are in another order, with a dropped one between.
    Attached,
    InheritanceChild,
    Unlogged,
    /// Names with quotes, dots, upper case and Unicode, at 63 bytes.
    OddNames,
}

impl Kind {
    pub(super) const ALL: [Self; 7] = [
        Self::Plain,
        Self::Partitioned,
        Self::Below,
        Self::Attached,
        Self::InheritanceChild,
        Self::Unlogged,
        Self::OddNames,
    ];

    /// A name in a table of this kind.
    fn name(self, plain: &str) -> String {
        if self != Self::OddNames {
            return plain.to_owned();
        }
        let mut name = format!("{plain}. \"Ö\" ${{part}}$ '\\");
        while name.len() + 'Ü'.len_utf8() <= NAME_BYTES_MAX {
            name.push('Ü');
        }
        while name.len() < NAME_BYTES_MAX {
            name.push('U');
        }
        name
    }

    /// A name in a table of this kind, in quotes.
    pub(super) fn quoted(self, plain: &str) -> String {
        format!("\"{}\"", self.name(plain).replace('"', "\"\""))
    }

    /// The relation that holds the rows.
    pub(super) fn part(self, table: &str) -> QualifiedName {
        let name = match self {
            Self::Partitioned | Self::Below | Self::Attached => format!("{table}_p"),
            _ => self.name(table),
        };
        QualifiedName::new("public", name)
    }

    /// Makes the table.
    pub(super) fn create(self, table: &str, key: &Key, columns: &[String]) -> String {
        let name = self.quoted(table);
        let (keys, names) = (key.definitions(), key.names());
        let others = columns.join(", ");
        let last = key.columns.last().map_or("", |(name, _)| name.as_str());
        let whole = format!("({keys}, {others}, PRIMARY KEY ({names}))");
        match self {
            Self::Plain | Self::OddNames => format!("CREATE TABLE {name} {whole}"),
            Self::Unlogged => format!("CREATE UNLOGGED TABLE {name} {whole}"),
            Self::Partitioned => format!(
                "CREATE TABLE {name} {whole} PARTITION BY RANGE ({last}); \
                 CREATE TABLE {table}_p PARTITION OF {name} DEFAULT"
            ),
            Self::Below => format!(
                "CREATE TABLE {name} {whole} PARTITION BY RANGE ({last}); \
                 CREATE TABLE {table}_m PARTITION OF {name} DEFAULT PARTITION BY LIST ({last}); \
                 CREATE TABLE {table}_p PARTITION OF {table}_m DEFAULT"
            ),
            Self::Attached => {
                let reversed: Vec<&str> = columns.iter().rev().map(String::as_str).collect();
                format!(
                    "CREATE TABLE {name} {whole} PARTITION BY RANGE ({last}); \
                     CREATE TABLE {table}_p ({}, gone text, {keys}, PRIMARY KEY ({names})); \
                     ALTER TABLE {table}_p DROP COLUMN gone; \
                     ALTER TABLE {name} ATTACH PARTITION {table}_p DEFAULT",
                    reversed.join(", ")
                )
            }
            Self::InheritanceChild => format!(
                "CREATE TABLE {table}_parent ({keys}); \
                 CREATE TABLE {name} ({others}, PRIMARY KEY ({names})) INHERITS ({table}_parent)"
            ),
        }
    }
}

/// What the filled column allows, and what the statement says for a row without a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Allowance {
    /// A new column that may be NULL.
    Nullable,
    /// A new column, NOT NULL with a default: a row whose source is NULL is parked.
    NotNull,
    /// The same, where the statement gives another value for NULL.
    Coalesced,
    /// A column that was there, whose type takes no NULL: a row whose source is NULL is parked.
    Domain,
    /// The same, where the statement gives another value for NULL.
    DomainCoalesced,
}

impl Allowance {
    /// Those for columns whose type takes NULLs, or takes none.
    pub(super) fn of(group: Group) -> &'static [Self] {
        if group == Group::Strict {
            &[Self::Domain, Self::DomainCoalesced]
        } else {
            &[Self::Nullable, Self::NotNull, Self::Coalesced]
        }
    }

    /// Whether the column was there before.
    pub(super) fn is_old(self) -> bool {
        matches!(self, Self::Domain | Self::DomainCoalesced)
    }

    /// Whether rows without a value are parked.
    pub(super) fn parks(self) -> bool {
        matches!(self, Self::NotNull | Self::Domain)
    }

    /// Whether the statement gives another value for NULL.
    pub(super) fn is_coalesced(self) -> bool {
        matches!(self, Self::Coalesced | Self::DomainCoalesced)
    }
}
