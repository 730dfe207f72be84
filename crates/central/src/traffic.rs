//! Central's mix of requests as the load generator takes it.
//!
//! One batch of a sensor carries several writes, the generator knows one id a request: this keeps the
//! requests under way by that id, and the ids of all writes that were acknowledged. Used by the demo and by
//! the fault tests under load.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::workload::{Mix, MixRequest};
use changeover_rollout::load::{CAPACITY_FIRST_SEQUENCE, Request, Verdict, Workload};
use rand::rngs::StdRng;
use uuid::Uuid;

/// Requests that write to tables that migrate, by name.
pub const WRITES_TO_MIGRATING_TABLES: &str = "sensor events";

/// The header by which an answer finds its request; services log it.
const REQUEST_ID: &str = "x-request-id";

/// Requests that got no answer are forgotten once so many came after them: more than the generator
/// ever has under way.
const UNDER_WAY_MAX: usize = 20_000;

/// The mix, and what became of its writes.
pub struct Traffic {
    mix: Mix,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    under_way: BTreeMap<u64, MixRequest>,
    acknowledged: Vec<Uuid>,
}

impl std::fmt::Debug for Traffic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Traffic").finish_non_exhaustive()
    }
}

impl Traffic {
    /// Nothing sent yet.
    pub fn new(mix: Mix) -> Traffic {
        Traffic { mix, state: Mutex::default() }
    }

    /// The ids of all writes that were answered with success so far.
    pub fn acknowledged(&self) -> Vec<Uuid> {
        self.state().acknowledged.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Workload for Traffic {
    fn next(&self, random: &mut StdRng, sequence: u64) -> Request {
        // The mix makes times of these numbers: one a second.
        let wanted = self.mix.next(random, sequence % CAPACITY_FIRST_SEQUENCE);
        let mut request = match &wanted.body {
            None => Request::get(wanted.name, wanted.path.clone()),
            Some(body) => Request::post_json(wanted.name, wanted.path.clone(), body.to_string()),
        };
        request.headers.push((REQUEST_ID, sequence.to_string()));
        request.write_id = wanted.write_ids.first().copied();
        let mut state = self.state();
        state.under_way.insert(sequence, wanted);
        if state.under_way.len() > UNDER_WAY_MAX {
            state.under_way.pop_first();
        }
        request
    }

    fn check(&self, request: &Request, status: hyper::StatusCode, body: &bytes::Bytes) -> Verdict {
        let id = request.headers.iter().find(|(name, _)| *name == REQUEST_ID);
        let sequence = id.and_then(|(_, value)| value.parse::<u64>().ok());
        let wanted = sequence.and_then(|sequence| self.state().under_way.remove(&sequence));
        let Some(wanted) = wanted else {
            return Verdict::WrongBody("an answer to no request under way".to_owned());
        };
        match Mix::check(&wanted, status.as_u16(), body) {
            Ok(()) => {
                self.state().acknowledged.extend(wanted.write_ids);
                Verdict::Ok
            }
            Err(problem) => Verdict::WrongBody(problem),
        }
    }
}
