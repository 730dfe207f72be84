//! The keys of the generated table: each type that can be one, beside a number; and by hand those that
//! are common, alone, in three columns, and under collations.

use super::types::{Case, Group};
use crate::database::Database;

/// Where the row's number stands in a value.
const ROW: &str = "{n}";

/// Of the types that are made of others one in so many is a key; coprime to how many are made of one.
const MADE_APART: usize = 7;

/// Of which the first column tells rows apart: a type, and a value that grows with the number.
const ALONE: &[[&str; 2]] = &[
    ["integer", "{n} - 3"],
    ["bigint", "{n} * 10000000000 - 3"],
    ["smallint", "{n}"],
    ["uuid", "CAST(lpad(CAST({n} AS text), 32, '0') AS uuid)"],
    ["text", "'é\"'',\\' || {n}"],
    ["text COLLATE \"C\"", "'Z' || {n}"],
    ["character varying(9) COLLATE \"POSIX\"", "'é' || {n}"],
    ["character(5)", "'z ' || {n}"],
    ["\"char\"", "CAST(CAST({n} AS text) AS \"char\")"],
    ["name", "'Größe' || {n}"],
    ["numeric", "{n} / 3.0"],
    ["numeric(20,5)", "{n} * 1.00001"],
    ["real", "{n} / 3.0"],
    ["double precision", "{n} / 3.0"],
    [
        "timestamp with time zone",
        "'2024-03-31 00:59:59.999999+00'::timestamptz + {n} * interval '1 us'",
    ],
    ["timestamp without time zone", "'0044-03-15 BC'::timestamp + {n} * interval '1 day'"],
    ["date", "'2024-02-27'::date + {n}"],
    ["interval", "{n} * interval '1 month 1 us'"],
    ["bytea", "int4send({n})"],
    ["inet", "'10.0.0.0/8'::inet + {n}"],
    ["money", "{n} * '1.01'::money"],
    ["boolean[]", "ARRAY[false, NULL] || array_fill(true, ARRAY[{n}])"],
    ["bit varying(20)", "{n}::bit(16)"],
    ["pg_lsn", "('0/' || {n})::pg_lsn"],
    ["jsonb", "jsonb_build_array({n})"],
    ["int4range", "int4range({n}, NULL)"],
    ["c_key", "ROW({n}, 'a,\"b\\')::c_key"],
    ["d_key", "('k' || {n})::d_key"],
    ["e_key", "(enum_range(NULL::e_key))[{n}]"],
];

/// The types of those, and collations that not each server can have.
const TYPES: &str = "CREATE TYPE c_key AS (a integer, b text); \
    CREATE DOMAIN d_key AS varchar(9) NOT NULL CHECK (VALUE <> ''); \
    CREATE TYPE e_key AS ENUM ('z', 'Y', 'x', 'w w', 'v,', 'u\"', 't''', 's(', 'r')";

const COLLATIONS: &str = "CREATE COLLATION icu (provider = icu, locale = 'de-u-co-phonebk'); \
    CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)";

/// A table's key.
#[derive(Clone)]
pub(super) struct Key {
    /// What it is called in a report.
    pub(super) words: String,
    /// Columns with their types.
    pub(super) columns: Vec<(String, String)>,
    values: Vec<String>,
}

impl Key {
    /// The row's key.
    pub(super) fn of_row(&self, row: usize) -> String {
        self.values.join(", ").replace(ROW, &row.to_string())
    }

    /// `(a, b)`.
    pub(super) fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// The columns as a table has them.
    pub(super) fn definitions(&self) -> String {
        let each: Vec<String> =
            self.columns.iter().map(|(name, type_sql)| format!("{name} {type_sql}")).collect();
        each.join(", ")
    }

    fn new(words: &str, parts: &[[&str; 2]]) -> Self {
        let columns =
            parts.iter().enumerate().map(|(at, part)| (format!("k{at}"), part[0].to_owned()));
        Self {
            words: words.to_owned(),
            columns: columns.collect(),
            values: parts.iter().map(|part| part[1].to_owned()).collect(),
        }
    }
}

/// The statements that make the types of keys in another database, as far as its server has them.
pub(super) async fn setup(database: &Database) -> String {
    let icu = database.client.simple_query("SELECT 'a' < 'b' COLLATE loose").await.is_ok();
    if icu { format!("{TYPES}; {COLLATIONS}; ") } else { format!("{TYPES}; ") }
}

/// All keys.
pub(super) async fn make(database: &Database, cases: &[Case]) -> Vec<Key> {
    database.run(TYPES).await;
    let icu = database.client.batch_execute(COLLATIONS).await.is_ok();
    let mut keys: Vec<Key> =
        ALONE.iter().map(|part| Key::new(&format!("{} alone", part[0]), &[*part])).collect();
    keys.push(Key::new(
        "three columns",
        &[
            ["text", "'t'"],
            ["bigint", "{n} / 4"],
            ["timestamp with time zone", "to_timestamp({n})"],
        ],
    ));
    keys.push(Key::new(
        "four columns",
        &[
            ["uuid", "'00000000-0000-0000-0000-000000000001'"],
            ["smallint", "1"],
            ["bytea", "'\\x00'"],
            ["integer", "{n}"],
        ],
    ));
    if icu {
        keys.push(Key::new("text under ICU", &[["text COLLATE icu", "'Ä' || {n}"]]));
        keys.push(Key::new(
            "text under a collation that ignores case",
            &[["text COLLATE loose", "'aA'"], ["integer", "{n}"]],
        ));
    }
    let (base, made): (Vec<&Case>, Vec<&Case>) = cases
        .iter()
        .filter(|case| case.source == case.target)
        .partition(|case| case.group == Group::Base);
    for case in base.into_iter().chain(made.into_iter().step_by(MADE_APART)) {
        let table = format!(
            "CREATE TEMPORARY TABLE k (k {0}, id integer, PRIMARY KEY (k, id)); \
             INSERT INTO k VALUES ({1}, 1), ({1}, 2); SELECT * FROM k WHERE (k, id) > ({1}, 1)",
            case.source, case.values[0]
        );
        if database.client.simple_query(&table).await.is_ok() {
            let parts = [[case.source.as_str(), &case.values[0]], ["integer", ROW]];
            keys.push(Key::new(&case.source, &parts));
        }
        database.run("DROP TABLE IF EXISTS k").await;
    }
    keys
}
