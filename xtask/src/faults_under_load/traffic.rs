//! Central's mix of requests, and the numbers of the errors that it was answered with: by them central's
//! log tells why.

use changeover_central::traffic::Traffic;
use changeover_rollout::load::{Request, Verdict, Workload};
use rand::rngs::StdRng;
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

/// The traffic to one central.
pub(super) struct Watched {
    traffic: Traffic,
    errors: Mutex<Vec<Uuid>>,
}

impl Watched {
    pub(super) fn new(traffic: Traffic) -> Self {
        Self { traffic, errors: Mutex::default() }
    }

    /// The ids of all writes that were answered with success.
    pub(super) fn acknowledged(&self) -> Vec<Uuid> {
        self.traffic.acknowledged()
    }

    /// The ids of all answers that said that something is wrong with central or its database.
    pub(super) fn errors(&self) -> Vec<Uuid> {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Workload for Watched {
    fn next(&self, random: &mut StdRng, sequence: u64) -> Request {
        self.traffic.next(random, sequence)
    }

    fn check(&self, request: &Request, status: hyper::StatusCode, body: &bytes::Bytes) -> Verdict {
        if let Some(id) = (status.as_u16() == 500).then(|| error_id(body)).flatten() {
            self.errors.lock().unwrap_or_else(PoisonError::into_inner).push(id);
        }
        self.traffic.check(request, status, body)
    }
}

/// The last word of the message.
fn error_id(body: &[u8]) -> Option<Uuid> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    body.get("message")?.as_str()?.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_an_error_is_found_in_its_answer() {
        let id = Uuid::from_u128(7);
        let body = format!(r#"{{"code":"internal","message":"its id in the log is {id}"}}"#);
        assert_eq!(error_id(body.as_bytes()), Some(id));
        assert_eq!(error_id(b"{}"), None);
        assert_eq!(error_id(br#"{"message":"the database cannot be reached"}"#), None);
    }
}
