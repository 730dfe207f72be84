//! Cuts a request's body into lines and reads each as a message.
//!
//! Invariant: no more is read than is asked for, so that a sensor that is too fast is held up by HTTP/2's
//! own window and not kept in memory.

use super::message::{FromSensor, HEALTHS, ToSensor};
use crate::request::{ApiError, FieldErrors};
use axum::body::{Body, BodyDataStream};
use futures_util::{FutureExt, StreamExt};

/// The longest line: an event with the longest arguments of a process (4,096 characters), several times
/// over.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// The messages of one stream.
pub(super) struct Messages {
    body: BodyDataStream,
    /// What was received and not yet read, from `read_to` on.
    buffer: Vec<u8>,
    read_to: usize,
    has_ended: bool,
}

/// Why there is no further message.
#[derive(Debug)]
pub(super) enum NoMessage {
    /// The sensor has ended its side.
    Ended,
    /// The connection broke, or the sensor gave the stream up.
    Broken(axum::Error),
    /// What came is no message; the answer says why.
    Malformed(ToSensor),
}

impl Messages {
    pub(super) fn new(body: Body) -> Self {
        Self { body: body.into_data_stream(), buffer: Vec::new(), read_to: 0, has_ended: false }
    }

    /// The next message. Nothing is lost where this is dropped before its end.
    pub(super) async fn next(&mut self) -> Result<FromSensor, NoMessage> {
        loop {
            if let Some(line) = self.line()? {
                return read(&line);
            }
            if self.has_ended {
                return Err(NoMessage::Ended);
            }
            match self.body.next().await {
                Some(Ok(bytes)) => self.buffer.extend_from_slice(&bytes),
                Some(Err(error)) => return Err(NoMessage::Broken(error)),
                None => self.has_ended = true,
            }
        }
    }

    /// The next message, if it is here already.
    pub(super) fn next_if_here(&mut self) -> Option<Result<FromSensor, NoMessage>> {
        self.next().now_or_never()
    }

    /// The next line that is not empty, if it is here; at the end also one without an end of its own.
    fn line(&mut self) -> Result<Option<Vec<u8>>, NoMessage> {
        loop {
            let unread = &self.buffer[self.read_to..];
            let end = unread.iter().position(|byte| *byte == b'\n');
            if end.unwrap_or(unread.len()) > LINE_BYTES_MAX {
                let message = format!("a line has more than {LINE_BYTES_MAX} bytes");
                return Err(NoMessage::Malformed(ToSensor::refused("too_large", message)));
            }
            let Some(end) = end.or_else(|| self.has_ended.then_some(unread.len())) else {
                self.buffer.drain(..self.read_to);
                self.read_to = 0;
                return Ok(None);
            };
            let line = unread[..end].to_vec();
            self.read_to = (self.read_to + end + 1).min(self.buffer.len());
            if !line.trim_ascii().is_empty() {
                return Ok(Some(line));
            }
            if self.read_to == self.buffer.len() && self.has_ended {
                return Ok(None);
            }
        }
    }
}

/// Reads and checks a line.
fn read(line: &[u8]) -> Result<FromSensor, NoMessage> {
    let invalid = |why: String| NoMessage::Malformed(ToSensor::refused("invalid", why));
    let message: FromSensor =
        serde_json::from_slice(line).map_err(|error| invalid(error.to_string()))?;
    let mut errors = FieldErrors::default();
    match &message {
        FromSensor::Event { sequence, what } => {
            if *sequence < 1 {
                errors.add("sequence", "must be above 0");
            }
            what.check("what", &mut errors);
        }
        FromSensor::Heartbeat { health } => errors.check_word("health", health, &HEALTHS),
    }
    match errors.finish() {
        Err(ApiError::Invalid(errors)) => Err(invalid(errors.to_text())),
        Err(_) | Ok(()) => Ok(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beats(health: &str) -> String {
        format!("{{\"heartbeat\":{{\"health\":\"{health}\"}}}}\n")
    }

    fn messages(parts: &[&str]) -> Messages {
        let parts: Vec<Result<_, std::io::Error>> =
            parts.iter().map(|part| Ok(part.to_string())).collect();
        Messages::new(Body::from_stream(futures_util::stream::iter(parts)))
    }

    #[tokio::test]
    async fn lines_are_found_however_they_are_cut() {
        let text = beats("HEALTHY") + "\n" + &beats("DEGRADED") + beats("UNHEALTHY").trim_end();
        for at in 0..text.len() {
            let mut messages = messages(&[&text[..at], &text[at..]]);
            for health in HEALTHS {
                let read = messages.next().await.unwrap();
                assert_eq!(read, FromSensor::Heartbeat { health: health.to_owned() });
            }
            assert!(matches!(messages.next().await, Err(NoMessage::Ended)));
        }
    }

    #[tokio::test]
    async fn what_is_no_message_is_refused_with_the_reason() {
        let long = "x".repeat(LINE_BYTES_MAX + 1);
        for (text, code) in [
            ("{}\n", "invalid"),
            (long.as_str(), "too_large"),
            ("{\"heartbeat\":{\"health\":\"fine\"}}\n", "invalid"),
        ] {
            match messages(&[text]).next().await {
                Err(NoMessage::Malformed(ToSensor::Refused { code: told, .. })) => {
                    assert_eq!(told, code);
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
