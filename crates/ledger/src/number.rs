//! Numbers and times as the ledger has them: everything is a `bigint`, times in milliseconds.

use std::time::Duration;

/// A number as the ledger's bigint has it.
pub fn bigint(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A duration as the ledger takes it.
pub fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
