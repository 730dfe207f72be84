//! `DO`.

use super::{Form, Planned};
use crate::{
    rule,
    sql::StatementKind as Kind,
    world::{Refused, Work},
};

/// The registry's entry.
pub(super) fn rewrite(_: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Statement(Kind::Do) = form else { return None };
    Some(Err(refused()))
}

fn refused() -> Refused {
    Refused::new(
        &rule::do_block::RULE,
        "what a DO block does is known only when it runs",
        "write the statements themselves",
    )
}
