//! One stream from its first message to its last.
//!
//! Reads what is here, stores it in one transaction, acknowledges it, and so on. Told to end, it asks the
//! sensor to stop sending, stores and acknowledges everything until the sensor has ended its side, and
//! says `goAway` as its last message. Told that it is cut, it breaks off where it is, and the sensor sees
//! a reset: what was not acknowledged is sent again.
//!
//! Bounds: messages of a part, the time without a message, the time for an answer to be taken, and the
//! time that a sensor has for ending its side.

use super::{
    book::{Entry, Order},
    message::{FromSensor, ToSensor},
    reader::{Messages, NoMessage},
    store::{self, NotStored, Numbered, Opened},
};
use crate::{request::ApiError, route::ServiceState};
use bytes::Bytes;
use std::time::Duration;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep_until, timeout},
};

/// Events of one transaction. More make it longer than requests like to wait for; fewer make commits the
/// price of an event.
const PART_EVENTS_MAX: usize = 64;

/// Without a message for so long the sensor is given up; sensors beat every few seconds.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// A sensor that takes no answer for so long is given up.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(10);

/// Between asking a sensor to stop sending and going away without waiting for it.
const STOP_WAIT_MAX: Duration = Duration::from_secs(2);

/// Where answers go: lines, or an error that resets the stream.
pub(super) type Answers = mpsc::Sender<Result<Bytes, std::io::Error>>;

/// A running stream.
pub(super) struct Session {
    pub(super) state: ServiceState,
    pub(super) stream: Opened,
    pub(super) messages: Messages,
    pub(super) answers: Answers,
    pub(super) order: watch::Receiver<Order>,
    pub(super) entry: Entry,
}

/// Why a stream is over.
#[derive(Debug)]
enum Over {
    /// Every event that was received is acknowledged; this is said last.
    Say(ToSensor),
    /// The sensor has ended it, and everything is acknowledged.
    BySensor,
    /// The other side is gone: there is nobody to say anything to.
    Gone,
    /// The instance breaks off.
    Cut,
}

/// Whether the sensor goes on sending.
enum Flow {
    Continues,
    HasEnded,
}

impl Session {
    /// Runs the stream to its end.
    pub(super) async fn run(mut self) {
        let mut order = self.order.clone();
        let over = tokio::select! {
            biased;
            _ = order.wait_for(|order| *order == Order::Cut) => Over::Cut,
            over = self.converse() => over,
        };
        let Opened { cluster_id, epoch, .. } = self.stream;
        match &over {
            Over::Say(last) => {
                tracing::debug!(%cluster_id, epoch, ?last, "a sensor's stream ends");
                if self.say(last.line()).await.is_err() {
                    tracing::debug!(%cluster_id, epoch, "nobody heard the last message");
                }
            }
            Over::BySensor | Over::Gone => {
                tracing::debug!(%cluster_id, epoch, ?over, "a sensor's stream has ended");
            }
            Over::Cut => {
                let reset = std::io::Error::other("the instance ends");
                if self.answers.try_send(Err(reset)).is_err() {
                    tracing::debug!(%cluster_id, epoch, "cut with answers under way");
                }
            }
        }
    }

    async fn converse(&mut self) -> Over {
        let Opened { epoch, last_sequence: sequence, .. } = self.stream;
        let opened = ToSensor::Opened { epoch, sequence };
        if self.say(opened.line()).await.is_err() {
            return Over::Gone;
        }
        match self.until_told_to_end().await {
            Err(over) => over,
            Ok(Flow::HasEnded) => Over::BySensor,
            Ok(Flow::Continues) => match self.farewell().await {
                Err(over) => over,
                Ok(()) => Over::Say(ToSensor::GoAway(true)),
            },
        }
    }

    async fn until_told_to_end(&mut self) -> Result<Flow, Over> {
        let mut order = self.order.clone();
        loop {
            let first = tokio::select! {
                biased;
                _ = order.wait_for(|order| *order >= Order::End) => return Ok(Flow::Continues),
                first = timeout(SILENCE_MAX, self.messages.next()) => first.map_err(|_| {
                    let why = format!("no message for {} s", SILENCE_MAX.as_secs());
                    Over::Say(ToSensor::refused("idle", why))
                })?,
            };
            if let Flow::HasEnded = self.part(first).await? {
                return Ok(Flow::HasEnded);
            }
        }
    }

    /// Has the sensor end its side, and takes what still comes.
    async fn farewell(&mut self) -> Result<(), Over> {
        self.say(ToSensor::StopSending(true).line()).await?;
        let deadline = Instant::now() + STOP_WAIT_MAX;
        loop {
            let first = tokio::select! {
                biased;
                first = self.messages.next() => first,
                // It goes on sending. What was received is acknowledged; what is on its way is not, and
                // is sent again.
                () = sleep_until(deadline) => return Ok(()),
            };
            if let Flow::HasEnded = self.part(first).await? {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Ok(());
            }
        }
    }

    /// Stores and acknowledges this message and those that are here already.
    async fn part(&mut self, first: Result<FromSensor, NoMessage>) -> Result<Flow, Over> {
        let mut events: Vec<Numbered> = Vec::new();
        let mut next = Some(first);
        let mut none = None;
        while let Some(message) = next {
            match message {
                Ok(FromSensor::Event { sequence, what }) => {
                    self.entry.received(1);
                    events.push((sequence, what));
                }
                Ok(FromSensor::Heartbeat { health }) => self.entry.beat(&health),
                Err(why) => {
                    none = Some(why);
                    break;
                }
            }
            next = if events.len() < PART_EVENTS_MAX { self.messages.next_if_here() } else { None };
        }
        // What came before the end, or before a message that cannot be read, is stored in any case.
        self.store(&events).await?;
        match none {
            None => Ok(Flow::Continues),
            Some(NoMessage::Ended) => Ok(Flow::HasEnded),
            Some(NoMessage::Malformed(answer)) => Err(Over::Say(answer)),
            Some(NoMessage::Broken(error)) => {
                tracing::debug!(error = changeover::chain(&error), "a sensor's stream broke");
                Err(Over::Gone)
            }
        }
    }

    async fn store(&mut self, events: &[Numbered]) -> Result<(), Over> {
        if events.is_empty() {
            return Ok(());
        }
        let stored = store::store(&self.state, self.stream, events).await;
        let acknowledgements = stored.map_err(|error| Over::Say(refusal(error)))?;
        self.say(acknowledgements.iter().map(ToSensor::line).collect()).await?;
        self.entry.acknowledged();
        Ok(())
    }

    async fn say(&mut self, lines: String) -> Result<(), Over> {
        let sent = timeout(ANSWER_WAIT_MAX, self.answers.send(Ok(Bytes::from(lines)))).await;
        if matches!(sent, Ok(Ok(()))) { Ok(()) } else { Err(Over::Gone) }
    }
}

/// What the sensor is told where its events could not be stored.
fn refusal(error: NotStored) -> ToSensor {
    match error {
        NotStored::Moved => ToSensor::refused("moved", "the cluster has a newer stream"),
        NotStored::Gap { wanted, got } => {
            ToSensor::refused("gap", format!("event {wanted} was to come, {got} came"))
        }
        NotStored::Failed(ApiError::Invalid(errors)) => {
            ToSensor::refused("invalid", errors.to_text())
        }
        NotStored::Failed(error) => {
            let body = error.into_body();
            ToSensor::refused(&body.code, body.message)
        }
    }
}
