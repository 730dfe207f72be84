//! Names that the server would choose, chosen the same way.
//!
//! An unnamed index or constraint is built in several steps, so it must be named beforehand; the
//! name is the one that the plain statement would have got (`makeObjectName` and
//! `ChooseRelationName` in the server's source).

use crate::model::{
    catalog::Catalog,
    identifier::{Identifier, QualifiedName},
};
use sha2::{Digest, Sha256};

/// The longest name that the server keeps, in bytes.
pub(crate) const NAME_BYTES_MAX: usize = 63;

/// The name for an unnamed index: `table_column_idx`, numbered where taken.
pub(crate) fn default_index_name(
    catalog: &Catalog,
    table: &QualifiedName,
    parts: &[String],
    label: &str,
) -> Identifier {
    first_free(table, &joined(&distinct(parts)), label, |name| {
        is_relation(catalog, table, name) || is_constraint(catalog, table, name, label)
    })
}

/// The names that the server tries in turn for an unnamed index, of which it takes the first that is free:
/// `table_column_idx`, `table_column_idx1`. `columns` as the index itself names them.
pub fn default_names<'a>(
    table: &'a str,
    columns: &[String],
    label: &'a str,
) -> impl Iterator<Item = Identifier> + 'a {
    numbered(table, joined(&distinct(columns)), label)
}

/// The name for an unnamed CHECK or FOREIGN KEY: `table_column_check`, numbered where taken.
pub(crate) fn default_constraint_name(
    catalog: &Catalog,
    table: &QualifiedName,
    columns: &[Identifier],
    label: &str,
) -> Identifier {
    let parts: Vec<String> = columns.iter().map(|column| column.as_str().to_owned()).collect();
    first_free(table, &joined(&parts), label, |name| in_schema(catalog, table, name))
}

/// A name cut to the server's length, ending in a hash where it had to be cut.
pub(crate) fn shortened(name: &str) -> String {
    shortened_to(name, NAME_BYTES_MAX, '_')
}

/// A name cut to a number of bytes, ending in a hash behind a separator where it had to be cut.
pub(crate) fn shortened_to(name: &str, bytes_max: usize, separator: char) -> String {
    if name.len() <= bytes_max {
        return name.to_owned();
    }
    let digest = Sha256::digest(name.as_bytes());
    let hash: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let room = bytes_max.saturating_sub(hash.len() + separator.len_utf8());
    format!("{}{separator}{hash}", clip(name, room))
}

/// Column names as the server makes them distinct within one index.
fn distinct(parts: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for part in parts {
        let mut name = part.clone();
        let mut number = 1;
        while names.contains(&name) {
            let suffix = number.to_string();
            name = format!("{}{suffix}", clip(part, NAME_BYTES_MAX - suffix.len()));
            number += 1;
        }
        names.push(name);
    }
    names
}

/// The parts joined by underscores, cut where the server stops joining.
fn joined(parts: &[String]) -> String {
    let mut name = String::new();
    for part in parts {
        if !name.is_empty() {
            name.push('_');
        }
        name.push_str(part);
        if name.len() > NAME_BYTES_MAX {
            break;
        }
    }
    name
}

fn numbered<'a>(
    table: &'a str,
    middle: String,
    label: &'a str,
) -> impl Iterator<Item = Identifier> + 'a {
    (0..)
        .map(move |pass: u32| if pass == 0 { label.to_owned() } else { format!("{label}{pass}") })
        .map(move |label| Identifier::new(object_name(table, &middle, &label)))
}

fn first_free(
    table: &QualifiedName,
    middle: &str,
    label: &str,
    taken: impl Fn(&str) -> bool,
) -> Identifier {
    // Bounded by the number of names that exist; the server counts without an end.
    numbered(table.name.as_str(), middle.to_owned(), label)
        .find(|name| !taken(name.as_str()))
        .unwrap_or_else(|| Identifier::from(label))
}

/// `makeObjectName`: shortens the longer of the two parts until all fits.
fn object_name(first: &str, second: &str, label: &str) -> String {
    let overhead = label.len() + 1 + usize::from(!second.is_empty());
    let available = NAME_BYTES_MAX.saturating_sub(overhead);
    let (mut first_len, mut second_len) = (first.len(), second.len());
    while first_len + second_len > available {
        if first_len > second_len {
            first_len -= 1;
        } else {
            second_len -= 1;
        }
    }
    let (first, second) = (clip(first, first_len), clip(second, second_len));
    if second.is_empty() { format!("{first}_{label}") } else { format!("{first}_{second}_{label}") }
}

/// Cuts at a character's boundary.
fn clip(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn is_relation(catalog: &Catalog, table: &QualifiedName, name: &str) -> bool {
    catalog.every_relation().filter(|relation| relation.name.schema == table.schema).any(
        |relation| {
            relation.name.name.as_str() == name
                || relation.indexes.iter().any(|index| index.name.as_str() == name)
        },
    )
}

/// Only for indexes behind constraints does the server look at constraints' names too.
fn is_constraint(catalog: &Catalog, table: &QualifiedName, name: &str, label: &str) -> bool {
    label != "idx" && in_schema(catalog, table, name)
}

fn in_schema(catalog: &Catalog, table: &QualifiedName, name: &str) -> bool {
    catalog
        .every_relation()
        .filter(|relation| relation.name.schema == table.schema)
        .flat_map(|relation| &relation.constraints)
        .any(|constraint| constraint.name.as_str() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_shortened_as_the_server_does() {
        // Taken from a PostgreSQL 15 server.
        let long = "a".repeat(50);
        assert_eq!(object_name(&long, "column", "idx"), format!("{}_column_idx", "a".repeat(50)));
        let name = object_name(&long, &"b".repeat(50), "idx");
        assert_eq!(name.len(), 63);
        assert_eq!(name, format!("{}_{}_idx", "a".repeat(29), "b".repeat(29)));
        assert_eq!(object_name("t", "", "check"), "t_check");
        assert!(shortened(&"x".repeat(80)).len() == NAME_BYTES_MAX);
    }
}
