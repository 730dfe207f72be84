//! `SET`, `RESET`, `set_config`.

use super::{Form, Planned};
use crate::{
    rule,
    sql::StatementKind as Kind,
    world::{Refused, Work},
};

/// The registry's entry.
pub(super) fn rewrite(_: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Statement(Kind::Setting { name }) = form else { return None };
    Some(Err(refused(name)))
}

fn refused(name: &str) -> Refused {
    Refused::new(
        &rule::setting::RULE,
        format!("{name} is set for the session, which later steps do not share"),
        "remove it: the engine sets timeouts and the search path of each step itself",
    )
}
