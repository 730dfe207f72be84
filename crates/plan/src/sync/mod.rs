//! The SQL of sync triggers: what keeps a derived column right while releases overlap.
//!
//! [`SyncTrigger::install`] gives the statements of a `sync_install` step, [`SyncTrigger::remove`]
//! those that take all of it away again. Templates are the `.sql` files beside this one. All objects live in the
//! schema `changeover`, named `<app>.<migration>.<statement>.<part>`; the trigger sorts last by name.
//!
//! Invariants: no function raises because of the author's expressions; every function runs under
//! pinned settings; nothing here reads a clock or another table.

mod settings;
mod template;

pub(crate) use settings::pinned_settings;
pub(crate) use template::Template;

use crate::{
    model::{
        identifier::{Identifier, QualifiedName, quote_literal},
        step::{KeyColumn, SafeFunction, StepId},
    },
    world::{names::shortened, types},
};
use std::collections::BTreeMap;

/// The trigger's function.
const TRIGGER_FUNCTION: &str = include_str!("trigger_function.sql");
/// The function that computes one row's values and never raises.
const SAFE_FUNCTION: &str = include_str!("safe_function.sql");

/// The prefix of triggers' names: BEFORE triggers fire in the order of names, and ours comes last.
pub(crate) const TRIGGER_PREFIX: &str = "zzzz_changeover_";

/// One sync trigger: which table, which columns, which values.
#[derive(Clone, Debug)]
pub(crate) struct SyncTrigger {
    /// The application.
    pub(crate) app: String,
    /// The migration.
    pub(crate) migration: u64,
    /// The statement within it, from 1.
    pub(crate) statement: usize,
    /// The backfill of the same columns: rows are parked in its name.
    pub(crate) backfill: StepId,
    /// The table.
    pub(crate) table: QualifiedName,
    /// The table's key, to name a row that is parked.
    pub(crate) key: Vec<KeyColumn>,
    /// The columns that are read, with their types.
    pub(crate) reads: Vec<KeyColumn>,
    /// What is computed.
    pub(crate) values: Vec<SyncValue>,
    /// The pinned settings.
    pub(crate) settings: BTreeMap<String, String>,
}

/// One computed column.
#[derive(Clone, Debug)]
pub(crate) struct SyncValue {
    /// The column.
    pub(crate) column: Identifier,
    /// Its type.
    pub(crate) type_sql: String,
    /// The value.
    pub(crate) value: Template,
    /// Rows for which this does not hold are left alone.
    pub(crate) condition: Option<Template>,
    /// The constant for a row whose value raises, where there is one.
    pub(crate) fallback: Option<String>,
    /// Whether an INSERT that does not name the column leaves it NULL.
    pub(crate) null_by_default: bool,
}

impl SyncValue {
    /// True for a row whose column is not what the expression says.
    pub(crate) fn differs(&self) -> String {
        let value = format!("CAST({} AS {})", self.value.of_row(), self.type_sql);
        differs(&self.type_sql, &self.column.to_string(), &value)
    }
}

/// `left IS DISTINCT FROM right`, also for types without a usable `=`.
pub(crate) fn differs(type_sql: &str, left: &str, right: &str) -> String {
    if types::needs_image_comparison(type_sql) {
        // Cast, so that the server compares records and not their fields one by one.
        format!("ROW({left})::record OPERATOR(pg_catalog.*<>) ROW({right})::record")
    } else {
        format!("{left} IS DISTINCT FROM {right}")
    }
}

impl SyncTrigger {
    /// The trigger's name.
    pub(crate) fn trigger(&self) -> Identifier {
        // Padded, so that triggers of one migration fire in the order of its statements.
        let name =
            format!("{TRIGGER_PREFIX}{}_{:04}_{:03}", self.app, self.migration, self.statement);
        Identifier::new(shortened(&name))
    }

    /// The safe function as the engine calls it.
    pub(crate) fn safe_function(&self) -> SafeFunction {
        SafeFunction {
            name: self.object("safe"),
            arguments: self.reads.iter().map(|column| column.name.clone()).collect(),
        }
    }

    /// Sequence, functions, trigger, in the order in which they are made.
    pub(crate) fn install(&self) -> Vec<String> {
        let (table, trigger, function) = (&self.table, self.trigger(), self.object("sync"));
        let safe = format!("{}({})", self.object("safe"), self.argument_types());
        vec![
            format!("CREATE SEQUENCE {}", self.object("overridden")),
            self.safe_function_sql(),
            format!("REVOKE ALL ON FUNCTION {safe} FROM PUBLIC"),
            self.trigger_function_sql(),
            format!("REVOKE ALL ON FUNCTION {function}() FROM PUBLIC"),
            format!(
                "CREATE TRIGGER {trigger} BEFORE INSERT OR UPDATE ON {table} \
                 FOR EACH ROW EXECUTE FUNCTION {function}()"
            ),
            format!("ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}"),
        ]
    }

    /// Takes away all that [`Self::install`] made.
    pub(crate) fn remove(&self) -> Vec<String> {
        vec![
            format!("DROP TRIGGER IF EXISTS {} ON {}", self.trigger(), self.table),
            format!("DROP FUNCTION IF EXISTS {}()", self.object("sync")),
            format!("DROP FUNCTION IF EXISTS {}({})", self.object("safe"), self.argument_types()),
            format!("DROP SEQUENCE IF EXISTS {}", self.object("overridden")),
        ]
    }

    /// An object of ours in the schema `changeover`.
    fn object(&self, part: &str) -> QualifiedName {
        let name = format!("{}.{:04}.{}.{part}", self.app, self.migration, self.statement);
        QualifiedName::new("changeover", shortened(&name))
    }

    fn argument_types(&self) -> String {
        join(self.reads.iter().map(|column| column.type_sql.clone()), ", ")
    }

    fn settings_sql(&self) -> String {
        let line = |(name, value): (&String, &String)| match name.as_str() {
            // A list of names, not one string.
            "search_path" => format!("SET search_path = {value}"),
            _ => format!("SET {} = {}", Identifier::new(name.clone()), quote_literal(value)),
        };
        join(self.settings.iter().map(line), "\n")
    }

    fn safe_function_sql(&self) -> String {
        let outputs = self.values.iter().map(|v| format!("OUT {} {}", v.column, v.type_sql));
        let arguments = self.reads.iter().map(|column| column.type_sql.clone());
        let row = self.reads.iter().enumerate();
        let row = row.map(|(at, column)| format!("${} AS {}", at + 1, column.name));
        let values = self.values.iter().map(|value| match &value.condition {
            Some(condition) => format!(
                "CASE WHEN {} THEN CAST({} AS {}) ELSE {} END",
                condition.of_row(),
                value.value.of_row(),
                value.type_sql,
                value.column
            ),
            None => value.value.of_row(),
        });
        let error = std::iter::once("OUT changeover_error text".to_owned());
        let numbered = || self.values.iter().enumerate().map(|(at, value)| (at + 1, value));
        let body = fill(
            SAFE_FUNCTION,
            &[
                ("values", join(values, ",\n      ")),
                // Variables, since OUT parameters forget lengths and precisions.
                (
                    "declarations",
                    join(
                        numbered().map(|(n, v)| format!("  changeover_value_{n} {};", v.type_sql)),
                        "\n",
                    ),
                ),
                ("locals", join(numbered().map(|(n, _)| format!("changeover_value_{n}")), ", ")),
                (
                    "results",
                    join(
                        numbered()
                            .map(|(n, v)| format!("    {} := changeover_value_{n};", v.column)),
                        "\n",
                    ),
                ),
                ("row", join(row, ", ")),
            ],
        );
        format!(
            "CREATE FUNCTION {}({})\nLANGUAGE plpgsql STABLE\n{}\nAS {}",
            self.object("safe"),
            join(arguments.chain(outputs).chain(error), ", "),
            self.settings_sql(),
            dollar_quoted(&body)
        )
    }

    fn trigger_function_sql(&self) -> String {
        let values = || self.values.iter().enumerate().map(|(at, value)| (at + 1, value));
        let declarations = values().map(|(n, value)| {
            format!("  changeover_value_{n} {};\n  changeover_applies_{n} boolean;", value.type_sql)
        });
        let computations = values().map(|(n, value)| {
            let condition =
                value.condition.as_ref().map_or_else(|| "true".to_owned(), Template::of_new);
            format!(
                "    changeover_applies_{n} := {condition};\n    IF changeover_applies_{n} THEN\n      \
                 changeover_value_{n} := {};\n    END IF;",
                value.value.of_new()
            )
        });
        let fallbacks = self.values.iter().filter_map(|value| {
            let constant = value.fallback.as_ref()?;
            let column = &value.column;
            Some(format!("    NEW.{column} := coalesce(NEW.{column}, {constant});"))
        });
        let key = self.key.iter().map(|column| format!("NEW.{}::text", column.name));
        let body = fill(
            TRIGGER_FUNCTION,
            &[
                ("declarations", join(declarations, "\n")),
                ("computations", join(computations, "\n")),
                ("fallbacks", join(fallbacks, "\n")),
                ("app", quote_literal(&self.app)),
                ("step", quote_literal(self.backfill.as_str())),
                ("key", join(key, ", ")),
                ("assignments", join(values().map(|(n, value)| self.assignment(n, value)), "\n")),
            ],
        );
        format!(
            "CREATE FUNCTION {}() RETURNS trigger\nLANGUAGE plpgsql SECURITY DEFINER\n{}\nAS {}",
            self.object("sync"),
            self.settings_sql(),
            dollar_quoted(&body)
        )
    }

    /// Sets one column, counting a writer's own value that differs.
    fn assignment(&self, n: usize, value: &SyncValue) -> String {
        let column = &value.column;
        let new = format!("NEW.{column}");
        let from_value = differs(&value.type_sql, &new, &format!("changeover_value_{n}"));
        let from_old = differs(&value.type_sql, &new, &format!("OLD.{column}"));
        let inserted = if value.null_by_default {
            format!("TG_OP = 'INSERT' AND {new} IS NOT NULL OR ")
        } else {
            String::new()
        };
        let counter = quote_literal(&self.object("overridden").to_string());
        format!(
            "  IF changeover_applies_{n} THEN\n    \
             IF ({inserted}TG_OP = 'UPDATE' AND {from_old}) AND {from_value} THEN\n      \
             PERFORM pg_catalog.nextval({counter});\n    END IF;\n    \
             {new} := changeover_value_{n};\n  END IF;"
        )
    }
}

fn join(parts: impl Iterator<Item = String>, separator: &str) -> String {
    parts.collect::<Vec<_>>().join(separator)
}

/// Fills `{name}` places of a template, each once; what is filled in is not looked at again.
fn fill(template: &str, values: &[(&str, String)]) -> String {
    let mut filled = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let Some(close) = rest[open..].find('}') else {
            break;
        };
        let name = &rest[open + 1..open + close];
        filled.push_str(&rest[..open]);
        if let Some((_, value)) = values.iter().find(|(found, _)| *found == name) {
            filled.push_str(value);
        }
        rest = &rest[open + close + 1..];
    }
    filled.push_str(rest);
    filled
}

/// Dollar-quotes a body with a tag that does not occur in it.
fn dollar_quoted(body: &str) -> String {
    let tag = (0..)
        .map(|number: u32| format!("$changeover{number}$"))
        .find(|tag| !body.contains(tag.as_str()))
        .unwrap_or_default();
    format!("{tag}\n{body}{tag}")
}
