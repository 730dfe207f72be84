//! Every spelling of a type, held against what the server's `format_type` prints for it.

use crate::database::{Database, majors};
use changeover_plan::QualifiedName;

const SPELLINGS: [&str; 84] = [
    "int",
    "INTEGER",
    "int4",
    "int2",
    "smallint",
    "int8",
    "bigint",
    "serial",
    "bigserial",
    "smallserial",
    "serial2",
    "serial4",
    "serial8",
    "float",
    "float(1)",
    "float(24)",
    "float(25)",
    "float(53)",
    "float4",
    "float8",
    "real",
    "double precision",
    "bool",
    "boolean",
    "numeric",
    "numeric(10)",
    "numeric( 10 , 2 )",
    "decimal(4,1)",
    "dec",
    "char",
    "char(3)",
    "character",
    "character(4)",
    "nchar",
    "nchar(2)",
    "national character(2)",
    "national char varying(3)",
    "nchar varying",
    "bpchar",
    "bpchar(5)",
    "\"char\"",
    "pg_catalog.\"char\"",
    "varchar",
    "varchar(7)",
    "character varying",
    "char varying(9)",
    "text",
    "pg_catalog.int4",
    "pg_catalog.varchar",
    "bit",
    "bit(3)",
    "bit varying",
    "bit varying(5)",
    "varbit",
    "varbit(2)",
    "date",
    "time",
    "time(3)",
    "time(2) without time zone",
    "time with time zone",
    "timetz(1)",
    "timestamp",
    "timestamp(0)",
    "timestamptz",
    "timestamptz(3)",
    "TIMESTAMP (3)  WITH TIME ZONE",
    "timestamp(9)",
    "interval",
    "interval(3)",
    "interval year",
    "interval year to month",
    "interval day to second",
    "interval day to second(3)",
    "interval second (2)",
    "int ARRAY",
    "int ARRAY[3]",
    "int[][]",
    "varchar(5)[2][3]",
    "mood",
    "\"Mood\"[]",
    "other.thing",
    "\"Odd schema\".\"a.b\"",
    "text COLLATE \"C\"",
    "uuid",
];

#[tokio::test]
async fn every_spelling_becomes_the_servers() {
    let setup = "CREATE TYPE mood AS ENUM ('a'); CREATE TYPE \"Mood\" AS ENUM ('a'); CREATE SCHEMA other;
        CREATE DOMAIN other.thing AS int; CREATE SCHEMA \"Odd schema\"; CREATE TYPE \"Odd schema\".\"a.b\" AS ENUM ('a');";
    for major in majors() {
        let database = Database::with(major, setup).await;
        let columns: Vec<String> =
            SPELLINGS.iter().enumerate().map(|(at, written)| format!("c{at} {written}")).collect();
        let create = format!("CREATE TABLE spelled ({})", columns.join(", "));
        // The planner's picture after the statement, seen through what it would write for a rewrite.
        let predicted = predicted(&database).await;
        database.run(&create).await;
        let catalog = database.catalog().await;
        let table = catalog.relation(&QualifiedName::new("public", "spelled")).unwrap();
        for ((written, column), predicted) in SPELLINGS.iter().zip(&table.columns).zip(predicted) {
            assert_eq!(predicted, column.type_sql, "PostgreSQL {major}: {written}");
        }
    }
}

/// What the planner takes each spelling for: said in the refusal of another type for a new column.
async fn predicted(database: &Database) -> Vec<String> {
    let catalog = database.catalog().await;
    SPELLINGS.iter().map(|written| changeover_plan::type_as_printed(&catalog, written)).collect()
}
