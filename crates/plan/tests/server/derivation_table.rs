//! A generated table: every type of the server (base types, arrays, ranges, and domains, composites and
//! enums over them) × every type of key × nullability × kind of relation, through trigger (insert,
//! update), batch, careful batch and check. What has no `=`, no default operator class or a domain's
//! constraint must come out like an integer.
//!
//! `cargo test` takes one major and each chunk of types with some of the keys; `cargo xtask derivation-table`
//! (`CHANGEOVER_DERIVATION_TABLE=13,15,17,18`) takes each chunk with each key.

use crate::{
    database::{Database, majors, text},
    runner,
};
use changeover_plan::{Phase, Plan, QualifiedName, StepKind, derivation, step::Backfill};

/// Columns of one table. Well below the hundred arguments that a function can take.
const COLUMNS: usize = 20;

/// Texts of which each type takes some.
const CANDIDATES: &str = "'pg_class', '1', 'a', '2024-01-02', '10:11:12', '1 day 02:03:04', '(1,2)', '[1,2]', '{1,2}', \
    '((1,2),(3,4))', '<(1,2),3>', '{1,2,3}', '127.0.0.1', '127.0.0.0/8', '08:00:2b:01:02:03', \
    '08:00:2b:01:02:03:04:05', '{}', '{\"a\": 1}', '$.a', '<a/>', 'true', '101', '1/2', \
    '00000000-0000-0000-0000-000000000001', 'a & b', '10:20:10', 'now', '+(int,int)', \
    'abs(int)', 'lower(text)', '[1,5)', '[2024-01-02,2024-01-09)', 'postgres=r/postgres', 'simple', \
    'pg_catalog', 'C'";

/// A type, and a value of it.
#[derive(Clone)]
struct Case {
    type_sql: String,
    value: String,
}

#[tokio::test]
async fn every_type_of_column_and_key() {
    let wanted = std::env::var("CHANGEOVER_DERIVATION_TABLE").ok();
    let full = wanted.is_some();
    let majors: Vec<u16> = match wanted {
        Some(list) => list.split(',').map(|major| major.parse().unwrap()).collect(),
        None => majors().into_iter().filter(|major| *major == 15).collect(),
    };
    let mut faults: Vec<String> = Vec::new();
    for major in majors {
        let database = Database::new(major).await;
        let cases = cases(&database).await;
        let keys = keys(&database, &cases).await;
        let mut count = 0;
        for (at, columns) in cases.chunks(COLUMNS).enumerate() {
            for (nth, key) in keys.iter().enumerate() {
                for partitioned in [false, true] {
                    // One kind of relation for a chunk, and one key in nine: each chunk has several.
                    let here = (at + nth / 9) % 2 == usize::from(partitioned);
                    if !full && (nth % 9 != at % 9 || !here || nth / 9 % 4 != at % 4) {
                        continue;
                    }
                    count += columns.len() * 5;
                    let table = Table { columns, key, partitioned };
                    if let Err(fault) = table.go(&database).await {
                        faults.push(format!("PostgreSQL {major}, key {}: {fault}", key.type_sql));
                    }
                }
            }
        }
        println!("PostgreSQL {major}: {} types, {} keys, {count} cases", cases.len(), keys.len());
        assert!(cases.len() > 200 && keys.len() > 60, "{} {}", cases.len(), keys.len());
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

/// Base types with a value, and what is made of them.
async fn cases(database: &Database) -> Vec<Case> {
    let types = "SELECT format_type(oid, NULL) FROM pg_type WHERE typtype IN ('b', 'r', 'm') \
        AND typcategory <> 'A' AND typnamespace = 'pg_catalog'::regnamespace \
        AND typname !~ '^(pg_(node_tree|ndistinct|dependencies|mcv_list|brin.*)|gtsvector)$' ORDER BY oid";
    let types = database.value(types).await;
    database.run("CREATE TYPE mood AS ENUM ('sad', 'glad')").await;
    let mut cases = vec![Case { type_sql: "mood".to_owned(), value: "'sad'::mood".to_owned() }];
    for (at, type_sql) in types.lines().enumerate() {
        let mut found = None;
        for candidate in CANDIDATES.split(", ") {
            let value = format!("CAST({candidate} AS {type_sql})");
            if database.client.simple_query(&format!("SELECT {value}")).await.is_ok() {
                found = Some(value);
                break;
            }
        }
        let value = found.unwrap_or_else(|| panic!("no candidate is a {type_sql}"));
        cases.push(Case { type_sql: type_sql.to_owned(), value: value.clone() });
        let array = format!("{type_sql}[]");
        cases.push(Case {
            value: format!("CAST(ARRAY[{value}, NULL] AS {array})"),
            type_sql: array,
        });
        let made = format!(
            "CREATE DOMAIN d{at} AS {type_sql}; \
             CREATE TYPE c{at} AS (a {type_sql}, b integer)"
        );
        database.run(&made).await;
        cases.push(Case { type_sql: format!("d{at}"), value: format!("CAST({value} AS d{at})") });
        let composite = format!("CAST(ROW({value}, 1) AS c{at})");
        cases.push(Case { type_sql: format!("c{at}"), value: composite });
    }
    cases
}

/// Those by which a table can be gone through in order.
async fn keys(database: &Database, cases: &[Case]) -> Vec<Case> {
    let mut keys = Vec::new();
    for case in cases {
        let table = format!(
            "CREATE TABLE k (k {0}, id integer, PRIMARY KEY (k, id)); \
             INSERT INTO k VALUES ({1}, 1), ({1}, 2); SELECT * FROM k WHERE (k, id) > ({1}, 1)",
            case.type_sql, case.value
        );
        if database.client.simple_query(&table).await.is_ok() {
            keys.push(case.clone());
        }
        database.run("DROP TABLE IF EXISTS k").await;
    }
    keys
}

struct Table<'a> {
    columns: &'a [Case],
    key: &'a Case,
    partitioned: bool,
}

impl Table<'_> {
    /// Everything that a derivation does with one table.
    async fn go(&self, database: &Database) -> Result<(), String> {
        let each = |text: &dyn Fn(usize, &Case) -> String| {
            let all: Vec<String> =
                self.columns.iter().enumerate().map(|(at, case)| text(at, case)).collect();
            all.join(", ")
        };
        let partitions = "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (1000)";
        let (by, partitions) =
            if self.partitioned { ("PARTITION BY RANGE (id)", partitions) } else { ("", "") };
        let values = each(&|_, case| case.value.clone());
        let nulls = each(&|_, _| "NULL".to_owned());
        let setup = format!(
            "DROP TABLE IF EXISTS t; \
             CREATE TABLE t (id integer, k {}, {}, PRIMARY KEY (k, id)) {by}; {partitions}; \
             INSERT INTO t SELECT 1, {2}, {values}; INSERT INTO t SELECT 2, {2}, {nulls}; \
             INSERT INTO t SELECT 3, {2}, {values}",
            self.key.type_sql,
            each(&|at, case| format!("s{at} {}", case.type_sql)),
            self.key.value,
        );
        run(database, &setup).await?;
        let upgrade = format!(
            "ALTER TABLE t {}; UPDATE t SET {}",
            each(&|at, case| format!("ADD COLUMN d{at} {}", case.type_sql)),
            each(&|at, _| format!("d{at} = s{at}")),
        );
        let plan = database.plan_of(&upgrade).await;
        if !plan.refusals.is_empty() {
            return Err(format!("refused: {:?}", plan.refusals[0].reason));
        }
        for step in plan.steps.iter().filter(|step| step.phase == Phase::Expand) {
            runner::run_step(database, step).await;
        }
        let key = &self.key.value;
        let all = each(&|at, case| format!("s{at} = {}", case.value));
        run(database, &format!("INSERT INTO t SELECT 4, {key}, {values}")).await?;
        run(database, &format!("INSERT INTO t SELECT 5, {key}, {nulls}")).await?;
        run(database, &format!("UPDATE t SET {all} WHERE id = 2")).await?;
        let part = QualifiedName::new("public", if self.partitioned { "t1" } else { "t" });
        batches(database, backfill(&plan), &part).await?;
        let wrong = each(&|at, _| {
            format!("count(*) FILTER (WHERE ROW(s{at})::record *<> ROW(d{at})::record)")
        });
        let wrong = database.value(&format!("SELECT {wrong} FROM t")).await;
        if let Some(at) = wrong.split(' ').position(|count| count != "0") {
            return Err(format!("{} differs", self.columns[at].type_sql));
        }
        let parked = database.value("SELECT DISTINCT error FROM changeover.parked_row").await;
        run(database, "TRUNCATE changeover.parked_row").await?;
        for step in plan.steps.iter().filter(|step| step.phase == Phase::Contract) {
            runner::run_step(database, step).await;
        }
        if parked.is_empty() { Ok(()) } else { Err(format!("parked: {parked}")) }
    }
}

/// Row 1 by a batch, row 3 by a careful one, the rest by whichever; then nothing differs.
async fn batches(
    database: &Database,
    backfill: &Backfill,
    part: &QualifiedName,
) -> Result<(), String> {
    let sql = derivation::statements(backfill);
    let client = &database.client;
    let failed = |error: tokio_postgres::Error| text(&error);
    let last: Vec<String> =
        client.query_one(&sql.last_key.of(part), &[]).await.map_err(failed)?.get(0);
    let next = sql.next_range.of(part);
    let none: Option<Vec<String>> = None;
    let row = client.query_one(&next, &[&last, &none, &1_i64]).await.map_err(failed)?;
    let upper: Vec<String> = row.get(1);
    let written = client.execute(&sql.fill.of(part), &[&upper, &none]).await.map_err(failed)?;
    if written != 1 {
        return Err(format!("the batch wrote {written} rows"));
    }
    let (app, step, name) = ("shop", "0002.2.backfill", part.to_string());
    let lower = Some(upper);
    let careful = client
        .execute(&sql.fill_carefully.of(part), &[&last, &lower, &app, &step, &name])
        .await
        .map_err(failed)?;
    if careful != 1 {
        return Err(format!("the careful batch wrote {careful} rows"));
    }
    client.query_one(&sql.fill_one.of(part), &[&last]).await.map_err(failed)?;
    client.query_one(&sql.revisit.of(part), &[&app, &step, &name, &9_i64]).await.map_err(failed)?;
    let front = "0002.2.";
    for check in std::iter::once(&sql.check).chain(&sql.check_carefully) {
        let row = client
            .query_one(&check.of(part), &[&last, &none, &app, &front, &name])
            .await
            .map_err(failed)?;
        if row.get::<_, i64>(0) != 0 {
            return Err(format!("the check found {}", row.get::<_, String>(1)));
        }
    }
    Ok(())
}

fn backfill(plan: &Plan) -> &Backfill {
    plan.steps
        .iter()
        .find_map(|step| match &step.kind {
            StepKind::Backfill(backfill) => Some(backfill),
            _ => None,
        })
        .unwrap()
}

async fn run(database: &Database, sql: &str) -> Result<(), String> {
    database.client.batch_execute(sql).await.map_err(|error| {
        let shown: String = sql.chars().take(120).collect();
        format!("{shown}: {}", text(&error))
    })
}
