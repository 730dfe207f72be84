//! The errors that a request may be answered with, and their one JSON form.
//!
//! Invariant: what is not the client's fault is 503 where trying elsewhere may help (no
//! connection in time, shutting down; with `Retry-After`) and 500 with an id that is also in the log otherwise.

use super::field::FieldErrors;
use crate::database::PoolError;
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tokio_postgres::error::SqlState;
use uuid::Uuid;

/// After how many seconds a client that was told 503 may try again: as long as a request waits for a
/// connection.
const RETRY_AFTER_S: &str = "1";

/// The body of every answer that is not a success.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ErrorBody {
    /// A stable word for tools: `invalid`, `not_found`, `too_large`, `unavailable`, `internal`, …
    pub code: String,
    /// For people.
    pub message: String,
    /// What is wrong with which field; empty unless `code` is `invalid`.
    pub fields: BTreeMap<String, String>,
}

/// Why a request was not done.
#[derive(Debug)]
pub enum ApiError {
    /// 400: what is wrong with which field.
    Invalid(FieldErrors),
    /// 404: what was not found.
    NotFound(String),
    /// 405: the path is there, but not for this method.
    MethodNotAllowed,
    /// 413: the body is larger than this many bytes.
    TooLarge(usize),
    /// 503: why nothing is served right now.
    Unavailable(&'static str),
    /// 503 or 500, by what the database said.
    Database(tokio_postgres::Error),
    /// 503: no connection of the pool.
    Pool(PoolError),
}

impl From<tokio_postgres::Error> for ApiError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error)
    }
}

impl From<PoolError> for ApiError {
    fn from(error: PoolError) -> Self {
        Self::Pool(error)
    }
}

impl FieldErrors {
    /// Goes on only if nothing was noted.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] with all that was noted.
    pub fn finish(self) -> Result<(), ApiError> {
        if self.is_empty() { Ok(()) } else { Err(ApiError::Invalid(self)) }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, body) = self.into_parts();
        let mut response = (status, Json(body)).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_S));
        }
        response
    }
}

impl ApiError {
    /// What a client is told where there is no status to tell it by.
    pub fn into_body(self) -> ErrorBody {
        self.into_parts().1
    }

    fn into_parts(self) -> (StatusCode, ErrorBody) {
        let (status, code, message, fields) = match self {
            Self::Invalid(errors) => (
                StatusCode::BAD_REQUEST,
                "invalid",
                "the request is not valid; see `fields`".to_owned(),
                errors.into_map(),
            ),
            Self::NotFound(what) => (
                StatusCode::NOT_FOUND,
                "not_found",
                format!("{what} was not found"),
                BTreeMap::new(),
            ),
            Self::MethodNotAllowed => plain(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "this path does not take this method",
            ),
            Self::TooLarge(bytes_max) => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                format!("the body has more than {bytes_max} bytes"),
                BTreeMap::new(),
            ),
            Self::Unavailable(why) => plain(StatusCode::SERVICE_UNAVAILABLE, "unavailable", why),
            Self::Pool(error) => {
                tracing::warn!(error = chain(&error), "no connection for a request");
                plain(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "unavailable",
                    "no connection to the database is free",
                )
            }
            Self::Database(error) => database(&error),
        };
        (status, ErrorBody { code: code.to_owned(), message, fields })
    }
}

type Answer = (StatusCode, &'static str, String, BTreeMap<String, String>);

fn plain(status: StatusCode, code: &'static str, message: &str) -> Answer {
    (status, code, message.to_owned(), BTreeMap::new())
}

/// Tells a lost or refused database (503: nothing was committed that we know of) from a fault (500).
fn database(error: &tokio_postgres::Error) -> Answer {
    if is_unavailable(error) {
        tracing::warn!(error = chain(error), "the database went away in a request");
        return plain(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "the database cannot be reached",
        );
    }
    let error_id = Uuid::new_v4();
    tracing::error!(%error_id, error = chain(error), "a request failed");
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        format!("an error of ours; its id in the log is {error_id}"),
        BTreeMap::new(),
    )
}

/// Whether the error says that the connection or the server is gone, rather than that a statement
/// was wrong: no SQLSTATE (the connection broke), a shutdown, too many connections, a gate that lets
/// this role in no more, or our own statement timeout.
fn is_unavailable(error: &tokio_postgres::Error) -> bool {
    let Some(state) = error.code() else {
        return error.is_closed()
            || std::error::Error::source(error).is_some_and(|s| s.is::<std::io::Error>());
    };
    [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::TOO_MANY_CONNECTIONS,
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        SqlState::QUERY_CANCELED,
    ]
    .contains(state)
        || state.code().starts_with("08")
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
