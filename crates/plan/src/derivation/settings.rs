//! The settings to which sync functions and backfills are pinned.
//!
//! An expression must mean the same whoever writes the row: a session's `search_path` could put
//! another function in the place of ours, and its `TimeZone` changes what a cast gives. Each pin
//! costs a little at every row, so those for dates and times are left out where nothing in the
//! expressions can depend on them.

use crate::{
    model::catalog::{Catalog, Volatility},
    sql::Expression,
    world::types,
};
use std::collections::BTreeMap;

/// The settings, in the form that `set_config` takes.
pub(crate) fn pinned_settings<'a>(
    catalog: &Catalog,
    expressions: impl Iterator<Item = &'a Expression>,
    column_types: &[&str],
) -> BTreeMap<String, String> {
    let mut names = vec!["pg_catalog".to_owned()];
    names.extend(catalog.search_path.iter().map(ToString::to_string));
    names.push("pg_temp".to_owned());
    let mut settings = BTreeMap::from([("search_path".to_owned(), names.join(", "))]);
    let depends = expressions.into_iter().any(|expression| {
        expression.casts
            || expression.calls.iter().any(|call| !is_immutable(catalog, call.name.as_str()))
    });
    if depends || column_types.iter().any(|name| types::is_temporal(name)) {
        settings.insert("TimeZone".to_owned(), "UTC".to_owned());
        settings.insert("DateStyle".to_owned(), "ISO, MDY".to_owned());
        settings.insert("IntervalStyle".to_owned(), "postgres".to_owned());
    }
    // A float's and a bytea's text follow these.
    if column_types.iter().any(|name| matches!(*name, "real" | "double precision" | "bytea")) {
        settings.insert("extra_float_digits".to_owned(), "1".to_owned());
        settings.insert("bytea_output".to_owned(), "hex".to_owned());
    }
    settings
}

fn is_immutable(catalog: &Catalog, function: &str) -> bool {
    catalog.functions.get(function) == Some(&Volatility::Immutable)
}
