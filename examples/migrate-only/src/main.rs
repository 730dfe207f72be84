//! A service that embeds migrations and nothing else: no queue, no caches, no HTTP.
//!
//! `.ci/run tree` looks at what it is compiled from. Run it with two connection strings:
//! `SHOP_OWNER_URL` for the role that owns the tables, `SHOP_URL` for the service's own.

use changeover::{Changeover, Error, Options, folder};
use std::path::Path;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let migrations = folder::read(Path::new("migrations"))?;
    let mut options = Options::new("shop", "1.0", migrations);
    options.owner_url = std::env::var("SHOP_OWNER_URL").ok();
    options.service_url = Some(std::env::var("SHOP_URL")?);
    let upgrade = Changeover::start(options).await?;
    upgrade.wait_until_servable().await?;
    upgrade.mark_serving().await?;
    serve(&upgrade).await?;
    upgrade.leave().await?;
    Ok(())
}

/// What the service is for; here it only waits until it is asked to stop, or may not go on.
async fn serve(upgrade: &Changeover) -> Result<(), Error> {
    tokio::select! {
        // Where no signal can be waited for, the service ends as if it had been sent.
        _ = tokio::signal::ctrl_c() => upgrade.drain().await,
        refused = upgrade.wait_until_refused() => Err(Error::Shared(refused)),
    }
}
