//! What an upgrade says to its service: that it waits, may serve, or cannot serve.
//!
//! Written by the loop ([`super::run`]) and, while a holder works for hours, by a task beside it; read by the
//! handle and the probes. Once servable, always servable.

use crate::connection::{self, Connection, Purpose};
use crate::control;
use crate::error::{Error, chain};
use crate::options::Options;
use crate::text::known_text;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_postgres::types::Type;
use tokio_util::sync::CancellationToken;

/// How far the upgrade is, as an instance sees it.
#[derive(Clone, Debug)]
pub enum Upgrade {
    /// The release may not serve yet: what it waits for.
    Waiting(String),
    /// Everything that the release needs is there.
    Servable,
    /// The release cannot serve: why.
    Failed(Arc<Error>),
}

/// Tells the service as soon as it may serve, until `stop` or until it may.
pub(super) async fn keep_reporting(
    options: Arc<Options>,
    url: String,
    upgrade: watch::Sender<Upgrade>,
    stop: CancellationToken,
) {
    let name = options.application_name();
    let mut watch: Option<Connection> = None;
    while !stop.is_cancelled() && !matches!(*upgrade.borrow(), Upgrade::Servable) {
        if watch.as_ref().is_none_or(|open| open.client.is_closed()) {
            watch = connection::open(&url, &name, Purpose::Watch).await.ok();
        }
        if let Some(open) = &watch
            && let Err(error) = report(open, &options, &upgrade).await
        {
            tracing::debug!(error = chain(&error), "standing not read");
        }
        tokio::time::sleep(options.timing.poll).await;
    }
}

/// Tells the service why it cannot serve, unless it serves already.
pub(super) fn fail(upgrade: &watch::Sender<Upgrade>, error: &Error) {
    let text = chain(error);
    // The service sees the error itself where it waits; here a copy of its text must do.
    let shared = match error {
        Error::Refused { plan } => Error::Refused { plan: plan.clone() },
        _ => Error::Invalid(match error.remedy() {
            Some(remedy) => format!("{text}; {remedy}"),
            None => text,
        }),
    };
    upgrade.send_if_modified(|upgrade| {
        let servable = matches!(upgrade, Upgrade::Servable);
        if !servable {
            *upgrade = Upgrade::Failed(Arc::new(shared));
        }
        !servable
    });
}

/// What operators want that makes a release wait for longer, as the end of a sentence.
async fn delay(connection: &Connection, options: &Options) -> Result<String, Error> {
    let wishes = control::read(connection, &options.app).await?;
    Ok(wishes.delay().map_or_else(String::new, |why| format!("; {why}")))
}

/// Reads whether the release may serve, and tells the service.
pub(crate) async fn report(
    connection: &Connection,
    options: &Options,
    upgrade: &watch::Sender<Upgrade>,
) -> Result<(), Error> {
    let head = crate::ledger::record::bigint(options.head());
    let rows = connection
        .client
        .query_typed(
            "SELECT head, floor, open_before_serving, failed FROM changeover.standing($1, $2)",
            &[(&options.app, Type::TEXT), (&head, Type::INT8)],
        )
        .await
        .map_err(|source| Error::sql("reading where the application stands", source))?;
    let next = match rows.first() {
        None => Upgrade::Waiting("the application is not in the ledger yet".to_owned()),
        Some(row) => {
            let (ledger_head, open): (Option<i64>, i64) = (row.get(0), row.get(2));
            let failed = known_text(row, 3);
            if ledger_head.unwrap_or(0) < head {
                let delay = delay(connection, options).await?;
                Upgrade::Waiting(format!("the migrations are not planned yet{delay}"))
            } else if open > 0 {
                let failed = failed.map_or_else(String::new, |why| format!("; failed: {why}"));
                let delay = delay(connection, options).await?;
                Upgrade::Waiting(format!(
                    "{open} steps are to be done before serving{failed}{delay}"
                ))
            } else {
                Upgrade::Servable
            }
        }
    };
    upgrade.send_if_modified(|upgrade| {
        let changed = match (&*upgrade, &next) {
            (Upgrade::Servable | Upgrade::Failed(_), _) => false,
            (Upgrade::Waiting(old), Upgrade::Waiting(new)) => old != new,
            _ => true,
        };
        if changed {
            *upgrade = next;
        }
        changed
    });
    Ok(())
}
