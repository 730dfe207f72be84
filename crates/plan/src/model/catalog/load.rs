//! The queries that a catalog is read by, and how their answers become one.
//!
//! Callers ask a server each of [`QUERIES`] in order, in one transaction, and give every row's one
//! text to [`Query::add`]. There is no I/O here: the engine, tests and chores all read by these.
//! One row is one JSON value, in the form that the data beside this file serialises to.

use super::{
    Catalog, Column, Constraint, Dependency, EventTrigger, Index, Publication, Relation, Rule,
    Session, Statistics, Trigger, Type, Volatility,
};
use crate::model::identifier::{Identifier, QualifiedName};
use serde::{Deserialize, de::DeserializeOwned};

/// One query of the set.
#[derive(Clone, Copy, Debug)]
pub struct Query {
    /// The SQL; no parameters, one column of type text.
    pub sql: &'static str,
    /// The lowest `server_version_num` that understands it. The first query says which that is.
    pub since: u32,
    add: fn(&mut Catalog, &str) -> serde_json::Result<()>,
}

impl Query {
    const fn new(sql: &'static str, add: fn(&mut Catalog, &str) -> serde_json::Result<()>) -> Self {
        Self { sql, since: 0, add }
    }

    /// Whether the server whose version the catalog has by now understands the query.
    pub fn applies(&self, catalog: &Catalog) -> bool {
        self.since <= catalog.server_version
    }

    /// Takes one row into the catalog.
    ///
    /// # Errors
    /// Where the row is not of the form that this version reads.
    pub fn add(&self, catalog: &mut Catalog, row: &str) -> serde_json::Result<()> {
        (self.add)(catalog, row)
    }
}

/// All queries, in the order in which they are to be asked.
pub const QUERIES: [Query; 14] = [
    Query::new(include_str!("sql/session.sql"), head),
    Query::new(include_str!("sql/relations.sql"), |catalog, row| {
        catalog.insert(serde_json::from_str(row)?);
        Ok(())
    }),
    Query::new(include_str!("sql/columns.sql"), |catalog, row| {
        part(catalog, row, |relation, column: Column| relation.columns.push(column))
    }),
    Query::new(include_str!("sql/indexes.sql"), |catalog, row| {
        part(catalog, row, |relation, index: Index| relation.indexes.push(index))
    }),
    Query::new(include_str!("sql/statistics.sql"), |catalog, row| {
        part(catalog, row, |relation, found: Statistics| relation.statistics.push(found))
    }),
    Query::new(include_str!("sql/constraints.sql"), |catalog, row| {
        part(catalog, row, |relation, found: Constraint| relation.constraints.push(found))
    }),
    Query::new(include_str!("sql/triggers.sql"), |catalog, row| {
        part(catalog, row, |relation, trigger: Trigger| relation.triggers.push(trigger))
    }),
    Query::new(include_str!("sql/rules.sql"), |catalog, row| {
        part(catalog, row, |relation, rule: Rule| relation.rules.push(rule))
    }),
    Query::new(include_str!("sql/event_triggers.sql"), |catalog, row| {
        catalog.event_triggers.push(serde_json::from_str::<EventTrigger>(row)?);
        Ok(())
    }),
    Query::new(include_str!("sql/functions.sql"), function),
    Query::new(include_str!("sql/types.sql"), |catalog, row| {
        catalog.types.push(serde_json::from_str::<Type>(row)?);
        Ok(())
    }),
    Query::new(include_str!("sql/publications.sql"), |catalog, row| {
        catalog.publications.push(serde_json::from_str::<Publication>(row)?);
        Ok(())
    }),
    Query {
        sql: include_str!("sql/publication_schemas.sql"),
        since: 150_000,
        add: publication_schema,
    },
    Query::new(include_str!("sql/dependencies.sql"), |catalog, row| {
        catalog.dependencies.push(serde_json::from_str::<Dependency>(row)?);
        Ok(())
    }),
];

#[derive(Deserialize)]
struct Head {
    server_version: u32,
    search_path: Vec<Identifier>,
    session: Session,
}

fn head(catalog: &mut Catalog, row: &str) -> serde_json::Result<()> {
    let head: Head = serde_json::from_str(row)?;
    catalog.server_version = head.server_version;
    catalog.search_path = head.search_path;
    catalog.session = Some(head.session.into());
    Ok(())
}

/// Something that belongs to a relation.
#[derive(Deserialize)]
struct Part<T> {
    on: QualifiedName,
    is: T,
}

fn part<T: DeserializeOwned>(
    catalog: &mut Catalog,
    row: &str,
    push: impl FnOnce(&mut Relation, T),
) -> serde_json::Result<()> {
    let part: Part<T> = serde_json::from_str(row)?;
    // What belongs to a relation that the picture leaves out is left out too.
    if let Some(relation) = catalog.relation_mut(&part.on) {
        push(relation, part.is);
    }
    Ok(())
}

#[derive(Deserialize)]
struct Function {
    name: String,
    volatility: Volatility,
}

fn function(catalog: &mut Catalog, row: &str) -> serde_json::Result<()> {
    let function: Function = serde_json::from_str(row)?;
    catalog.functions.insert(function.name, function.volatility);
    Ok(())
}

#[derive(Deserialize)]
struct PublicationSchema {
    publication: Identifier,
    schema: Identifier,
}

fn publication_schema(catalog: &mut Catalog, row: &str) -> serde_json::Result<()> {
    let found: PublicationSchema = serde_json::from_str(row)?;
    let publications = catalog.publications.iter_mut();
    for publication in publications.filter(|publication| publication.name == found.publication) {
        publication.schemas.push(found.schema.clone());
    }
    Ok(())
}
