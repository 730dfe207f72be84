//! The connection that looks are made on; where it may LISTEN, a notification brings the next look on.
//!
//! A notification is a hint and no more: one that is lost costs the rest of the pause between two looks.

use crate::connection::{self, Connection, Purpose};
use crate::error::Error;
use crate::instance::open_for;
use crate::options::Options;
use std::sync::Arc;
use tokio::sync::Notify;

const CHANNEL: &str = "changeover_cache";

/// Opens the connection that looks are made on.
pub(super) async fn open(options: &Options, hint: &Arc<Notify>) -> Result<Connection, Error> {
    let Some(url) = &options.listen_url else {
        return open_for(options, Purpose::Service).await;
    };
    let (open, mut heard) = connection::open_listening(url, &options.application_name()).await?;
    let (app, hint) = (options.app.clone(), Arc::clone(hint));
    // Ends with the connection.
    tokio::spawn(async move {
        while let Some(notification) = heard.recv().await {
            if notification.channel() == CHANNEL && notification.payload() == app {
                hint.notify_one();
            }
        }
    });
    open.client
        .batch_execute("LISTEN changeover_cache")
        .await
        .map_err(|source| Error::sql("listening for changes", source))?;
    Ok(open)
}
