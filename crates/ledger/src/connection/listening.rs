//! What a connection does besides answering: its end is logged, and its notifications are passed on to who
//! listens.

use super::{Connection, OPEN_WAIT, Purpose, config, connect_with};
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
    let connecting = connect_with(config(url, &name)?, Purpose::Listen, Some(passed_on));
    let connection =
        tokio::time::timeout(OPEN_WAIT, connecting).await.unwrap_or_else(|_elapsed| {
            Err(Error::Deadline {
                what: "connecting to the database".to_owned(),
                limit_ms: u64::try_from(OPEN_WAIT.as_millis()).unwrap_or(u64::MAX),
            })
        })?;
    Ok((connection, heard))
}

/// Moves the connection on until it ends.
pub(super) async fn watch_connection<S, T>(
    mut connection: tokio_postgres::Connection<S, T>,
    purpose: Purpose,
    heard: Option<mpsc::Sender<Notification>>,
) where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    // Ends with the connection.
    while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
        match (message, &heard) {
            (Ok(AsyncMessage::Notification(notification)), Some(heard)) => {
                // Where the queue is full, whoever reads it has enough to wake up for.
                if let Err(mpsc::error::TrySendError::Closed(_)) = heard.try_send(notification) {
                    return;
                }
            }
            (Ok(AsyncMessage::Notice(notice)), _) => {
                tracing::debug!(%notice, purpose = purpose.as_str(), "the server says");
            }
            (Ok(_), _) => {}
            (Err(error), _) => {
                tracing::debug!(%error, purpose = purpose.as_str(), "connection ended");
                return;
            }
        }
    }
}
