//! Release 4.10: how often each policy was enforced, from `alerts.enforcement_count`.
//!
//! Needs the schema of 4.10: releases before it have no such worker and could not own it. Counts anew
//! each time, since rows that older releases wrote are filled in the background. SQL:
//! `enforcement_summary/`.

use tokio_postgres::{Client, Error};

/// The lowest head that has the column it reads.
pub const OWNER_FROM: i64 = 213;

/// Brings the summary up to date; returns how many policies have changed.
///
/// # Errors
/// When the statement fails.
pub async fn summarize(transaction: &Client) -> Result<u64, Error> {
    transaction.execute_typed(include_str!("enforcement_summary/summarize.sql"), &[]).await
}
