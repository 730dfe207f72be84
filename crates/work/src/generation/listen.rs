//! Hears of hand-overs and new jobs at once, where there is a connection that is our own.
//!
//! Behind a pooler that shares sessions a LISTEN would reach the one that has the session by then, so it is
//! not sent there. What goes wrong here is no error: the polls suffice.

use super::member::{Member, Topic};
use crate::connection::{self, pooler};
use crate::error::{Error, chain};
use std::time::Duration;

/// The pause before the connection is opened again.
const REOPEN_PAUSE: Duration = Duration::from_secs(5);

const LISTEN: &str = "LISTEN changeover_worker; LISTEN changeover_job";

/// Ends with the member, or where no connection is direct.
pub(super) async fn run(member: Member) {
    let Some(url) = direct_url(&member).await else {
        tracing::debug!("no direct connection to listen on: hand-overs wait for a poll");
        return;
    };
    while !member.stopped().is_cancelled() && !member.standing().borrow().left {
        if let Err(error) = hear(&member, &url).await {
            tracing::debug!(error = chain(&error), "not listening; trying again");
        }
        tokio::select! {
            () = member.stopped().cancelled() => return,
            () = tokio::time::sleep(REOPEN_PAUSE) => {}
        }
    }
}

/// The address that was given for it; else the service's own if the server itself answers there, else the
/// owner's, which was found to be direct when it was opened.
async fn direct_url(member: &Member) -> Option<String> {
    let options = member.options();
    if options.listen_url.is_some() {
        return options.listen_url.clone();
    }
    if let Some(url) = &options.service_url
        && pooler::is_direct(url, &options.application_name()).await
    {
        return Some(url.clone());
    }
    options.owner_url.clone()
}

async fn hear(member: &Member, url: &str) -> Result<(), Error> {
    let name = member.options().application_name();
    let (connection, mut heard) = connection::open_listening(url, &name).await?;
    connection
        .client
        .batch_execute(LISTEN)
        .await
        .map_err(|source| Error::sql("listening", source))?;
    // What came before the LISTEN was not heard.
    member.wake(Topic::Worker);
    member.wake(Topic::Job);
    let mut standing = member.standing();
    loop {
        tokio::select! {
            () = member.stopped().cancelled() => return Ok(()),
            changed = standing.changed() => {
                if changed.is_err() || standing.borrow().left {
                    return Ok(());
                }
            }
            notification = heard.recv() => {
                let Some(notification) = notification else { return Ok(()) };
                let topic = match notification.channel() {
                    "changeover_worker" => Topic::Worker,
                    "changeover_job" => Topic::Job,
                    _ => continue,
                };
                // Several applications may share a database; a wake too many costs one look.
                if notification.payload() == member.options().app
                    || notification.payload().is_empty()
                {
                    member.wake(topic);
                }
            }
        }
    }
}
