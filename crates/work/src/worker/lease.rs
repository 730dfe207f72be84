//! The calls that get and give a lease.

use crate::error::{Error, SQLSTATE_FENCED, SQLSTATE_UNREGISTERED};
use crate::generation::Member;
use changeover_ledger::number::milliseconds;
use std::time::Instant;
use tokio_postgres::types::Type;
use uuid::Uuid;

const ACQUIRE: &str = "SELECT epoch, timeline FROM changeover.acquire_v1($1, $2, $3)";
const TRANSFER: &str = "SELECT changeover.transfer_v1($1, $2, $3)";

/// What identifies a tenure to the guard.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) app: String,
    pub(super) worker: String,
    pub(super) instance: Uuid,
    pub(super) epoch: i64,
    pub(super) timeline: i64,
}

/// A lease as it was granted; `sent` was taken before asking, so that our own idea of its end is never
/// too late.
#[derive(Debug)]
pub(super) struct Grant {
    pub(super) claim: Claim,
    pub(super) sent: Instant,
}

/// Tries to get a worker. `None`: it is somebody else's.
pub(super) async fn acquire(member: &Member, worker: &str) -> Result<Option<Grant>, Error> {
    let instance = member.instance_id();
    let lease_ms = milliseconds(member.options().timing.lease);
    let sent = Instant::now();
    let called = member
        .call(
            "acquiring a worker",
            ACQUIRE,
            &[(&instance, Type::UUID), (&worker, Type::TEXT), (&lease_ms, Type::INT8)],
        )
        .await;
    let rows = joined(member, called)?;
    let Some(row) = rows.first() else { return Ok(None) };
    let claim = Claim {
        app: member.options().app.clone(),
        worker: worker.to_owned(),
        instance,
        epoch: row.get(0),
        timeline: row.get(1),
    };
    tracing::info!(worker, epoch = claim.epoch, timeline = claim.timeline, "worker acquired");
    Ok(Some(Grant { claim, sent }))
}

/// Hands a worker over; `None`: to nobody, since nobody else is ready.
pub(super) async fn transfer(member: &Member, claim: &Claim) -> Result<Option<Uuid>, Error> {
    let called = member
        .call(
            "handing a worker over",
            TRANSFER,
            &[
                (&claim.instance, Type::UUID),
                (&claim.worker, Type::TEXT),
                (&claim.epoch, Type::INT8),
            ],
        )
        .await;
    match called {
        Ok(rows) => Ok(rows.first().and_then(|row| row.get(0))),
        Err(error) => Err(lost_or(claim, error)),
    }
}

/// What the guard's refusal means here.
pub(super) fn lost_or(claim: &Claim, error: Error) -> Error {
    let fenced = matches!(error, Error::TermLost) || error.sqlstate() == Some(SQLSTATE_FENCED);
    if fenced {
        Error::TenureLost { worker: claim.worker.clone(), epoch: claim.epoch }
    } else {
        error
    }
}

/// Joins again where the ledger does not know this member any more.
pub(super) fn joined<T>(member: &Member, called: Result<T, Error>) -> Result<T, Error> {
    if let Err(error) = &called
        && error.sqlstate() == Some(SQLSTATE_UNREGISTERED)
    {
        member.rejoin();
    }
    called
}
