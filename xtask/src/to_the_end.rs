//! Runs a plan to its very end, as an operator does who vouches that no older release serves, and says why it does
//! not end. For chores that compare what is left with something else.

use anyhow::{Context as _, ensure};
use changeover::{Options, operate};
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

/// The words with which an operator vouches; here there is no older release.
const VOUCHED: &str = "no release of this history runs";

/// All that may be done before older releases are gone; no step may fail.
pub(crate) async fn migrate(options: Options) -> anyhow::Result<()> {
    let outlook = operate::migrate(options, CancellationToken::new()).await?;
    ensure!(outlook.failed.is_empty(), "steps failed: {:?}", outlook.failed);
    Ok(())
}

/// The contract, up to a migration's number; nothing may be left.
pub(crate) async fn finish(options: Options, number: u64) -> anyhow::Result<()> {
    operate::finalize(&options, number, Some(VOUCHED)).await.context("raising the floor")?;
    let outlook = operate::migrate(options, CancellationToken::new())
        .await
        .context("after the floor was raised")?;
    ensure!(outlook.failed.is_empty(), "steps failed: {:?}", outlook.failed);
    ensure!(
        outlook.waiting_for_floor.is_empty(),
        "still waiting for the floor: {:?}",
        outlook.waiting_for_floor
    );
    Ok(())
}

/// Why steps failed, as the ledger keeps it.
pub(crate) async fn step_errors(superuser: &Client) -> anyhow::Result<String> {
    let row = superuser
        .query_one(
            "SELECT coalesce(string_agg(id || ': ' || error, '; ' ORDER BY id), 'no step says why') \
               FROM changeover.step WHERE error IS NOT NULL",
            &[],
        )
        .await?;
    Ok(row.get(0))
}
