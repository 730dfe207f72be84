//! Plays unfinished steps of earlier plans on the catalog, so that the new plan stands on what they
//! will have made, and waits for them where it needs them.

use crate::{
    change::Subject,
    model::step::{BackfillCheck, Step, StepKind},
    world::{Provider, World},
};

/// Plays all steps, in their order.
pub(super) fn simulate(world: &mut World, steps: &[Step]) {
    for step in steps {
        let provider = Provider::of(step);
        if let StepKind::SyncDrop(drop) = &step.kind {
            world.pending_sync_drops.push((drop.table.clone(), step.id.clone()));
        }
        if let StepKind::Backfill(backfill) | StepKind::BackfillCheck(BackfillCheck(backfill)) =
            &step.kind
        {
            for assignment in &backfill.set {
                let subject = Subject::Filled(backfill.table.clone(), assignment.column.clone());
                world.records.make(subject, &provider);
            }
        }
        for change in step.kind.changes() {
            let effects = change.effects();
            for subject in effects.needs {
                world.records.note_use(subject, &provider);
            }
            for subject in effects.removes {
                world.records.remove(subject, &provider);
            }
            for subject in effects.makes {
                world.records.make(subject, &provider);
            }
            world.apply(&change);
        }
    }
}
