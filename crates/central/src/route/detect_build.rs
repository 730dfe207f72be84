//! `POST /v1/detect/build`: checks an image against the policies. Customers' CI waits for this.

use super::state::ServiceState;
use crate::{
    policies::BuildPolicy,
    request::{ApiError, FieldErrors, JsonBody, SeenWrite},
};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use tokio_postgres::{Row, types::Type};
use uuid::Uuid;

/// A violation names at most this many CVEs; the count tells of the others.
const CVES_NAMED_MAX: usize = 10;

/// The question.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BuildCheck {
    /// The image's full name, e.g. `registry.example/team/app:1.0`.
    pub image_name: String,
}

/// The answer.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BuildVerdict {
    /// The image that was checked.
    pub image_name: String,
    /// Its digest.
    pub image_digest: String,
    /// `pass` or `fail`.
    pub verdict: String,
    /// How many components were looked at.
    pub components: usize,
    /// How many policies were applied.
    pub policies: usize,
    /// Why it failed; empty when it passed.
    pub violations: Vec<Violation>,
}

/// One violated policy.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Violation {
    /// The policy.
    #[schema(value_type = String)]
    pub policy_id: Uuid,
    /// Its name.
    pub policy_name: String,
    /// Its severity.
    pub severity: String,
    /// How many CVEs violate it.
    pub count: usize,
    /// Some of them: `CVE-2026-1234 (9.8) in openssl 1.1`.
    pub messages: Vec<String>,
}

struct Vulnerability {
    component: String,
    version: String,
    cve: String,
    cvss: f64,
    fixable: bool,
}

/// Checks an image against the policies for builds.
#[utoipa::path(
    post,
    path = "/v1/detect/build",
    params(("changeover-token" = Option<String>, Header,
        description = "Of a write of a policy that the verdict must not lack")),
    request_body = BuildCheck,
    responses(
        (status = 200, body = BuildVerdict),
        (status = 400, body = crate::request::ErrorBody),
        (status = 404, body = crate::request::ErrorBody, description = "The image was never scanned"),
        (status = 503, body = crate::request::ErrorBody, description = "Nothing was done; see `Retry-After`"),
    )
)]
pub(super) async fn detect_build(
    State(state): State<ServiceState>,
    SeenWrite(token): SeenWrite,
    JsonBody(check): JsonBody<BuildCheck>,
) -> Result<Json<BuildVerdict>, ApiError> {
    let mut errors = FieldErrors::default();
    errors.check_text("imageName", &check.image_name, 512);
    errors.finish()?;

    let policies = state.policies.get(token).await?;
    let statements = &state.release.statements;
    let client = state.pool.get().await?;
    let mode = state.statement_mode;
    let image = mode
        .query(&client, statements.image_by_name, &[(&check.image_name, Type::TEXT)])
        .await?
        .pop()
        .ok_or_else(|| ApiError::NotFound(format!("image `{}`", check.image_name)))?;
    let digest: String = image.try_get(0)?;
    let vulnerabilities = statements.image_vulnerabilities;
    let rows = mode.query(&client, vulnerabilities, &[(&digest, Type::TEXT)]).await?;

    let mut components: Vec<(&str, &str)> = rows
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect::<Result<_, tokio_postgres::Error>>()?;
    components.dedup();
    let vulnerabilities = rows
        .iter()
        .filter_map(|row| vulnerability(row).transpose())
        .collect::<Result<Vec<_>, _>>()?;
    let mut violations = Vec::new();
    for policy in policies.iter() {
        violations.extend(violation(policy, &vulnerabilities));
    }
    Ok(Json(BuildVerdict {
        image_name: check.image_name,
        image_digest: digest,
        verdict: if violations.is_empty() { "pass" } else { "fail" }.to_owned(),
        components: components.len(),
        policies: policies.len(),
        violations,
    }))
}

/// A CVE of a row; `None` where the component has none.
fn vulnerability(row: &Row) -> Result<Option<Vulnerability>, tokio_postgres::Error> {
    let Some(cve) = row.try_get::<_, Option<String>>(2)? else {
        return Ok(None);
    };
    Ok(Some(Vulnerability {
        component: row.try_get(0)?,
        version: row.try_get(1)?,
        cve,
        cvss: row.try_get(3)?,
        fixable: row.try_get::<_, Option<&str>>(5)?.is_some(),
    }))
}

fn violation(policy: &BuildPolicy, vulnerabilities: &[Vulnerability]) -> Option<Violation> {
    let criteria = &policy.criteria;
    let found: Vec<_> = vulnerabilities
        .iter()
        .filter(|v| v.cvss >= criteria.min_cvss && (v.fixable || !criteria.only_fixable))
        .collect();
    if found.len() <= criteria.tolerated {
        return None;
    }
    Some(Violation {
        policy_id: policy.id,
        policy_name: policy.name.clone(),
        severity: policy.severity.clone(),
        count: found.len(),
        messages: found
            .iter()
            .take(CVES_NAMED_MAX)
            .map(|v| format!("{} ({:.1}) in {} {}", v.cve, v.cvss, v.component, v.version))
            .collect(),
    })
}
