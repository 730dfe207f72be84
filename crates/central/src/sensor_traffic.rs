//! Sensors' streams as the load generator takes them: one client a cluster.
//!
//! Used by the demo. Reads plain JSON and not the server's own types, so that a change of those is
//! noticed here.

use crate::{
    population::{Kind, Population},
    workload::sensor,
};
use bytes::Bytes;
use changeover_rollout::load::{StreamEvent, StreamMessage, StreamWorkload};
use rand::rngs::StdRng;
use serde_json::{Value, json};

/// The header of a response that says which release holds a stream.
pub const HOLDER_HEADER: &str = "x-central-release";

/// The sensors of seeded clusters.
#[derive(Clone, Copy, Debug)]
pub struct SensorTraffic {
    population: Population,
}

impl SensorTraffic {
    /// For tables that were seeded with this population.
    pub fn new(population: Population) -> Self {
        Self { population }
    }
}

impl StreamWorkload for SensorTraffic {
    fn path(&self, stream: usize) -> String {
        let cluster = self.population.key(Kind::Cluster, stream as u64);
        format!("/v1/sensor/stream?cluster={cluster}")
    }

    fn event(&self, random: &mut StdRng, stream: usize, sequence: u64) -> StreamEvent {
        let (write_id, what) =
            sensor::stored_event(self.population, random, stream as u64, sequence);
        let line = json!({ "event": { "sequence": sequence, "what": what } });
        StreamEvent { line: Bytes::from(format!("{line}\n")), write_id }
    }

    fn heartbeat(&self) -> Bytes {
        Bytes::from_static(b"{\"heartbeat\":{\"health\":\"HEALTHY\"}}\n")
    }

    fn read(&self, line: &[u8]) -> Result<StreamMessage, String> {
        let message: Value =
            serde_json::from_slice(line).map_err(|error| format!("no JSON: {error}"))?;
        let number = |value: &Value| {
            let sequence = value["sequence"].as_u64();
            sequence.ok_or_else(|| format!("no `sequence` in {message}"))
        };
        if let Some(opened) = message.get("opened") {
            return Ok(StreamMessage::Opened { sequence: number(opened)? });
        }
        if let Some(stored) = message.get("stored") {
            let repeated = stored["repeated"].as_bool().unwrap_or(false);
            return Ok(StreamMessage::Stored { sequence: number(stored)?, repeated });
        }
        if let Some(refused) = message.get("refused") {
            return Ok(StreamMessage::Refused(refused.to_string()));
        }
        match (message["stopSending"] == true, message["goAway"] == true) {
            (true, _) => Ok(StreamMessage::StopSending),
            (_, true) => Ok(StreamMessage::GoAway),
            _ => Err(format!("an unknown message: {message}")),
        }
    }
}
