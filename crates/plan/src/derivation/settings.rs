//! The settings to which sync functions and backfills are pinned.
//!
//! An expression must mean the same for every writer: a session's `search_path` could put
//! another function in the place of ours, its `TimeZone` changes what a cast gives, and with
//! `standard_conforming_strings` off even a string constant is another. [`PINS`] has every setting that
//! a session may change and an IMMUTABLE or STABLE function, an operator, an input or output function
//! of the server, or the server's parser reads, with what reads it. Each pin costs a little at every
//! row, so it is left out where nothing in the expressions can depend on it.
//!
//! Left out, with reasons: `timezone_abbreviations` (a file is read at each call), settings of a
//! superuser (`lc_messages`, `plpgsql.variable_conflict`), and those of extensions (`pg_trgm.*`).

use crate::{
    model::{
        catalog::{Catalog, Volatility},
        identifier::Identifier,
    },
    sql::Expression,
    world::types,
};
use std::collections::BTreeMap;

/// What in an expression reads a setting.
#[derive(Clone, Copy)]
enum Reader {
    /// The parser, in any text.
    Any,
    /// A cast: input and output functions.
    Cast,
    /// A function that is not IMMUTABLE.
    Stable,
    /// A function of users', of which nothing is known.
    Users,
    /// A function of the server, by name.
    Call(&'static [&'static str]),
    /// A column's type.
    Type(&'static [&'static str]),
    /// A type of dates and times.
    Temporal,
    /// A word or an operator in the text.
    Text(&'static str),
}
use Reader::{Any, Call, Cast, Stable, Temporal, Text, Type, Users};

/// One setting, its value, and what reads it.
struct Pin {
    name: &'static str,
    /// [`OWNERS`]: what the planning session has.
    value: &'static str,
    read_by: &'static [Reader],
}

/// Stands for the value of the session that plans, of the role that migrates: what the author's plain
/// statement would mean. For settings of which no value is right everywhere: the digits of `money` follow
/// `lc_monetary`. Kept in the plan, since the sessions of trigger, batches and check need not have the same.
const OWNERS: &str = "";

const TEXTS: &[Reader] = &[Cast, Stable, Users, Type(&["real", "double precision", "bytea"])];
const TIMES: &[Reader] = &[Cast, Stable, Users, Temporal];

#[rustfmt::skip]
const PINS: &[Pin] = &[
    Pin { name: "standard_conforming_strings", value: "on", read_by: &[Any] },
    Pin { name: "transform_null_equals", value: "off", read_by: &[Any] },
    Pin { name: "backslash_quote", value: "safe_encoding", read_by: &[Text("\\"), Users] },
    Pin { name: "TimeZone", value: "UTC", read_by: TIMES },
    Pin { name: "DateStyle", value: "ISO, MDY", read_by: TIMES },
    Pin { name: "IntervalStyle", value: "postgres", read_by: TIMES },
    Pin { name: "extra_float_digits", value: "1", read_by: TEXTS },
    Pin { name: "bytea_output", value: "hex", read_by: TEXTS },
    Pin { name: "array_nulls", value: "on", read_by: &[Cast, Stable, Users] },
    Pin { name: "lc_numeric", value: OWNERS, read_by: &[Call(&["to_char", "to_number"]), Users] },
    Pin { name: "lc_time", value: OWNERS,
          read_by: &[Call(&["to_char", "to_date", "to_timestamp"]), Users] },
    Pin { name: "lc_monetary", value: OWNERS,
          read_by: &[Call(&["to_char", "to_number"]), Type(&["money"]), Text("money"), Users] },
    Pin { name: "quote_all_identifiers", value: "off",
          read_by: &[Call(&["quote_ident", "format"]), Text("::reg"), Text("regclass"), Users] },
    Pin { name: "xmloption", value: "content", read_by: &[Type(&["xml"]), Text("xml"), Users] },
    Pin { name: "xmlbinary", value: "base64", read_by: &[Type(&["xml"]), Text("xml"), Users] },
    Pin { name: "default_text_search_config", value: OWNERS,
          read_by: &[Text("@@"), Text("ts_"), Text("tsv"), Text("tsq"), Users] },
];

/// The settings of a derivation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// Names and values, in the form that `set_config` takes.
    pub(crate) pinned: BTreeMap<String, String>,
    /// Those of which the catalog does not say the value (one that was read by an older Changeover):
    /// functions take them from the session that makes them.
    pub(crate) owners: Vec<&'static str>,
    /// The role that plans and migrates, where the catalog says it: its batches compute what they fill.
    pub(crate) migrator: Option<Identifier>,
}

/// The settings for some expressions over columns of some types.
pub(crate) fn pinned_settings<'a>(
    catalog: &Catalog,
    expressions: impl Iterator<Item = &'a Expression>,
    column_types: &[&str],
) -> Settings {
    let mut names = vec!["pg_catalog".to_owned()];
    let trusted = catalog.search_path.iter().filter(|schema| !is_open(catalog, schema.as_str()));
    names.extend(trusted.map(ToString::to_string));
    names.push("pg_temp".to_owned());
    let migrator = catalog.session.as_ref().map(|session| session.role.clone());
    let mut settings = Settings { migrator, ..Settings::default() };
    settings.pinned.insert("search_path".to_owned(), names.join(", "));
    let expressions: Vec<&Expression> = expressions.collect();
    for pin in PINS {
        let is_read =
            pin.read_by.iter().any(|reader| reads(*reader, catalog, &expressions, column_types));
        let owners = catalog.session.as_ref().and_then(|session| session.settings.get(pin.name));
        if is_read && pin.value == OWNERS {
            match owners {
                Some(value) => {
                    settings.pinned.insert(pin.name.to_owned(), value.clone());
                }
                None => settings.owners.push(pin.name),
            }
        } else if is_read {
            settings.pinned.insert(pin.name.to_owned(), pin.value.to_owned());
        }
    }
    settings
}

fn reads(reader: Reader, catalog: &Catalog, expressions: &[&Expression], types: &[&str]) -> bool {
    let mut calls =
        expressions.iter().flat_map(|expression| &expression.calls).map(|call| call.name.as_str());
    match reader {
        Any => true,
        Cast => expressions.iter().any(|expression| expression.casts),
        Stable => calls.any(|name| catalog.functions.get(name) != Some(&Volatility::Immutable)),
        Users => calls.any(|name| is_users(catalog, name)),
        Call(names) => calls.any(|name| names.contains(&name)),
        Type(names) => types.iter().any(|found| names.contains(found)),
        Temporal => types.iter().any(|name| types::is_temporal(name)),
        Text(part) => {
            expressions.iter().any(|expression| expression.text.to_lowercase().contains(part))
        }
    }
}

/// Whether a function of that name is in a schema of users'.
fn is_users(catalog: &Catalog, function: &str) -> bool {
    catalog.session.as_ref().is_some_and(|session| {
        session.schemas.iter().any(|schema| schema.functions.contains(function))
    })
}

/// Whether others than the migrating role may make functions in a schema. What a sync function finds
/// there would run with the owner's rights, so such a schema is not on its path.
pub(crate) fn is_open(catalog: &Catalog, schema: &str) -> bool {
    catalog.session.as_ref().is_some_and(|session| {
        let named = |found: &&crate::catalog::Schema| found.name.as_str() == schema;
        session.schemas.iter().find(named).is_some_and(|found| !found.others_may_create.is_empty())
    })
}
