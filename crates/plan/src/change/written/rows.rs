//! Statements that write rows as they are written.

use super::{
    WrittenChanges,
    set_off::{Event, SetOff, set_off},
};
use crate::change::WriteRows;
use crate::{
    model::{catalog::Catalog, identifier::QualifiedName, lock::LockMode},
    sql::{
        Statement, StatementKind,
        expression::Shape,
        statement::{Insert, Name, SetValue, Update},
    },
};

/// The changes of a statement that writes rows; `None` for any other.
pub(super) fn written(catalog: &Catalog, statement: &Statement) -> WrittenChanges {
    let sql = statement.text.clone();
    if let StatementKind::Remove { verb: "TRUNCATE", tables, .. } = &*statement.kind {
        let resolve = |name: &Name| catalog.resolve(name.schema.as_ref(), &name.name);
        let change = WriteRows {
            tables: tables.iter().map(resolve).collect(),
            mode: LockMode::AccessExclusive,
            references: Vec::new(),
            acted_on: Vec::new(),
            open: false,
            sql,
        };
        return Some(vec![change.into()]);
    }
    let writes = writes(catalog, &statement.kind)?;
    let SetOff { locked, written, open } = set_off(catalog, &writes);
    // The reader knows of a MERGE only its table.
    let is_merge = matches!(&*statement.kind, StatementKind::Remove { verb: "MERGE", .. });
    let change = WriteRows {
        tables: vec![writes.first()?.0.clone()],
        mode: LockMode::RowExclusive,
        references: locked,
        acted_on: written,
        open: open || is_merge,
        sql,
    };
    Some(vec![change.into()])
}

/// What a statement writes itself: its own table first, then what its `WITH` writes.
fn writes(catalog: &Catalog, kind: &StatementKind) -> Option<Vec<(QualifiedName, Event)>> {
    let resolve = |name: &Name| catalog.resolve(name.schema.as_ref(), &name.name);
    let (table, events, with) = match kind {
        StatementKind::Update(update) => {
            (resolve(&update.table), vec![updates(update)], &update.with)
        }
        StatementKind::Insert(insert) => {
            let table = resolve(&insert.table);
            let events = inserts(catalog, &table, insert);
            (table, events, &insert.with)
        }
        StatementKind::Remove { tables, with, .. } => {
            (resolve(tables.first()?), vec![Event::Delete], with)
        }
        _ => return None,
    };
    let own = events.into_iter().map(|event| (table.clone(), event));
    let within = with.iter().filter_map(|kind| writes(catalog, kind)).flatten();
    Some(own.chain(within).collect())
}

fn updates(update: &Update) -> Event {
    // NULL points to no row.
    let is_null = |value: &SetValue| matches!(value, SetValue::Expression(value) if value.shape == Shape::Null);
    let to_values = update.set.iter().filter(|(_, value)| !is_null(value));
    Event::Update {
        to_values: to_values.map(|(column, _)| column.clone()).collect(),
        all: update.set.iter().map(|(column, _)| column.clone()).collect(),
    }
}

fn inserts(catalog: &Catalog, table: &QualifiedName, insert: &Insert) -> Vec<Event> {
    let mut events = vec![Event::Insert];
    if insert.updates_on_conflict {
        // Which columns `DO UPDATE` sets is not read: any.
        let columns: Vec<_> = catalog.relation(table).map_or_else(Vec::new, |relation| {
            relation.columns.iter().map(|column| column.name.clone()).collect()
        });
        events.push(Event::Update { to_values: columns.clone(), all: columns });
    }
    events
}
