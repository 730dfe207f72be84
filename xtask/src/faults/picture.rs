//! What a run ends with: schema, rows, and what the ledger says. Two runs of the same migrations must
//! end with the same, no matter what happened to one of them.

use crate::connect::connect;
use crate::faults::APP;
use crate::{row_sums, schema};

const LEDGER: &str = include_str!("sql/ledger.sql");

/// Everything, as lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Picture(Vec<String>);

impl Picture {
    /// Reads it, as a superuser.
    pub(super) async fn take(url: &str) -> anyhow::Result<Self> {
        let client = connect(url).await?;
        let mut lines = schema::lines(&client).await?;
        lines.extend(row_sums::sums(&client).await?);
        let ledger = client.query(LEDGER, &[&APP]).await?;
        lines.extend(ledger.into_iter().map(|row| row.get::<_, String>(0)));
        Ok(Self(lines))
    }

    /// What differs from it, shown.
    pub(super) fn differences(&self, found: &Self) -> Option<String> {
        let differences = schema::differences(&self.0, &found.0);
        (!differences.is_empty()).then(|| schema::shown(&differences))
    }

    /// How many lines.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
