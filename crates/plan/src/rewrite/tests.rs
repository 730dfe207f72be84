//! The registry: which rewrite knows which form.

use super::{ALL, AlterKind, Form, Kind};
use crate::{
    model::{
        catalog::{Catalog, Relation},
        migration::Migration,
    },
    rule,
    sql::{self, Directives, Statement},
    world::{Work, World},
};
use std::cell::RefCell;

/// How many rewrites take a form up, each on a world of its own.
fn takers(migration: &Migration, statement: &Statement, form: &Form<'_>) -> usize {
    let takes = |rewrite: &&super::Rewrite| {
        let mut world = World::new("shop", &Catalog::default());
        let directives = Directives::default();
        let mut work = Work {
            world: &mut world,
            migration,
            number: 1,
            statement,
            directives: &directives,
            first_step: 0,
            consulted: RefCell::default(),
        };
        rewrite(&mut work, form).is_some()
    };
    ALL.iter().filter(takes).count()
}

/// Otherwise their order would matter, and a new rewrite could take another one's form away.
#[test]
fn a_form_has_one_rewrite() {
    let examples = rule::ALL.iter().flat_map(|rule| rule.bad.iter().chain(rule.good));
    let texts = examples.flat_map(|example| [example.before, example.migration]);
    let mut seen = 0;
    for text in texts {
        let migration = crate::planner::tests::migration(1, text);
        for statement in sql::parse(text).unwrap_or_default() {
            let form = Form::Statement(&statement.kind);
            let known =
                !matches!(*statement.kind, Kind::Broken { .. } | Kind::NotUnderstood { .. });
            let takers = takers(&migration, &statement, &form);
            assert!(takers == 1 || (takers == 0 && !known), "{takers}: {}", statement.text);
            seen += usize::from(known);
            let Kind::AlterTable(alter) = &*statement.kind else { continue };
            let relation = &Relation::default();
            for action in &alter.actions {
                let takers = self::takers(&migration, &statement, &Form::Action(relation, action));
                let known = !matches!(action.kind, AlterKind::NotUnderstood(_));
                assert!(takers == 1 || (takers == 0 && !known), "{takers}: {}", action.text);
            }
        }
    }
    assert!(seen > 100, "only {seen} statements");
}
