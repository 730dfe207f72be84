//! How many requests per second 4.8 can do, measured in a database of its own.
//!
//! As the rolling run serves them: with the background work of a release and sensors' streams beside the
//! requests. Measured without, half of it would be more than half of what there is.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use changeover_central::workload::Mix;
use changeover_rollout::load::measure_capacity;

use super::{
    progress::Progress,
    run::{Pods, Sensors, Traffic},
    settings::{Settings, Way},
    stage::Stage,
};

/// As many as the service has database connections, twice: enough that it never waits for clients.
const CONCURRENCY: usize = 16;

/// Long enough to even out checkpoints of a second or less.
const DURATION: Duration = Duration::from_secs(6);

/// How long streams may take to end.
const STREAMS_END: Duration = Duration::from_secs(10);

/// Measures, and gives the rate at which the load is to be.
///
/// # Errors
/// When 4.8 does not serve.
pub(crate) async fn rate_per_second(
    stage: &Stage,
    settings: &Settings,
    progress: &Progress,
) -> anyhow::Result<f64> {
    if let Some(rate) = settings.rate_per_second {
        return Ok(rate);
    }
    let task = progress.task("measuring the capacity of release 4.8");
    let database = stage.fresh("capacity").await?;
    let pods = Pods::start(Way::Rolling, &database, settings, progress).await?;
    let sensors = Sensors::start(pods.address(), settings)?;
    let traffic = Arc::new(Traffic::new(Mix::new(settings.population())));
    let measured = measure_capacity(pods.address(), traffic, CONCURRENCY, DURATION).await;
    let capacity = measured.context("measuring the capacity")?;
    Sensors::end(sensors, STREAMS_END, &database.owner_url).await?;
    pods.end().await?;
    stage.remove(database).await?;
    let rate = (capacity * settings.load_share).max(1.0).floor();
    task.done(format!("capacity {capacity:.0} requests/s, so the load is {rate:.0} requests/s"));
    Ok(rate)
}
