//! The trigger that keeps a derivation's columns right for every writer: sequence, functions,
//! trigger, and their removal.
//!
//! SQL: `sql/fires.sql`, `sql/trigger_function.sql`, `sql/assignment.sql`, `sql/required.sql`,
//! `sql/fallback.sql`, `sql/safe_function.sql`.

use super::{
    Derivation, DerivedColumn, Requirement, Template, differs, join, names,
    part_sql::{dollar_quoted, fill},
};
use crate::model::{
    backfill::SafeFunction,
    identifier::{Identifier, QualifiedName, quote_literal},
};

const TRIGGER_FUNCTION: &str = include_str!("sql/trigger_function.sql");
const FIRES: &str = include_str!("sql/fires.sql");
const ASSIGNMENT: &str = include_str!("sql/assignment.sql");
const REQUIRED: &str = include_str!("sql/required.sql");
const FALLBACK: &str = include_str!("sql/fallback.sql");
const SAFE_FUNCTION: &str = include_str!("sql/safe_function.sql");

impl Derivation {
    /// The trigger's name.
    pub(crate) fn trigger(&self) -> Identifier {
        names::trigger(&self.app, self.migration, self.statement)
    }

    /// The function that computes one row's values and never raises.
    pub(super) fn safe_function(&self) -> SafeFunction {
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
                 FOR EACH ROW {}EXECUTE FUNCTION {function}()",
                self.condition()
            ),
            format!("ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}"),
        ]
    }

    /// For whom the trigger fires. Where it is not known who migrates, for everybody: a batch takes longer
    /// then, and comes out the same.
    fn condition(&self) -> String {
        let Some(migrator) = &self.settings.migrator else {
            return String::new();
        };
        let trigger = quote_literal(self.trigger().as_str());
        let migrator = quote_literal(migrator.as_str());
        format!("WHEN ({}) ", fill(FIRES, &[("trigger", trigger), ("migrator", migrator)]))
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
        names::object(&self.app, self.migration, self.statement, part)
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
        let owners = self.settings.owners.iter().map(|name| format!("SET {name} FROM CURRENT"));
        join(self.settings.pinned.iter().map(line).chain(owners), "\n")
    }

    fn safe_function_sql(&self) -> String {
        let columns = || self.columns.iter();
        let outputs = columns().map(|one| format!("OUT {} {}", one.column, one.type_sql));
        let arguments = self.reads.iter().map(|column| column.type_sql.clone());
        let row = self.reads.iter().enumerate();
        let row = row.map(|(at, column)| format!("${} AS {}", at + 1, column.name));
        let row: Vec<String> = row.collect();
        let values = columns().map(|one| match &one.condition {
            Some(condition) => format!(
                "CASE WHEN {} THEN CAST({} AS {}) ELSE {} END",
                condition.of_row(),
                one.value.of_row(),
                one.type_sql,
                one.column
            ),
            None => one.value.of_row(),
        });
        let error = std::iter::once("OUT changeover_error text".to_owned());
        let computed = |one: &DerivedColumn| format!("changeover_computed.{}", one.column);
        let results = columns().map(|one| format!("    {} := {};", one.column, computed(one)));
        let required = self.required("      ", |one| self.violated_when_computed(one));
        let body = fill(
            SAFE_FUNCTION,
            &[
                ("table", self.table.to_string()),
                ("values", join(values, ",\n      ")),
                ("targets", join(columns().map(computed), ", ")),
                ("results", join(required.chain(results), "\n")),
                ("row", row.join(", ")),
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
        let constants = self.columns.iter().filter_map(|one| {
            let constant = one.fallback.as_ref()?;
            let column = &one.column;
            Some(format!("      NEW.{column} := coalesce(NEW.{column}, {constant});"))
        });
        let constants = join(constants, "\n");
        let fallbacks = if constants.is_empty() {
            String::new()
        } else {
            fill(FALLBACK, &[("constants", constants)])
        };
        let key = self.key.iter().map(|column| format!("NEW.{}::text", column.name));
        let assignments = self.columns.iter().map(|one| self.assignment(one));
        let required = self.required("    ", |one| one.violated.of_new());
        let body = fill(
            TRIGGER_FUNCTION,
            &[
                ("assignments", join(assignments.chain(required), "\n")),
                ("fallbacks", fallbacks),
                ("app", quote_literal(&self.app)),
                ("step", quote_literal(self.backfill.as_str())),
                ("key", join(key, ", ")),
            ],
        );
        format!(
            "CREATE FUNCTION {}() RETURNS trigger\nLANGUAGE plpgsql SECURITY DEFINER\n{}\nAS {}",
            self.object("sync"),
            self.settings_sql(),
            dollar_quoted(&body)
        )
    }

    /// Whether a computed row would be rejected: its columns as computed, the others as they are.
    fn violated_when_computed(&self, one: &Requirement) -> String {
        let is_computed = |name: &Identifier| self.columns.iter().any(|own| &own.column == name);
        let others = self.reads.iter().enumerate().filter(|(_, read)| !is_computed(&read.name));
        let others = others.map(|(at, read)| format!("${} AS {}", at + 1, read.name));
        let computed = self.columns.iter();
        let computed = computed.map(|own| format!("changeover_computed.{0} AS {0}", own.column));
        format!(
            "(SELECT {} FROM (SELECT {}) AS changeover_row)",
            one.violated.of_row(),
            join(others.chain(computed), ", ")
        )
    }

    /// What raises where the row would be rejected.
    fn required<'a>(
        &'a self,
        indent: &'a str,
        violated: impl Fn(&Requirement) -> String + 'a,
    ) -> impl Iterator<Item = String> + 'a {
        self.requirements.iter().map(move |one| {
            let places = [
                ("indent", indent.to_owned()),
                ("violated", violated(one)),
                ("error", one.error.to_owned()),
                ("message", quote_literal(&one.message)),
            ];
            fill(REQUIRED, &places).trim_end().to_owned()
        })
    }

    /// Sets one column, counting a writer's own value that differs.
    fn assignment(&self, one: &DerivedColumn) -> String {
        let column = &one.column;
        let given = format!("changeover_before.{column}");
        let inserted = if one.null_by_default {
            format!("TG_OP = 'INSERT' AND {given} IS DISTINCT FROM NULL OR ")
        } else {
            String::new()
        };
        let assignment = fill(
            ASSIGNMENT,
            &[
                ("column", column.to_string()),
                ("value", one.value.of_new()),
                ("inserted", inserted),
                ("from_old", differs(&given, &format!("OLD.{column}"), &one.type_sql)),
                ("from_value", differs(&given, &format!("NEW.{column}"), &one.type_sql)),
                ("counter", quote_literal(&self.object("overridden").to_string())),
            ],
        );
        match one.condition.as_ref().map(Template::of_new) {
            Some(condition) => format!("    IF {condition} THEN\n{assignment}\n    END IF;"),
            None => assignment,
        }
    }
}
