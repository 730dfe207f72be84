//! Reads a JSON body, with our own answers to one that is too large or no JSON.

use super::{answer::ApiError, field::FieldErrors};
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::StatusCode,
    response::IntoResponse,
};
use serde::de::DeserializeOwned;

/// The largest body: a thousand events of about 500 bytes, four times over.
pub const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;

/// A body read as JSON.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            if rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE {
                ApiError::TooLarge(BODY_BYTES_MAX)
            } else {
                ApiError::Invalid(FieldErrors::one("body", "could not be read to its end"))
            }
        })?;
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| ApiError::Invalid(FieldErrors::one("body", error.to_string())))
    }
}
