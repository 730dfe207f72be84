//! The queue as a part of the background work: declares the kinds, starts the fetcher, drains it.

use super::fetcher::{Drain, Drained, Fetcher};
use super::handler::Handler;
use super::lane::Lane;
use super::transaction::Context;
use crate::error::Error;
use crate::generation::{DrainReport, Member, Part, Topic};
use futures_util::future::BoxFuture;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_postgres::{Client, types::Type};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) struct Jobs {
    member: Member,
    handlers: Vec<Handler>,
    context: Arc<Context>,
    drain: Mutex<Option<oneshot::Sender<Drain>>>,
}

impl Jobs {
    /// Fails where a kind has two handlers, or a handler no version.
    pub(crate) fn new(member: Member, handlers: Vec<Handler>) -> Result<Self, Error> {
        let mut kinds = HashSet::new();
        for handler in &handlers {
            let kind = handler.kind();
            if !kinds.insert(kind.to_owned()) {
                return Err(Error::Invalid(format!("the job kind `{kind}` has two handlers")));
            }
            if handler.versions().is_empty() {
                return Err(Error::Invalid(format!("the job kind `{kind}` has no version")));
            }
            if matches!(handler, Handler::Batch(_)) && handler.limits().at_most_once {
                return Err(Error::Invalid(format!(
                    "the job kind `{kind}` is run in batches, so it cannot be at-most-once"
                )));
            }
        }
        let context = Context {
            options: Arc::clone(member.options()),
            instance: member.instance_id(),
            cut: CancellationToken::new(),
        };
        Ok(Self { member, handlers, context: Arc::new(context), drain: Mutex::new(None) })
    }
}

impl Part for Jobs {
    fn declare(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            if self.handlers.is_empty() {
                return Ok(());
            }
            let connection = self.context.open().await?;
            for handler in &self.handlers {
                declare(&connection.client, self.context.instance, handler).await?;
            }
            Ok(())
        })
    }

    fn start(&self) {
        if self.handlers.is_empty() {
            return;
        }
        let (sender, drains) = oneshot::channel();
        *self.drain.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        let lanes = self.handlers.iter().cloned().map(Lane::new).collect();
        let fetcher = Fetcher::new(Arc::clone(&self.context), lanes);
        let (wakes, stopped) = (self.member.wakes(Topic::Job), self.member.stopped().clone());
        tokio::spawn(fetcher.run(wakes, stopped, drains));
    }

    fn drain(&self, until: Instant) -> BoxFuture<'_, DrainReport> {
        let asked = self.drain.lock().unwrap_or_else(PoisonError::into_inner).take();
        Box::pin(async move {
            let Some(asked) = asked else { return DrainReport::default() };
            let (answer, drained) = oneshot::channel();
            let drained = match asked.send(Drain { until, answer }) {
                // The drain itself is bounded, and ends by an answer or by its end.
                Ok(()) => drained.await.unwrap_or_default(),
                Err(_ended) => Drained::default(),
            };
            DrainReport {
                cut: drained.cut,
                jobs_returned: drained.returned,
                ..DrainReport::default()
            }
        })
    }
}

async fn declare(client: &Client, instance: Uuid, handler: &Handler) -> Result<(), Error> {
    let limits = handler.limits();
    for version in handler.versions() {
        client
            .query_typed(
                "SELECT changeover.declare_job_v1($1, $2, $3, $4, $5, $6)",
                &[
                    (&instance, Type::UUID),
                    (&handler.kind(), Type::TEXT),
                    (version, Type::INT4),
                    (&limits.max_attempts, Type::INT4),
                    (&limits.max_crashes, Type::INT4),
                    (&limits.at_most_once, Type::BOOL),
                ],
            )
            .await
            .map_err(|source| Error::sql("declaring a kind of job", source))?;
    }
    Ok(())
}
