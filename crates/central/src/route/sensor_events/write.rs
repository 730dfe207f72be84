//! Writes a batch within the caller's transaction; for one request, or for a part of a stream.

use super::{
    EventsStored,
    batch::{Batch, Change},
};
use crate::{
    database::Parameter,
    request::{ApiError, FieldErrors},
    route::ServiceState,
    upgrade::APP,
    worker::notifier,
};
use deadpool_postgres::Transaction;
use tokio_postgres::{
    error::SqlState,
    types::{Json as SqlJson, Type},
};
use uuid::Uuid;

/// Writes new rows, then changes, in their one order.
pub(in crate::route) async fn write(
    transaction: &Transaction<'_>,
    state: &ServiceState,
    cluster_id: Uuid,
    batch: Batch,
) -> Result<EventsStored, ApiError> {
    let (statements, mode) = (&state.release.statements, state.statement_mode);
    for (rows, statement) in [
        (&batch.indicators, statements.indicators_insert),
        (&batch.flows, statements.flows_insert),
        (&batch.alerts, statements.alerts_insert),
    ] {
        if !rows.is_empty() {
            mode.execute(transaction, statement, &[(&SqlJson(rows), Type::JSONB)])
                .await
                .map_err(unknown_policy)?;
        }
    }
    if !batch.alerts.is_empty() && state.upgrade.has_jobs() {
        let versions = state.release.workers.notify_versions;
        let version_max = versions.iter().copied().max().unwrap_or_default();
        notifier::enqueue(&**transaction, APP, &batch.alerts, version_max).await?;
    }
    let mut stored = EventsStored { accepted: batch.write_ids, ..EventsStored::default() };
    for change in &batch.changes {
        apply(transaction, state, cluster_id, change, &mut stored).await?;
    }
    Ok(stored)
}

/// An alert of a policy that is not there is the client's fault, not ours.
fn unknown_policy(error: tokio_postgres::Error) -> ApiError {
    if error.code() == Some(&SqlState::FOREIGN_KEY_VIOLATION) {
        return ApiError::Invalid(FieldErrors::one(
            "events",
            "an alert names a policy that does not exist",
        ));
    }
    error.into()
}

async fn apply(
    transaction: &Transaction<'_>,
    state: &ServiceState,
    cluster_id: Uuid,
    change: &Change,
    stored: &mut EventsStored,
) -> Result<(), ApiError> {
    let (statements, mode) = (&state.release.statements, state.statement_mode);
    match change {
        Change::Merge { table, key, patch } => {
            let parameters: [Parameter<'_>; 3] =
                [(key, Type::UUID), (&cluster_id, Type::UUID), (patch, Type::JSONB)];
            stored.updated +=
                mode.execute(transaction, table.merge(statements), &parameters).await?;
        }
        Change::Remove { table, key } => {
            let parameters: [Parameter<'_>; 2] = [(key, Type::UUID), (&cluster_id, Type::UUID)];
            stored.deleted +=
                mode.execute(transaction, table.remove(statements), &parameters).await?;
        }
    }
    Ok(())
}
