//! `ADD COLUMN`, without constraints of its own: those are changes by themselves.
//!
//! A catalog change where every row gets the same value; else the server writes the table out again.

use super::{Break, DropColumn, Effects, Facts, Inverse, Kind, Subject};
use crate::model::{
    catalog::{Catalog, Column},
    identifier::QualifiedName,
    lock::LockMode,
};
use serde::{Deserialize, Serialize};

/// `ALTER TABLE … ADD COLUMN`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddColumn {
    /// The table.
    pub table: QualifiedName,
    /// The column as the catalog will show it.
    pub column: Column,
    /// Its type as the author wrote it, with `COLLATE` where given.
    pub type_sql: String,
    /// `GENERATED …` as the author wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub computed: Option<String>,
    /// Whether the server must compute a value for each row that is there.
    #[serde(default)]
    pub fills_rows: bool,
}

impl Kind for AddColumn {
    fn render(&self) -> Vec<String> {
        let column = &self.column;
        let default = match (&self.computed, &column.default) {
            (Some(computed), _) => format!(" {computed}"),
            (None, Some(default)) => format!(" DEFAULT {default}"),
            (None, None) => String::new(),
        };
        let not_null = if column.not_null { " NOT NULL" } else { "" };
        vec![format!(
            "ALTER TABLE {} ADD COLUMN {} {}{default}{not_null}",
            self.table, column.name, self.type_sql
        )]
    }

    fn apply(&self, catalog: &mut Catalog) {
        if let Some(relation) = catalog.relation_mut(&self.table) {
            relation.columns.retain(|found| found.name != self.column.name);
            relation.columns.push(self.column.clone());
        }
    }

    fn invert(&self, _: &Catalog) -> Inverse {
        Inverse::one(DropColumn {
            table: self.table.clone(),
            column: self.column.name.clone(),
            if_exists: true,
        })
    }

    fn facts(&self, _: &Catalog) -> Facts {
        let facts = Facts::default()
            .lock(&self.table, LockMode::AccessExclusive)
            .breaks(Break::PreparedStars);
        if self.fills_rows { facts.rewrites(&self.table) } else { facts }
    }

    fn effects(&self) -> Effects {
        Effects::default()
            .needs([Subject::Relation(self.table.clone())])
            .makes(Subject::Column(self.table.clone(), self.column.name.clone()))
    }
}
