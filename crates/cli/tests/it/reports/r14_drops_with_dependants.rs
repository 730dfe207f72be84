//! What the server will not drop was accepted by `plan` and failed only in the contract, after the floor
//! had been raised.
//!
//! Each drop that the server refuses is refused at plan, with the dependants named; once these are gone,
//! in the same migration, it is planned and goes through.

use super::stage::{OWNER, SUPERUSER, Stage, major};

const DOC: &str = "
    CREATE TABLE doc (id bigserial PRIMARY KEY, title text, tenant text, code text UNIQUE,
      k text NOT NULL, price int, gross int GENERATED ALWAYS AS (price * 2) STORED, body text);
    ALTER TABLE doc ENABLE ROW LEVEL SECURITY;
    CREATE POLICY p ON doc USING (tenant = current_user);
    CREATE TABLE ref (id bigserial PRIMARY KEY, code text REFERENCES doc (code));
    CREATE FUNCTION half(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 / 2';
    CREATE TABLE c (id bigserial PRIMARY KEY, h int DEFAULT half(4));
    CREATE INDEX c_half ON c (half(h));
    CREATE TYPE mood AS ENUM ('x');
    CREATE TABLE m (id bigserial PRIMARY KEY, m mood);
    CREATE SEQUENCE s1;
    CREATE TABLE e (id bigint PRIMARY KEY DEFAULT nextval('s1'));
    CREATE VIEW titles AS SELECT id, title FROM doc;
    CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER on_body BEFORE UPDATE OF body ON doc FOR EACH ROW EXECUTE FUNCTION tf();";

/// What is dropped, who is named as depending on it, and what takes them away first.
const CASES: [(&str, &str, &str); 9] = [
    (
        "ALTER TABLE doc DROP COLUMN code;",
        "ref_code_fkey",
        "ALTER TABLE ref DROP CONSTRAINT ref_code_fkey;",
    ),
    (
        "ALTER TABLE doc DROP CONSTRAINT doc_code_key;",
        "ref_code_fkey",
        "ALTER TABLE ref DROP CONSTRAINT ref_code_fkey;",
    ),
    (
        "DROP FUNCTION half(int);",
        "c_half",
        "DROP INDEX c_half; ALTER TABLE c ALTER COLUMN h DROP DEFAULT;",
    ),
    ("DROP TYPE mood;", "m.m", "DROP TABLE m;"),
    ("DROP SEQUENCE s1;", "default", "ALTER TABLE e ALTER COLUMN id DROP DEFAULT;"),
    ("ALTER TABLE doc DROP COLUMN title;", "titles", "DROP VIEW titles;"),
    ("ALTER TABLE doc DROP COLUMN price;", "gross", "ALTER TABLE doc DROP COLUMN gross;"),
    ("ALTER TABLE doc DROP COLUMN body;", "on_body", "DROP TRIGGER on_body ON doc;"),
    ("DROP FUNCTION tf();", "on_body", "DROP TRIGGER on_body ON doc;"),
];

#[tokio::test]
async fn a_drop_with_dependants_is_refused_by_their_names() {
    let stage = Stage::adopted(DOC).await;
    for (drop, dependant, _) in CASES {
        // Older servers drop a generated column along with what it reads; here nothing goes unsaid.
        if major() >= 15 || dependant != "gross" {
            stage.try_sql(OWNER, drop).await.expect_err("the server refuses it, too");
        }
        stage.second(drop);
        let ran = stage.run(&["plan", "--json"]).await;
        assert_eq!(ran.exit_code, Some(3), "{drop}\n{}", ran.all());
        let reason = ran.json()["refusals"][0]["reason"].to_string();
        assert!(reason.contains(dependant), "{drop}: {reason}");
        assert_eq!(stage.migrate().await.exit_code, Some(3), "{drop}");
    }
    assert_eq!(stage.value(OWNER, "SELECT count(*) FROM changeover.step").await, "0");
}

#[tokio::test]
async fn what_a_policy_reads_is_dropped_in_a_stop() {
    let stage = Stage::adopted(DOC).await;
    let drop = "ALTER TABLE doc DROP COLUMN tenant;";
    stage.refuses(drop, "in-use", &["policy p of doc", "--at-once"]).await;
    let both = format!("DROP POLICY p ON doc; {drop}");
    stage.refuses(&both, "row-security", &["in a stop"]).await;
    stage.run(&["migrate", "--at-once"]).await.ok();
    stage.try_sql(OWNER, drop).await.expect_err("it is gone");
}

#[tokio::test]
async fn a_drop_after_its_dependants_goes_through() {
    for (drop, _, before) in CASES {
        let stage = Stage::adopted(DOC).await;
        stage.upgrade(&format!("{before}\n{drop}")).await;
        stage.try_sql(OWNER, drop).await.expect_err("it is gone");
    }
}

#[tokio::test]
async fn what_publications_name_is_a_dependant() {
    if major() < 15 {
        // Older servers have neither lists of columns nor filters.
        return;
    }
    for publication in ["FOR TABLE doc (id, body)", "FOR TABLE doc WHERE (body <> 'x')"] {
        let stage =
            Stage::adopted("CREATE TABLE doc (id bigserial PRIMARY KEY, title text, body text);")
                .await;
        stage.sql(SUPERUSER, &format!("CREATE PUBLICATION p {publication}")).await;
        let drop = "ALTER TABLE doc DROP COLUMN body;";
        stage.try_sql(OWNER, drop).await.expect_err("the server refuses it, too");
        stage.refuses(drop, "in-use", &["publication"]).await;
        stage.upgrade("ALTER TABLE doc DROP COLUMN title;").await;
    }
}
