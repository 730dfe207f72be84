//! What refusals advised was refused itself.
//!
//! A refusal's advice leads on: what it says to write is planned and goes through, or it says that only a
//! stop helps.

use super::stage::{OWNER, SERVICE, Stage};

const BASE: &str = "
    CREATE TABLE agents (id bigserial PRIMARY KEY, tenant text, a int);
    INSERT INTO agents (a) SELECT generate_series(1, 100);
    ALTER TABLE agents ENABLE ROW LEVEL SECURITY;
    ALTER TABLE agents FORCE ROW LEVEL SECURITY;
    CREATE TABLE t (id bigserial PRIMARY KEY, a int);
    INSERT INTO t (a) SELECT generate_series(1, 100);
    CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER zzzz_x BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION tf();
    CREATE TABLE nokey (a int, b int NOT NULL);
    INSERT INTO nokey SELECT g, g FROM generate_series(1, 100) g;";

/// A table, what is refused, by which rule and with which advice, and the migration that follows it.
struct Advice {
    table: &'static str,
    migration: &'static str,
    rule: &'static str,
    advice: &'static str,
    followed: &'static str,
}

const ADVICES: [Advice; 5] = [
    Advice {
        table: "agents",
        migration: "ALTER TABLE agents ADD COLUMN n int; UPDATE agents SET n = a;",
        rule: "forced-row-security",
        advice: "ALTER TABLE agents NO FORCE ROW LEVEL SECURITY",
        followed: "ALTER TABLE agents NO FORCE ROW LEVEL SECURITY;
                   ALTER TABLE agents ADD COLUMN n int; UPDATE agents SET n = a;",
    },
    Advice {
        table: "t",
        migration: "ALTER TABLE t ADD COLUMN n int; UPDATE t SET n = a;",
        rule: "user-triggers",
        advice: "-- changeover: user-triggers=fire because",
        followed: "ALTER TRIGGER zzzz_x ON t RENAME TO aa_x;
                   ALTER TABLE t ADD COLUMN n int;
                   -- changeover: user-triggers=fire because \"harmless\"
                   UPDATE t SET n = a;",
    },
    Advice {
        table: "t",
        migration: "ALTER TABLE t ADD COLUMN n int;
                    -- changeover: user-triggers=fire because \"harmless\"
                    UPDATE t SET n = a;",
        rule: "trigger-sorts-last",
        advice: "create the same trigger under a name that sorts before",
        followed: "CREATE TRIGGER aa_x BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION tf();
                   DROP TRIGGER zzzz_x ON t;",
    },
    Advice {
        table: "nokey",
        migration: "ALTER TABLE nokey ADD COLUMN n int; UPDATE nokey SET n = a;",
        rule: "no-primary-key",
        advice: "add a primary key over columns that are there",
        followed: "CREATE UNIQUE INDEX nokey_b ON nokey (b);",
    },
    Advice {
        table: "nokey",
        migration: "ALTER TABLE nokey ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid();
                    ALTER TABLE nokey ADD PRIMARY KEY (id);",
        rule: "no-primary-key",
        advice: "in a stop with `changeover migrate --at-once`",
        followed: "",
    },
];

#[tokio::test]
async fn what_a_refusal_advises_leads_on() {
    for case in ADVICES {
        let stage = Stage::adopted(BASE).await;
        stage.refuses(case.migration, case.rule, &[case.advice]).await;
        if case.followed.is_empty() {
            stage.run(&["migrate", "--at-once", "--service-role", SERVICE]).await.ok();
            continue;
        }
        stage.upgrade(case.followed).await;
        if case.followed.contains("UPDATE") && case.followed.contains("SET n") {
            let filled = format!("SELECT count(*), count(n) FROM {}", case.table);
            assert_eq!(stage.value(OWNER, &filled).await, "100|100", "{}", case.followed);
        } else {
            // An earlier release has done what was advised; now the statement is planned.
            stage.file("0003_third.sql", case.migration);
            let ran = stage.run(&["plan"]).await;
            assert_eq!(ran.exit_code, Some(0), "{}\n{}", case.migration, ran.all());
        }
    }
}

#[tokio::test]
async fn what_is_done_to_triggers_and_row_security_is_planned() {
    for migration in [
        "ALTER TABLE agents NO FORCE ROW LEVEL SECURITY;",
        "ALTER TRIGGER zzzz_x ON t RENAME TO aa_x;",
        "ALTER TABLE t DISABLE TRIGGER zzzz_x;",
        "DROP TRIGGER zzzz_x ON t;",
    ] {
        Stage::adopted(BASE).await.upgrade(migration).await;
    }
}
