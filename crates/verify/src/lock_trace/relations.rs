//! The relations that were there before a step. SQL: `sql/relations.sql`.

use crate::error::VerifyError;
use changeover_plan::{Lock, LockMode, QualifiedName};
use std::collections::BTreeMap;
use tokio_postgres::Client;

/// The catalog's number of a relation.
pub(super) type Oid = u32;

/// What belongs to what is followed this deep: index, partition, and partitions within partitions.
const DEPTH_MAX: u32 = 16;

#[derive(Clone, Debug)]
struct Known {
    name: QualifiedName,
    has_rows: bool,
    file: Oid,
    belongs_to: Vec<Oid>,
}

/// A picture of all users' relations.
#[derive(Clone, Debug, Default)]
pub(super) struct Relations(BTreeMap<Oid, Known>);

impl Relations {
    /// Reads it.
    pub(super) async fn read(client: &Client) -> Result<Self, VerifyError> {
        let rows = client
            .query(include_str!("sql/relations.sql"), &[])
            .await
            .map_err(VerifyError::sql("reading the relations"))?;
        let known = rows.iter().map(|row| {
            let known = Known {
                name: QualifiedName::new(row.get::<_, String>(1), row.get::<_, String>(2)),
                has_rows: row.get(3),
                file: row.get(4),
                belongs_to: row.get(5),
            };
            (row.get(0), known)
        });
        Ok(Self(known.collect()))
    }

    /// The relation's name; `None` where it was not there.
    pub(super) fn name(&self, oid: Oid) -> Option<&QualifiedName> {
        self.0.get(&oid).map(|known| &known.name)
    }

    /// The strongest lock that is stated for the relation or for what it belongs to.
    pub(super) fn stated<'a>(&self, oid: Oid, locks: &'a [Lock]) -> Option<&'a Lock> {
        self.strongest(oid, locks, 0)
    }

    fn strongest<'a>(&self, oid: Oid, locks: &'a [Lock], depth: u32) -> Option<&'a Lock> {
        let known = self.0.get(&oid).filter(|_| depth < DEPTH_MAX)?;
        let own = locks.iter().filter(|lock| lock.relation == known.name);
        let owners =
            known.belongs_to.iter().filter_map(|owner| self.strongest(*owner, locks, depth + 1));
        own.chain(owners).max_by_key(|lock: &&Lock| -> LockMode { lock.mode })
    }

    /// Those whose rows are in another file now: they were rewritten.
    pub(super) fn rewritten(&self, after: &Self) -> Vec<QualifiedName> {
        self.0
            .iter()
            .filter(|(oid, before)| {
                before.has_rows && after.0.get(oid).is_some_and(|now| now.file != before.file)
            })
            .map(|(_, before)| before.name.clone())
            .collect()
    }
}
