//! Finds things in the catalog's picture by name, as the server would, and makes empty ones.

use super::{
    catalog::{Catalog, Column, Relation, RelationKind},
    identifier::{Identifier, QualifiedName},
};

impl Catalog {
    /// The name that a new object gets: never that of an existing one in a later schema.
    pub fn resolve_new(&self, schema: Option<&Identifier>, name: &Identifier) -> QualifiedName {
        let schema = schema
            .or_else(|| self.search_path.first())
            .cloned()
            .unwrap_or_else(|| Identifier::from("public"));
        QualifiedName { schema, name: name.clone() }
    }

    /// Resolves an index's name along the search path.
    pub fn resolve_index(&self, schema: Option<&Identifier>, name: &Identifier) -> QualifiedName {
        let candidate =
            |schema: &Identifier| QualifiedName { schema: schema.clone(), name: name.clone() };
        match schema {
            Some(schema) => candidate(schema),
            None => self
                .search_path
                .iter()
                .map(candidate)
                .find(|found| self.table_of_index(found).is_some())
                .unwrap_or_else(|| self.resolve_new(None, name)),
        }
    }

    /// The table that an index is on. Indexes live in their table's schema.
    pub fn table_of_index(&self, index: &QualifiedName) -> Option<&Relation> {
        self.every_relation()
            .filter(|relation| relation.name.schema == index.schema)
            .find(|relation| relation.indexes.iter().any(|found| found.name == index.name))
    }

    /// Finds a column, to change it.
    pub fn column_mut(
        &mut self,
        table: &QualifiedName,
        column: &Identifier,
    ) -> Option<&mut Column> {
        let columns = &mut self.relation_mut(table)?.columns;
        columns.iter_mut().find(|found| &found.name == column)
    }
}

impl Relation {
    /// A relation without anything in it.
    pub fn new(name: &QualifiedName, kind: RelationKind) -> Self {
        Self { name: name.clone(), kind, ..Self::default() }
    }
}
