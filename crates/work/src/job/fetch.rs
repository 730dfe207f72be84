//! One look at the ledger: tells what could not be told, tends, claims. A task of its own, so that units
//! that end meanwhile make room for the next ones at once.

use super::claim::{self, Claimed};
use super::ledger::{self, Ending};
use super::transaction::Context;
use crate::connection::Connection;
use crate::error::Error;
use std::sync::Arc;

/// How many jobs of unknown outcome are asked for at a time.
const UNKNOWN_MAX: i32 = 10;

/// What is to be looked for.
pub(super) struct Fetch {
    pub(super) context: Arc<Context>,
    pub(super) connection: Option<Connection>,
    pub(super) undelivered: Vec<Ending>,
    /// A claim's answer was lost: all that we know of, so that the rest can be given back.
    pub(super) known: Option<Vec<i64>>,
    /// It is time for a poll: open what is due, return what the dead have claimed.
    pub(super) tend: bool,
    /// Whether any kind here has unknown outcomes to ask about.
    pub(super) ask_unknown: bool,
    /// How many to claim of each kind; empty: none.
    pub(super) limits: Vec<(String, i32)>,
}

/// What was found.
pub(super) struct Fetched {
    pub(super) connection: Option<Connection>,
    pub(super) undelivered: Vec<Ending>,
    pub(super) jobs: Vec<Claimed>,
    pub(super) unknown: Vec<Claimed>,
    /// Of these kinds there was less than was asked for.
    pub(super) exhausted: Vec<String>,
    /// What we do not know of was given back.
    pub(super) swept: bool,
    /// A claim was sent, and its answer did not come.
    pub(super) is_claim_lost: bool,
    pub(super) error: Option<Error>,
}

impl Fetch {
    pub(super) async fn run(mut self) -> Fetched {
        let mut fetched = Fetched {
            connection: None,
            undelivered: Vec::new(),
            jobs: Vec::new(),
            unknown: Vec::new(),
            exhausted: Vec::new(),
            swept: false,
            is_claim_lost: false,
            error: None,
        };
        let connection = match self.connection.take() {
            Some(open) if !open.client.is_closed() => Ok(open),
            _ => self.context.open().await,
        };
        match connection {
            Ok(connection) => {
                if let Err(error) = self.look(&connection, &mut fetched).await {
                    fetched.error = Some(error);
                } else {
                    fetched.connection = Some(connection);
                }
            }
            Err(error) => fetched.error = Some(error),
        }
        fetched.undelivered = self.undelivered;
        fetched
    }

    async fn look(&mut self, connection: &Connection, fetched: &mut Fetched) -> Result<(), Error> {
        let (client, instance) = (&connection.client, self.context.instance);
        ledger::tell_all(client, instance, &mut self.undelivered).await?;
        if let Some(known) = &self.known {
            let returned = ledger::give_back_others(client, instance, known).await?;
            fetched.swept = true;
            if returned > 0 {
                tracing::info!(returned, "jobs of a lost claim were given back");
            }
        }
        if self.tend {
            ledger::tend(client, instance).await?;
        }
        if self.ask_unknown {
            fetched.is_claim_lost = true;
            fetched.unknown = claim::claim_unknown(client, instance, UNKNOWN_MAX).await?;
            fetched.is_claim_lost = false;
        }
        let at_most = self.limits.iter().map(|(_, count)| *count).sum::<i32>().min(500);
        if at_most > 0 {
            fetched.is_claim_lost = true;
            fetched.jobs = claim::claim(client, instance, at_most, &self.limits).await?;
            fetched.is_claim_lost = false;
            self.exhausted(at_most, fetched);
        }
        Ok(())
    }

    /// Which kinds had less than was asked for; none can be told where all kinds together filled the claim.
    fn exhausted(&self, at_most: i32, fetched: &mut Fetched) {
        if i32::try_from(fetched.jobs.len()).is_ok_and(|got| got >= at_most) {
            return;
        }
        for (kind, asked) in &self.limits {
            let got = fetched.jobs.iter().filter(|job| *job.kind == **kind).count();
            if i32::try_from(got).is_ok_and(|got| got < *asked) {
                fetched.exhausted.push(kind.clone());
            }
        }
    }
}
