//! What clients ask central for: the mix of requests as data, and what makes an answer right.
//!
//! Used by the load generator of the demo and by tests. Nothing here does I/O: who sends the requests
//! decides when and over which connection.
//!
//! Of 100 requests about 40 are sensors' batches (which write to the tables that migrate: inserts,
//! changes and removals), 25 CI checks, 18 listings of alerts, 7 scans, 5 listings of processes, 5
//! pings. Every stored row carries a write id, so that it can be proven afterwards that each
//! acknowledged one is there exactly once ([`crate::writes`]); only seeded rows are changed or removed.

mod check;
mod scan;
pub(crate) mod sensor;

use crate::{
    population::{Kind, Population},
    route::{ALERT_STATES, SEVERITIES},
};
use rand::Rng;
use serde_json::{Value, json};
use uuid::Uuid;

/// One request, and what is expected of its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct MixRequest {
    /// What it is, for statistics: the route in words.
    pub name: &'static str,
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Path and query.
    pub path: String,
    /// The JSON body of a `POST`.
    pub body: Option<Value>,
    /// Writes that are done for good once this is answered with 200.
    pub write_ids: Vec<Uuid>,
    /// What the answer must say.
    expected: Expected,
}

/// What an answer must say, by route.
#[derive(Clone, Debug, PartialEq)]
enum Expected {
    Pong,
    Metadata,
    Verdict {
        image_name: String,
    },
    ScanStored {
        image_digest: String,
        components: usize,
    },
    Alerts {
        cluster: Option<Uuid>,
        severity: Option<&'static str>,
        state: Option<&'static str>,
        limit: usize,
    },
    Processes,
    EventsStored {
        changes: u64,
        removals: u64,
    },
}

/// The mix of requests against seeded tables.
#[derive(Clone, Copy, Debug)]
pub struct Mix {
    population: Population,
}

impl Mix {
    /// The mix for tables that were seeded with this population.
    pub fn new(population: Population) -> Self {
        Self { population }
    }

    /// The next request. The same state of `rng` and the same `sequence` give the same request.
    pub fn next(&self, rng: &mut impl Rng, sequence: u64) -> MixRequest {
        match rng.random_range(0..100) {
            0..40 => sensor::request(self.population, rng, sequence),
            40..65 => self.check_build(rng),
            65..83 => self.list_alerts(rng),
            83..90 => scan::request(self.population, rng, sequence),
            90..95 => self.list_processes(rng),
            95..98 => get("ping", "/v1/ping".to_owned(), Expected::Pong),
            _ => get("metadata", "/v1/metadata".to_owned(), Expected::Metadata),
        }
    }

    /// Tells whether an answer is right: its status, and what it says.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn check(request: &MixRequest, status: u16, body: &[u8]) -> Result<(), String> {
        check::check(request, status, body)
    }

    fn check_build(&self, rng: &mut impl Rng) -> MixRequest {
        let image_name = self.population.image_name(rng.random_range(0..self.population.images));
        MixRequest {
            name: "detect build",
            method: "POST",
            path: "/v1/detect/build".to_owned(),
            body: Some(json!({ "imageName": image_name })),
            write_ids: Vec::new(),
            expected: Expected::Verdict { image_name },
        }
    }

    fn list_alerts(&self, rng: &mut impl Rng) -> MixRequest {
        const LIMITS: [usize; 3] = [10, 20, 50];
        let limit = LIMITS[rng.random_range(0..LIMITS.len())];
        let cluster = rng.random_bool(0.5).then(|| {
            self.population.key(Kind::Cluster, rng.random_range(0..self.population.clusters))
        });
        let severity =
            rng.random_bool(0.4).then(|| SEVERITIES[rng.random_range(0..SEVERITIES.len())]);
        let state =
            rng.random_bool(0.4).then(|| ALERT_STATES[rng.random_range(0..ALERT_STATES.len())]);
        let mut path = format!("/v1/alerts?limit={limit}");
        if let Some(cluster) = cluster {
            path.push_str(&format!("&cluster={cluster}"));
        }
        for (name, value) in [("severity", severity), ("state", state)] {
            if let Some(value) = value {
                path.push_str(&format!("&{name}={value}"));
            }
        }
        get("alerts", path, Expected::Alerts { cluster, severity, state, limit })
    }

    fn list_processes(&self, rng: &mut impl Rng) -> MixRequest {
        let number = rng.random_range(0..self.population.deployments);
        let deployment = self.population.key(Kind::Deployment, number);
        let path = format!("/v1/processes/deployment/{deployment}");
        get("processes", path, Expected::Processes)
    }
}

fn get(name: &'static str, path: String, expected: Expected) -> MixRequest {
    MixRequest { name, method: "GET", path, body: None, write_ids: Vec::new(), expected }
}

/// A random id, from the caller's generator so that a run can be repeated.
fn random_id(rng: &mut impl Rng) -> Uuid {
    uuid::Builder::from_random_bytes(rng.random()).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};
    use std::collections::BTreeMap;

    fn thousand(seed: u64) -> Vec<MixRequest> {
        let mix = Mix::new(Population::of(10_000));
        let mut rng = StdRng::seed_from_u64(seed);
        (0..1_000).map(|sequence| mix.next(&mut rng, sequence)).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_requests() {
        assert_eq!(thousand(3), thousand(3));
        assert_ne!(thousand(3), thousand(4));
    }

    #[test]
    fn a_third_at_least_writes_to_tables_that_migrate() {
        let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
        for request in thousand(1) {
            *counts.entry(request.name).or_default() += 1;
        }
        assert!(counts["sensor events"] >= 300, "{counts:?}");
        assert_eq!(counts.len(), 7, "{counts:?}");
    }

    #[test]
    fn every_write_has_an_id_of_its_own() {
        let mut ids: Vec<_> = thousand(1).into_iter().flat_map(|r| r.write_ids).collect();
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }
}
