//! A scan: half of them of new images (a write that can be counted), half again of seeded ones.
//!
//! A seeded image always gets as many components as it had: an answer that counts others has seen a
//! scan that was half done.

use super::{Expected, MixRequest, random_id};
use crate::{
    population::{COMPONENTS_PER_IMAGE, Population},
    route::SEVERITIES,
};
use rand::Rng;
use serde_json::{Value, json};

pub(super) fn request(population: Population, rng: &mut impl Rng, sequence: u64) -> MixRequest {
    let write_id = rng.random_bool(0.5).then(|| random_id(rng));
    let (image_name, image_digest) = match write_id {
        Some(id) => (
            format!("registry.example/ci/build-{sequence}:latest"),
            format!("sha256:{id}{id}", id = id.simple()),
        ),
        None => {
            let number = rng.random_range(0..population.images);
            (population.image_name(number), population.image_digest(number))
        }
    };
    let components: Vec<Value> = (0..COMPONENTS_PER_IMAGE).map(|c| component(rng, c)).collect();
    MixRequest {
        name: "scan",
        method: "POST",
        path: "/v1/images/scan".to_owned(),
        expected: Expected::ScanStored {
            image_digest: image_digest.clone(),
            components: components.len(),
        },
        body: Some(json!({
            "writeId": write_id,
            "imageName": image_name,
            "imageDigest": image_digest,
            "components": components,
        })),
        write_ids: write_id.into_iter().collect(),
    }
}

fn component(rng: &mut impl Rng, number: u64) -> Value {
    let cves: Vec<Value> = (0..rng.random_range(0..3)).map(|_| cve(rng)).collect();
    json!({
        "name": format!("component-{}", rng.random_range(0..200)),
        "version": format!("1.{number}.{}", rng.random_range(0..10)),
        "cves": cves,
    })
}

fn cve(rng: &mut impl Rng) -> Value {
    let cvss = f64::from(rng.random_range(20..=100)) / 10.0;
    json!({
        "cve": format!("CVE-2026-{}", rng.random_range(1_000..6_000)),
        "cvss": cvss,
        "severity": SEVERITIES[rng.random_range(0..SEVERITIES.len())],
        "fixedBy": rng.random_bool(0.5).then_some("2.0.0"),
    })
}
