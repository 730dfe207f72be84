//! `ADD COLUMN` of a domain with a CHECK rewrote the table under ACCESS EXCLUSIVE, while the plan said
//! that no row is touched.
//!
//! What rewrites the table is refused; what is planned leaves the table's file where it is.

use super::stage::{OWNER, SERVICE, Stage};

const QUOTE: &str = "
    CREATE DOMAIN percent AS numeric(5, 2) CHECK (VALUE BETWEEN 0 AND 100);
    CREATE DOMAIN small_percent AS percent;
    CREATE DOMAIN given AS text NOT NULL;
    CREATE DOMAIN plain AS text;
    CREATE TYPE pair AS (a percent, b text);
    CREATE TABLE quote (id bigserial PRIMARY KEY, net numeric NOT NULL, code varchar(10), pad text);
    INSERT INTO quote (net, pad) SELECT g, repeat('x', 30) FROM generate_series(1, 2000) g;";

#[tokio::test]
async fn a_domain_for_which_the_server_rewrites_is_refused() {
    let stage = Stage::adopted(QUOTE).await;
    for column in [
        "discount percent",
        "discount small_percent",
        "discount percent DEFAULT 5",
        "reason given DEFAULT 'none'",
    ] {
        stage
            .refuses(
                &format!("ALTER TABLE quote ADD COLUMN {column};"),
                "rewrites-table",
                &["domain"],
            )
            .await;
    }
    let change = "ALTER TABLE quote ALTER COLUMN net TYPE percent;";
    stage.second(change);
    assert_eq!(stage.run(&["plan"]).await.exit_code, Some(3), "{change}");
}

#[tokio::test]
async fn what_is_planned_leaves_the_file_where_it_is() {
    for migration in [
        "ALTER TABLE quote ADD COLUMN note plain;",
        "ALTER TABLE quote ADD COLUMN note plain DEFAULT 'x';",
        "ALTER TABLE quote ADD COLUMN notes plain[];",
        // What the refusal advises.
        "ALTER TABLE quote ADD COLUMN discount numeric(5, 2);
         ALTER TABLE quote ADD CONSTRAINT discount_percent CHECK (discount BETWEEN 0 AND 100);",
    ] {
        let stage = Stage::adopted(QUOTE).await;
        let file = "SELECT pg_relation_filenode('quote')";
        let before = stage.value(OWNER, file).await;
        stage.upgrade(migration).await;
        assert_eq!(stage.value(OWNER, file).await, before, "{migration}");
        assert_eq!(stage.value(SERVICE, "SELECT net FROM quote WHERE id = 7").await, "7");
    }
}
