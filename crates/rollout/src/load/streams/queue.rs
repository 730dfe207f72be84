//! The events of one client that are not acknowledged yet, in order.
//!
//! Events are made when they are due, also while there is no stream. A new stream begins with the oldest.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use uuid::Uuid;

use super::spec::StreamEvent;

/// Events that a client keeps at most; what is due beyond is held back. At 20 a second this is an outage
/// of almost seven minutes.
const KEPT_MAX: usize = 8_000;

/// A client's events.
#[derive(Debug)]
pub(in crate::load) struct Queue {
    events: VecDeque<Kept>,
    /// How many of them were sent over the stream that is open.
    sent: usize,
    /// The number of the last event that was made; none before the first stream is open.
    last: Option<u64>,
    began: Instant,
    interval: Duration,
    due: u64,
}

#[derive(Debug)]
struct Kept {
    sequence: u64,
    due_at: Instant,
    was_sent: bool,
    event: StreamEvent,
}

/// An event that is stored.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::load) struct Acknowledged {
    pub(in crate::load) write_id: Uuid,
    pub(in crate::load) due_at: Instant,
}

/// What became of events that were due.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::load) struct Made {
    pub(in crate::load) events: u64,
    pub(in crate::load) held_back: u64,
}

impl Queue {
    pub(in crate::load) fn new(began: Instant, events_per_second: f64) -> Queue {
        Queue {
            events: VecDeque::new(),
            sent: 0,
            last: None,
            began,
            interval: Duration::from_secs_f64(1.0 / events_per_second),
            due: 0,
        }
    }

    /// A stream is open: everything is to be sent over it. The first one says where numbers begin.
    pub(in crate::load) fn reopen(&mut self, stored_to: u64) {
        self.sent = 0;
        self.last.get_or_insert(stored_to);
    }

    /// Makes the events that are due by now. Nothing before the first stream is open.
    pub(in crate::load) fn make(
        &mut self,
        now: Instant,
        mut event: impl FnMut(u64) -> StreamEvent,
    ) -> Made {
        let mut made = Made::default();
        let Some(mut last) = self.last else { return made };
        loop {
            let due_at = self.began + self.interval.mul_f64(self.due as f64);
            if due_at > now {
                break;
            }
            self.due += 1;
            if self.events.len() >= KEPT_MAX {
                made.held_back += 1;
                continue;
            }
            last += 1;
            made.events += 1;
            let event = event(last);
            self.events.push_back(Kept { sequence: last, due_at, was_sent: false, event });
        }
        self.last = Some(last);
        made
    }

    /// The next event to be sent over the open stream.
    pub(in crate::load) fn next(&self) -> Option<&StreamEvent> {
        self.events.get(self.sent).map(|kept| &kept.event)
    }

    /// That one was sent; tells whether it was sent before, over an earlier stream.
    pub(in crate::load) fn sent(&mut self) -> bool {
        let kept = self.events.get_mut(self.sent);
        self.sent += 1;
        kept.is_some_and(|kept| std::mem::replace(&mut kept.was_sent, true))
    }

    /// The service has stored an event: the oldest that was sent, or it is wrong.
    ///
    /// # Errors
    /// What is wrong.
    pub(in crate::load) fn acknowledge(&mut self, sequence: u64) -> Result<Acknowledged, String> {
        let oldest = self.events.front().map(|kept| kept.sequence);
        if self.sent == 0 || oldest != Some(sequence) {
            return Err(format!("event {sequence} was acknowledged, the oldest is {oldest:?}"));
        }
        self.sent -= 1;
        let kept = self.events.pop_front();
        let kept = kept.ok_or_else(|| "no event was sent".to_owned())?;
        Ok(Acknowledged { write_id: kept.event.write_id, due_at: kept.due_at })
    }

    pub(in crate::load) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The ids of what is left.
    pub(in crate::load) fn unacknowledged(&self) -> impl Iterator<Item = Uuid> {
        self.events.iter().map(|kept| kept.event.write_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(sequence: u64) -> StreamEvent {
        StreamEvent { line: Default::default(), write_id: Uuid::from_u128(sequence.into()) }
    }

    #[test]
    fn events_are_made_when_due_and_kept_until_acknowledged() {
        let began = Instant::now();
        let mut queue = Queue::new(began, 10.0);
        assert_eq!(queue.make(began, event), Made::default(), "no stream is open");
        queue.reopen(4);
        let made = queue.make(began + Duration::from_millis(250), event);
        assert_eq!(made, Made { events: 3, held_back: 0 });
        assert!(!queue.sent());
        assert!(!queue.sent());
        queue.acknowledge(5).unwrap();
        assert!(queue.acknowledge(7).is_err(), "out of turn");
        // The stream has ended; another one says less than what is known here.
        queue.reopen(0);
        assert!(queue.acknowledge(6).is_err(), "not sent over this stream");
        assert!(queue.sent(), "sent again");
        assert!(!queue.sent());
        let stored = queue.acknowledge(6).unwrap();
        assert_eq!(stored.due_at, began + Duration::from_millis(100));
        assert_eq!(queue.unacknowledged().count(), 1);
    }

    #[test]
    fn what_does_not_fit_is_held_back_without_a_number() {
        let began = Instant::now();
        let mut queue = Queue::new(began, 1_000.0);
        queue.reopen(0);
        let made = queue.make(began + Duration::from_secs(10), event);
        assert_eq!(made.events + made.held_back, 10_001);
        assert_eq!(made.events, KEPT_MAX as u64);
        queue.sent();
        queue.acknowledge(1).unwrap();
        queue.make(began + Duration::from_millis(10_001), event);
        assert_eq!(queue.events.back().map(|kept| kept.sequence), Some(KEPT_MAX as u64 + 1));
    }
}
