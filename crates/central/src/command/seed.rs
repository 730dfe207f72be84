//! `central seed`: fills the tables of release 4.8.

use crate::{error::CentralError, population::Population, release::r4_8, seed, upgrade::in_one_go};

/// Arguments of `central seed`.
#[derive(Debug, clap::Args)]
pub struct SeedArgs {
    /// The owner's connection.
    #[arg(long, env = "CENTRAL_OWNER_URL")]
    owner_url: String,
    /// Rows of process_indicators; the other tables in proportion.
    #[arg(long, default_value_t = 200_000)]
    rows: u64,
    /// Changes the values.
    #[arg(long, default_value_t = 1)]
    seed: u32,
    /// Make the tables of 4.8 first, in one go.
    #[arg(long)]
    baseline: bool,
}

pub(super) async fn run(args: SeedArgs) -> Result<(), CentralError> {
    if args.baseline {
        in_one_go::migrate(&args.owner_url, r4_8::RELEASE.head).await?;
    }
    seed::seed(Population::of(args.rows), args.seed, &args.owner_url, |progress| {
        tracing::info!(
            table = progress.table,
            rows_done = progress.rows_done,
            rows_total = progress.rows_total,
            "seeding"
        );
    })
    .await
}
