//! Index expressions and predicates that may raise: the index then rejects a write that was fine.
//!
//! An expression is computed for each row that is written, by releases that never heard of it. Only
//! what is listed here is known never to raise; all else counts as a constraint.

use crate::{
    model::catalog::without_modifier,
    sql::{Expression, statement::CreateIndex},
    world::{Work, types},
};

/// Functions of the server that give a result for every value of their arguments.
const NEVER_RAISE: [&str; 27] = [
    "lower",
    "upper",
    "initcap",
    "coalesce",
    "nullif",
    "greatest",
    "least",
    "md5",
    "length",
    "char_length",
    "character_length",
    "octet_length",
    "btrim",
    "ltrim",
    "rtrim",
    "trim",
    "left",
    "right",
    "reverse",
    "starts_with",
    "jsonb_typeof",
    "json_typeof",
    "hashtext",
    "cardinality",
    "isempty",
    "lower_inc",
    "upper_inc",
];

/// Operators that give a result for every value. Arithmetic overflows or divides by zero, patterns
/// and time zones may be malformed in a row: none of them is here, but for constant patterns.
const OPERATORS: [&str; 31] = [
    "=",
    "<>",
    "!=",
    "<",
    ">",
    "<=",
    ">=",
    "and",
    "or",
    "not",
    "is",
    "is not",
    "in",
    "not in",
    "->",
    "->>",
    "#>",
    "#>>",
    "?",
    "?|",
    "?&",
    "@>",
    "<@",
    "&&",
    "||",
    "is distinct from",
    "is not distinct from",
    "like",
    "not like",
    "ilike",
    "not ilike",
];

/// Types to which any value can be cast.
const CAST_TARGETS: [&str; 2] = ["text", "character varying"];

/// Why an older release's write may fail because of the index; `None` where it cannot.
pub(in crate::rewrite) fn reason(work: &Work<'_>, create: &CreateIndex) -> Option<String> {
    if create.definition.contains("gist__int_ops") {
        return Some("its operator class rejects arrays that are too big".to_owned());
    }
    let mut found = create.expressions.iter().filter_map(|expression| {
        may_raise(expression).filter(|_| !only_new(work, create, expression))
    });
    found.next()
}

/// Whether no older release writes any column that the expression reads, nor any trigger for it.
fn only_new(work: &Work<'_>, create: &CreateIndex, expression: &Expression) -> bool {
    let table = work.world.resolve(&create.table);
    let columns = expression.columns();
    !columns.is_empty()
        && columns.iter().all(|column| {
            work.world.new_columns.contains_key(&(table.clone(), column.clone()))
                && work.world.syncs_touching(&table, column).is_empty()
        })
}

/// What in the expression may raise.
fn may_raise(expression: &Expression) -> Option<String> {
    if let Some(what) = &expression.not_understood {
        return Some(format!("it is not known what {what} does with each value"));
    }
    let call = expression.calls.iter().find(|call| {
        let schema = call.schema.as_ref().is_none_or(|schema| schema.as_str() == "pg_catalog");
        !schema || !NEVER_RAISE.contains(&call.name.as_str())
    });
    if let Some(call) = call {
        return Some(format!("{} may raise for a value", call.name.as_str()));
    }
    let cast = expression.cast_types.iter().find(|written| {
        !CAST_TARGETS.contains(&without_modifier(&types::canonical(written)).as_str())
            || written.contains('(')
    });
    if let Some(cast) = cast {
        return Some(format!("the cast to {cast} raises where a value does not fit"));
    }
    let operator = expression.operators.iter().find(|found| !OPERATORS.contains(&found.as_str()));
    operator.map(|operator| format!("the operator {operator} may raise for a value"))
}
