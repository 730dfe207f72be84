//! What a run will need of rights and settings is asked at plan, on a server, with roles as the guide has
//! them: each in its own words, by its rule; and what may only get in the way is a warning.

use crate::project::{ORDERS, Project};

const OWNER: &str = "needs_owner";
const OTHER: &str = "needs_other";

/// A database whose owner migrates, with the table `orders` at migration 1; as in `docs/operating.md`.
async fn project() -> (Project, String) {
    let project = Project::new().await.file("0001_orders.sql", ORDERS);
    for role in [OWNER, OTHER] {
        project
            .sql(&format!(
                "DO $$ BEGIN CREATE ROLE {role} LOGIN; \
                 EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
            ))
            .await;
    }
    let database = project.database();
    project
        .sql(&format!(
            "GRANT CREATE ON DATABASE {database} TO {OWNER}; REVOKE CREATE ON SCHEMA public FROM PUBLIC; \
             GRANT USAGE, CREATE ON SCHEMA public TO {OWNER}"
        ))
        .await;
    let url = project.url().replacen("postgres@", &format!("{OWNER}@"), 1);
    project.run(&["migrate", "--database-url", &url]).await.ok();
    (project, url)
}

/// What is done to the database, the pending migration, the rule, and words of the reason.
const REFUSED: [(&str, &str, &str, &str); 6] = [
    (
        "ALTER TABLE orders OWNER TO needs_other",
        "ALTER TABLE orders ADD COLUMN note text;",
        "not-owner",
        "orders belongs to needs_other, and needs_owner may not act as needs_other",
    ),
    (
        "ALTER TABLE orders OWNER TO needs_other",
        "CREATE INDEX orders_payload ON orders (id);",
        "not-owner",
        "GRANT needs_other TO needs_owner",
    ),
    (
        "REVOKE CREATE ON SCHEMA public FROM needs_owner",
        "CREATE TABLE notes (id bigint PRIMARY KEY);",
        "missing-right",
        "GRANT CREATE ON SCHEMA public TO needs_owner",
    ),
    (
        "REVOKE CREATE ON DATABASE [database] FROM needs_owner",
        "CREATE SCHEMA more;",
        "missing-right",
        "GRANT CREATE ON DATABASE [database] TO needs_owner",
    ),
    (
        "ALTER DATABASE [database] SET default_transaction_read_only = on",
        "ALTER TABLE orders ADD COLUMN note text;",
        "read-only",
        "default_transaction_read_only is on",
    ),
    (
        "ALTER ROLE needs_owner IN DATABASE [database] SET default_transaction_read_only = on",
        "ALTER TABLE orders ADD COLUMN note text;",
        "read-only",
        "default_transaction_read_only is on",
    ),
];

#[tokio::test]
async fn rights_and_settings_that_the_run_needs_are_asked_at_plan() {
    for (done, migration, rule, words) in REFUSED {
        let (project, url) = project().await;
        let project = project.file("0002_next.sql", migration);
        let plan = project.run(&["plan", "--database-url", &url]).await;
        assert_eq!(plan.exit_code, Some(0), "before: {migration}\n{}", plan.all());

        let database = project.database();
        project.sql(&done.replace("[database]", &database)).await;
        let plan = project.run(&["plan", "--json", "--database-url", &url]).await;
        assert_eq!(plan.exit_code, Some(3), "{done}\n{}", plan.all());
        let refusals = plan.json()["refusals"].clone();
        assert_eq!(refusals[0]["rule"], rule, "{done}: {refusals}");
        let told = format!("{} {}", refusals[0]["reason"], refusals[0]["remedy"]);
        let words = words.replace("[database]", &database);
        assert!(told.contains(&words), "{done}: {told}");
        // A run is refused for the same, and nothing of it is begun.
        let migrate = project.run(&["migrate", "--database-url", &url]).await;
        assert_ne!(migrate.exit_code, Some(0), "{done}\n{}", migrate.all());
        let client = project.client().await;
        let begun = "SELECT count(*) FROM changeover.step WHERE migration = 2";
        assert_eq!(client.query_one(begun, &[]).await.unwrap().get::<_, i64>(0), 0, "{done}");
    }
}

/// Before the ledger is there, its schema has to be made.
#[tokio::test]
async fn the_ledgers_schema_needs_a_right_on_the_database() {
    let (project, url) = project().await;
    let database = project.database();
    let drop = format!(
        "DROP SCHEMA changeover CASCADE; REVOKE CREATE ON DATABASE {database} FROM {OWNER}"
    );
    project.sql(&drop).await;
    let plan = project.run(&["plan", "--fresh", "--database-url", &url]).await;
    assert_ne!(plan.exit_code, Some(0), "{}", plan.all());
    assert!(plan.all().contains(&format!("GRANT CREATE ON DATABASE {database}")), "{}", plan.all());
}

#[tokio::test]
async fn what_may_get_in_the_way_is_a_warning() {
    let (project, url) = project().await;
    let project = project.file("0002_next.sql", "ALTER TABLE orders ADD COLUMN note text;");
    let plan = project.run(&["plan", "--database-url", &url]).await.ok();
    assert!(!plan.stdout.contains("warning["), "{}", plan.all());

    project
        .sql(
            "GRANT CREATE ON SCHEMA public TO PUBLIC, needs_other;
             CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
             CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION watch();
             CREATE EVENT TRIGGER off ON ddl_command_end EXECUTE FUNCTION watch();
             ALTER EVENT TRIGGER off DISABLE",
        )
        .await;
    let plan = project.run(&["plan", "--json", "--database-url", &url]).await.ok();
    let warnings = plan.json()["warnings"].as_array().unwrap().clone();
    let about: Vec<&str> = warnings.iter().filter_map(|found| found["about"].as_str()).collect();
    assert_eq!(about, ["open-schema", "event-trigger"], "{warnings:?}");
    let revoke = r#"REVOKE CREATE ON SCHEMA "public" FROM "needs_other", PUBLIC"#;
    assert!(warnings[0]["remedy"].as_str().unwrap().contains(revoke), "{warnings:?}");
    assert!(warnings[1]["reason"].as_str().unwrap().contains("watch"), "{warnings:?}");
    // A person reads the same, and the run goes on.
    let plan = project.run(&["plan", "--database-url", &url]).await.ok();
    assert!(plan.stdout.contains("warning[open-schema]: "), "{}", plan.all());
    project.run(&["migrate", "--database-url", &url]).await.ok();
    // Where nothing is to be done, nothing is warned of.
    let plan = project.run(&["plan", "--database-url", &url]).await.ok();
    assert!(!plan.stdout.contains("warning["), "{}", plan.all());
}
