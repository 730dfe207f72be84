//! Reads the picture of the catalog that the planner plans against.
//!
//! Called by the driver and `changeover plan`. One REPEATABLE READ transaction, so that all parts fit
//! together; it is short, since only the catalog is read. SQL: `sql/`, one file a part.

use crate::connection::Connection;
use crate::error::Error;
use changeover_plan::catalog::{
    Catalog, Column, Constraint, ConstraintKind, Index, Relation, RelationKind, RowSecurity,
    Trigger, Volatility,
};
use changeover_plan::{Identifier, QualifiedName};
use tokio_postgres::{Row, Transaction};

const RELATIONS: &str = include_str!("sql/relations.sql");
const COLUMNS: &str = include_str!("sql/columns.sql");
const INDEXES: &str = include_str!("sql/indexes.sql");
const CONSTRAINTS: &str = include_str!("sql/constraints.sql");
const TRIGGERS: &str = include_str!("sql/triggers.sql");
const VIEWS: &str = include_str!("sql/views.sql");
const FUNCTIONS: &str = include_str!("sql/functions.sql");
const TYPES: &str = include_str!("sql/types.sql");

/// Reads the catalog as the connection's role and search path see it.
pub(crate) async fn load(connection: &mut Connection) -> Result<Catalog, Error> {
    let sql = |source| Error::sql("reading the catalog", source);
    let transaction = connection
        .client
        .build_transaction()
        .isolation_level(tokio_postgres::IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await
        .map_err(sql)?;
    let mut catalog = Catalog::default();
    head(&transaction, &mut catalog).await.map_err(sql)?;
    relations(&transaction, &mut catalog).await.map_err(sql)?;
    details(&transaction, &mut catalog).await.map_err(sql)?;
    functions(&transaction, &mut catalog).await.map_err(sql)?;
    transaction.commit().await.map_err(sql)?;
    Ok(catalog)
}

/// Tables outside of the ledger, for saying that a database is not fresh.
pub(crate) async fn some_tables(connection: &Connection) -> Result<Vec<String>, Error> {
    let rows = connection
        .client
        .query(
            "SELECT n.nspname || '.' || c.relname FROM pg_class c \
               JOIN pg_namespace n ON n.oid = c.relnamespace \
              WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('changeover', 'information_schema') \
                AND n.nspname NOT LIKE 'pg\\_%' \
                AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass \
                                 AND d.objid = c.oid AND d.deptype = 'e') ORDER BY 1 LIMIT 3",
            &[],
        )
        .await
        .map_err(|source| Error::sql("looking for tables", source))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

type Outcome = Result<(), tokio_postgres::Error>;

async fn head(transaction: &Transaction<'_>, catalog: &mut Catalog) -> Outcome {
    let row = transaction
        .query_one(
            "SELECT current_setting('server_version_num')::integer, current_schemas(false)::text[]",
            &[],
        )
        .await?;
    catalog.server_version = u32::try_from(row.get::<_, i32>(0)).unwrap_or(0);
    let path: Vec<String> = row.get(1);
    catalog.search_path = path.into_iter().map(Identifier::new).collect();
    Ok(())
}

fn name(row: &Row) -> QualifiedName {
    QualifiedName::new(row.get::<_, String>(0), row.get::<_, String>(1))
}

fn identifiers(row: &Row, column: usize) -> Vec<Identifier> {
    row.get::<_, Vec<String>>(column).into_iter().map(Identifier::new).collect()
}

async fn relations(transaction: &Transaction<'_>, catalog: &mut Catalog) -> Outcome {
    for row in transaction.query(RELATIONS, &[]).await? {
        let kind = match row.get::<_, &str>(2) {
            "p" => RelationKind::PartitionedTable,
            "v" => RelationKind::View,
            "m" => RelationKind::MaterializedView,
            "f" => RelationKind::ForeignTable,
            "S" => RelationKind::Sequence,
            _ => RelationKind::Table,
        };
        let row_security = match (row.get(3), row.get(4)) {
            (true, true) => RowSecurity::Forced,
            (true, false) => RowSecurity::Enabled,
            _ => RowSecurity::Off,
        };
        let parent: (Option<String>, Option<String>) = (row.get(5), row.get(6));
        catalog.insert(Relation {
            name: name(&row),
            kind,
            columns: Vec::new(),
            indexes: Vec::new(),
            constraints: Vec::new(),
            triggers: Vec::new(),
            row_security,
            partition_of: match parent {
                (Some(schema), Some(table)) => Some(QualifiedName::new(schema, table)),
                _ => None,
            },
            partition_key: identifiers(&row, 7),
            views: Vec::new(),
            rows_estimate: u64::try_from(row.get::<_, i64>(8)).unwrap_or(0),
        });
    }
    Ok(())
}

async fn details(transaction: &Transaction<'_>, catalog: &mut Catalog) -> Outcome {
    for row in transaction.query(COLUMNS, &[]).await? {
        let Some(relation) = catalog.relation_mut(&name(&row)) else {
            continue;
        };
        relation.columns.push(Column {
            name: Identifier::new(row.get::<_, String>(2)),
            type_sql: row.get(3),
            not_null: row.get(4),
            default: row.get(5),
            generated: row.get(6),
            identity: row.get(7),
        });
    }
    for row in transaction.query(INDEXES, &[]).await? {
        let Some(relation) = catalog.relation_mut(&name(&row)) else {
            continue;
        };
        relation.indexes.push(Index {
            name: Identifier::new(row.get::<_, String>(2)),
            method: row.get(3),
            columns: identifiers(&row, 4),
            unique: row.get(5),
            primary: row.get(6),
            valid: row.get(7),
            partial_or_expression: row.get(8),
            constraint: row.get::<_, Option<String>>(9).map(Identifier::new),
        });
    }
    for row in transaction.query(CONSTRAINTS, &[]).await? {
        let constraint = constraint(&row);
        if let Some(relation) = catalog.relation_mut(&name(&row)) {
            relation.constraints.push(constraint);
        }
    }
    for row in transaction.query(TRIGGERS, &[]).await? {
        let Some(relation) = catalog.relation_mut(&name(&row)) else {
            continue;
        };
        relation.triggers.push(Trigger {
            name: Identifier::new(row.get::<_, String>(2)),
            before: row.get(3),
            row: row.get(4),
            on_insert: row.get(5),
            on_update: row.get(6),
            update_columns: identifiers(&row, 7),
            enabled: row.get(8),
            ours: row.get(9),
        });
    }
    for row in transaction.query(VIEWS, &[]).await? {
        let view = QualifiedName::new(row.get::<_, String>(2), row.get::<_, String>(3));
        if let Some(relation) = catalog.relation_mut(&name(&row)) {
            relation.views.push(view);
        }
    }
    Ok(())
}

fn constraint(row: &Row) -> Constraint {
    let kind = match row.get::<_, &str>(3) {
        "p" => ConstraintKind::PrimaryKey,
        "u" => ConstraintKind::Unique,
        "f" => ConstraintKind::ForeignKey {
            references: QualifiedName::new(
                row.get::<_, Option<String>>(7).unwrap_or_default(),
                row.get::<_, Option<String>>(8).unwrap_or_default(),
            ),
            acts: row.get(9),
        },
        "x" => ConstraintKind::Exclusion,
        "n" => ConstraintKind::NotNull,
        _ => ConstraintKind::Check,
    };
    Constraint {
        name: Identifier::new(row.get::<_, String>(2)),
        kind,
        columns: identifiers(row, 4),
        definition: row.get(5),
        validated: row.get(6),
    }
}

async fn functions(transaction: &Transaction<'_>, catalog: &mut Catalog) -> Outcome {
    for row in transaction.query(FUNCTIONS, &[]).await? {
        let volatility = match row.get::<_, i32>(1) {
            1 => Volatility::Immutable,
            2 => Volatility::Stable,
            _ => Volatility::Volatile,
        };
        catalog.functions.insert(row.get(0), volatility);
    }
    for row in transaction.query(TYPES, &[]).await? {
        catalog.types.push(name(&row));
    }
    Ok(())
}
