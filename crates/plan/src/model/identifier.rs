//! SQL identifiers: the one way by which a name gets into SQL text.
//!
//! [`Identifier`] holds the name as the catalog has it (folded, unquoted) and always prints it
//! quoted, so a table named `order` or `Weird"Name` is as safe as any other.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A name as the catalog stores it. Prints as a quoted SQL identifier.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Identifier(String);

impl Identifier {
    /// Takes a name exactly as `pg_catalog` has it.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name without quotes, for comparing with the catalog and for people to read.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.replace('"', "\"\""))
    }
}

impl From<&str> for Identifier {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

/// A relation, type or function with its schema. Prints as `"schema"."name"`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct QualifiedName {
    /// The schema.
    pub schema: Identifier,
    /// The name within the schema.
    pub name: Identifier,
}

impl QualifiedName {
    /// Puts a name together from the catalog's two parts.
    pub fn new(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self { schema: Identifier::new(schema), name: Identifier::new(name) }
    }

    /// The name for people: without quotes, and without the schema where that is `public`.
    pub fn plain(&self) -> String {
        if self.schema.as_str() == "public" {
            self.name.as_str().to_owned()
        } else {
            format!("{}.{}", self.schema.as_str(), self.name.as_str())
        }
    }
}

impl fmt::Display for QualifiedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.name)
    }
}

/// Quotes a text as an SQL string literal, for the few places (DDL) where parameters are impossible.
pub fn quote_literal(text: &str) -> String {
    let quoted = format!("'{}'", text.replace('\'', "''"));
    if text.contains('\\') { format!("E{}", quoted.replace('\\', "\\\\")) } else { quoted }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(Identifier::new("Wei\"rd").to_string(), "\"Wei\"\"rd\"");
        assert_eq!(QualifiedName::new("public", "order").to_string(), "\"public\".\"order\"");
        assert_eq!(QualifiedName::new("public", "order").plain(), "order");
        assert_eq!(quote_literal("it's"), "'it''s'");
        assert_eq!(quote_literal("a\\b"), "E'a\\\\b'");
    }
}
