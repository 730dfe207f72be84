//! `GET /v1/policies`: the policies that builds are checked against, as this instance has them.

use super::state::ServiceState;
use crate::{
    policies::BuildPolicy,
    request::{ApiError, SeenWrite},
};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};

/// All of them, by name.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyList {
    /// The policies.
    pub policies: Vec<BuildPolicy>,
}

/// Lists the policies for builds.
#[utoipa::path(
    get,
    path = "/v1/policies",
    params(("changeover-token" = Option<String>, Header,
        description = "Of a write that the answer must not lack, whichever instance has written")),
    responses(
        (status = 200, body = PolicyList),
        (status = 400, body = crate::request::ErrorBody),
        (status = 503, body = crate::request::ErrorBody, description = "Nothing was done; see `Retry-After`"),
    )
)]
pub(super) async fn policies(
    State(state): State<ServiceState>,
    SeenWrite(token): SeenWrite,
) -> Result<Json<PolicyList>, ApiError> {
    let policies = state.policies.get(token).await?.as_ref().clone();
    Ok(Json(PolicyList { policies }))
}
