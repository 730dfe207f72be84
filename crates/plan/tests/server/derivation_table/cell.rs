//! One table of the generated table, taken through an upgrade: its rows are filled and kept right in each
//! way that there is, and then must be what the statement says.

use super::{
    PATHS,
    keys::Key,
    shape::{Allowance, Kind},
    types::Case,
};
use crate::{
    database::{Database, text},
    runner,
};
use changeover_plan::{Phase, Plan, StepKind, derivation, step::Backfill};
use std::sync::Arc;

/// By which way each row gets its value, the first without a number. Rows 5 and 6 have no source.
const ROWS: [&str; 9] = [
    "batch",
    "update",
    "careful batch",
    "insert",
    "insert",
    "careful batch",
    "one row",
    "revisited row",
    "update",
];

/// The rows that were there before; the others come by the trigger.
const OLD_ROWS: [usize; 7] = [1, 2, 3, 6, 7, 8, 9];

/// The rows that are left to fill once the trigger stands: 1, 3, 7 and 8.
const UNFILLED: i64 = 4;

/// What is left in the ledger's schema, also by tables with a fault.
const CLEAR: &str = "TRUNCATE changeover.parked_row, changeover.skipped_row; DO $$DECLARE made text; BEGIN \
    FOR made IN SELECT format('DROP SEQUENCE %s', c.oid::regclass) FROM pg_class c \
      WHERE c.relkind = 'S' AND c.relnamespace = 'changeover'::regnamespace \
    UNION ALL SELECT format('DROP FUNCTION %s', p.oid::regprocedure) FROM pg_proc p \
      WHERE p.proname LIKE 'shop.%' LOOP EXECUTE made; END LOOP; END$$";

/// One table.
#[derive(Clone)]
pub(super) struct Cell {
    pub(super) columns: Arc<Vec<Case>>,
    pub(super) key: Key,
    pub(super) kind: Kind,
    pub(super) allowance: Allowance,
}

/// What came out wrong.
pub(super) struct Fault {
    /// How many cases.
    pub(super) cases: usize,
    /// What, in words.
    pub(super) words: String,
}

/// Takes some tables through one upgrade.
pub(super) async fn run(database: &Database, cells: &[Cell]) -> Vec<Fault> {
    let mut tables: Vec<Table<'_>> = cells.iter().enumerate().map(Table::new).collect();
    for table in &mut tables {
        table.note(execute(database, &table.setup()).await);
    }
    let upgrade: Vec<String> = tables.iter().map(Table::upgrade).collect();
    let plan = database.plan_of(&upgrade.join("\n")).await;
    for refusal in &plan.refusals {
        let of_it =
            |table: &&mut Table<'_>| refusal.statement.contains(&table.kind().quoted(&table.name));
        match tables.iter_mut().find(of_it) {
            Some(table) => table.note(Err(format!("refused: {}", refusal.reason))),
            None => panic!("{}: {}", refusal.statement, refusal.reason),
        }
    }
    for table in &mut tables {
        table.note(steps(database, &plan, table, Phase::Expand).await);
        table.note(table.written_by_the_older(database).await);
        table.note(table.filled(database, &plan).await);
        table.note(table.parked(database).await);
    }
    let mut faults = Vec::new();
    for table in &mut tables {
        faults.extend(table.compared(database).await);
        table.note(steps(database, &plan, table, Phase::Contract).await);
        faults.extend(table.fault());
        let name = table.kind().quoted(&table.name);
        database.run(&format!("DROP TABLE IF EXISTS {name}, {}_parent CASCADE", table.name)).await;
    }
    database.run(CLEAR).await;
    faults
}

/// What is not looked at, since the time is up, counts as wrong.
pub(super) fn left_out(cells: &[Cell]) -> Vec<Fault> {
    let mut tables: Vec<Table<'_>> = cells.iter().enumerate().map(Table::new).collect();
    tables.iter_mut().for_each(|table| table.note(Err("not looked at: the time is up".to_owned())));
    tables.iter().filter_map(Table::fault).collect()
}

/// Runs the steps of one table; those of a table with a fault are left out.
async fn steps(
    database: &Database,
    plan: &Plan,
    table: &Table<'_>,
    phase: Phase,
) -> Result<(), String> {
    if table.fault.is_some() {
        return Ok(());
    }
    for step in plan.steps.iter().filter(|step| step.phase == phase && table.owns(step.id.as_str()))
    {
        for statement in runner::statements(step) {
            execute(database, &statement).await.map_err(|error| format!("{}: {error}", step.id))?;
        }
    }
    Ok(())
}

struct Table<'a> {
    at: usize,
    cell: &'a Cell,
    name: String,
    fault: Option<String>,
}

impl<'a> Table<'a> {
    fn new((at, cell): (usize, &'a Cell)) -> Self {
        Self { at, cell, name: format!("t{at}"), fault: None }
    }

    fn kind(&self) -> Kind {
        self.cell.kind
    }

    /// Keeps the first fault.
    fn note(&mut self, outcome: Result<(), String>) {
        if let Err(fault) = outcome {
            self.fault.get_or_insert(fault);
        }
    }

    fn fault(&self) -> Option<Fault> {
        let cases = self.cell.columns.len() * PATHS.len();
        let fault = self.fault.as_ref()?;
        Some(Fault { cases, words: format!("{}: {fault}", self.words()) })
    }

    fn words(&self) -> String {
        let Cell { columns, key, kind, allowance } = self.cell;
        let first = columns.first().map_or("", |case| &case.target);
        format!("{kind:?}, {allowance:?}, key {}, columns from {first} on", key.words)
    }

    /// Whether a step is one of this table's two statements.
    fn owns(&self, step: &str) -> bool {
        [1, 2].iter().any(|nth| step.starts_with(&format!("0002.{}.", 2 * self.at + nth)))
    }

    fn each(&self, text: impl Fn(&Case, String, String) -> String) -> Vec<String> {
        let name = |plain: String| self.kind().quoted(&plain);
        let column =
            |(at, case): (usize, &Case)| text(case, name(format!("s{at}")), name(format!("d{at}")));
        self.cell.columns.iter().enumerate().map(column).collect()
    }

    /// What an older release writes as a row: of the first or the second values, or of NULLs.
    fn row(&self, row: usize, value: Option<usize>) -> String {
        let values = self.each(|case, _, _| match value {
            Some(which) => case.values[which].clone(),
            None => "NULL".to_owned(),
        });
        let names = self.each(|_, source, _| source).join(", ");
        format!(
            "INSERT INTO {} (n, {}, {names}) VALUES ({row}, {}, {})",
            self.kind().quoted(&self.name),
            self.cell.key.names(),
            self.cell.key.of_row(row),
            values.join(", ")
        )
    }

    /// The table with its old rows.
    fn setup(&self) -> String {
        let is_old = self.cell.allowance.is_old();
        let mut columns = vec!["n integer".to_owned()];
        columns.extend(self.each(|case, source, target| {
            let there = format!("{source} {}", case.source);
            if is_old { format!("{there}, {target} {}", with_default(case)) } else { there }
        }));
        let mut statements = vec![self.kind().create(&self.name, &self.cell.key, &columns)];
        for row in OLD_ROWS {
            statements.push(self.row(row, (row != 2 && row != 6).then_some(0)));
        }
        statements.join("; ")
    }

    /// The migration.
    fn upgrade(&self) -> String {
        let name = self.kind().quoted(&self.name);
        let allowance = self.cell.allowance;
        let added = self.each(|case, _, target| match allowance {
            Allowance::Nullable => format!("ADD COLUMN {target} {}", case.target),
            _ => format!("ADD COLUMN {target} {} NOT NULL", with_default(case)),
        });
        let set = self.each(|case, source, target| {
            if allowance.is_coalesced() {
                format!("{target} = coalesce({source}, {})", case.values[1])
            } else {
                format!("{target} = {source}")
            }
        });
        let (added, directive) = if allowance.is_old() {
            ("ADD COLUMN extra integer".to_owned(), "-- changeover: sync=derived\n")
        } else {
            (added.join(", "), "")
        };
        format!("ALTER TABLE {name} {added};\n{directive}UPDATE {name} SET {};", set.join(", "))
    }

    /// Rows 4 and 5 are inserted, 2 and 9 updated.
    async fn written_by_the_older(&self, database: &Database) -> Result<(), String> {
        if self.fault.is_some() {
            return Ok(());
        }
        let name = self.kind().quoted(&self.name);
        let set = |which: usize| {
            self.each(|case, source, _| format!("{source} = {}", case.values[which])).join(", ")
        };
        for statement in [
            self.row(4, Some(0)),
            self.row(5, None),
            format!("UPDATE {name} SET {} WHERE n = 2", set(0)),
            format!("UPDATE {name} SET {} WHERE n = 9", set(1)),
        ] {
            execute(database, &statement).await?;
        }
        Ok(())
    }

    /// Row 7 by itself, 8 as one that was locked, 1 by a batch, the rest by a careful one.
    async fn filled(&self, database: &Database, plan: &Plan) -> Result<(), String> {
        if self.fault.is_some() {
            return Ok(());
        }
        let sql = derivation::statements(self.backfill(plan)?);
        let client = &database.client;
        let part = self.kind().part(&self.name);
        let (app, step) = ("shop", self.step());
        let shown = self.shown(database).await?;
        let failed = |path: &'static str| {
            move |error: tokio_postgres::Error| format!("{path}: {}", text(&error))
        };
        let last: Vec<String> = client
            .query_one(&sql.last_key.of(&part), &[])
            .await
            .map_err(failed("last key"))?
            .get(0);
        self.checked(database, plan, &last, UNFILLED).await?;

        let seventh = self.key_of(database, 7).await?;
        let row = client.query_one(&sql.fill_one.of(&part), &[&seventh]).await;
        let row = row.map_err(failed("one row"))?;
        same("one row: locked, written", (row.get(0), row.get(1)), (false, 1_i64))?;

        let eighth = self.key_of(database, 8).await?;
        let keep = "INSERT INTO changeover.skipped_row SELECT $1::text, $2::text, $3::text, \
                    to_jsonb($4::text[])";
        client.execute(keep, &[&app, &step, &shown, &eighth]).await.map_err(failed("kept row"))?;
        let row = client.query_one(&sql.revisit.of(&part), &[&app, &step, &shown, &9_i64]).await;
        let row = row.map_err(failed("revisited row"))?;
        same("revisited row: left, written", (row.get(0), row.get(1)), (0_i64, 1_i64))?;

        let none: Option<Vec<String>> = None;
        let row = client.query_one(&sql.next_range.of(&part), &[&last, &none, &1_i64]).await;
        let upper: Vec<String> = row.map_err(failed("next range"))?.get(1);
        // As the engine does: the trigger leaves the row to the batch.
        let trigger = self.backfill(plan)?.sync_trigger.as_ref().map(|name| name.as_str());
        let filling = "SELECT set_config('changeover.filling', $1::text, false)";
        client.execute(filling, &[&trigger]).await.map_err(failed("batch"))?;
        let written = client.execute(&sql.fill.of(&part), &[&upper, &none]).await;
        same("batch: written", written.map_err(failed("batch"))?, 1)?;
        client.execute(filling, &[&""]).await.map_err(failed("batch"))?;

        let lower = Some(upper);
        let carefully = sql.fill_carefully.of(&part);
        let written = client.execute(&carefully, &[&last, &lower, &app, &step, &shown]).await;
        same("careful batch: written", written.map_err(failed("careful batch"))?, 1)?;
        self.checked(database, plan, &last, 0).await
    }

    /// Holds the check against the number of rows that are wrong; it may raise where a type takes no NULL.
    async fn checked(
        &self,
        database: &Database,
        plan: &Plan,
        last: &[String],
        wrong: i64,
    ) -> Result<(), String> {
        let sql = derivation::statements(self.backfill(plan)?);
        let part = self.kind().part(&self.name);
        let front = format!("0002.{}.", 2 * self.at + 2);
        let none: Option<Vec<String>> = None;
        let shown = self.shown(database).await?;
        // Before it is parked, row 6 counts too.
        let row_6 = i64::from(wrong > 0 && self.cell.allowance.parks());
        for (careful, check) in [(false, Some(&sql.check)), (true, sql.check_carefully.as_ref())] {
            let Some(check) = check else { continue };
            let row = database
                .client
                .query_one(&check.of(&part), &[&last, &none, &"shop", &front, &shown])
                .await;
            match row {
                Ok(row) => {
                    let keys: String = row.get(1);
                    same(&format!("check: rows ({keys})"), row.get(0), wrong + row_6)?;
                }
                Err(_) if !careful && self.cell.allowance == Allowance::Domain => {}
                Err(error) => return Err(format!("check: {}", text(&error))),
            }
        }
        Ok(())
    }

    /// Rows 5 and 6 are parked where the column takes no NULL, and no others.
    async fn parked(&self, database: &Database) -> Result<(), String> {
        if self.fault.is_some() {
            return Ok(());
        }
        let parked = format!(
            "SELECT count(*), coalesce(min(left(error, 5)), '-'), coalesce(max(error), '-') \
             FROM changeover.parked_row WHERE step = '{}'",
            self.step()
        );
        let parked = database.value(&parked).await;
        let expected = if self.cell.allowance.parks() { "2 23502 23502 " } else { "0 - -" };
        if parked.starts_with(expected) { Ok(()) } else { Err(format!("parked: {parked}")) }
    }

    /// Each column of each row against what the statement says.
    async fn compared(&mut self, database: &Database) -> Vec<Fault> {
        if self.fault.is_some() {
            return Vec::new();
        }
        let nullable = self.cell.allowance == Allowance::Nullable;
        let wrong = self.each(|case, source, target| {
            let value =
                if nullable { source } else { format!("coalesce({source}, {})", case.values[1]) };
            let type_sql = without_collation(&case.target);
            format!(
                "string_agg(n::text, '+') FILTER (WHERE ROW(CAST({value} AS {type_sql}))::record \
                 *<> ROW({target})::record)"
            )
        });
        let name = self.kind().quoted(&self.name);
        let wrong = database.value(&format!("SELECT {} FROM {name}", wrong.join(", "))).await;
        let wrong =
            wrong.split(' ').zip(self.cell.columns.iter()).filter(|(rows, _)| *rows != "NULL");
        let fault = |(rows, case): (&str, &Case)| {
            let rows = rows.split('+').filter_map(|row| row.parse::<usize>().ok());
            let paths: Vec<&str> = rows.filter_map(|row| ROWS.get(row - 1).copied()).collect();
            let (from, to) = (&case.source, &case.target);
            let words = format!("{}: {from} to {to} by {}", self.words(), paths.join(", "));
            Fault { cases: paths.len(), words }
        };
        wrong.map(fault).collect()
    }

    fn step(&self) -> String {
        format!("0002.{}.backfill", 2 * self.at + 2)
    }

    fn backfill<'p>(&self, plan: &'p Plan) -> Result<&'p Backfill, String> {
        let found = plan.steps.iter().find(|step| step.id.as_str() == self.step());
        match found.map(|step| &step.kind) {
            Some(StepKind::Backfill(backfill)) => Ok(backfill),
            _ => Err("no backfill was planned".to_owned()),
        }
    }

    /// The part as the ledger writes it.
    async fn shown(&self, database: &Database) -> Result<String, String> {
        let part = self.kind().part(&self.name);
        let sql = "SELECT concat(quote_ident($1::text), '.', quote_ident($2::text))";
        let names = [part.schema.as_str(), part.name.as_str()];
        let row = database.client.query_one(sql, &[&names[0], &names[1]]).await;
        row.map(|row| row.get(0)).map_err(|error| text(&error))
    }

    async fn key_of(&self, database: &Database, row: usize) -> Result<Vec<String>, String> {
        let columns = self.cell.key.columns.iter();
        let texts: Vec<String> = columns.map(|(name, _)| format!("{name}::text")).collect();
        let name = self.kind().quoted(&self.name);
        let sql = format!("SELECT ARRAY[{}] FROM {name} WHERE n = {row}", texts.join(", "));
        let found = database.client.query_one(&sql, &[]).await;
        found.map(|row| row.get(0)).map_err(|error| text(&error))
    }
}

/// The target's type with its default.
fn with_default(case: &Case) -> String {
    let value = &case.values[1];
    format!("{} DEFAULT CAST({value} AS {})", case.target, without_collation(&case.target))
}

/// A type as a cast takes it.
fn without_collation(type_sql: &str) -> &str {
    type_sql.split(" COLLATE ").next().unwrap_or(type_sql)
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, wanted: T) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("{what} {found:?}, not {wanted:?}")) }
}

async fn execute(database: &Database, sql: &str) -> Result<(), String> {
    let Err(error) = database.client.batch_execute(sql).await else { return Ok(()) };
    // The others go on in the same session.
    database.run("ROLLBACK").await;
    let shown: String = sql.chars().take(160).collect();
    Err(format!("{shown}: {}", text(&error)))
}
