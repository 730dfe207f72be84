//! What a connection does besides answering: its end is logged, and its notifications are passed on to who
//! listens.

use super::{Address, Connection, Link, Purpose, connect};
use crate::error::Error;
use std::future::poll_fn;
use tokio::sync::mpsc;
use tokio_postgres::{AsyncMessage, Notification};

/// How many notifications wait to be read; more of them wake nobody twice.
const NOTIFICATIONS_MAX: usize = 64;

/// Opens a connection whose notifications are passed on. Ended by dropping either.
pub async fn open_listening(
    url: &str,
    application: &str,
) -> Result<(Connection, mpsc::Receiver<Notification>), Error> {
    let (passed_on, heard) = mpsc::channel(NOTIFICATIONS_MAX);
    let name = format!("{application}/{}", Purpose::Listen.as_str());
    let connection = connect(&Address::read(url)?, &name, Purpose::Listen, Some(passed_on)).await?;
    Ok((connection, heard))
}

/// Moves the connection on until it ends.
pub(super) async fn watch_connection(
    mut connection: Link,
    purpose: Purpose,
    heard: Option<mpsc::Sender<Notification>>,
) {
    // Ends with the connection.
    while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
        match (message, &heard) {
            (Ok(AsyncMessage::Notification(notification)), Some(heard)) => {
                // Where the queue is full, its reader has enough to wake up for.
                if let Err(mpsc::error::TrySendError::Closed(_)) = heard.try_send(notification) {
                    return;
                }
            }
            (Ok(AsyncMessage::Notice(notice)), _) => {
                tracing::debug!(%notice, purpose = purpose.as_str(), "the server says");
            }
            (Ok(_), _) => {}
            (Err(error), _) => {
                tracing::debug!(
                    error = crate::error::chain(&error),
                    purpose = purpose.as_str(),
                    "connection ended"
                );
                return;
            }
        }
    }
}
