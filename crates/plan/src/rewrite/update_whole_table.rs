//! `UPDATE` of a whole table whose values come from the row itself.
//!
//! Becomes a trigger that keeps the columns right whoever writes the row (expand), a backfill and a
//! check (online), and the trigger's removal once no older release writes any more (contract).

use super::{expression, table};
use crate::{
    model::{
        catalog::{Column, Relation},
        identifier::{Identifier, QualifiedName},
        lock::{LockHeld, LockMode},
        step::{Assignment, Backfill, Phase, StepKind, SyncDrop, SyncInstall},
    },
    planner::{
        Refused,
        work::{Draft, Work},
        world::{Subject, Sync},
    },
    sql::{
        Expression, directive,
        expression::Shape,
        statement::{SetValue, Update},
    },
    sync::{SyncTrigger, SyncValue, TRIGGER_PREFIX, Template, pinned_settings},
};

/// Plans an `UPDATE`.
pub(super) fn plan(work: &mut Work<'_>, update: &Update) -> Result<(), Refused> {
    let relation = table::existing(work, &update.table)?;
    if work.world.is_new(&relation.name) {
        return super::inline(work, &relation.name, LockMode::RowExclusive);
    }
    if let Some(beyond) = update.beyond {
        return Err(Refused::new(
            "update-joins",
            format!("an UPDATE with {beyond} reads more than its own rows"),
            "joins come with a later release of Changeover; for now let the new release write the \
             value into the row, or copy what is needed into a column of this table first",
        ));
    }
    let target = Target {
        relation: &relation,
        update,
    };
    let columns: Vec<Identifier> = update
        .set
        .iter()
        .map(|(column, _)| column.clone())
        .collect();
    let values = target.values(work)?;
    each_column_once(work, &relation, &columns)?;
    table::fillable(work, &relation, &columns)?;
    let trigger = target.trigger(work, values)?;
    if work.directives.sync == Some(directive::Sync::Once) {
        return once(work, &relation, &trigger);
    }
    sorts_last(&relation, &trigger)?;
    steps(work, &relation, &trigger)
}

/// The update and the table that it is about.
struct Target<'a> {
    relation: &'a Relation,
    update: &'a Update,
}

impl Target<'_> {
    /// What each column is set to.
    fn values(&self, work: &Work<'_>) -> Result<Vec<SyncValue>, Refused> {
        let catalog = &work.world.catalog;
        let alias = self.update.alias.as_ref();
        let condition = match self.filter(work) {
            Some(filter) => Some(expression::template(
                catalog,
                self.relation,
                alias,
                &filter,
            )?),
            None => None,
        };
        let mut values: Vec<SyncValue> = Vec::new();
        for (name, value) in &self.update.set {
            let column = self.column(name)?;
            if values.iter().any(|earlier| &earlier.column == name) {
                return Err(Refused::new(
                    "set-twice",
                    format!("{} is set twice", name.as_str()),
                    "set each column once",
                ));
            }
            let SetValue::Expression(value) = value else {
                return Err(Refused::new(
                    "set-default",
                    format!("{} is set to its DEFAULT", name.as_str()),
                    "write the value itself",
                ));
            };
            let template = expression::template(catalog, self.relation, alias, value)?;
            values.push(self.value(work, column, value, template, condition.clone())?);
        }
        let kinds: Vec<bool> = values
            .iter()
            .map(|value| value.condition.is_some())
            .collect();
        if condition.is_some() && kinds.iter().any(|kind| *kind) && !kinds.iter().all(|kind| *kind)
        {
            return Err(Refused::new(
                "mixed-targets",
                "one UPDATE with a WHERE sets both a new column and one that was there before",
                "write two UPDATE statements",
            ));
        }
        Ok(values)
    }

    fn column(&self, name: &Identifier) -> Result<&Column, Refused> {
        table::has_column(self.relation, name)?;
        match self.relation.column(name) {
            Some(column) if column.generated.is_none() => Ok(column),
            _ => Err(Refused::new(
                "generated-target",
                format!("{} is a generated column", name.as_str()),
                "update the columns from which it is generated",
            )),
        }
    }

    /// Whether the pending migrations added the column, so that no older release writes it.
    fn is_new(&self, work: &Work<'_>, column: &Identifier) -> bool {
        work.world
            .new_columns
            .contains_key(&(self.relation.name.clone(), column.clone()))
    }

    /// The filter without `column IS NULL` for new columns, which are NULL in every row, and for
    /// the one column that is only filled where it is NULL.
    fn filter(&self, work: &Work<'_>) -> Option<Expression> {
        let folds = |conjunct: &Expression| match &conjunct.shape {
            Shape::IsNull(column) => {
                let set = self.update.set.iter().any(|(name, _)| name == column);
                let key = (self.relation.name.clone(), column.clone());
                let starts_null = work.world.new_columns.get(&key) == Some(&false);
                set && (starts_null || self.fills_null_only(column))
            }
            _ => false,
        };
        let left: Vec<&Expression> = self
            .update
            .conjuncts
            .iter()
            .filter(|conjunct| !folds(conjunct))
            .collect();
        match left.as_slice() {
            [] => None,
            [single] => Some((*single).clone()),
            _ => self.update.filter.clone(),
        }
    }

    /// `SET c = constant WHERE c IS NULL`.
    fn fills_null_only(&self, column: &Identifier) -> bool {
        let constant = match self.update.set.as_slice() {
            [(_, SetValue::Expression(value))] => value.is_constant(),
            _ => false,
        };
        constant
            && self.update.conjuncts.len() == 1
            && self.update.conjuncts[0].shape == Shape::IsNull(column.clone())
    }

    fn value(
        &self,
        work: &Work<'_>,
        column: &Column,
        value: &Expression,
        template: Template,
        condition: Option<Template>,
    ) -> Result<SyncValue, Refused> {
        let is_new = self.is_new(work, &column.name);
        let constant = value.is_constant().then(|| value.text.clone());
        let (keeps_own, last_constant) = match &value.shape {
            Shape::Coalesce {
                first,
                last_constant,
            } => (first.as_ref() == Some(&column.name), last_constant.clone()),
            _ => (false, None),
        };
        // A constant follows nothing: it fills what is NULL, and never overrides a writer.
        let fills = constant.is_some()
            && condition.is_none()
            && (is_new || self.fills_null_only(&column.name));
        let directed = work.directives.sync.is_some();
        if template.columns().contains(&column.name) && !keeps_own {
            return Err(Refused::new(
                "reads-own-target",
                format!(
                    "{} is computed from itself, so doing it twice differs",
                    column.name.as_str()
                ),
                "write the result into a new column",
            ));
        }
        if !is_new && !fills && !keeps_own && !directed {
            return Err(Refused::new(
                "existing-target",
                format!(
                    "{} was there before, and releases that serve write it",
                    column.name.as_str()
                ),
                "write `-- changeover: sync=derived` before the statement if the column is to \
                 follow this expression whoever writes the row, or `sync=once` if only the rows that \
                 are there are to change; else use a new column",
            ));
        }
        let unfiltered = condition.is_none();
        let (template, condition) = match condition {
            Some(condition) if is_new => {
                let otherwise = column.default.as_deref().unwrap_or("NULL");
                (Template::when(condition, template, otherwise), None)
            }
            condition if fills => (Template::unless_set(&column.name, template), condition),
            condition => (template, condition),
        };
        let not_null_constant = value.shape == Shape::Constant;
        let fallback = if fills {
            constant.filter(|_| not_null_constant)
        } else {
            last_constant
        };
        Ok(SyncValue {
            column: column.name.clone(),
            type_sql: column.type_sql.clone(),
            value: template,
            condition,
            fallback: fallback.filter(|_| unfiltered),
            null_by_default: column.default.is_none() && !column.identity,
        })
    }

    fn trigger(&self, work: &Work<'_>, values: Vec<SyncValue>) -> Result<SyncTrigger, Refused> {
        let mut reads: Vec<Identifier> = Vec::new();
        for value in &values {
            let condition = value.condition.as_ref();
            let own = condition.map(|_| value.column.clone());
            let columns = value.value.columns().into_iter();
            for column in columns
                .chain(condition.map(Template::columns).unwrap_or_default())
                .chain(own)
            {
                if !reads.contains(&column) {
                    reads.push(column);
                }
            }
        }
        let expressions = self.update.set.iter().filter_map(|(_, value)| match value {
            SetValue::Expression(expression) => Some(expression),
            SetValue::Default => None,
        });
        let reads: Vec<_> = reads
            .iter()
            .filter_map(|name| table::typed(self.relation, name))
            .collect();
        let types: Vec<&str> = reads
            .iter()
            .map(|read| read.type_sql.as_str())
            .chain(values.iter().map(|value| value.type_sql.as_str()))
            .collect();
        let settings = pinned_settings(
            &work.world.catalog,
            expressions.chain(&self.update.filter),
            &types,
        );
        Ok(SyncTrigger {
            app: work.world.app.clone(),
            migration: work.migration.number,
            statement: work.number,
            backfill: work.id("backfill"),
            table: self.relation.name.clone(),
            key: table::key(self.relation)?,
            reads,
            values,
            settings,
        })
    }
}

/// Sync triggers fire in the order of their statements: none may compute what an earlier one has
/// computed or read.
fn each_column_once(
    work: &Work<'_>,
    relation: &Relation,
    columns: &[Identifier],
) -> Result<(), Refused> {
    for column in columns {
        let Some(earlier) = work.world.syncs_touching(&relation.name, column).pop() else {
            continue;
        };
        let title = format!("{}.{}", relation.name.plain(), column.as_str());
        return Err(Refused::new(
            "set-twice",
            if earlier.columns.contains(column) {
                format!("an UPDATE before this one sets {title} already")
            } else {
                format!("an UPDATE before this one reads {title}, which this one changes")
            },
            "set each column in one UPDATE, and before others read it",
        ));
    }
    Ok(())
}

/// The server fires BEFORE triggers in the order of names; ours must see what the others wrote.
fn sorts_last(relation: &Relation, trigger: &SyncTrigger) -> Result<(), Refused> {
    let later = relation.triggers.iter().find(|other| {
        other.before && other.row && !other.ours && other.name.as_str() >= TRIGGER_PREFIX
    });
    match later {
        Some(other) if other.name > trigger.trigger() => Err(Refused::new(
            "trigger-sorts-last",
            format!(
                "the trigger {} of {} fires after ours and could change what ours has read",
                other.name.as_str(),
                relation.name.plain()
            ),
            "rename that trigger to a name that sorts before `zzzz_changeover`",
        )),
        _ => Ok(()),
    }
}

/// What is set, for people: `table.column`.
fn set_title(relation: &Relation, trigger: &SyncTrigger) -> String {
    let columns: Vec<String> = trigger
        .values
        .iter()
        .map(|value| format!("{}.{}", relation.name.plain(), value.column.as_str()))
        .collect();
    columns.join(", ")
}

/// The backfill's data; the check has the same.
fn backfill(relation: &Relation, trigger: &SyncTrigger, safe: bool) -> Backfill {
    let assignment = |value: &SyncValue| Assignment {
        column: value.column.clone(),
        type_sql: value.type_sql.clone(),
        expression: value.value.of_row(),
        differs: value.differs(),
    };
    let condition = trigger
        .values
        .first()
        .and_then(|value| value.condition.as_ref());
    Backfill {
        table: relation.name.clone(),
        partitioned: relation.kind == crate::catalog::RelationKind::PartitionedTable,
        key: trigger.key.clone(),
        set: trigger.values.iter().map(assignment).collect(),
        filter: condition.map(Template::of_row),
        safe_function: safe.then(|| trigger.safe_function()),
        sync_trigger: safe.then(|| trigger.trigger()),
        settings: trigger.settings.clone(),
        rows_estimate: relation.rows_estimate,
    }
}

/// Tables whose rows the server locks when the columns change: those that foreign keys point to.
fn referenced(relation: &Relation, columns: &[&Identifier]) -> Vec<QualifiedName> {
    relation
        .constraints
        .iter()
        .filter(|constraint| {
            constraint
                .columns
                .iter()
                .any(|column| columns.contains(&column))
        })
        .filter_map(|constraint| match &constraint.kind {
            crate::catalog::ConstraintKind::ForeignKey { references, .. } => {
                Some(references.clone())
            }
            _ => None,
        })
        .collect()
}

fn backfill_draft(relation: &Relation, trigger: &SyncTrigger, safe: bool) -> Draft {
    let title = format!("backfill {}", set_title(relation, trigger));
    let kind = StepKind::Backfill(backfill(relation, trigger, safe));
    let columns: Vec<&Identifier> = trigger.values.iter().map(|value| &value.column).collect();
    let mut draft = Draft::new("backfill", Phase::Online, title, kind).lock(
        &relation.name,
        LockMode::RowExclusive,
        LockHeld::Batch,
    );
    for table in referenced(relation, &columns) {
        draft = draft.lock(&table, LockMode::RowShare, LockHeld::Batch);
    }
    for column in columns {
        draft = draft.needs(Subject::Column(relation.name.clone(), column.clone()));
    }
    draft
}

/// `sync=once`: the rows that are there, and no more.
fn once(work: &mut Work<'_>, relation: &Relation, trigger: &SyncTrigger) -> Result<(), Refused> {
    let draft = backfill_draft(relation, trigger, false).reason(
        "`sync=once`: only the rows that are there are filled, in short batches; what releases \
         write meanwhile stays as they wrote it",
    );
    work.emit(draft).map(|_| ())
}

fn steps(work: &mut Work<'_>, relation: &Relation, trigger: &SyncTrigger) -> Result<(), Refused> {
    let name = &relation.name;
    let title = set_title(relation, trigger);
    let columns: Vec<Identifier> = trigger.values.iter().map(|v| v.column.clone()).collect();
    let (drops, drop_name) = (trigger.remove(), trigger.trigger());
    let mut install = Draft::new(
        "sync",
        Phase::Expand,
        format!("keep {title} right for every writer"),
        StepKind::SyncInstall(SyncInstall {
            table: name.clone(),
            trigger: drop_name.clone(),
            columns: columns.clone(),
            statements: trigger.install(),
        }),
    )
    .lock(name, LockMode::ShareRowExclusive, LockHeld::Blink)
    .reason(
        "releases that do not know the column go on writing rows: the trigger computes it for them, \
         and it must be there before the backfill reads its first row",
    )
    .undo(drops.clone());
    for column in columns
        .iter()
        .chain(trigger.reads.iter().map(|read| &read.name))
    {
        install = install.needs(Subject::Column(name.clone(), column.clone()));
    }
    let install = work.emit(install)?;
    let fill = backfill_draft(relation, trigger, true)
        .after(&install)
        .reason("rows that are there are filled by key ranges in short batches; readers and writers go on");
    let fill = work.emit(fill)?;
    let mut check = Draft::new(
        "check",
        Phase::Online,
        format!("check that no row of {title} differs"),
        StepKind::BackfillCheck(backfill(relation, trigger, true)),
    )
    .lock(name, LockMode::AccessShare, LockHeld::Batch)
    .after(&fill)
    .reason("what reads or constrains the column relies on every row being right");
    for column in &columns {
        check = check.makes(Subject::Filled(name.clone(), column.clone()));
    }
    let check = work.emit(check)?;
    let floor = work.migration.number;
    let removal = Draft::new(
        "sync_drop",
        Phase::Contract,
        format!("remove the trigger that kept {title} right"),
        StepKind::SyncDrop(SyncDrop {
            table: name.clone(),
            trigger: drop_name.clone(),
            statements: drops.clone(),
        }),
    )
    .floor(floor)
    .lock(name, LockMode::AccessExclusive, LockHeld::Blink)
    .after(&install)
    .after(&check)
    .reason("once no older release writes any more, the new release writes the column itself");
    let drop_step = work.emit(removal)?;
    let never_null = trigger
        .values
        .iter()
        .filter(|value| value.fallback.is_some());
    work.world.records.syncs.push(Sync {
        table: name.clone(),
        trigger: drop_name,
        columns,
        reads: trigger.reads.iter().map(|read| read.name.clone()).collect(),
        never_null: never_null.map(|value| value.column.clone()).collect(),
        drop_step,
        drop_statements: drops,
    });
    Ok(())
}
