//! What a term is known by: to the guard, to its renewal, to its successor.

use uuid::Uuid;

/// What identifies a term to the guard.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The application.
    pub app: String,
    /// The number.
    pub epoch: i64,
    /// The holder.
    pub holder: Uuid,
}
