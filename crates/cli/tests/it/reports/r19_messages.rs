//! Messages that were raw, wrong or led nowhere.
//!
//! Each says in its own words what is the matter and what to do, and nothing has been changed.

use super::stage::{OWNER, SUPERUSER, Stage};
use crate::project::Ran;

const MINE: &str = "CREATE TABLE mine (id bigserial PRIMARY KEY, a int);";

/// The program failed with that code, and said all of this.
fn says(ran: &Ran, exit_code: i32, said: &[&str]) {
    assert_eq!(ran.exit_code, Some(exit_code), "{}", ran.all());
    for said in said {
        assert!(ran.stderr.contains(said), "{said:?} is not said: {}", ran.all());
    }
}

#[tokio::test]
async fn no_right_to_make_the_ledger() {
    let stage = Stage::empty().await;
    stage.file("0001_base.sql", MINE);
    stage.sql(SUPERUSER, "CREATE ROLE nodb LOGIN").await;
    let ran = stage.run_at(&stage.url("nodb"), &["adopt", "--at", "1"]).await;
    let grant = format!("GRANT CREATE ON DATABASE {} TO nodb", stage.database());
    says(
        &ran,
        13,
        &["role nodb lacks the right CREATE on database", &grant, "Nothing was changed"],
    );
}

#[tokio::test]
async fn the_name_of_another_application() {
    let stage = Stage::adopted(MINE).await;
    for subcommand in ["status", "plan", "finalize"] {
        let more: &[&str] = if subcommand == "finalize" { &["--to", "1", "--yes"] } else { &[] };
        let ran = stage.run(&[&[subcommand, "--app", "shopp"], more].concat()).await;
        if subcommand == "plan" {
            // It may be a new one; then it is said.
            assert!(ran.all().contains("shopp"), "{}", ran.all());
        } else {
            says(&ran, 9, &["no application shopp", "it has shop", "--app"]);
        }
    }
}

#[tokio::test]
async fn a_table_of_somebody_else() {
    let stage = Stage::adopted(MINE).await;
    stage
        .sql(
            SUPERUSER,
            "CREATE TABLE theirs (id int PRIMARY KEY, a int); GRANT ALL ON theirs TO app_owner;
             CREATE VIEW their_view AS SELECT 1; CREATE SEQUENCE their_sequence;",
        )
        .await;
    for statement in [
        "ALTER TABLE theirs ADD COLUMN b int;",
        "CREATE INDEX theirs_a ON theirs (a);",
        "ALTER TABLE theirs ALTER COLUMN a SET DEFAULT 5;",
        "DROP TABLE theirs;",
        "DROP VIEW their_view;",
        "DROP SEQUENCE their_sequence;",
    ] {
        let migration = format!("ALTER TABLE mine ADD COLUMN b int; {statement}");
        stage.refuses(&migration, "not-owner", &["postgres"]).await;
    }
    let columns =
        "SELECT count(*) FROM pg_attribute WHERE attrelid = 'mine'::regclass AND attnum > 0";
    assert_eq!(stage.value(OWNER, columns).await, "2");
}

#[tokio::test]
async fn a_database_that_is_read_only() {
    for setting in ["ALTER DATABASE \"{}\"", "ALTER ROLE app_owner IN DATABASE \"{}\""] {
        let stage = Stage::adopted(MINE).await;
        stage.second("ALTER TABLE mine ADD COLUMN b int;");
        let setting = setting.replace("{}", stage.database());
        stage.sql(SUPERUSER, &format!("{setting} SET default_transaction_read_only = on")).await;
        says(
            &stage.migrate().await,
            14,
            &[
                "the database cannot be written to: default_transaction_read_only is on",
                "RESET default_transaction_read_only",
                "Nothing was changed",
            ],
        );
    }
}

#[tokio::test]
async fn connection_strings_of_managed_services() {
    let stage = Stage::adopted(MINE).await;
    let url = stage.url(OWNER);
    for (parameters, exit_code, said) in [
        ("sslmode=verify-full", 4, "server does not support TLS"),
        ("sslmode=verify-ca", 4, "server does not support TLS"),
        (
            "sslmode=verify-full&sslrootcert=/nowhere/ca.pem",
            2,
            "the file of CAs (sslrootcert) /nowhere/ca.pem can't be read",
        ),
        ("pgbouncer=true", 2, "`pgbouncer` is a parameter of Prisma"),
        ("sslmod=require", 2, "sslmod"),
        ("sslmode=sometimes", 2, "sometimes"),
    ] {
        let ran = stage.run_at(&format!("{url}?{parameters}"), &["status"]).await;
        says(&ran, exit_code, &[said]);
    }
}

#[tokio::test]
async fn a_column_that_is_not_null_by_its_domain() {
    let stage = Stage::adopted(&format!("CREATE DOMAIN given AS text NOT NULL; {MINE}")).await;
    let migration = "ALTER TABLE mine ADD COLUMN g given;";
    stage.second(migration);
    let ran = stage.run(&["plan", "--json"]).await;
    assert_eq!(ran.exit_code, Some(3), "{}", ran.all());
    assert!(ran.stdout.contains("domain given"), "{}", ran.all());
}

#[tokio::test]
async fn a_service_role_that_does_not_exist() {
    let stage = Stage::adopted(MINE).await;
    stage.second("ALTER TABLE mine ADD COLUMN b int;");
    let ran = stage.run(&["migrate", "--service-role", "app_svcc"]).await;
    assert_ne!(ran.exit_code, Some(0), "{}", ran.all());
    assert!(ran.stderr.contains("role app_svcc"), "{}", ran.all());
}
