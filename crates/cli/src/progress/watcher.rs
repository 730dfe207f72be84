//! Reads the status again and again.

use changeover::status::{Status, StatusReader};
use changeover::{Error, chain};
use std::time::Duration;

/// A look that takes longer is given up; the next one may be quicker.
const LOOK_MAX: Duration = Duration::from_secs(3);

/// A reader that connects when it can and forgets its connection when that fails.
pub(crate) struct Watcher {
    url: String,
    app: String,
    reader: Option<StatusReader>,
}

impl Watcher {
    /// Does not connect yet.
    pub(crate) fn new(url: &str, app: &str) -> Self {
        Self { url: url.to_owned(), app: app.to_owned(), reader: None }
    }

    /// Looks once.
    ///
    /// # Errors
    /// As the engine's status has them; [`Error::Deadline`] where it takes too long.
    pub(crate) async fn look(&mut self) -> Result<Status, Error> {
        let looked = tokio::time::timeout(LOOK_MAX, self.look_unbounded()).await;
        let status = looked.unwrap_or_else(|_| {
            Err(Error::Deadline {
                what: "reading the status".to_owned(),
                limit_ms: u64::try_from(LOOK_MAX.as_millis()).unwrap_or(u64::MAX),
            })
        });
        if !matches!(status, Ok(_) | Err(Error::NoLedger | Error::UnknownApp { .. })) {
            self.reader = None;
        }
        status
    }

    /// Looks once, for progress only: where that fails, there is nothing new to show.
    pub(crate) async fn glance(&mut self) -> Option<Status> {
        match self.look().await {
            Ok(status) => Some(status),
            Err(error) => {
                tracing::debug!(error = chain(&error), "the status was not read");
                None
            }
        }
    }

    async fn look_unbounded(&mut self) -> Result<Status, Error> {
        if self.reader.is_none() {
            self.reader = Some(StatusReader::connect(&self.url, &self.app).await?);
        }
        match &self.reader {
            Some(reader) => reader.read().await,
            None => Err(Error::NoLedger),
        }
    }
}
