//! The rows that are there: the data of a backfill and its check, with every statement that they run.
//!
//! Key values go over the wire as texts and are cast on the server, so that any type of key works. A
//! composite key is compared row-wise, which its index serves. SQL: `sql/`, one file a statement.

use super::{
    Derivation, DerivedColumn, Template, Writers, differs, join,
    part_sql::{nested, part_sql},
};
use crate::model::backfill::{Assignment, Backfill, BackfillSql, KeyColumn, SafeFunction};
use std::borrow::Cow;

impl Derivation {
    /// The data of the backfill; the check has the same.
    pub(crate) fn backfill(&self) -> Backfill {
        let assignment = |one: &DerivedColumn| Assignment {
            column: one.column.clone(),
            type_sql: one.type_sql.clone(),
            expression: one.value.of_row(),
            differs: one.differs(),
        };
        let condition = self.columns.first().and_then(|one| one.condition.as_ref());
        let synced = self.writers == Writers::All;
        let mut backfill = Backfill {
            table: self.table.clone(),
            partitioned: self.partitioned,
            key: self.key.clone(),
            set: self.columns.iter().map(assignment).collect(),
            filter: condition.map(Template::of_row),
            safe_function: synced.then(|| self.safe_function()),
            sync_trigger: synced.then(|| self.trigger()),
            settings: self.settings.pinned.clone(),
            rows_estimate: self.rows_estimate,
            sql: None,
        };
        backfill.sql = Some(made(&backfill));
        backfill
    }
}

/// The statements of a backfill: those of its plan, or, of an older plan, made from the rest of it.
pub fn statements(backfill: &Backfill) -> Cow<'_, BackfillSql> {
    match &backfill.sql {
        Some(sql) => Cow::Borrowed(sql),
        None => Cow::Owned(made(backfill)),
    }
}

fn made(backfill: &Backfill) -> BackfillSql {
    let places = places(backfill);
    let make = |template| part_sql(template, &places);
    let check = |rows| nested(include_str!("sql/check.sql"), &places, "rows", &make(rows));
    let fill = make(include_str!("sql/fill.sql"));
    let mut explain = fill.clone();
    if let Some(first) = explain.0.first_mut() {
        first.insert_str(0, "EXPLAIN (VERBOSE, FORMAT JSON) ");
    }
    let safe = backfill.safe_function.is_some();
    BackfillSql {
        last_key: make(include_str!("sql/last_key.sql")),
        next_range: make(include_str!("sql/next_range.sql")),
        fill,
        explain,
        fill_carefully: make(if safe {
            include_str!("sql/fill_safely.sql")
        } else {
            include_str!("sql/fill_unlocked.sql")
        }),
        fill_one: make(include_str!("sql/fill_one.sql")),
        revisit: make(include_str!("sql/revisit.sql")),
        check: check(include_str!("sql/check_rows.sql")),
        check_carefully: safe.then(|| check(include_str!("sql/check_rows_safely.sql"))),
    }
}

/// What the templates' places stand for.
fn places(backfill: &Backfill) -> Vec<(&'static str, String)> {
    let (key, set) = (&backfill.key, &backfill.set);
    let numbered = || key.iter().enumerate();
    let computed = |one: &Assignment| {
        let (there, computed) = (format!("t.{}", one.column), format!("v.{}", one.column));
        format!("({})", differs(&there, &computed, &one.type_sql))
    };
    let safe = backfill.safe_function.as_ref().map(call).unwrap_or_default();
    vec![
        ("key", columns(key, "t.", "")),
        ("key_descending", columns(key, "t.", " DESC")),
        ("key_texts", texts(key, "t.")),
        ("found_descending", columns(key, "r.", " DESC")),
        ("found_texts", texts(key, "r.")),
        // Under names that no column of the table has.
        (
            "key_aliased",
            join(numbered().map(|(n, one)| format!("t.{} AS changeover_key_{n}", one.name)), ", "),
        ),
        ("key_aliases", join(numbered().map(|(n, _)| format!("changeover_key_{n}")), ", ")),
        ("key_json", {
            let text = |(n, _)| format!("CAST(k.changeover_key_{n} AS text)");
            format!("jsonb_build_array({})", join(numbered().map(text), ", "))
        }),
        ("row_key_json", format!("jsonb_build_array({})", texts(key, "t."))),
        ("kept_aliased", {
            let one = |(n, one): (usize, &KeyColumn)| {
                format!("CAST(k.key ->> {n} AS {}) AS changeover_key_{n}", one.type_sql)
            };
            join(numbered().map(one), ", ")
        }),
        (
            "joined",
            join(numbered().map(|(n, k)| format!("t.{} = k.changeover_key_{n}", k.name)), " AND "),
        ),
        ("is_key", format!("({}) = ({})", columns(key, "t.", ""), bound(key, 1))),
        ("range", range(key)),
        (
            "assignments",
            join(set.iter().map(|one| format!("{} = {}", one.column, one.expression)), ", "),
        ),
        ("differing", differing(backfill)),
        ("safe", safe),
        ("computed_differs", join(set.iter().map(computed), " OR ")),
        (
            "computed_assignments",
            join(set.iter().map(|one| format!("{0} = k.{0}", one.column)), ", "),
        ),
    ]
}

/// The columns of a key, each behind a prefix and before a suffix.
fn columns(key: &[KeyColumn], prefix: &str, suffix: &str) -> String {
    join(key.iter().map(|one| format!("{prefix}{}{suffix}", one.name)), ", ")
}

/// The key as it is kept in cursors.
fn texts(key: &[KeyColumn], prefix: &str) -> String {
    join(key.iter().map(|one| format!("CAST({prefix}{} AS text)", one.name)), ", ")
}

/// A key that is bound as one parameter.
fn bound(key: &[KeyColumn], parameter: usize) -> String {
    let one = |(n, one): (usize, &KeyColumn)| {
        format!("CAST((${parameter}::text[])[{}] AS {})", n + 1, one.type_sql)
    };
    join(key.iter().enumerate().map(one), ", ")
}

/// Up to `$1`, from behind `$2` where it is not NULL; the server folds that away where it is.
fn range(key: &[KeyColumn]) -> String {
    let columns = columns(key, "t.", "");
    format!(
        "({columns}) <= ({}) AND ($2::text[] IS NULL OR ({columns}) > ({}))",
        bound(key, 1),
        bound(key, 2)
    )
}

/// True for rows that are to be filled and are not.
fn differing(backfill: &Backfill) -> String {
    let any = join(backfill.set.iter().map(|one| format!("({})", one.differs)), " OR ");
    match &backfill.filter {
        Some(filter) => format!("({filter}) AND ({any})"),
        None => format!("({any})"),
    }
}

/// The call of the function on one row.
fn call(function: &SafeFunction) -> String {
    let arguments = join(function.arguments.iter().map(|one| format!("t.{one}")), ", ");
    format!("{}({arguments})", function.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Identifier;

    #[test]
    fn composite_ranges_compare_row_wise() {
        let key = [
            KeyColumn { name: Identifier::from("a"), type_sql: "integer".to_owned() },
            KeyColumn { name: Identifier::from("b"), type_sql: "uuid".to_owned() },
        ];
        assert_eq!(
            range(&key),
            "(t.\"a\", t.\"b\") <= (CAST(($1::text[])[1] AS integer), CAST(($1::text[])[2] AS uuid)) \
             AND ($2::text[] IS NULL OR (t.\"a\", t.\"b\") > \
             (CAST(($2::text[])[1] AS integer), CAST(($2::text[])[2] AS uuid)))"
        );
    }
}
