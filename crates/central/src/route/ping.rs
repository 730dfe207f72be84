//! `GET /v1/ping`: whether the API answers; asks nobody else.

use axum::Json;
use serde::{Deserialize, Serialize};

/// The answer.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Pong {
    /// Always `ok`.
    pub status: String,
}

/// Tells that the API answers.
#[utoipa::path(get, path = "/v1/ping", responses(
        (status = 200, body = Pong),
        (status = 503, body = crate::request::ErrorBody, description = "Nothing was done; see `Retry-After`"),
    ))]
pub(super) async fn ping() -> Json<Pong> {
    Json(Pong { status: "ok".to_owned() })
}
