//! `POST /v1/sensor/events`: what a cluster's sensor saw, in batches.
//!
//! One request is one transaction: all of its events are stored, or none. An event that is stored
//! carries the client's id in `write_id`, plain and not unique: the one that sends it twice has it twice,
//! and can see so. Changes and removals name a row by its key and do nothing where it is gone.
//!
//! Rows are always touched in the same order (new rows, then changes by table and key), so that two
//! batches never wait for each other in a circle.

mod batch;
mod event;
mod write;

pub(super) use batch::Batch;
pub use event::{SensorBatch, SensorEvent};
pub(super) use write::write;

use super::state::ServiceState;
use crate::database::Parameter;
use crate::request::{ApiError, ErrorBody, FieldErrors, JsonBody};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_postgres::types::Type;
use uuid::Uuid;

/// The most events of one request.
pub const EVENTS_MAX: usize = 1_000;

/// The answer: what became of the batch.
#[derive(Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventsStored {
    /// The ids of the events that were stored, in the order in which they were given.
    #[schema(value_type = Vec<String>)]
    pub accepted: Vec<Uuid>,
    /// How many rows were changed.
    pub updated: u64,
    /// How many rows were removed.
    pub deleted: u64,
}

/// The body as it comes: events are read one by one, so that each broken one is named.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawBatch {
    cluster_id: Uuid,
    events: Vec<Value>,
}

/// Stores a batch of events.
#[utoipa::path(
    post,
    path = "/v1/sensor/events",
    request_body = SensorBatch,
    responses(
        (status = 200, body = EventsStored),
        (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody, description = "There is no such cluster"),
        (status = 503, body = crate::request::ErrorBody, description = "Nothing was done; see `Retry-After`"),
    )
)]
pub(super) async fn sensor_events(
    State(state): State<ServiceState>,
    JsonBody(raw): JsonBody<RawBatch>,
) -> Result<Json<EventsStored>, ApiError> {
    let cluster_id = raw.cluster_id;
    let batch = Batch::of(cluster_id, &read_events(raw)?);
    let statements = &state.release.statements;
    let mut client = state.pool.get().await?;
    let transaction = client.transaction().await?;
    let mode = state.statement_mode;
    let key: [Parameter<'_>; 1] = [(&cluster_id, Type::UUID)];
    if mode.query(&transaction, statements.cluster_by_id, &key).await?.is_empty() {
        return Err(ApiError::NotFound(format!("cluster `{cluster_id}`")));
    }
    let stored = write(&transaction, &state, cluster_id, batch).await?;
    transaction.commit().await?;
    Ok(Json(stored))
}

/// Reads and checks each event; every broken one is named.
fn read_events(raw: RawBatch) -> Result<Vec<SensorEvent>, ApiError> {
    let mut errors = FieldErrors::default();
    if raw.events.is_empty() || raw.events.len() > EVENTS_MAX {
        errors.add("events", format!("must be 1 to {EVENTS_MAX}"));
        errors.finish()?;
        return Ok(Vec::new());
    }
    let mut events = Vec::with_capacity(raw.events.len());
    for (i, value) in raw.events.into_iter().enumerate() {
        match serde_json::from_value::<SensorEvent>(value) {
            Ok(event) => {
                event.check(&format!("events[{i}]"), &mut errors);
                events.push(event);
            }
            Err(error) => errors.add(format!("events[{i}]"), error.to_string()),
        }
    }
    errors.finish()?;
    Ok(events)
}
