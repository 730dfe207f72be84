//! Reads the header by which a client demands to see a certain write.

use super::{answer::ApiError, field::FieldErrors};
use axum::{extract::FromRequestParts, http::request::Parts};
use changeover_share::cache::ChangeToken;

/// The header, of answers to writes and of requests to read.
pub const CHANGEOVER_TOKEN: &str = "changeover-token";

/// The write that the answer must not lack, if any.
#[derive(Clone, Copy, Debug)]
pub struct SeenWrite(pub Option<ChangeToken>);

impl<S: Send + Sync> FromRequestParts<S> for SeenWrite {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let Some(value) = parts.headers.get(CHANGEOVER_TOKEN) else {
            return Ok(Self(None));
        };
        let token = value.to_str().ok().and_then(|text| text.parse().ok());
        token.map(|token| Self(Some(token))).ok_or_else(|| {
            ApiError::Invalid(FieldErrors::one(CHANGEOVER_TOKEN, "is no token of a write"))
        })
    }
}
