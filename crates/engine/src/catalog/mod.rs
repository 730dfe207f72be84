//! Reads the picture of the catalog that the planner plans against.
//!
//! Called by the driver and `changeover plan`. One REPEATABLE READ transaction, so that all parts fit
//! together; it is short, since only the catalog is read. The queries stand beside the data that they
//! fill: `changeover_plan::catalog::load`.

use crate::connection::Connection;
use crate::error::Error;
use crate::text::{text, texts};
use changeover_plan::catalog::{Catalog, load::QUERIES};

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
    for query in QUERIES {
        if !query.applies(&catalog) {
            continue;
        }
        for row in transaction.query(query.sql, &[]).await.map_err(sql)? {
            query.add(&mut catalog, &text(&row, 0)).map_err(|error| {
                Error::Invalid(format!("the catalog has a row that is not understood: {error}"))
            })?;
        }
    }
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
    Ok(texts(&rows))
}
