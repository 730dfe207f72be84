//! The table that is filled: narrow or wide, with some indexes besides its key.

use crate::connect::connect;

/// A table.
pub(crate) struct Shape {
    name: &'static str,
    /// Rows.
    pub(crate) rows: u64,
    /// Of a column that is not indexed.
    pad_bytes: usize,
    indexes: usize,
}

impl Shape {
    /// Some 80 bytes a row.
    pub(crate) fn narrow(rows: u64, indexes: usize) -> Self {
        Self { name: "narrow", rows, pad_bytes: 8, indexes }
    }

    /// Some 1.2 kB a row, without reaching for TOAST.
    pub(crate) fn wide(rows: u64, indexes: usize) -> Self {
        Self { name: "wide", rows, pad_bytes: 1_100, indexes }
    }

    /// What people see.
    pub(crate) fn title(&self) -> String {
        format!("{} {} rows, {} indexes besides the key", self.rows, self.name, self.indexes)
    }

    /// The statement that makes it.
    pub(crate) fn base(&self) -> String {
        "CREATE TABLE t (id bigserial PRIMARY KEY, v text, a integer, b integer, c integer, d integer, \
                         pad text);"
            .to_owned()
    }

    /// Makes and fills it; then it is at rest.
    pub(crate) async fn make(&self, url: &str) -> anyhow::Result<()> {
        let admin = connect(url).await?;
        let base = self.base();
        admin
            .batch_execute(&format!(
                "ALTER SCHEMA public OWNER TO bench_owner; \
                 GRANT USAGE ON SCHEMA public TO bench_service; SET ROLE bench_owner; {base} \
                 INSERT INTO t (v, a, b, c, d, pad) \
                 SELECT 'Row ' || g, g, g * 7 % 1000003, g * 31 % 1000003, g * 127 % 1000003, \
                        repeat('x', {}) FROM generate_series(1::bigint, {}) g; \
                 GRANT ALL ON t TO bench_service;",
                self.pad_bytes, self.rows
            ))
            .await?;
        for column in ["a", "b", "c", "d"].iter().take(self.indexes) {
            admin.batch_execute(&format!("CREATE INDEX t_{column} ON t ({column})")).await?;
        }
        admin.batch_execute("RESET ROLE").await?;
        admin.batch_execute("VACUUM (FREEZE, ANALYZE) t").await?;
        Ok(())
    }
}
