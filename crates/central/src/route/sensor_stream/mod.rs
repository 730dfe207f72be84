//! `POST /v1/sensor/stream`: one long stream for each cluster's sensor, over HTTP/2.
//!
//! The body of the request is a stream of events and heartbeats, that of the response one of
//! acknowledgements, a line of JSON each (`message.rs`). `reader.rs` cuts the body into messages,
//! `session.rs` is the conversation, `store.rs` stores events under the cluster's cursor, `book.rs` knows
//! which streams there are and ends them when the instance leaves.
//!
//! Invariants: an event that is acknowledged is committed exactly once, over whichever streams it was
//! sent; only a cluster's newest stream writes.

mod book;
mod message;
mod reader;
mod session;
mod store;

pub use book::{CutStream, HeldStream, StreamBook, StreamsEnded};
pub use message::{FromSensor, ToSensor};

use super::ServiceState;
use crate::request::{ApiError, ErrorBody, FieldErrors};
use axum::{
    body::{Body, Bytes},
    extract::{Query, State},
    http::{Version, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use book::Order;
use reader::Messages;
use session::Session;
use std::collections::BTreeMap;
use tokio::sync::mpsc;
use uuid::Uuid;

/// Answers that wait for the connection to take them: a few parts, so that storing goes on meanwhile.
const ANSWERS_WAITING_MAX: usize = 8;

/// Opens a cluster's stream, in place of the one that it may have.
#[utoipa::path(
    post,
    path = "/v1/sensor/stream",
    params(("cluster" = String, Query, description = "The cluster")),
    request_body(content = FromSensor, content_type = "application/x-ndjson"),
    responses(
        (status = 200, body = ToSensor, content_type = "application/x-ndjson"),
        (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody, description = "There is no such cluster"),
        (status = 503, body = crate::request::ErrorBody, description = "Nothing was done; see `Retry-After`"),
    )
)]
pub(super) async fn sensor_stream(
    State(state): State<ServiceState>,
    version: Version,
    Query(query): Query<BTreeMap<String, String>>,
    body: Body,
) -> Result<Response, ApiError> {
    let invalid = |field, problem| ApiError::Invalid(FieldErrors::one(field, problem));
    if version < Version::HTTP_2 {
        return Err(invalid("version", "a stream needs HTTP/2"));
    }
    let cluster_id: Uuid = query
        .get("cluster")
        .and_then(|cluster| cluster.parse().ok())
        .ok_or_else(|| invalid("cluster", "must be a uuid"))?;
    let order = state.streams.order();
    if *order.borrow() > Order::Stream {
        // Nothing is taken over here any more; the sensor goes elsewhere as if it had been told later.
        return Ok(answer(Body::from(ToSensor::GoAway(true).line())));
    }
    let stream = store::open(&state, cluster_id).await?;
    tracing::debug!(%cluster_id, epoch = stream.epoch, "a sensor's stream is open");
    let (answers, waiting) = mpsc::channel(ANSWERS_WAITING_MAX);
    let entry = state.streams.enter(cluster_id, stream.epoch);
    let messages = Messages::new(body);
    let session = Session { state, stream, messages, answers, order, entry };
    // A task of its own: what is being stored is stored to its end, also where the sensor goes away.
    tokio::spawn(session.run());
    Ok(answer(Body::from_stream(lines(waiting))))
}

fn answer(body: Body) -> Response {
    ([(CONTENT_TYPE, "application/x-ndjson")], body).into_response()
}

fn lines(
    waiting: mpsc::Receiver<Result<Bytes, std::io::Error>>,
) -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> {
    futures_util::stream::unfold(waiting, async |mut waiting| {
        waiting.recv().await.map(|line| (line, waiting))
    })
}
