//! Which streams this instance holds, and what they are told when it leaves.
//!
//! Sessions enter themselves; the drain ends them ([`StreamBook::end_all`]); the health loop reads what
//! their sensors last said.
//!
//! Invariant: a stream is in the book from before its first message until after its last.

use serde::Serialize;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, timeout, timeout_at},
};
use uuid::Uuid;

/// After streams were told that they are cut: the time until they have left the book. They do nothing
/// but leave then.
const CUT_WAIT: Duration = Duration::from_secs(1);

/// What streams are told. Only ever goes forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Order {
    /// Go on.
    Stream,
    /// End in order.
    End,
    /// End at once.
    Cut,
}

/// The streams that an instance holds.
#[derive(Debug)]
pub struct StreamBook {
    order: watch::Sender<Order>,
    streams: Mutex<Streams>,
    /// Told when a stream has come, gone, or heard something new of its cluster's health.
    changed: Notify,
    /// How many there are.
    count: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Streams {
    held: BTreeMap<u64, Held>,
    next_key: u64,
    ended: usize,
}

#[derive(Debug)]
struct Held {
    cluster_id: Uuid,
    epoch: i64,
    /// Events that were received and not acknowledged yet.
    unacknowledged: usize,
    health: String,
    /// When the sensor was last heard.
    heard: Instant,
}

/// A stream that is held, for the health loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldStream {
    /// The cluster.
    pub cluster_id: Uuid,
    /// Which of its streams.
    pub epoch: i64,
    /// What its sensor last said.
    pub health: String,
    /// When it was last heard.
    pub heard: Instant,
}

/// A stream that a drain has cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CutStream {
    /// The cluster whose sensor it was.
    pub cluster_id: Uuid,
    /// Which of its streams.
    pub epoch: i64,
    /// Events that were received and not acknowledged: the sensor sends them again.
    pub events_unacknowledged: usize,
}

/// How the streams of an instance have ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StreamsEnded {
    /// How many have ended in order.
    pub in_order: usize,
    /// Those that were cut at the deadline.
    pub cut: Vec<CutStream>,
}

/// A stream's place in the book; dropping it takes the stream out.
#[derive(Debug)]
pub(super) struct Entry {
    book: Arc<StreamBook>,
    key: u64,
}

impl Default for StreamBook {
    fn default() -> Self {
        Self {
            order: watch::Sender::new(Order::Stream),
            streams: Mutex::default(),
            changed: Notify::new(),
            count: watch::Sender::new(0),
        }
    }
}

impl StreamBook {
    /// Enters a stream.
    pub(super) fn enter(self: &Arc<Self>, cluster_id: Uuid, epoch: i64) -> Entry {
        let mut streams = self.streams();
        let key = streams.next_key;
        streams.next_key += 1;
        let health = super::message::HEALTHS[0].to_owned();
        let held = Held { cluster_id, epoch, unacknowledged: 0, health, heard: Instant::now() };
        streams.held.insert(key, held);
        self.count.send_replace(streams.held.len());
        self.changed.notify_one();
        Entry { book: Arc::clone(self), key }
    }

    /// What streams are told.
    pub(super) fn order(&self) -> watch::Receiver<Order> {
        self.order.subscribe()
    }

    /// The streams that are held.
    pub fn held(&self) -> Vec<HeldStream> {
        let held = |held: &Held| HeldStream {
            cluster_id: held.cluster_id,
            epoch: held.epoch,
            health: held.health.clone(),
            heard: held.heard,
        };
        self.streams().held.values().map(held).collect()
    }

    /// Returns when a stream has come, gone, or heard something new of its cluster's health.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Tells all streams to end; those that have not after `patience` are cut. Streams that come
    /// afterwards are told at once.
    pub async fn end_all(&self, patience: Duration) -> StreamsEnded {
        let deadline = Instant::now() + patience;
        let ended_before = self.streams().ended;
        self.order.send_replace(Order::End);
        let mut count = self.count.subscribe();
        let all_ended = timeout_at(deadline, count.wait_for(|count| *count == 0)).await.is_ok();
        let cut = if all_ended { Vec::new() } else { self.cut().await };
        StreamsEnded {
            in_order: (self.streams().ended - ended_before).saturating_sub(cut.len()),
            cut,
        }
    }

    async fn cut(&self) -> Vec<CutStream> {
        let cut = |held: &Held| CutStream {
            cluster_id: held.cluster_id,
            epoch: held.epoch,
            events_unacknowledged: held.unacknowledged,
        };
        let cut = self.streams().held.values().map(cut).collect();
        self.order.send_replace(Order::Cut);
        let mut count = self.count.subscribe();
        if timeout(CUT_WAIT, count.wait_for(|count| *count == 0)).await.is_err() {
            tracing::warn!("streams that were cut are still there");
        }
        cut
    }

    fn streams(&self) -> MutexGuard<'_, Streams> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    /// Notes that something was received: so many events.
    pub(super) fn received(&self, events: usize) {
        self.change(|held| {
            held.unacknowledged += events;
            held.heard = Instant::now();
        });
    }

    /// Notes what the sensor says of its cluster.
    pub(super) fn beat(&self, health: &str) {
        let mut is_new = false;
        self.change(|held| {
            is_new = held.health != health;
            health.clone_into(&mut held.health);
            held.heard = Instant::now();
        });
        if is_new {
            self.book.changed.notify_one();
        }
    }

    /// Notes that all that was received is acknowledged.
    pub(super) fn acknowledged(&self) {
        self.change(|held| held.unacknowledged = 0);
    }

    fn change(&self, how: impl FnOnce(&mut Held)) {
        if let Some(held) = self.book.streams().held.get_mut(&self.key) {
            how(held);
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut streams = self.book.streams();
        streams.held.remove(&self.key);
        streams.ended += 1;
        self.book.count.send_replace(streams.held.len());
        self.book.changed.notify_one();
    }
}
