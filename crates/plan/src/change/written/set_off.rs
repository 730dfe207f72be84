//! What a write sets off beyond its own table, as the server would: rows that foreign keys make it
//! look at or lock, rows that their actions change in turn, triggers and rules.
//!
//! Called for statements that write rows. Whether any row is written is not known: all that may be
//! set off counts. A trigger whose function may touch a relation, a rule, and a view as the target
//! leave the answer open; the catalog says which functions touch none (`sql/triggers.sql`).

use crate::model::{
    catalog::{Catalog, Constraint, Relation, RelationKind, RuleEvent, Trigger},
    identifier::{Identifier, QualifiedName},
};

/// How rows of a table are written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Event {
    Insert,
    /// With the columns that are set to anything but NULL, and all that are set.
    Update {
        to_values: Vec<Identifier>,
        all: Vec<Identifier>,
    },
    Delete,
}

/// What a write sets off.
#[derive(Debug, Default)]
pub(super) struct SetOff {
    /// Tables of which it locks rows.
    pub(super) locked: Vec<QualifiedName>,
    /// Other tables of which it changes rows.
    pub(super) written: Vec<QualifiedName>,
    /// Whether it may do anything else.
    pub(super) open: bool,
}

/// What writes of one statement set off together; its own table is the first one's.
pub(super) fn set_off(catalog: &Catalog, writes: &[(QualifiedName, Event)]) -> SetOff {
    let own = writes.first().map(|(table, _)| table);
    let mut all = SetOff::default();
    all.written.extend(writes.iter().map(|(table, _)| table.clone()));
    let mut pending = writes.to_vec();
    let mut done: Vec<(QualifiedName, Event)> = Vec::new();
    // Ends: there are as many tables as there are, and for each an event per foreign key.
    while let Some((name, event)) = pending.pop() {
        if done.contains(&(name.clone(), event.clone())) {
            continue;
        }
        if let Some(relation) = catalog.relation(&name) {
            all.open |= leaves_open(relation, &event);
            all.locked.extend(relation.referenced_by_keys(|key| event.points(key)));
            for (child, key) in keys_to(catalog, &name) {
                match event.acts_by(key) {
                    Some(Action::Locks) => all.locked.push(child.name.clone()),
                    Some(Action::Writes(event)) => {
                        all.written.push(child.name.clone());
                        pending.push((child.name.clone(), event));
                    }
                    None => {}
                }
            }
        }
        done.push((name, event));
    }
    for tables in [&mut all.locked, &mut all.written] {
        tables.retain(|found| Some(found) != own);
        tables.sort();
        tables.dedup();
    }
    all
}

/// What a foreign key makes the server do to the rows that point to a written one.
enum Action {
    Locks,
    Writes(Event),
}

impl Event {
    /// Whether the row to which the key points is looked for.
    fn points(&self, key: &Constraint) -> bool {
        match self {
            Self::Insert => true,
            Self::Update { to_values, .. } => {
                key.columns.iter().any(|column| to_values.contains(column))
            }
            Self::Delete => false,
        }
    }

    fn acts_by(&self, key: &Constraint) -> Option<Action> {
        let definition = key.definition.to_uppercase();
        let sets = |to_values| Action::Writes(Self::Update { to_values, all: key.columns.clone() });
        let action = |verb: &str| {
            if definition.contains(&format!("ON {verb} SET NULL")) {
                Some(sets(Vec::new()))
            } else if definition.contains(&format!("ON {verb} SET DEFAULT")) {
                Some(sets(key.columns.clone()))
            } else {
                None
            }
        };
        match self {
            Self::Insert => None,
            Self::Update { all, .. } if !key.referenced.iter().any(|found| all.contains(found)) => {
                None
            }
            Self::Update { .. } if definition.contains("ON UPDATE CASCADE") => {
                Some(sets(key.columns.clone()))
            }
            Self::Update { .. } => Some(action("UPDATE").unwrap_or(Action::Locks)),
            Self::Delete if definition.contains("ON DELETE CASCADE") => {
                Some(Action::Writes(Self::Delete))
            }
            Self::Delete => Some(action("DELETE").unwrap_or(Action::Locks)),
        }
    }

    fn fires(&self, trigger: &Trigger) -> bool {
        match self {
            Self::Insert => trigger.on_insert,
            Self::Update { all, .. } => {
                let of = &trigger.update_columns;
                trigger.on_update && (of.is_empty() || of.iter().any(|column| all.contains(column)))
            }
            Self::Delete => trigger.on_delete,
        }
    }
}

fn leaves_open(relation: &Relation, event: &Event) -> bool {
    let ruled = match event {
        Event::Insert => RuleEvent::Insert,
        Event::Update { .. } => RuleEvent::Update,
        Event::Delete => RuleEvent::Delete,
    };
    let mut fired =
        relation.triggers.iter().filter(|trigger| trigger.enabled && event.fires(trigger));
    relation.kind == RelationKind::View
        || relation.rules.iter().any(|rule| rule.enabled && rule.event == ruled)
        || fired.any(|trigger| trigger.touches_relations)
}

/// The foreign keys of all tables that point to this one.
fn keys_to<'a>(
    catalog: &'a Catalog,
    table: &'a QualifiedName,
) -> impl Iterator<Item = (&'a Relation, &'a Constraint)> {
    catalog.every_relation().flat_map(move |child| {
        let points = move |key: &&Constraint| key.references() == Some(table);
        child.constraints.iter().filter(points).map(move |key| (child, key))
    })
}
