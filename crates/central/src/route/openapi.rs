//! Joins the routes into one router and one OpenAPI document, from the same list.

use super::state::{Lifecycle, ServiceState};
use super::{alerts, detect_build, images_scan, metadata, ping, policies, policy, probe};
use super::{processes, sensor_events, sensor_stream};
use crate::request::{ApiError, BODY_BYTES_MAX};
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderValue, Uri},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use std::time::Instant;
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder};
use utoipa_axum::{router::OpenApiRouter, routes};

fn api() -> (Router<ServiceState>, OpenApi) {
    let info = InfoBuilder::new().title("central").version("v1").build();
    OpenApiRouter::with_openapi(OpenApiBuilder::new().info(info).build())
        .routes(routes!(ping::ping))
        .routes(routes!(metadata::metadata))
        .routes(routes!(detect_build::detect_build))
        .routes(routes!(images_scan::images_scan))
        .routes(routes!(alerts::alerts))
        .routes(routes!(sensor_events::sensor_events))
        .routes(routes!(sensor_stream::sensor_stream))
        .routes(routes!(processes::processes))
        .routes(routes!(policies::policies))
        .routes(routes!(policy::policy))
        .split_for_parts()
}

/// The OpenAPI document of the API.
pub fn document() -> OpenApi {
    api().1
}

/// The router of one instance: the API, its document, and the probes.
pub fn router(state: ServiceState) -> Router {
    let (api, document) = api();
    api.route("/v1/openapi.json", get(async move || Json(document)))
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn_with_state(state.clone(), time_the_request))
        .layer(from_fn_with_state(state.clone(), refuse_while_starting))
        .route("/livez", get(probe::livez))
        .route("/readyz", get(probe::readyz))
        .route("/startupz", get(probe::startupz))
        .fallback(async |uri: Uri| ApiError::NotFound(format!("`{}`", uri.path())))
        .layer(from_fn_with_state(state.clone(), name_the_release))
        .with_state(state)
}

/// Notes how long it took until the answer began: of a sensor's stream that is its opening.
async fn time_the_request(
    State(state): State<ServiceState>,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let response = next.run(request).await;
    state.latency.record(began.elapsed());
    response
}

/// The API answers 503 until the migrations are done that the release cannot do without.
async fn refuse_while_starting(
    State(state): State<ServiceState>,
    request: Request,
    next: Next,
) -> Response {
    if *state.lifecycle.borrow() == Lifecycle::Starting {
        return ApiError::Unavailable("central is starting").into_response();
    }
    next.run(request).await
}

/// Every answer names the release it comes from, so that a client can tell who answered.
async fn name_the_release(
    State(state): State<ServiceState>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    response
        .headers_mut()
        .insert("x-central-release", HeaderValue::from_static(state.release.name));
    response
}
