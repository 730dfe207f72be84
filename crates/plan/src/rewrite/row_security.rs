//! Row security: `CREATE POLICY`, and `ENABLE`, `DISABLE`, `FORCE ROW LEVEL SECURITY`.

use super::{Form, Planned};
use crate::{
    rule,
    sql::{
        StatementKind as Kind,
        statement::{AlterKind, Name},
    },
    world::{Refused, Work},
};

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    match form {
        Form::Statement(Kind::CreatePolicy { table }) => Some(policy(work, table)),
        Form::Action(_, action) if matches!(action.kind, AlterKind::RowSecurity) => {
            Some(Err(refused()))
        }
        _ => None,
    }
}

/// Fine on a new table, where nobody reads or writes yet.
fn policy(work: &mut Work<'_>, table: &Name) -> Result<(), Refused> {
    let table = work.world.resolve(table);
    if work.world.is_new(&table) { super::inline(work, &table) } else { Err(refused()) }
}

fn refused() -> Refused {
    Refused::new(
        &rule::row_security::RULE,
        "row security decides what releases that serve see and may write",
        "change it in a stop, with no older release serving",
    )
}
