//! Writes each cluster's health, from what its sensor says over its stream.
//!
//! An instance writes of the clusters whose streams it holds, and only as long as no newer stream of the
//! cluster was opened anywhere: `health_write.sql` checks the stream's epoch in the same statement. Of
//! all others it writes nothing, so two instances never contradict each other. A cluster of which nothing
//! was heard for a while becomes inactive, by the one that sees it first (`health_expire.sql`): that depends
//! on nothing but the database.
//!
//! Started by [`crate::server`]; ends with its instance.

use crate::{
    database::Parameter,
    release::Statement,
    request::ApiError,
    route::{HeldStream, Lifecycle, ServiceState},
    settings::HealthTiming,
};
use std::{collections::BTreeMap, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval},
};
use tokio_postgres::types::Type;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

/// As ACS writes it; only in trials.
const UNGUARDED: Statement =
    Statement { name: "health_unguarded", sql: include_str!("unguarded.sql") };

/// The running loop. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct HealthLoop {
    rounds: watch::Receiver<u64>,
    _task: AbortOnDropHandle<()>,
}

impl HealthLoop {
    /// Begins once the instance serves.
    pub(crate) fn start(state: ServiceState, timing: HealthTiming, unguarded: bool) -> Self {
        let (rounds, seen) = watch::channel(0);
        let task = tokio::spawn(run(state, timing, unguarded, rounds));
        Self { rounds: seen, _task: AbortOnDropHandle::new(task) }
    }

    /// How many rounds there were.
    pub(crate) fn rounds(&self) -> u64 {
        *self.rounds.borrow()
    }
}

async fn run(
    state: ServiceState,
    timing: HealthTiming,
    unguarded: bool,
    rounds: watch::Sender<u64>,
) {
    let mut lifecycle = state.lifecycle.clone();
    if lifecycle.wait_for(|now| *now >= Lifecycle::Serving).await.is_err() {
        return;
    }
    let mut tick = interval(timing.period);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Until when each cluster was heard, as far as it is written.
    let mut written = BTreeMap::new();
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = state.streams.changed() => {}
        }
        let round = async {
            if unguarded {
                return write_unguarded(&state).await;
            }
            write(&state, &mut written).await?;
            expire(&state, timing.inactive_after).await
        };
        if let Err(error) = round.await {
            // Its causes are in the log already, where it is not the database's being away.
            let body = error.into_body();
            tracing::warn!(code = body.code, "clusters' health was not written; tried again");
        }
        rounds.send_modify(|count| *count += 1);
    }
}

/// Writes what was heard since it was last written.
async fn write(
    state: &ServiceState,
    written: &mut BTreeMap<(Uuid, i64), Instant>,
) -> Result<(), ApiError> {
    let held = state.streams.held();
    let key = |stream: &HeldStream| (stream.cluster_id, stream.epoch);
    written.retain(|known, _| held.iter().any(|stream| key(stream) == *known));
    for stream in held {
        if written.get(&key(&stream)).is_some_and(|until| *until >= stream.heard) {
            continue;
        }
        let HeldStream { cluster_id, epoch, health, heard } = &stream;
        let parameters: [Parameter<'_>; 3] =
            [(cluster_id, Type::UUID), (epoch, Type::INT8), (health, Type::TEXT)];
        let client = state.pool.get_patiently().await?;
        let statement = state.release.statements.health_write;
        let count = state.statement_mode.execute(&client, statement, &parameters).await?;
        if count == 0 {
            tracing::debug!(%cluster_id, epoch, "the cluster has a newer stream");
        }
        written.insert((*cluster_id, *epoch), *heard);
    }
    Ok(())
}

async fn expire(state: &ServiceState, inactive_after: Duration) -> Result<(), ApiError> {
    let inactive_after_s = inactive_after.as_secs_f64();
    let client = state.pool.get_patiently().await?;
    let statement = state.release.statements.health_expire;
    let parameters: [Parameter<'_>; 1] = [(&inactive_after_s, Type::FLOAT8)];
    for row in state.statement_mode.query(&client, statement, &parameters).await? {
        let cluster_id: Uuid = row.try_get(0)?;
        tracing::info!(%cluster_id, "nothing was heard of it; it is inactive");
    }
    Ok(())
}

async fn write_unguarded(state: &ServiceState) -> Result<(), ApiError> {
    let held: Vec<Uuid> = state.streams.held().iter().map(|stream| stream.cluster_id).collect();
    let client = state.pool.get_patiently().await?;
    let parameters: [Parameter<'_>; 1] = [(&held, Type::UUID_ARRAY)];
    state.statement_mode.execute(&client, UNGUARDED, &parameters).await?;
    Ok(())
}
