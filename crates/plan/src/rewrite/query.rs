//! `SELECT` and other statements that only read, and `CALL`.

use super::{Form, Planned};
use crate::{
    rule,
    sql::StatementKind as Kind,
    world::{Refused, Work},
};

/// The registry's entry.
pub(super) fn rewrite(_: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Statement(Kind::Query) = form else { return None };
    Some(Err(refused()))
}

fn refused() -> Refused {
    Refused::new(
        &rule::query::RULE,
        "a query changes nothing that an upgrade needs, or calls functions that change anything",
        "remove it, or write what it does as statements",
    )
}
