//! Turns checked events into rows and changes, in the one order in which they are written.

use super::event::SensorEvent;
use crate::release::{Statement, Statements};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// A table whose rows events change. The order is that of the writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    Indicators,
    Flows,
    Alerts,
}

impl Table {
    /// The statement that merges a change into a row.
    pub(super) fn merge(self, statements: &Statements) -> Statement {
        match self {
            Self::Indicators => statements.indicator_update,
            Self::Flows => statements.flow_update,
            Self::Alerts => statements.alert_update,
        }
    }
}

/// A table of which events remove rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Removable {
    Indicators,
    Flows,
}

impl Removable {
    /// The statement that removes a row.
    pub(super) fn remove(self, statements: &Statements) -> Statement {
        match self {
            Self::Indicators => statements.indicator_delete,
            Self::Flows => statements.flow_delete,
        }
    }

    fn table(self) -> Table {
        match self {
            Self::Indicators => Table::Indicators,
            Self::Flows => Table::Flows,
        }
    }
}

/// One change of a row that is there.
#[derive(Debug)]
pub(super) enum Change {
    Merge { table: Table, key: Uuid, patch: Value },
    Remove { table: Removable, key: Uuid },
}

impl Change {
    fn order(&self) -> (Table, Uuid) {
        match self {
            Self::Merge { table, key, .. } => (*table, *key),
            Self::Remove { table, key } => (table.table(), *key),
        }
    }
}

/// What a request writes.
#[derive(Debug, Default)]
pub(in crate::route) struct Batch {
    pub(super) write_ids: Vec<Uuid>,
    pub(super) indicators: Vec<Value>,
    pub(super) flows: Vec<Value>,
    pub(super) alerts: Vec<Value>,
    /// Sorted by table and key; changes of one row keep the order of their events.
    pub(super) changes: Vec<Change>,
}

impl Batch {
    pub(in crate::route) fn of<'a>(
        cluster_id: Uuid,
        events: impl IntoIterator<Item = &'a SensorEvent>,
    ) -> Self {
        let mut batch = Self::default();
        for event in events {
            batch.write_ids.extend(event.write_id());
            batch.add(cluster_id, event);
        }
        batch.changes.sort_by_key(Change::order);
        batch
    }

    fn add(&mut self, cluster_id: Uuid, event: &SensorEvent) {
        match event {
            SensorEvent::Indicator { .. } => self.indicators.push(indicator(cluster_id, event)),
            SensorEvent::Flow { .. } => self.flows.push(flow(cluster_id, event)),
            SensorEvent::Alert { .. } => self.alerts.push(alert(cluster_id, event)),
            SensorEvent::IndicatorUpdate { indicator_id, process_args, container_start } => {
                let patch = object([
                    ("processArgs", process_args.as_ref().map(|args| json!(args))),
                    ("containerStart", container_start.map(|start| json!(start))),
                ]);
                self.merge(Table::Indicators, *indicator_id, patch);
            }
            SensorEvent::FlowUpdate { flow_id, last_seen_at } => {
                let patch = json!({ "lastSeenAt": last_seen_at });
                self.merge(Table::Flows, *flow_id, patch);
            }
            SensorEvent::AlertUpdate { alert_id, state, enforcement_count } => {
                let patch = object([
                    ("state", state.as_ref().map(|state| json!(state))),
                    ("enforcementCount", enforcement_count.map(|count| json!(count))),
                ]);
                self.merge(Table::Alerts, *alert_id, patch);
            }
            SensorEvent::IndicatorDelete { indicator_id } => {
                self.changes
                    .push(Change::Remove { table: Removable::Indicators, key: *indicator_id });
            }
            SensorEvent::FlowDelete { flow_id } => {
                self.changes.push(Change::Remove { table: Removable::Flows, key: *flow_id });
            }
        }
    }

    fn merge(&mut self, table: Table, key: Uuid, patch: Value) {
        self.changes.push(Change::Merge { table, key, patch });
    }
}

/// The row of [`SensorEvent::Indicator`]; `Null` for any other.
fn indicator(cluster_id: Uuid, event: &SensorEvent) -> Value {
    let SensorEvent::Indicator {
        id,
        deployment_id,
        pod_uid,
        process_name,
        process_args,
        signal_time,
        container_start,
    } = event
    else {
        return Value::Null;
    };
    json!({
        "id": Uuid::new_v4(),
        "write_id": id,
        "cluster_id": cluster_id,
        "deployment_id": deployment_id,
        "pod_uid": pod_uid,
        "process_name": process_name,
        "process_args": process_args,
        "signal_time": signal_time,
        "payload": object([
            ("processName", Some(json!(process_name))),
            ("processArgs", Some(json!(process_args))),
            ("containerStart", container_start.map(|start| json!(start))),
        ]),
    })
}

/// The row of [`SensorEvent::Flow`]; `Null` for any other.
fn flow(cluster_id: Uuid, event: &SensorEvent) -> Value {
    let SensorEvent::Flow {
        id,
        source_deployment_id,
        destination_deployment_id,
        destination_port,
        protocol,
        last_seen_at,
    } = event
    else {
        return Value::Null;
    };
    json!({
        "cluster_id": cluster_id,
        "id": Uuid::new_v4(),
        "write_id": id,
        "source_deployment_id": source_deployment_id,
        "destination_deployment_id": destination_deployment_id,
        "destination_port": destination_port,
        "protocol": protocol,
        "last_seen_at": last_seen_at,
        "payload": { "lastSeenAt": last_seen_at },
    })
}

/// The row of [`SensorEvent::Alert`]; `Null` for any other.
fn alert(cluster_id: Uuid, event: &SensorEvent) -> Value {
    let SensorEvent::Alert { id, policy_id, deployment_id, severity, raised_at, enforcement_count } =
        event
    else {
        return Value::Null;
    };
    json!({
        "id": Uuid::new_v4(),
        "write_id": id,
        "policy_id": policy_id,
        "cluster_id": cluster_id,
        "deployment_id": deployment_id,
        "severity": severity,
        "state": "ACTIVE",
        "raised_at": raised_at,
        "payload": object([
            ("violation", Some(json!("seen by the sensor"))),
            ("enforcementCount", enforcement_count.map(|count| json!(count))),
        ]),
    })
}

/// An object of those members that have a value.
fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let members = members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect::<Map<_, _>>();
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two batches that touch the same rows must do so in the same order.
    #[test]
    fn changes_are_sorted_by_table_and_key() {
        let key = Uuid::from_u128;
        let events = [
            SensorEvent::AlertUpdate { alert_id: key(1), state: None, enforcement_count: Some(3) },
            SensorEvent::IndicatorDelete { indicator_id: key(9) },
            SensorEvent::IndicatorUpdate {
                indicator_id: key(2),
                process_args: None,
                container_start: Some(1.5),
            },
        ];
        let batch = Batch::of(key(0), &events);
        let order: Vec<_> = batch.changes.iter().map(Change::order).collect();
        assert_eq!(
            order,
            [(Table::Indicators, key(2)), (Table::Indicators, key(9)), (Table::Alerts, key(1))]
        );
    }
}
