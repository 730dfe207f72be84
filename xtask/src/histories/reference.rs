//! What the histories' own tool does with a file: the whole text in one transaction, or without one
//! where its first line says `-- no-transaction`. The yardstick for everything else here.

use anyhow::Context as _;
use changeover_plan::Migration;
use tokio_postgres::Client;

/// The mark at the head of a file that must not run in a transaction.
const NO_TRANSACTION: &str = "-- no-transaction";

/// Applies one file.
pub(super) async fn apply(client: &Client, migration: &Migration) -> anyhow::Result<()> {
    let applied = if migration.text.starts_with(NO_TRANSACTION) {
        client.batch_execute(&migration.text).await
    } else {
        in_transaction(client, &migration.text).await
    };
    applied.with_context(|| format!("{} as it is written", migration.file))
}

async fn in_transaction(client: &Client, text: &str) -> Result<(), tokio_postgres::Error> {
    client.batch_execute("BEGIN").await?;
    match client.batch_execute(text).await {
        Ok(()) => client.batch_execute("COMMIT").await,
        Err(error) => {
            client.batch_execute("ROLLBACK").await?;
            Err(error)
        }
    }
}
