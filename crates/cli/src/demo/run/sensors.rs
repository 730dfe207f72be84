//! Sensors' streams beside the load: started and ended with it, their events looked for afterwards.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use changeover_central::{
    sensor_traffic::{HOLDER_HEADER, SensorTraffic},
    writes,
};
use changeover_rollout::load::{StreamLoad, StreamLoadHandle, StreamSpec};

use super::record::StreamsSeen;
use crate::demo::settings::Settings;

/// Events of each stream per second: enough that some are under way whenever a stream ends, little
/// beside the requests.
const EVENTS_PER_SECOND: f64 = 20.0;

/// Streams that run.
pub(crate) struct Sensors(StreamLoadHandle);

impl Sensors {
    /// Opens the streams, unless none are wanted.
    pub(crate) fn start(
        target: SocketAddr,
        settings: &Settings,
    ) -> anyhow::Result<Option<Sensors>> {
        let streams = settings.streams();
        if streams == 0 {
            return Ok(None);
        }
        let spec = StreamSpec {
            target,
            streams,
            events_per_second: EVENTS_PER_SECOND,
            holder_header: HOLDER_HEADER,
            seed: u64::from(settings.seed),
        };
        let traffic = Arc::new(SensorTraffic::new(settings.population()));
        Ok(Some(Sensors(StreamLoad::start(spec, traffic).context("opening sensors' streams")?)))
    }

    /// Ends them, and looks for every event that was acknowledged.
    pub(crate) async fn end(
        sensors: Option<Sensors>,
        drain: Duration,
        owner_url: &str,
    ) -> anyhow::Result<Option<StreamsSeen>> {
        let Some(Sensors(handle)) = sensors else { return Ok(None) };
        let load = handle.stop(drain).await.context("ending sensors' streams")?;
        let events = writes::count_writes(owner_url, &load.acknowledged).await?;
        Ok(Some(StreamsSeen { load, events }))
    }
}
