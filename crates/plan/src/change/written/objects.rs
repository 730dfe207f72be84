//! `CREATE` of types, sequences, functions, triggers, views and what else only adds.

use super::{WrittenChanges, create::trigger};
use crate::change::{
    AddEnumValue, CreateFunction, CreateOther, CreateSequence, CreateTrigger, CreateType,
    CreateView,
};
use crate::{
    model::catalog::{Catalog, Domain},
    sql::{Statement, StatementKind, statement::Name},
    world::types,
};

/// The changes of a statement that makes something other than a table or an index; `None` for any
/// other.
pub(super) fn written(catalog: &Catalog, statement: &Statement) -> WrittenChanges {
    let sql = || statement.text.clone();
    let resolve = |name: &Name| catalog.resolve(name.schema.as_ref(), &name.name);
    let resolve_new = |name: &Name| catalog.resolve_new(name.schema.as_ref(), &name.name);
    let resolve_all = |names: &[Name]| names.iter().map(resolve).collect::<Vec<_>>();
    Some(match &*statement.kind {
        StatementKind::CreateType { name } => {
            vec![CreateType { name: resolve_new(name), domain: None, sql: sql() }.into()]
        }
        StatementKind::CreateDomain { name, domain } => {
            let domain =
                Domain { base: types::in_catalog(catalog, &domain.base), ..domain.clone() };
            vec![CreateType { name: resolve_new(name), domain: Some(domain), sql: sql() }.into()]
        }
        StatementKind::AddEnumValue { name } => {
            vec![AddEnumValue { name: resolve_new(name), sql: sql() }.into()]
        }
        StatementKind::CreateOther(create) if create.object == "sequence" => {
            let name = resolve_new(create.name.as_ref()?);
            let owned_by = resolve_all(&create.relations);
            vec![CreateSequence { name, owned_by, sql: sql() }.into()]
        }
        StatementKind::CreateOther(create) => vec![
            CreateOther {
                object: create.object.to_owned(),
                relations: resolve_all(&create.relations),
                sql: sql(),
            }
            .into(),
        ],
        StatementKind::CreateFunction { name, volatility, .. } => {
            let (function, volatility) = (name.name.clone(), *volatility);
            vec![CreateFunction { function, volatility, sql: sql() }.into()]
        }
        StatementKind::CreateTrigger(create) => {
            let table = resolve(&create.table);
            vec![CreateTrigger { table, trigger: trigger(create), sql: sql() }.into()]
        }
        StatementKind::CreateView(create) => {
            let reads = create.reads.iter().map(resolve);
            vec![
                CreateView {
                    name: resolve_new(&create.name),
                    materialized: create.materialized,
                    reads: reads.filter(|read| catalog.relation(read).is_some()).collect(),
                    sql: sql(),
                }
                .into(),
            ]
        }
        _ => return None,
    })
}
