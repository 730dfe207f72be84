//! `GET /v1/metadata`: which release answers.

use super::state::ServiceState;
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};

/// The answer.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// The release, e.g. `4.9`.
    pub version: String,
    /// The number of the highest migration that it knows.
    pub head: u64,
    /// The process that answered.
    pub instance_id: String,
}

/// Tells which release answers.
#[utoipa::path(get, path = "/v1/metadata", responses(
        (status = 200, body = Metadata),
        (status = 503, body = crate::request::ErrorBody, description = "Nothing was done; see `Retry-After`"),
    ))]
pub(super) async fn metadata(State(state): State<ServiceState>) -> Json<Metadata> {
    Json(Metadata {
        version: state.release.name.to_owned(),
        head: state.release.head,
        instance_id: state.instance_id.to_string(),
    })
}
