//! Sends a fence and `COMMIT` in one round trip, and awaits both answers.
//!
//! The fence comes late, so that a paused process delays nobody's takeover. A `COMMIT` of a failed
//! transaction answers success with the tag ROLLBACK, so its answer alone says nothing: whoever calls
//! this looks at the fence's first.

use std::future::Future;
use tokio_postgres::{Client, Error};

/// Both answers. `fence` sends its statement when it is first polled.
pub async fn commit_behind<T>(
    client: &Client,
    fence: impl Future<Output = T>,
) -> (T, Result<(), Error>) {
    // Both futures are polled in this order, so the server gets the fence first.
    tokio::join!(biased; fence, client.batch_execute("COMMIT"))
}
