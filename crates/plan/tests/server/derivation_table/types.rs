//! The columns of the generated table: every base type and range of the server, and what can be made of
//! each; those with a length, a precision or a collation; domains of the server's own.

use crate::database::Database;
use std::fmt::Write as _;

/// Columns of one table: all are arguments of one function, which takes at most a hundred.
pub(super) const COLUMNS_MAX: usize = 25;

/// Texts of which each type takes some: the first two that differ are its values.
const CANDIDATES: &[&str] = &[
    "'pg_class'",
    "'pg_type'",
    "'1'",
    "'0'",
    "'2'",
    "'a'",
    "'b'",
    "'2024-01-02'",
    "'2025-03-04'",
    "'10:11:12'",
    "'11:12:13'",
    "'1 day 02:03:04'",
    "'(1,2)'",
    "'(3,4)'",
    "'[1,2]'",
    "'[3,4]'",
    "'{[1,5)}'",
    "'{[2024-01-02,2024-01-09)}'",
    "'{1,2}'",
    "'((1,2),(3,4))'",
    "'((5,6),(7,8))'",
    "'<(1,2),3>'",
    "'<(4,5),6>'",
    "'{1,2,3}'",
    "'{4,5,6}'",
    "'127.0.0.1'",
    "'127.0.0.0/8'",
    "'10.0.0.0/8'",
    "'08:00:2b:01:02:03'",
    "'08:00:2b:01:02:04'",
    "'08:00:2b:01:02:03:04:05'",
    "'{}'",
    "'{\"a\": 1}'",
    "'{\"b\": [1.0]}'",
    "'$.a'",
    "'$.b'",
    "'<a/>'",
    "'<b/>'",
    "'true'",
    "'false'",
    "'101'",
    "'1/2'",
    "'3/4'",
    "'00000000-0000-0000-0000-000000000001'",
    "'00000000-0000-0000-0000-000000000002'",
    "'a & b'",
    "'c & d'",
    "'10:20:10'",
    "'20:30:20'",
    "'now'",
    "'+(int,int)'",
    "'-(int,int)'",
    "'abs(int)'",
    "'lower(text)'",
    "'upper(text)'",
    "'[1,5)'",
    "'[2,7)'",
    "'[2024-01-02,2024-01-09)'",
    "'[2025-01-02,2025-01-09)'",
    "'postgres=r/postgres'",
    "'postgres=w/postgres'",
    "'simple'",
    "'english'",
    "'pg_catalog'",
    "'pg_toast'",
    "'C'",
    "'POSIX'",
    "'pg_monitor'",
    "'pg_read_all_stats'",
    "'sad'",
    "'glad'",
];

/// Source and target of which the second takes less, and two values of the source.
const NARROWED: &[[&str; 4]] = &[
    ["numeric", "numeric(6,2)", "1.005", "2.5"],
    ["numeric", "integer", "2.5", "3.5"],
    ["double precision", "real", "0.1", "1e10"],
    ["text", "character varying(7)", "'Grüße'", "'a'"],
    ["character varying(9)", "text COLLATE \"C\"", "'é'", "'z'"],
    ["text", "character(3)", "'a'", "'b '"],
    ["character(5)", "character(5)", "'a'", "'b '"],
    ["bpchar", "bpchar", "'a '", "'b '"],
    ["bit(3)", "bit varying(5)", "'101'", "'111'"],
    [
        "timestamp with time zone",
        "timestamp(0) with time zone",
        "'2024-01-02 03:04:05.6+01'",
        "'infinity'",
    ],
    [
        "timestamp without time zone",
        "timestamp(3) without time zone",
        "'2024-01-02 03:04:05.67891'",
        "'infinity'",
    ],
    ["time without time zone", "time(2) without time zone", "'10:11:12.345'", "'24:00'"],
    ["interval", "interval day to second(2)", "'1 day 02:03:04.567'", "'1 month 24:00'"],
    ["interval", "interval(0)", "'1.6 s'", "'30 days'"],
    // This domain has a default of its own.
    [
        "information_schema.time_stamp",
        "timestamp(2) with time zone",
        "'2024-01-02'",
        "'2025-03-04'",
    ],
    ["real", "double precision", "'NaN'", "0.1"],
    ["integer", "bigint", "1", "-2147483648"],
    ["numeric(5,1)[]", "numeric[]", "'{1.25,NULL}'", "'{{1},{2}}'"],
];

/// What a type is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// The server's own, and an enum.
    Base,
    /// Made of one of those.
    Made,
    /// A domain that takes no NULL: a new column of it would be rewritten.
    Strict,
}

/// A column that follows another one.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) source: String,
    pub(super) target: String,
    /// Two values of the source; the same where the type has but one.
    pub(super) values: [String; 2],
    pub(super) group: Group,
}

/// The columns, and the statements that make their types in another database.
pub(super) struct Made {
    pub(super) cases: Vec<Case>,
    pub(super) setup: String,
}

impl Made {
    fn same(&mut self, type_sql: impl Into<String>, values: [String; 2]) {
        let source: String = type_sql.into();
        self.cases.push(Case { target: source.clone(), source, values, group: Group::Made });
    }
}

/// Makes all of it.
pub(super) async fn make(database: &Database, major: u16) -> Made {
    let mut made = Made { cases: Vec::new(), setup: String::new() };
    // As the recipe for roles has it; else types of the schema may not stand in an expression.
    made.setup.push_str("REVOKE CREATE ON SCHEMA public FROM PUBLIC; ");
    made.setup.push_str("CREATE TYPE mood AS ENUM ('sad', 'glad'); ");
    database.run(&made.setup).await;
    let base = "SELECT format_type(oid, NULL) FROM pg_type WHERE typtype IN ('b', 'r', 'm') \
        AND typcategory <> 'A' AND typnamespace = 'pg_catalog'::regnamespace \
        AND typname !~ '^(pg_(node_tree|ndistinct|dependencies|mcv_list|brin.*)|gtsvector)$' ORDER BY oid";
    let base = format!("{}\nmood", database.value(base).await);
    for (at, type_sql) in base.lines().enumerate() {
        let values = values(database, type_sql).await;
        let setup = derived(&mut made, at, type_sql, &values);
        database.run(&setup).await;
        if let Some(range) = range(database, at, type_sql).await {
            let bounds = |one: usize| format!("r{at}({0}, {0}, '[]')", values[one]);
            made.same(format!("r{at}"), [bounds(0), bounds(1)]);
            made.same(format!("r{at}[]"), [0, 1].map(|one| format!("ARRAY[{}]", bounds(one))));
            if major >= 14 {
                let many = |one: usize| format!("{}({})", multirange(at), bounds(one));
                made.same(multirange(at), [many(0), many(1)]);
            }
            made.setup.push_str(&range);
        }
        made.setup.push_str(&setup);
    }
    for [source, target, first, second] in NARROWED {
        made.cases.push(Case {
            source: (*source).to_owned(),
            target: (*target).to_owned(),
            values: [first, second].map(|value| format!("CAST({value} AS {source})")),
            group: Group::Made,
        });
    }
    let own = [
        ("cardinal_number", ["1", "2"]),
        ("character_data", ["'a'", "'b'"]),
        ("sql_identifier", ["'a'", "'b'"]),
        ("yes_or_no", ["'YES'", "'NO'"]),
    ];
    for (name, values) in own {
        let type_sql = format!("information_schema.{name}");
        made.same(&type_sql, values.map(|value| format!("CAST({value} AS {type_sql})")));
    }
    made
}

/// What is made of one type, and the statements that make it.
fn derived(made: &mut Made, at: usize, base: &str, values: &[String; 2]) -> String {
    let cast = |target: &str, around: &dyn Fn(&str) -> String| {
        [0, 1].map(|one| format!("CAST({} AS {target})", around(&values[one])))
    };
    let plain = |value: &str| value.to_owned();
    let array = |value: &str| format!("ARRAY[{value}, NULL]");
    let row = |value: &str| format!("ROW({value}, 1)");
    let rows = |value: &str| format!("ARRAY[CAST(ROW({value}, NULL) AS c{at}), NULL]");
    let nested = |value: &str| format!("ROW(CAST(ROW({value}, 1) AS c{at}), ARRAY[{value}])");
    let base_case = Case {
        source: base.to_owned(),
        target: base.to_owned(),
        values: cast(base, &plain),
        group: Group::Base,
    };
    made.cases.push(base_case);
    for (type_sql, around) in [
        (format!("{base}[]"), &array as &dyn Fn(&str) -> String),
        (format!("d{at}"), &plain),
        (format!("d{at}[]"), &array),
        (format!("da{at}"), &array),
        (format!("c{at}"), &row),
        (format!("c{at}[]"), &rows),
        (format!("dc{at}"), &row),
        (format!("cc{at}"), &nested),
    ] {
        let values = cast(&type_sql, around);
        made.same(type_sql, values);
    }
    // Those that take no NULL follow a column of the type below them.
    for (target, source, around) in [
        (format!("n{at}"), base.to_owned(), &plain as &dyn Fn(&str) -> String),
        (format!("na{at}"), format!("{base}[]"), &array),
        (format!("nc{at}"), format!("c{at}"), &row),
    ] {
        made.cases.push(Case {
            values: cast(&source, around),
            source,
            target,
            group: Group::Strict,
        });
    }
    let mut setup = String::new();
    for (name, below) in
        [(format!("d{at}"), base.to_owned()), (format!("da{at}"), format!("{base}[]"))]
    {
        write!(setup, "CREATE DOMAIN {name} AS {below}; ").unwrap();
    }
    write!(
        setup,
        "CREATE TYPE c{at} AS (a {base}, b integer); CREATE DOMAIN dc{at} AS c{at}; \
         CREATE TYPE cc{at} AS (a c{at}, b {base}[]); "
    )
    .unwrap();
    for (name, below) in [("n", base), ("na", &format!("{base}[]")), ("nc", &format!("c{at}"))] {
        write!(
            setup,
            "CREATE DOMAIN {name}{at} AS {below} NOT NULL CHECK (num_nulls(VALUE) = 0); "
        )
        .unwrap();
    }
    setup
}

/// Two values of a type.
async fn values(database: &Database, type_sql: &str) -> [String; 2] {
    let mut found: Vec<(String, String)> = Vec::new();
    for candidate in CANDIDATES {
        // The server takes no constant of a role in a column's default.
        let value = match type_sql {
            "regrole" => format!("CAST(CAST({candidate} AS text) AS regrole)"),
            _ => format!("CAST({candidate} AS {type_sql})"),
        };
        let written = format!("SELECT CAST({value} AS text)");
        let Ok(rows) = database.client.simple_query(&written).await else { continue };
        let text = rows.iter().find_map(|row| match row {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        });
        match text {
            Some(text) if found.iter().all(|(earlier, _)| *earlier != text) => {
                found.push((text, value));
            }
            _ => {}
        }
        if found.len() == 2 {
            break;
        }
    }
    let first = found.first().unwrap_or_else(|| panic!("no candidate is a {type_sql}")).1.clone();
    let second = found.get(1).map_or_else(|| first.clone(), |(_, value)| value.clone());
    [first, second]
}

/// A range over the type, where it has an order.
async fn range(database: &Database, at: usize, type_sql: &str) -> Option<String> {
    let create = format!("CREATE TYPE r{at} AS RANGE (subtype = {type_sql}); ");
    database.client.batch_execute(&create).await.ok().map(|()| create)
}

/// What the server calls the multirange of such a range.
fn multirange(at: usize) -> String {
    format!("r{at}_multirange")
}
