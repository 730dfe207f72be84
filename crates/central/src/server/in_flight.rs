//! Which requests are in flight: from their head to the last byte of their answer.
//!
//! Connections enter them, a drain that has to cut says which they were.

use axum::body::{Body, Bytes};
use hyper::{
    Request,
    body::{Body as HttpBody, Frame, SizeHint},
};
use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

/// The requests of one instance.
#[derive(Debug, Default)]
pub(super) struct InFlight(Mutex<Requests>);

#[derive(Debug, Default)]
struct Requests {
    by_key: BTreeMap<u64, String>,
    next_key: u64,
}

/// A request's place; dropping it says that the request is over.
#[derive(Debug)]
pub(super) struct Ticket {
    all: Arc<InFlight>,
    key: u64,
}

impl InFlight {
    /// Enters a request.
    pub(super) fn enter<B>(self: &Arc<Self>, request: &Request<B>) -> Ticket {
        let name = format!("{} {}", request.method(), request.uri().path());
        let mut requests = self.lock();
        let key = requests.next_key;
        requests.next_key += 1;
        requests.by_key.insert(key, name);
        Ticket { all: Arc::clone(self), key }
    }

    /// Method and path of each, the oldest first.
    pub(super) fn requests(&self) -> Vec<String> {
        self.lock().by_key.values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Requests> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// The request is over once this body is sent.
    pub(super) fn until_sent(self, body: Body) -> Body {
        Body::new(Ticketed { body, _ticket: self })
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.all.lock().by_key.remove(&self.key);
    }
}

/// A body that keeps its request's ticket.
struct Ticketed {
    body: Body,
    _ticket: Ticket,
}

impl HttpBody for Ticketed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
