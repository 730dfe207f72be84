//! Which expressions a trigger may compute: those that read nothing but their own row, and give the
//! same for every session, at any time.

use crate::{
    derivation::{Template, is_open},
    model::{
        catalog::{Catalog, Relation, Schema, Type, TypeKind, Volatility},
        identifier::Identifier,
    },
    rule,
    sql::{Expression, Reference, expression::Call, one_line},
    world::{Refused, Work},
};

/// Functions and keywords that read the clock.
const CLOCK: [&str; 11] = [
    "now",
    "current_timestamp",
    "current_date",
    "current_time",
    "localtime",
    "localtimestamp",
    "transaction_timestamp",
    "statement_timestamp",
    "clock_timestamp",
    "timeofday",
    "pg_sleep",
];

/// Functions and keywords that tell of the session.
const SESSION: [&str; 22] = [
    "current_user",
    "session_user",
    "system_user",
    "user",
    "current_role",
    "current_catalog",
    "current_schema",
    "current_schemas",
    "current_setting",
    "current_database",
    "current_query",
    "inet_client_addr",
    "inet_client_port",
    "inet_server_addr",
    "inet_server_port",
    "pg_backend_pid",
    "pg_current_xact_id",
    "txid_current",
    "version",
    "set_config",
    "has_table_privilege",
    "pg_has_role",
];

/// Strings that the date types read as the moment at which they are read.
const CLOCK_STRINGS: [&str; 4] = ["now", "today", "tomorrow", "yesterday"];

/// Functions that are part of the grammar and follow their arguments.
const GRAMMAR: [&str; 6] = ["coalesce", "nullif", "greatest", "least", "row", "normalize"];

/// Stable functions of the server that depend on nothing but their arguments and the pinned
/// settings. Others may read tables, whose changes would not reach the column.
const STABLE_BUT_PINNED: [&str; 32] = [
    "to_timestamp",
    "to_char",
    "to_date",
    "to_number",
    "to_json",
    "to_jsonb",
    "date_trunc",
    "date_part",
    "date_bin",
    "timezone",
    "extract",
    "concat",
    "concat_ws",
    "format",
    "jsonb_build_object",
    "jsonb_build_array",
    "json_build_object",
    "json_build_array",
    "array_to_string",
    "array_to_json",
    "row_to_json",
    "string_to_array",
    "make_timestamptz",
    "age",
    "timestamptz",
    "date",
    "convert",
    "convert_from",
    "convert_to",
    "quote_literal",
    "json_populate_record",
    "jsonb_populate_record",
];

/// Takes an expression over one row of the relation.
///
/// `alias` is the name under which the statement knows the table, where it gives one.
pub(super) fn template(
    catalog: &Catalog,
    relation: &Relation,
    alias: Option<&Identifier>,
    expression: &Expression,
) -> Result<Template, Refused> {
    if let Some(what) = &expression.not_understood {
        return Err(super::not_understood(what));
    }
    if expression.subselect {
        return Err(Refused::new(
            &rule::reads_other_rows::RULE,
            format!("the expression reads other rows: {}", one_line(&expression.text)),
            "joins come with a later release of Changeover; for now let the new release write the \
             value into the row, or copy what is needed into a column of this table first",
        ));
    }
    for reference in &expression.references {
        resolves(relation, alias, reference)?;
    }
    changing(expression)?;
    for call in &expression.calls {
        callable(catalog, call)?;
    }
    Template::of(expression, relation).ok_or_else(|| super::not_understood("a generated column"))
}

fn resolves(
    relation: &Relation,
    alias: Option<&Identifier>,
    reference: &Reference,
) -> Result<(), Refused> {
    let known = match (reference.qualifier.as_slice(), alias) {
        ([], _) => true,
        ([table], Some(alias)) => table == alias,
        ([table], None) => table == &relation.name.name,
        ([schema, table], None) => table == &relation.name.name && schema == &relation.name.schema,
        _ => false,
    };
    if known {
        return super::table::has_column(relation, &reference.column);
    }
    let qualifier: Vec<&str> = reference.qualifier.iter().map(Identifier::as_str).collect();
    Err(Refused::new(
        &rule::unknown_column::RULE,
        format!("`{}` is not the table that is updated", qualifier.join(".")),
        "read only columns of the table itself",
    ))
}

/// The clock, the session.
fn changing(expression: &Expression) -> Result<(), Refused> {
    let names = || {
        expression
            .calls
            .iter()
            .map(|call| call.name.as_str())
            .chain(expression.keywords.iter().map(String::as_str))
    };
    let one_argument_age =
        expression.calls.iter().any(|call| call.name.as_str() == "age" && call.arguments == 1);
    let clock_string = expression
        .strings
        .iter()
        .find(|text| CLOCK_STRINGS.contains(&text.trim().to_lowercase().as_str()));
    let clock = names()
        .find(|name| CLOCK.contains(name))
        .map(str::to_owned)
        .or_else(|| one_argument_age.then(|| "age with one argument".to_owned()))
        .or_else(|| clock_string.map(|text| format!("'{text}'")));
    if let Some(clock) = clock {
        return Err(Refused::new(
            &rule::reads_clock::RULE,
            format!("{clock} gives another value each time, so the column would never be right"),
            "give the column a DEFAULT instead, or compute it from a column that holds the time",
        ));
    }
    match names().find(|name| SESSION.contains(name)) {
        Some(session) => Err(Refused::new(
            &rule::reads_session::RULE,
            format!("{session} depends on who writes the row"),
            "give the column a DEFAULT instead, or compute it from columns of the row",
        )),
        None => Ok(()),
    }
}

fn callable(catalog: &Catalog, call: &Call) -> Result<(), Refused> {
    let name = call.name.as_str();
    if call.schema.is_none() && GRAMMAR.contains(&name) {
        return Ok(());
    }
    match catalog.functions.get(name) {
        Some(Volatility::Immutable) => Ok(()),
        Some(Volatility::Stable) if STABLE_BUT_PINNED.contains(&name) => Ok(()),
        Some(Volatility::Stable) => Err(Refused::new(
            &rule::stable_function::RULE,
            format!("{name} may read tables, whose changes would not reach the column"),
            "use an IMMUTABLE function that depends on its arguments alone",
        )),
        Some(Volatility::Volatile) => Err(Refused::new(
            &rule::volatile_function::RULE,
            format!("{name} may give another value each time"),
            "give the column a DEFAULT instead, or use an IMMUTABLE function",
        )),
        None => Err(Refused::new(
            &rule::unknown_function::RULE,
            format!("there is no function {name}"),
            "check the name, and that the statement that creates it comes earlier",
        )),
    }
}

/// What a sync function or a batch calls runs with the owner's rights. Where others may make functions
/// in a schema, one of theirs could fit better than the author's, so such a schema is not on the path
/// (`derivation::is_open`); and what needs it is refused.
pub(super) fn needs_no_open_schema<'a>(
    work: &Work<'_>,
    expressions: impl Iterator<Item = &'a Expression>,
    column_types: &[&str],
) -> Result<(), Refused> {
    let catalog = &work.world.catalog;
    let Some(session) = &catalog.session else {
        return Ok(());
    };
    let open: Vec<&Schema> =
        session.schemas.iter().filter(|schema| is_open(catalog, schema.name.as_str())).collect();
    let open_type = |found: &&Type| open.iter().any(|schema| schema.name == found.name.schema);
    let refused = |what: String, schema: &Identifier| {
        Refused::new(
            &rule::open_schema::RULE,
            format!(
                "{what} is in schema {0}, where others may make functions, which the trigger and the \
                 backfill would run with the owner's rights",
                schema.as_str()
            ),
            format!(
                "REVOKE CREATE ON SCHEMA {schema} from all others (`plan` names them: {}), then plan \
                 again",
                open.iter()
                    .filter(|found| &found.name == schema)
                    .flat_map(|found| &found.others_may_create)
                    .map(Identifier::as_str)
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        )
    };
    for expression in expressions {
        for call in &expression.calls {
            let holds = |schema: &&&Schema| {
                call.schema.as_ref().is_none_or(|written| written == &schema.name)
                    && schema.functions.contains(call.name.as_str())
            };
            if let Some(schema) = open.iter().find(holds) {
                return Err(refused(format!("the function {}", call.name.as_str()), &schema.name));
            }
        }
        let text = expression.text.to_lowercase();
        let in_cast = |found: &&Type| text.contains(&found.name.name.as_str().to_lowercase());
        let cast =
            catalog.types.iter().filter(|_| expression.casts).filter(open_type).find(in_cast);
        if let Some(found) = cast {
            return Err(refused(format!("the type {}", found.sql), &found.name.schema));
        }
    }
    // The operators of an extension's base type; those of enums, domains and ranges are the server's.
    let column = column_types
        .iter()
        .filter_map(|name| catalog.type_of(name))
        .filter(|found| found.kind == TypeKind::Base)
        .find(open_type);
    match column {
        Some(found) => Err(refused(format!("the type {}", found.sql), &found.name.schema)),
        None => Ok(()),
    }
}
