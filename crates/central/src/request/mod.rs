//! What every route shares: reading a body, checking its fields, and answering with an error.

mod answer;
mod body;
mod field;
mod seen_write;

pub use answer::{ApiError, ErrorBody};
pub use body::{BODY_BYTES_MAX, JsonBody};
pub use field::FieldErrors;
pub use seen_write::{CHANGEOVER_TOKEN, SeenWrite};
