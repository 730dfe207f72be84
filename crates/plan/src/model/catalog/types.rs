//! Types: what a column's values are, and how the server compares them.
//!
//! The server's own base types are here too, so that nothing asks for a type by a list of names in
//! code. Arrays are not listed: they follow their elements. SQL: `sql/types.sql`.

use super::Catalog;
use crate::model::identifier::{Identifier, QualifiedName};
use serde::{Deserialize, Serialize};

/// One type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Type {
    /// Its name.
    pub name: QualifiedName,
    /// How `format_type` prints it without a modifier, e.g. `timestamp with time zone`.
    pub sql: String,
    /// What it is.
    pub kind: TypeKind,
    /// Whether the server has an equality for it by default (btree or hash), also for all that it
    /// is made of.
    pub has_equality: bool,
}

/// What a type is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum TypeKind {
    /// A base type.
    Base,
    /// An enum.
    Enum {
        /// Its labels in order.
        labels: Vec<String>,
    },
    /// A domain.
    Domain(Domain),
    /// A composite type made by `CREATE TYPE`, or the row type of a table.
    Composite {
        /// Its attributes in order.
        attributes: Vec<Attribute>,
    },
    /// A range.
    Range {
        /// The type of its bounds, as `format_type` prints it.
        subtype: String,
    },
    /// A multirange.
    Multirange,
    /// Made by the pending migrations; no more is known of it.
    Unknown,
}

/// What a domain adds to its base type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Domain {
    /// The base type as `format_type` prints it; it may be a domain too.
    pub base: String,
    /// Whether NULL is rejected.
    pub not_null: bool,
    /// Its default expression.
    pub default: Option<String>,
    /// Its CHECK constraints.
    pub checks: Vec<DomainCheck>,
}

/// A CHECK constraint of a domain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainCheck {
    /// Its name.
    pub name: Identifier,
    /// Its definition as `pg_get_constraintdef` prints it.
    pub definition: String,
    /// Whether stored values are known to satisfy it.
    pub validated: bool,
}

/// An attribute of a composite type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// Its name.
    pub name: Identifier,
    /// Its type as `format_type` prints it.
    pub type_sql: String,
}

impl Type {
    /// A type of which only the name is known yet.
    pub fn unknown(name: QualifiedName) -> Self {
        let sql = name.to_string();
        Self { name, sql, kind: TypeKind::Unknown, has_equality: false }
    }
}

/// What holds for a domain and all domains below it, down to the base type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DomainRules<'a> {
    /// The type below all of them, as `format_type` prints it.
    pub base: &'a str,
    /// Whether one of them rejects NULL.
    pub not_null: bool,
    /// The default that applies: the outermost.
    pub default: Option<&'a str>,
    /// All checks, the outermost domain's first.
    pub checks: Vec<&'a DomainCheck>,
}

/// Domains over domains are followed to this depth; a deeper one is not a real schema.
const DOMAIN_DEPTH_MAX: usize = 32;

impl Catalog {
    /// The type behind what `format_type` prints, without modifier and array marks.
    pub fn type_of(&self, type_sql: &str) -> Option<&Type> {
        let bare = without_modifier(type_sql.trim_end_matches("[]"));
        self.types.iter().find(|found| found.sql == bare).or_else(|| {
            // A type that pending migrations made is known by its full name only.
            self.types.iter().find(|found| {
                found.name.to_string() == bare
                    || found.name.plain() == bare
                    || found.name.name.as_str() == bare
            })
        })
    }

    /// Whether values of the type can be compared by `=` of the server's default. Unknown types
    /// cannot.
    pub fn has_equality(&self, type_sql: &str) -> bool {
        self.type_of(type_sql).is_some_and(|found| found.has_equality)
    }

    /// What a domain demands, where the type is one; an array of a domain is none.
    pub fn domain_rules<'a>(&'a self, type_sql: &'a str) -> Option<DomainRules<'a>> {
        let mut rules = DomainRules { base: type_sql, ..DomainRules::default() };
        let mut is_domain = false;
        for _ in 0..DOMAIN_DEPTH_MAX {
            if rules.base.ends_with("[]") {
                break;
            }
            let Some(TypeKind::Domain(domain)) = self.type_of(rules.base).map(|found| &found.kind)
            else {
                break;
            };
            is_domain = true;
            rules.base = &domain.base;
            rules.not_null |= domain.not_null;
            rules.default = rules.default.or(domain.default.as_deref());
            rules.checks.extend(&domain.checks);
        }
        is_domain.then_some(rules)
    }
}

/// `character varying(20)` without `(20)`, `timestamp(3) with time zone` without `(3)`.
pub fn without_modifier(type_sql: &str) -> String {
    let quoted_until = type_sql.rfind('"').map_or(0, |at| at + 1);
    match (type_sql[quoted_until..].find('('), type_sql[quoted_until..].find(')')) {
        (Some(open), Some(close)) if open < close => {
            let (open, close) = (open + quoted_until, close + quoted_until);
            format!("{}{}", &type_sql[..open], &type_sql[close + 1..])
        }
        _ => type_sql.to_owned(),
    }
}
