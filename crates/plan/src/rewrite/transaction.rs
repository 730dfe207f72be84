//! `BEGIN` and `COMMIT` around a file's statements, and statements that are only comments: nothing is
//! to be done, since each step has a transaction of its own.

use super::{Form, Planned};
use crate::{
    rule,
    sql::{StatementKind as Kind, statement::Transaction},
    world::{Refused, Work},
};

/// The registry's entry.
pub(super) fn rewrite(_: &mut Work<'_>, form: &Form<'_>) -> Planned {
    match form {
        Form::Statement(
            Kind::Empty | Kind::Transaction(Transaction::Begin | Transaction::Commit),
        ) => Some(Ok(())),
        Form::Statement(Kind::Transaction(Transaction::Rollback)) => Some(Err(Refused::new(
            &rule::transaction_control::RULE,
            "a migration that rolls back does nothing",
            "remove the ROLLBACK",
        ))),
        _ => None,
    }
}
