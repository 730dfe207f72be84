//! `PUT /v1/policies/{id}`: makes a policy, or changes it. All instances hear of it.

use super::{SEVERITIES, state::ServiceState};
use crate::{
    policies::Criteria,
    request::{ApiError, CHANGEOVER_TOKEN, FieldErrors, JsonBody},
};
use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
};
use changeover_share::cache::ChangeToken;
use serde::{Deserialize, Serialize};
use tokio_postgres::{
    error::SqlState,
    types::{Json as SqlJson, Type},
};
use uuid::Uuid;

/// When a policy is applied.
const LIFECYCLE_STAGES: [&str; 3] = ["BUILD", "DEPLOY", "RUNTIME"];

/// A policy as it is to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Policy {
    /// Its name; no other policy has it.
    pub name: String,
    /// `LOW`, `MEDIUM`, `HIGH` or `CRITICAL`.
    pub severity: String,
    /// `BUILD`, `DEPLOY` or `RUNTIME`.
    pub lifecycle_stage: String,
    /// Whether it is left out.
    pub disabled: bool,
    /// What violates it.
    pub criteria: Criteria,
}

/// Stores a policy. The answer's header `changeover-token` makes a read on any instance see it.
#[utoipa::path(
    put,
    path = "/v1/policies/{id}",
    params(("id" = String, Path, description = "A UUID")),
    request_body = Policy,
    responses(
        (status = 200, body = Policy, headers(("changeover-token" = String,
            description = "To be sent with reads that must not lack this write"))),
        (status = 400, body = crate::request::ErrorBody),
        (status = 503, body = crate::request::ErrorBody, description = "Nothing was done; see `Retry-After`"),
    )
)]
pub(super) async fn policy(
    State(state): State<ServiceState>,
    Path(id): Path<String>,
    JsonBody(policy): JsonBody<Policy>,
) -> Result<(HeaderMap, Json<Policy>), ApiError> {
    let id = check(&id, &policy)?;
    let mut client = state.pool.get().await?;
    let transaction = client.transaction().await?;
    let stored = state
        .statement_mode
        .execute(
            &transaction,
            state.release.statements.policy_upsert,
            &[
                (&id, Type::UUID),
                (&policy.name, Type::TEXT),
                (&policy.severity, Type::TEXT),
                (&policy.lifecycle_stage, Type::TEXT),
                (&policy.disabled, Type::BOOL),
                (&SqlJson(&policy.criteria), Type::JSONB),
            ],
        )
        .await;
    if let Err(error) = stored {
        return Err(if error.code() == Some(&SqlState::UNIQUE_VIOLATION) {
            ApiError::Invalid(FieldErrors::one("name", "is another policy's"))
        } else {
            error.into()
        });
    }
    let mut headers = HeaderMap::new();
    if state.policies.is_shared() {
        let token = ChangeToken::of_transaction(&*transaction).await?;
        let text = token.to_string().parse().map_err(|_| ApiError::Unavailable("no token"))?;
        headers.insert(CHANGEOVER_TOKEN, text);
    }
    transaction.commit().await?;
    Ok((headers, Json(policy)))
}

fn check(id: &str, policy: &Policy) -> Result<Uuid, ApiError> {
    let mut errors = FieldErrors::default();
    let id = id.parse().map_err(|_| ApiError::Invalid(FieldErrors::one("id", "must be a UUID")))?;
    errors.check_text("name", &policy.name, 512);
    errors.check_word("severity", &policy.severity, &SEVERITIES);
    errors.check_word("lifecycleStage", &policy.lifecycle_stage, &LIFECYCLE_STAGES);
    errors.finish()?;
    Ok(id)
}
