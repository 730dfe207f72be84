//! The steps of a synced update: trigger, backfill, check, removal.

use super::super::table;
use crate::{
    change::{AsWritten, Subject},
    derivation::Derivation,
    model::{
        catalog::Relation,
        identifier::Identifier,
        lock::{LockHeld, LockMode},
        step::{BackfillCheck, Phase, StepId, StepKind, SyncDrop, SyncInstall},
    },
    world::{Draft, Refused, Sync, Work},
};

/// What is set, for people: `table.column`.
fn set_title(relation: &Relation, trigger: &Derivation) -> String {
    let columns: Vec<String> = trigger
        .columns
        .iter()
        .map(|value| format!("{}.{}", relation.name.plain(), value.column.as_str()))
        .collect();
    columns.join(", ")
}

fn backfill_draft(work: &Work<'_>, relation: &Relation, trigger: &Derivation) -> Draft {
    let title = format!("backfill {}", set_title(relation, trigger));
    let kind = StepKind::Backfill(trigger.backfill());
    let columns: Vec<&Identifier> = trigger.columns.iter().map(|value| &value.column).collect();
    let mut draft = Draft::new("backfill", Phase::Online, title, kind);
    let written = |column: &Identifier| columns.contains(&column);
    for table in table::checked_against(work, relation, Phase::Online, written) {
        draft = draft.lock(&table, LockMode::RowShare, LockHeld::Batch);
    }
    for column in columns {
        draft = draft.needs(Subject::Column(relation.name.clone(), column.clone()));
    }
    draft
}

/// `sync=once`: the rows that are there, and no more.
pub(super) fn once(
    work: &mut Work<'_>,
    relation: &Relation,
    trigger: &Derivation,
) -> Result<(), Refused> {
    let draft = backfill_draft(work, relation, trigger).reason(
        "`sync=once`: only the rows that are there are filled, in short batches; what releases \
         write meanwhile stays as they wrote it",
    );
    work.emit(draft).map(|_| ())
}

/// Trigger, backfill, check, and the trigger's removal.
pub(super) fn synced(
    work: &mut Work<'_>,
    relation: &Relation,
    trigger: &Derivation,
) -> Result<(), Refused> {
    let name = &relation.name;
    let title = set_title(relation, trigger);
    let columns: Vec<Identifier> = trigger.columns.iter().map(|v| v.column.clone()).collect();
    let install = work.emit(install(trigger, &title, &columns))?;
    let fill = backfill_draft(work, relation, trigger).after(&install).reason(
        "rows that are there are filled by key ranges in short batches; readers and writers go \
             on",
    );
    let fill = work.emit(fill)?;
    let mut check = Draft::new(
        "check",
        Phase::Online,
        format!("check that no row of {title} differs"),
        StepKind::BackfillCheck(BackfillCheck(trigger.backfill())),
    )
    .after(&fill)
    .reason("what reads or constrains the column relies on every row being right");
    for column in &columns {
        check = check.makes(Subject::Filled(name.clone(), column.clone()));
    }
    let check = work.emit(check)?;
    let removal = removal(trigger, &title).floor(work.floor()).after(&install).after(&check);
    let drop_step = work.emit(removal)?;
    remember(work, trigger, columns, drop_step);
    Ok(())
}

fn install(trigger: &Derivation, title: &str, columns: &[Identifier]) -> Draft {
    let name = &trigger.table;
    let kind = StepKind::SyncInstall(SyncInstall {
        table: name.clone(),
        trigger: trigger.trigger(),
        columns: columns.to_vec(),
        statements: trigger.install(),
    });
    let title = format!("keep {title} right for every writer");
    let draft = Draft::new("sync", Phase::Expand, title, kind)
        .reason(
            "releases that do not know the column go on writing rows: the trigger computes it for \
             them, and it must be there before the backfill reads its first row",
        )
        .undo(
            trigger.remove().into_iter().map(|sql| AsWritten { sql, changes: Vec::new() }.into()),
        );
    let reads = trigger.reads.iter().map(|read| &read.name);
    columns
        .iter()
        .chain(reads)
        .fold(draft, |draft, column| draft.needs(Subject::Column(name.clone(), column.clone())))
}

fn removal(trigger: &Derivation, title: &str) -> Draft {
    let kind = StepKind::SyncDrop(SyncDrop {
        table: trigger.table.clone(),
        trigger: trigger.trigger(),
        other_triggers: Vec::new(),
        statements: trigger.remove(),
        changes: Vec::new(),
    });
    let title = format!("remove the trigger that kept {title} right");
    Draft::new("sync_drop", Phase::Contract, title, kind)
        .reason("once no older release writes any more, the new release writes the column itself")
}

/// Later statements ask which triggers there are and what they guarantee.
fn remember(
    work: &mut Work<'_>,
    trigger: &Derivation,
    columns: Vec<Identifier>,
    drop_step: StepId,
) {
    let never_null = trigger.columns.iter().filter(|value| value.fallback.is_some());
    work.world.records.add_sync(Sync {
        table: trigger.table.clone(),
        trigger: trigger.trigger(),
        columns,
        reads: trigger.reads.iter().map(|read| read.name.clone()).collect(),
        never_null: never_null.map(|value| value.column.clone()).collect(),
        drop_step,
        drop_statements: trigger.remove(),
    });
}
