//! What was seen in `pg_locks` of the backend that runs a step. SQL: `sql/held.sql`.

use super::relations::Oid;
use crate::error::VerifyError;
use changeover_plan::LockMode;
use std::collections::BTreeMap;
use tokio_postgres::{Client, Statement};

/// How a lock was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sight {
    /// It was held, not only asked for.
    pub(super) granted: bool,
    /// It was held while the backend waited for older transactions: for as long as those live.
    pub(super) across_wait: bool,
}

/// All sights of a step.
#[derive(Clone, Debug, Default)]
pub(super) struct Observed {
    /// By relation and mode.
    pub(super) sights: BTreeMap<(Oid, LockMode), Sight>,
    /// How often was looked.
    pub(super) looks: u64,
}

impl Observed {
    /// Looks once. Says whether the backend waits for older transactions.
    pub(super) async fn look(
        &mut self,
        client: &Client,
        statement: &Statement,
        pid: i32,
    ) -> Result<bool, VerifyError> {
        let rows = client
            .query(statement, &[&pid])
            .await
            .map_err(VerifyError::sql("reading the locks"))?;
        self.looks += 1;
        let waits = rows.iter().any(|row| row.get::<_, Option<Oid>>(0).is_none());
        for row in &rows {
            let (Some(oid), mode, granted): (Option<Oid>, &str, bool) =
                (row.get(0), row.get(1), row.get(2))
            else {
                continue;
            };
            let Some(mode) = LockMode::from_pg_locks_name(mode) else {
                continue;
            };
            let sight = self.sights.entry((oid, mode)).or_default();
            sight.granted |= granted;
            sight.across_wait |= granted && waits;
        }
        Ok(waits)
    }

    /// Takes over what another one has seen.
    pub(super) fn merge(&mut self, other: &Self) {
        self.looks += other.looks;
        for (key, seen) in &other.sights {
            let sight = self.sights.entry(*key).or_default();
            sight.granted |= seen.granted;
            sight.across_wait |= seen.across_wait;
        }
    }
}
