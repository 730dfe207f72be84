//! Stores the events of a stream: those that are not stored yet, in one transaction with the cursor.
//!
//! The database decides. The cursor's row is locked and read in the transaction that writes the events
//! and moves it; for a stream that is no longer the cluster's newest there is no such row. So an event
//! that is sent again, over whichever stream to whichever instance, is not stored again, and none can be
//! left out. SQL: `stream_open.sql`, `stream_cursor.sql`, `stream_advance.sql` of the release.

use super::message::ToSensor;
use crate::{
    database::Parameter,
    request::ApiError,
    route::{ServiceState, sensor_events},
};
use sensor_events::{Batch, SensorEvent};
use tokio_postgres::types::Type;
use uuid::Uuid;

/// The newest stream of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opened {
    pub(super) cluster_id: Uuid,
    pub(super) epoch: i64,
    pub(super) last_sequence: i64,
}

/// An event with its number.
pub(super) type Numbered = (i64, SensorEvent);

/// Why nothing of a part was stored.
#[derive(Debug)]
pub(super) enum NotStored {
    /// The cluster has a newer stream.
    Moved,
    /// An event before this one was never sent.
    Gap { wanted: i64, got: i64 },
    /// As for a batch.
    Failed(ApiError),
}

impl<E: Into<ApiError>> From<E> for NotStored {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Takes the cluster's stream over from the one that holds it.
pub(super) async fn open(state: &ServiceState, cluster_id: Uuid) -> Result<Opened, ApiError> {
    let client = state.pool.get_patiently().await?;
    let statement = state.release.statements.stream_open;
    let parameters: [Parameter<'_>; 2] =
        [(&cluster_id, Type::UUID), (&state.instance_id, Type::UUID)];
    let rows = state.statement_mode.query(&client, statement, &parameters).await?;
    let row = rows.first().ok_or_else(|| ApiError::NotFound(format!("cluster `{cluster_id}`")))?;
    Ok(Opened { cluster_id, epoch: row.try_get(0)?, last_sequence: row.try_get(1)? })
}

/// Stores what is not stored yet of these events; gives an acknowledgement for each.
pub(super) async fn store(
    state: &ServiceState,
    stream: Opened,
    events: &[Numbered],
) -> Result<Vec<ToSensor>, NotStored> {
    let Opened { cluster_id, epoch, .. } = stream;
    let (statements, mode) = (&state.release.statements, state.statement_mode);
    let mut client = state.pool.get_patiently().await?;
    let transaction = client.transaction().await?;
    let key: [Parameter<'_>; 2] = [(&cluster_id, Type::UUID), (&epoch, Type::INT8)];
    let rows = mode.query(&transaction, statements.stream_cursor, &key).await?;
    let stored_to: i64 = rows.first().ok_or(NotStored::Moved)?.try_get(0)?;
    let (fresh, last) = fresh(stored_to, events)?;
    if !fresh.is_empty() {
        let moved: [Parameter<'_>; 3] =
            [(&cluster_id, Type::UUID), (&epoch, Type::INT8), (&last, Type::INT8)];
        mode.execute(&transaction, statements.stream_advance, &moved).await?;
        let batch = Batch::of(cluster_id, fresh);
        sensor_events::write(&transaction, state, cluster_id, batch).await?;
    }
    transaction.commit().await?;
    Ok(acknowledgements(stored_to, events))
}

/// The events beyond what is stored, and the number of the last one. They must follow without a gap.
fn fresh(stored_to: i64, events: &[Numbered]) -> Result<(Vec<&SensorEvent>, i64), NotStored> {
    let mut last = stored_to;
    let mut fresh = Vec::with_capacity(events.len());
    for (sequence, event) in events {
        if *sequence <= last {
            continue;
        }
        if *sequence != last + 1 {
            return Err(NotStored::Gap { wanted: last + 1, got: *sequence });
        }
        last = *sequence;
        fresh.push(event);
    }
    Ok((fresh, last))
}

fn acknowledgements(stored_to: i64, events: &[Numbered]) -> Vec<ToSensor> {
    let mut last = stored_to;
    let acknowledge = |(sequence, event): &Numbered| {
        let repeated = *sequence <= last;
        last = last.max(*sequence);
        ToSensor::Stored { sequence: *sequence, id: event.write_id(), repeated }
    };
    events.iter().map(acknowledge).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(sequences: &[i64]) -> Vec<Numbered> {
        let event = |number: &i64| {
            let key = Uuid::from_u128(number.unsigned_abs().into());
            (*number, SensorEvent::FlowDelete { flow_id: key })
        };
        sequences.iter().map(event).collect()
    }

    #[test]
    fn what_was_stored_is_acknowledged_and_left_out() {
        let sent = events(&[5, 6, 7, 7, 8]);
        let (fresh, last) = fresh(6, &sent).unwrap();
        assert_eq!((fresh.len(), last), (2, 8));
        let repeated: Vec<bool> = acknowledgements(6, &sent)
            .iter()
            .map(|told| matches!(told, ToSensor::Stored { repeated: true, .. }))
            .collect();
        assert_eq!(repeated, [true, true, false, true, false]);
    }

    #[test]
    fn a_gap_is_refused() {
        let sent = events(&[7, 9]);
        assert!(matches!(fresh(6, &sent), Err(NotStored::Gap { wanted: 8, got: 9 })));
    }
}
