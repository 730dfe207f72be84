//! The messages of a stream, one line of JSON each.
//!
//! Sensors write [`FromSensor`], central answers with [`ToSensor`]. Sequence numbers are the sensor's:
//! they count its events from 1 over all of its streams, without gaps. A sensor that does not know its
//! last one goes on after the number in `opened`.

use crate::route::sensor_events::SensorEvent;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a sensor says of its cluster.
pub(super) const HEALTHS: [&str; 3] = ["HEALTHY", "DEGRADED", "UNHEALTHY"];

/// What a sensor writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum FromSensor {
    /// Something happened.
    Event {
        /// The number of the event.
        sequence: i64,
        /// What happened, as in a batch.
        what: SensorEvent,
    },
    /// The sensor lives.
    Heartbeat {
        /// `HEALTHY`, `DEGRADED` or `UNHEALTHY`.
        health: String,
    },
}

/// What central answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ToSensor {
    /// The first message: this stream is the cluster's newest.
    Opened {
        /// Its number; only grows.
        epoch: i64,
        /// How far the events are stored.
        sequence: i64,
    },
    /// An event is stored for good.
    Stored {
        /// Its number.
        sequence: i64,
        /// The client's id, for the kinds that have one.
        #[schema(value_type = Option<String>)]
        id: Option<Uuid>,
        /// It had been stored before, and was not stored again.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        repeated: bool,
    },
    /// Central leaves: the sensor ends its side, and hears of everything that it has sent.
    StopSending(bool),
    /// The last message of a stream in order: everything received is stored and was acknowledged. The
    /// sensor opens its next stream on a new connection.
    GoAway(bool),
    /// The last message of a stream that cannot go on.
    Refused {
        /// A stable word: `invalid`, `too_large`, `gap`, `moved`, `idle`, `unavailable`, `internal`.
        code: String,
        /// For people.
        message: String,
    },
}

impl ToSensor {
    pub(super) fn refused(code: &str, message: impl Into<String>) -> Self {
        Self::Refused { code: code.to_owned(), message: message.into() }
    }

    /// The line, with its end.
    pub(super) fn line(&self) -> String {
        // Strings and numbers under fixed names are always JSON.
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_read_as_documented() {
        let lines = [
            ToSensor::Opened { epoch: 2, sequence: 7 },
            ToSensor::Stored { sequence: 8, id: Some(Uuid::nil()), repeated: false },
            ToSensor::Stored { sequence: 7, id: None, repeated: true },
            ToSensor::StopSending(true),
            ToSensor::GoAway(true),
            ToSensor::refused("gap", "why"),
        ]
        .map(|message| message.line());
        insta::assert_snapshot!(lines.concat(), @r#"
        {"opened":{"epoch":2,"sequence":7}}
        {"stored":{"sequence":8,"id":"00000000-0000-0000-0000-000000000000"}}
        {"stored":{"sequence":7,"id":null,"repeated":true}}
        {"stopSending":true}
        {"goAway":true}
        {"refused":{"code":"gap","message":"why"}}
        "#);
        let heartbeat = r#"{"heartbeat":{"health":"HEALTHY"}}"#;
        let read: FromSensor = serde_json::from_str(heartbeat).unwrap();
        assert_eq!(read, FromSensor::Heartbeat { health: "HEALTHY".to_owned() });
    }
}
