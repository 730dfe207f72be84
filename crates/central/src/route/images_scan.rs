//! `POST /v1/images/scan`: stores what a scanner found in an image, in place of what it found before.
//!
//! Image, components and CVEs are written in one transaction; two scans of one image wait for each
//! other at the image's row.

use super::{SEVERITIES, state::ServiceState};
use crate::request::{ApiError, FieldErrors, JsonBody};
use axum::{Json, extract::State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_postgres::types::{Json as SqlJson, Type};
use uuid::Uuid;

/// The most components of an image, far above what large images have.
const COMPONENTS_MAX: usize = 2_000;

/// A scan.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImageScan {
    /// The client's id for this write. Kept with the first scan of an image.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub write_id: Option<Uuid>,
    /// The image's full name.
    pub image_name: String,
    /// Its digest, `sha256:` and 64 hexadecimal digits: the key.
    pub image_digest: String,
    /// What was found in it.
    pub components: Vec<Component>,
}

/// One package in an image.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Component {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its vulnerabilities.
    #[serde(default)]
    pub cves: Vec<Cve>,
}

/// One vulnerability of a package.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cve {
    /// Its name, `CVE-2026-1234`.
    pub cve: String,
    /// Its score, 0 to 10.
    pub cvss: f64,
    /// `LOW`, `MEDIUM`, `HIGH` or `CRITICAL`.
    pub severity: String,
    /// The version that fixes it, if there is one.
    #[serde(default)]
    pub fixed_by: Option<String>,
}

/// The answer: what was stored.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScanStored {
    /// The write's id, as it was given.
    #[schema(value_type = Option<String>)]
    pub write_id: Option<Uuid>,
    /// The image's digest.
    pub image_digest: String,
    /// How many components were stored.
    pub components: usize,
    /// How many CVEs were stored.
    pub cves: usize,
}

/// Stores a scan.
#[utoipa::path(
    post,
    path = "/v1/images/scan",
    request_body = ImageScan,
    responses(
        (status = 200, body = ScanStored),
        (status = 400, body = crate::request::ErrorBody),
        (status = 503, body = crate::request::ErrorBody, description = "Nothing was done; see `Retry-After`"),
    )
)]
pub(super) async fn images_scan(
    State(state): State<ServiceState>,
    JsonBody(scan): JsonBody<ImageScan>,
) -> Result<Json<ScanStored>, ApiError> {
    validate(&scan)?;
    let (components, cves) = rows(&scan);
    let statements = &state.release.statements;
    let mut client = state.pool.get().await?;
    let transaction = client.transaction().await?;
    let mode = state.statement_mode;
    mode.execute(
        &transaction,
        statements.image_upsert,
        &[
            (&scan.image_digest, Type::TEXT),
            (&scan.write_id, Type::UUID),
            (&scan.image_name, Type::TEXT),
            (&Timestamp::now(), Type::TIMESTAMPTZ),
            (&i32::try_from(components.len()).unwrap_or(i32::MAX), Type::INT4),
            (&i32::try_from(cves.len()).unwrap_or(i32::MAX), Type::INT4),
            (&json!({ "name": scan.image_name, "os": "linux" }), Type::JSONB),
        ],
    )
    .await?;
    let (delete, digest) = (statements.image_components_delete, &scan.image_digest);
    mode.execute(&transaction, delete, &[(digest, Type::TEXT)]).await?;
    for (insert, rows) in
        [(statements.image_components_insert, &components), (statements.image_cves_insert, &cves)]
    {
        mode.execute(&transaction, insert, &[(&SqlJson(rows), Type::JSONB)]).await?;
    }
    transaction.commit().await?;
    Ok(Json(ScanStored {
        write_id: scan.write_id,
        image_digest: scan.image_digest,
        components: components.len(),
        cves: cves.len(),
    }))
}

fn validate(scan: &ImageScan) -> Result<(), ApiError> {
    let mut errors = FieldErrors::default();
    errors.check_text("imageName", &scan.image_name, 512);
    let digits = scan.image_digest.strip_prefix("sha256:").unwrap_or_default();
    if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        errors.add("imageDigest", "must be `sha256:` and 64 hexadecimal digits");
    }
    if scan.components.len() > COMPONENTS_MAX {
        errors.add("components", format!("must be at most {COMPONENTS_MAX}"));
    }
    for (i, component) in scan.components.iter().enumerate() {
        errors.check_text(format!("components[{i}].name"), &component.name, 256);
        errors.check_text(format!("components[{i}].version"), &component.version, 128);
        for (j, cve) in component.cves.iter().enumerate() {
            let field = |name: &str| format!("components[{i}].cves[{j}].{name}");
            errors.check_text(field("cve"), &cve.cve, 64);
            errors.check_word(field("severity"), &cve.severity, &SEVERITIES);
            if !(0.0..=10.0).contains(&cve.cvss) {
                errors.add(field("cvss"), "must be from 0 to 10");
            }
        }
    }
    errors.finish()
}

/// The rows of components and of CVEs, as the statements take them.
fn rows(scan: &ImageScan) -> (Vec<Value>, Vec<Value>) {
    let mut components = Vec::new();
    let mut cves = Vec::new();
    for (i, component) in scan.components.iter().enumerate() {
        let id = format!("{}#{i}", scan.image_digest);
        for (j, cve) in component.cves.iter().enumerate() {
            cves.push(json!({
                "id": format!("{id}#{j}"),
                "component_id": id,
                "image_id": scan.image_digest,
                "cve": cve.cve,
                "cvss": cve.cvss,
                "severity": cve.severity,
                "fixed_by": cve.fixed_by,
                "payload": { "cve": cve.cve },
            }));
        }
        components.push(json!({
            "id": id,
            "image_id": scan.image_digest,
            "name": component.name,
            "version": component.version,
            "payload": { "name": component.name, "version": component.version },
        }));
    }
    (components, cves)
}
