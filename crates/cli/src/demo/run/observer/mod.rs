//! Reads from the database how migrations stand while a run goes on, one file for each way.

mod ledger;
mod versions;

use std::time::Instant;

use changeover_central::database;
use jiff::Timestamp;

use super::record::{PodSpan, StepRecord};
use crate::demo::{settings::Way, stage::Database};

/// Looks at the migrations of one run.
pub(super) enum Observer {
    /// The files, one after the other.
    Versions(Box<versions::Versions>),
    /// The ledger's steps.
    Ledger(Box<ledger::Ledger>),
}

/// Turns the server's times into times of the load. Server and demo share a clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    start: Instant,
    start_at: Timestamp,
}

impl Clock {
    /// A clock whose time 0 is `start`.
    pub(super) fn new(start: Instant) -> Clock {
        let start_at =
            Timestamp::now() - jiff::SignedDuration::try_from(start.elapsed()).unwrap_or_default();
        Clock { start, start_at }
    }

    /// Milliseconds from time 0 to a moment of the server.
    fn at_ms(self, at: Timestamp) -> f64 {
        at.duration_since(self.start_at).as_secs_f64() * 1000.0
    }

    /// Milliseconds since time 0.
    fn now_ms(self) -> f64 {
        self.start.elapsed().as_secs_f64() * 1000.0
    }
}

impl Observer {
    /// Gets ready to look, once the service is there.
    pub(super) async fn new(way: Way, database: &Database, clock: Clock) -> anyhow::Result<Self> {
        Ok(match way {
            Way::Recreate => {
                let client = database::connect(&database.owner_url, "demo", "watching").await?;
                Observer::Versions(Box::new(versions::Versions::new(client, clock)))
            }
            Way::Rolling => {
                Observer::Ledger(Box::new(ledger::Ledger::new(&database.owner_url, clock).await?))
            }
        })
    }

    /// Looks once; says in a few words what is being done.
    pub(super) async fn look(&mut self) -> anyhow::Result<String> {
        match self {
            Observer::Versions(versions) => versions.look().await,
            Observer::Ledger(ledger) => ledger.look().await,
        }
    }

    /// Whether steps may go on after a rollout.
    pub(super) fn is_online(&self) -> bool {
        matches!(self, Observer::Ledger(_))
    }

    /// Whether, at the last look, nothing was left that may be done while releases from this head on
    /// may come back.
    pub(super) fn is_settled(&self, floor: u64) -> bool {
        match self {
            // All is done before anybody serves.
            Observer::Versions(_) => true,
            Observer::Ledger(ledger) => ledger.unsettled(floor).is_empty(),
        }
    }

    /// What changes as long as steps move.
    pub(super) fn standing(&self) -> u64 {
        match self {
            Observer::Versions(_) => 0,
            Observer::Ledger(ledger) => ledger.standing(),
        }
    }

    /// All steps, and those that should be done by now and are not.
    pub(super) async fn finish(
        self,
        floor: u64,
        pods: &[PodSpan],
    ) -> anyhow::Result<(Vec<StepRecord>, Vec<String>)> {
        match self {
            Observer::Versions(versions) => Ok((versions.finish(pods), Vec::new())),
            Observer::Ledger(ledger) => {
                let unsettled = ledger.unsettled(floor);
                Ok((ledger.finish().await?, unsettled))
            }
        }
    }
}
