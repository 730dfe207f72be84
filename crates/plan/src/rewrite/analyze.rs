//! `ANALYZE` of tables: online, since it may take minutes, and once their columns are filled.

use super::{Form, Planned, table};
use crate::{
    change::Subject,
    model::step::{Analyze, Phase, StepKind},
    sql::{StatementKind as Kind, statement::Name},
    world::{Draft, Refused, Work},
};

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Statement(Kind::Analyze { tables }) = form else { return None };
    Some(plan(work, tables))
}

fn plan(work: &mut Work<'_>, names: &[Name]) -> Result<(), Refused> {
    if names.is_empty() {
        return Err(super::not_understood("ANALYZE of the whole database; name the tables"));
    }
    let mut tables = Vec::new();
    let mut needs = Vec::new();
    for name in names {
        let relation = table::existing(work, name)?;
        for column in &relation.columns {
            needs.push(Subject::Column(relation.name.clone(), column.name.clone()));
            needs.push(Subject::Filled(relation.name.clone(), column.name.clone()));
        }
        needs.push(Subject::Relation(relation.name.clone()));
        tables.push(relation.name);
    }
    let plain: Vec<String> = tables.iter().map(crate::QualifiedName::plain).collect();
    let title = format!("analyze {}", plain.join(", "));
    let draft = Draft::new("analyze", Phase::Online, title, StepKind::Analyze(Analyze { tables }))
        .reason("a sample is read: it blocks neither reads nor writes, and may take minutes");
    work.emit(needs.into_iter().fold(draft, Draft::needs)).map(|_| ())
}

#[cfg(test)]
mod tests {
    use crate::planner::tests::{ORDERS, planned, show};

    #[test]
    fn statistics_are_read_once_the_columns_are_filled() {
        let plan = planned(
            ORDERS,
            "alter table orders add column doubled int; update orders set doubled = total * 2;
             analyze orders, customers;",
        );
        let steps: Vec<&str> = plan.steps.iter().map(|step| step.id.as_str()).collect();
        let analyze = steps.iter().position(|id| *id == "0002.3.analyze").unwrap();
        let check = steps.iter().position(|id| *id == "0002.2.check").unwrap();
        assert!(check < analyze, "{}", show(&plan));
        let step = &plan.steps[analyze];
        assert!(step.needs.iter().any(|need| need.as_str() == "0002.2.check"), "{}", show(&plan));
        assert_eq!(step.locks.len(), 2);
        assert!(!step.lost && step.undo.is_empty());
    }

    #[test]
    fn the_whole_database_is_not_analyzed() {
        let plan = planned(ORDERS, "analyze");
        assert_eq!(plan.refusals[0].rule, "not-understood");
        let plan = planned(ORDERS, "analyze nowhere");
        assert_eq!(plan.refusals[0].rule, "unknown-relation");
    }
}
