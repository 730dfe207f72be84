//! A sensor's batch: new rows with ids, and changes and removals of seeded rows.

use super::{Expected, MixRequest, random_id};
use crate::{
    population::{Kind, Population},
    route::{ALERT_STATES, SEVERITIES, SensorBatch, SensorEvent},
};
use jiff::{SignedDuration, Timestamp};
use rand::Rng;
use serde_json::json;
use uuid::Uuid;

/// The time that sequence number 0 stands for: 2026-01-01. Not the clock, so that runs repeat.
const TIME_OF_FIRST_S: i64 = 1_767_225_600;

/// Events of a batch.
const EVENTS: std::ops::RangeInclusive<usize> = 3..=12;

pub(super) fn request(population: Population, rng: &mut impl Rng, sequence: u64) -> MixRequest {
    let cluster = rng.random_range(0..population.clusters);
    let source = Source { population, cluster, at: time_of(sequence) };
    let count = rng.random_range(EVENTS);
    let events: Vec<SensorEvent> = (0..count).map(|_| source.event(rng)).collect();
    let write_ids = events.iter().filter_map(SensorEvent::write_id).collect();
    let removals = events
        .iter()
        .filter(|event| {
            matches!(event, SensorEvent::IndicatorDelete { .. } | SensorEvent::FlowDelete { .. })
        })
        .count() as u64;
    let stored = events.iter().filter(|event| event.write_id().is_some()).count() as u64;
    let changes = events.len() as u64 - stored - removals;
    let batch = SensorBatch { cluster_id: population.key(Kind::Cluster, cluster), events };
    MixRequest {
        name: "sensor events",
        method: "POST",
        path: "/v1/sensor/events".to_owned(),
        body: Some(json!(batch)),
        write_ids,
        expected: Expected::EventsStored { changes, removals },
    }
}

/// An event of a cluster that stores a row, for its sensor's stream.
pub(crate) fn stored_event(
    population: Population,
    rng: &mut impl Rng,
    cluster: u64,
    sequence: u64,
) -> (Uuid, SensorEvent) {
    let source = Source { population, cluster, at: time_of(sequence) };
    // About as often as in a batch: indicators, flows, alerts.
    let event = match rng.random_range(0..62) {
        0..30 => source.indicator(rng),
        30..52 => source.flow(rng),
        _ => source.alert(rng),
    };
    (event.write_id().unwrap_or_default(), event)
}

fn time_of(sequence: u64) -> Timestamp {
    Timestamp::from_second(TIME_OF_FIRST_S).unwrap_or_default()
        + SignedDuration::from_millis(i64::try_from(sequence).unwrap_or_default() * 10)
}

/// One cluster's sensor at one moment.
struct Source {
    population: Population,
    cluster: u64,
    at: Timestamp,
}

impl Source {
    fn event(&self, rng: &mut impl Rng) -> SensorEvent {
        match rng.random_range(0..100) {
            0..30 => self.indicator(rng),
            30..52 => self.flow(rng),
            52..62 => self.alert(rng),
            62..77 => SensorEvent::IndicatorUpdate {
                indicator_id: self.row(Kind::Indicator, rng),
                process_args: rng.random_bool(0.5).then(|| self.arguments(rng)),
                container_start: Some(self.container_start(rng)),
            },
            77..87 => SensorEvent::FlowUpdate {
                flow_id: self.row(Kind::Flow, rng),
                last_seen_at: self.at,
            },
            87..95 => SensorEvent::AlertUpdate {
                alert_id: self.row(Kind::Alert, rng),
                state: rng
                    .random_bool(0.3)
                    .then(|| ALERT_STATES[rng.random_range(0..ALERT_STATES.len())].to_owned()),
                enforcement_count: Some(rng.random_range(0..100)),
            },
            95..98 => SensorEvent::IndicatorDelete { indicator_id: self.row(Kind::Indicator, rng) },
            _ => SensorEvent::FlowDelete { flow_id: self.row(Kind::Flow, rng) },
        }
    }

    fn indicator(&self, rng: &mut impl Rng) -> SensorEvent {
        SensorEvent::Indicator {
            id: random_id(rng),
            deployment_id: self.row(Kind::Deployment, rng),
            pod_uid: random_id(rng),
            process_name: format!("process-{}", rng.random_range(0..97)),
            process_args: self.arguments(rng),
            signal_time: self.at,
            container_start: rng.random_bool(0.95).then(|| self.container_start(rng)),
        }
    }

    fn flow(&self, rng: &mut impl Rng) -> SensorEvent {
        SensorEvent::Flow {
            id: random_id(rng),
            source_deployment_id: self.row(Kind::Deployment, rng),
            destination_deployment_id: self.row(Kind::Deployment, rng),
            destination_port: rng.random_range(1..=u16::MAX),
            protocol: "TCP".to_owned(),
            last_seen_at: self.at,
        }
    }

    fn alert(&self, rng: &mut impl Rng) -> SensorEvent {
        let policy = rng.random_range(0..self.population.policies);
        SensorEvent::Alert {
            id: random_id(rng),
            policy_id: self.population.key(Kind::Policy, policy),
            deployment_id: self.row(Kind::Deployment, rng),
            severity: SEVERITIES[rng.random_range(0..SEVERITIES.len())].to_owned(),
            raised_at: self.at,
            enforcement_count: rng.random_bool(0.7).then(|| rng.random_range(0..20)),
        }
    }

    /// The key of a seeded row of this sensor's cluster: one whose number leaves its remainder.
    fn row(&self, kind: Kind, rng: &mut impl Rng) -> Uuid {
        let clusters = self.population.clusters;
        let rows_each = self.population.count(kind) / clusters;
        self.population.key(kind, rng.random_range(0..rows_each) * clusters + self.cluster)
    }

    fn arguments(&self, rng: &mut impl Rng) -> String {
        format!("--worker {} --shard {}", rng.random_range(0..13), rng.random_range(0..64))
    }

    /// An eighth of a second is exact in binary, as are sums with whole seconds.
    fn container_start(&self, rng: &mut impl Rng) -> f64 {
        f64::from(1_767_000_000 + rng.random_range(0..200_000))
            + f64::from(rng.random_range(0..8)) / 8.0
    }
}
