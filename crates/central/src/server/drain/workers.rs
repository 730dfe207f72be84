//! The workers' part of a drain: background work is handed over while requests still come.
//!
//! What hands over work ([`crate::upgrade::Upgrade::drain`] gives the upgrade's term back) is called
//! here, under one deadline, and says by name what it did not get rid of.

use super::report::WorkersEnded;
use crate::upgrade::Upgrade;
use std::time::Duration;
use tokio::time::timeout;

/// What the library has beyond the patience for saying so: each of its own waits is bounded.
const OVERTIME: Duration = Duration::from_secs(2);

/// Hands over, for as long as there is patience.
pub(super) async fn end(upgrade: &Upgrade, patience: Duration) -> WorkersEnded {
    match timeout(patience + OVERTIME, upgrade.drain(patience)).await {
        Ok(cut) => WorkersEnded { cut },
        Err(_) => WorkersEnded { cut: vec!["the upgrade's term".to_owned()] },
    }
}
