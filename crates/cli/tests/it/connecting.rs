//! Connection strings, roles, rights and servers that won't do: what a person reads, and the exit code. Each
//! message names what is wrong and what to do, and nothing is changed.

use crate::project::{ORDERS, Project, TOTAL, filters, run};

/// What each command says, one below the other.
async fn told(project: &Project, cases: &[(&str, &[&str])]) -> String {
    let mut told = Vec::new();
    for (what, args) in cases {
        told.push(format!("== {what}\n{}", project.run(args).await.all()));
    }
    told.join("\n\n")
}

/// Runs statements that every database of the server shares; made once, whichever test comes first.
async fn role(project: &Project, name: &str, options: &str) {
    project
        .sql(&format!(
            "DO $$ BEGIN CREATE ROLE {name} {options}; \
             EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        ))
        .await;
}

/// The names of databases differ from run to run.
fn settings(project: &Project) -> insta::internals::SettingsBindDropGuard {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(&regex_of(&project.database()), "[database]");
    settings.add_filter(r"port \d+", "port [port]");
    // Which words the system has depends on its name service.
    settings.add_filter(r"(failed to lookup address information): [^\n]+", "$1");
    settings.bind_to_scope()
}

fn regex_of(text: &str) -> String {
    format!(r"\b{text}\b")
}

#[tokio::test]
async fn what_is_wrong_with_a_connection_string() {
    let project = Project::new().await;
    let _filters = settings(&project);
    let url = |rest: &str| format!("{}?{rest}", project.url());
    let mut told = Vec::new();
    for rest in [
        "pgbouncer=true",
        "sslmode=verify-full",
        "sslmode=verify-full&sslrootcert=/x.pem",
        "sslmode=verify-ca",
        "sslmod=require",
        "sslcrl=/crl.pem",
        "connect_timeout=soon",
        "target_session_attrs=standby",
    ] {
        let ran = project.run(&["status", "--database-url", &url(rest)]).await;
        told.push(format!("== {rest}\n{}", ran.all()));
    }
    insta::assert_snapshot!(told.join("\n\n"));
}

#[tokio::test]
async fn who_is_not_let_in() {
    let project = Project::new().await.file("0001_orders.sql", ORDERS);
    let _filters = settings(&project);
    role(&project, "cli_no_login", "NOLOGIN").await;
    let as_role = |role: &str| project.url().replacen("postgres@", &format!("{role}@"), 1);
    let elsewhere = project.url().replace(&project.database(), "absent");
    // Bound and never listening.
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = format!("postgres://u@127.0.0.1:{}/d", socket.local_addr().unwrap().port());
    drop(socket);
    let told = told(
        &project,
        &[
            ("no LOGIN", &["migrate", "--database-url", &as_role("cli_no_login")]),
            ("no such role", &["status", "--database-url", &as_role("cli_absent")]),
            ("no such database", &["adopt", "--at", "1", "--database-url", &elsewhere]),
            ("nobody there", &["migrate", "--database-url", &closed]),
            ("no such host", &["migrate", "--database-url", "postgres://u@nowhere.invalid/d"]),
        ],
    )
    .await;
    insta::assert_snapshot!(told);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_does_not_answer_is_no_pooler() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "postgres://u@127.0.0.1:{}/d?connect_timeout=1",
        silent.local_addr().unwrap().port()
    );
    let project = Project::new().await.file("0001_orders.sql", ORDERS);
    let _filters = settings(&project);
    insta::assert_snapshot!(project.run(&["migrate", "--database-url", &url]).await.all());
}

#[tokio::test]
async fn rights_that_are_lacking_are_named_with_what_grants_them() {
    let project = Project::new().await.file("0001_orders.sql", ORDERS);
    let _filters = settings(&project);
    role(&project, "cli_no_create", "LOGIN").await;
    role(&project, "cli_owner", "LOGIN").await;
    let as_role = |role: &str| project.url().replacen("postgres@", &format!("{role}@"), 1);
    let (nobody, owner) = (as_role("cli_no_create"), as_role("cli_owner"));
    let before = told(
        &project,
        &[("no CREATE on the database", &["adopt", "--at", "1", "--database-url", &nobody])],
    )
    .await;
    project
        .sql(&format!(
            "GRANT CREATE ON DATABASE {} TO cli_owner; GRANT USAGE ON SCHEMA public TO cli_owner;",
            project.database()
        ))
        .await;
    let after = told(
        &project,
        &[
            (
                "no such service role",
                &["migrate", "--database-url", &owner, "--service-role", "cli_absent"],
            ),
            ("no CREATE on the schema", &["migrate", "--database-url", &owner]),
            ("another role's ledger: status", &["status", "--database-url", &nobody]),
            ("another role's ledger: migrate", &["migrate", "--database-url", &nobody]),
        ],
    )
    .await;
    let after: Vec<&str> = after.lines().filter(|line| !line.contains("  begins  ")).collect();
    let _clock = filters();
    insta::assert_snapshot!(format!("{before}\n\n{}", after.join("\n")));
}

#[tokio::test]
async fn an_application_that_the_ledger_does_not_know() {
    let project = Project::with_orders(1).await;
    let _filters = filters();
    let told = told(
        &project,
        &[
            ("status", &["status", "--app", "shopp"]),
            ("finalize", &["finalize", "--app", "shopp", "--to", "1", "--yes"]),
        ],
    )
    .await;
    insta::assert_snapshot!(told, @r"
    == status
    --- stderr
    error: the ledger of this database has no application shopp; it has default
      what to do: name one of these with --app, CHANGEOVER_APP or `app` in changeover.toml; a new one begins with `changeover migrate` or `changeover adopt`
    --- exit 9

    == finalize
    --- stderr
    error: the ledger of this database has no application shopp; it has default
      what to do: name one of these with --app, CHANGEOVER_APP or `app` in changeover.toml; a new one begins with `changeover migrate` or `changeover adopt`
    --- exit 9
    ");
}

#[tokio::test]
async fn a_database_that_is_read_only() {
    let project = Project::with_orders(1).await.file("0002_total.sql", TOTAL);
    let _filters = settings(&project);
    let database = project.database();
    project.sql(&format!("ALTER DATABASE {database} SET default_transaction_read_only = on")).await;
    let by_client = format!("{}?options=-c%20default_transaction_read_only%3Don", project.url());
    let told_by_database = told(
        &project,
        &[
            ("migrate", &["migrate"]),
            ("finalize", &["finalize", "--to", "1", "--yes"]),
            ("adopt", &["adopt", "--at", "1"]),
        ],
    )
    .await;
    // Looking needs no writing; a plan says what a run would meet.
    project.run(&["status"]).await.ok();
    let plan = project.run(&["plan"]).await;
    assert_eq!(plan.exit_code, Some(3), "{}", plan.all());
    assert!(plan.stdout.contains("refused[read-only]"), "{}", plan.all());
    let client = project.client().await;
    client.batch_execute("SET default_transaction_read_only = off").await.unwrap();
    let reset = format!("ALTER DATABASE {database} RESET default_transaction_read_only");
    client.batch_execute(&reset).await.unwrap();
    let told_by_client =
        told(&project, &[("by the client", &["migrate", "--database-url", &by_client])]).await;
    insta::assert_snapshot!(format!("{told_by_database}\n\n{told_by_client}"));
    project.run(&["migrate"]).await.ok();
}

#[tokio::test]
async fn a_login_that_acts_as_the_owner_by_its_settings() {
    let project = Project::new().await.file("0001_orders.sql", ORDERS);
    role(&project, "cli_group", "NOLOGIN").await;
    role(&project, "cli_acting", "LOGIN").await;
    role(&project, "cli_plain", "LOGIN").await;
    let database = project.database();
    project
        .sql(&format!(
            "GRANT cli_group TO cli_acting, cli_plain; ALTER DATABASE {database} OWNER TO cli_group; \
             ALTER SCHEMA public OWNER TO cli_group; \
             ALTER ROLE cli_acting IN DATABASE {database} SET role = cli_group; \
             SET ROLE cli_group; {ORDERS} \
             INSERT INTO orders (payload) VALUES ('{{\"total\": 1}}')"
        ))
        .await;
    let acting = project.url().replacen("postgres@", "cli_acting@", 1);
    let by_options = format!(
        "{}?options=-c%20role%3Dcli_group",
        project.url().replacen("postgres@", "cli_plain@", 1)
    );
    project.run(&["adopt", "--at", "1", "--database-url", &acting]).await.ok();
    let project = project.file("0002_total.sql", TOTAL);
    project.run(&["migrate", "--database-url", &by_options]).await.ok();
    let client = project.client().await;
    let sql = "SELECT total, relowner::regrole::text FROM orders, pg_class \
                WHERE pg_class.oid = 'changeover.step'::regclass";
    let row = client.query_one(sql, &[]).await.unwrap();
    assert_eq!(row.get::<_, Option<i64>>(0), Some(1));
    assert_eq!(row.get::<_, String>(1), "cli_group");
    let sql = "SELECT count(*) FROM changeover.term_backend WHERE backend_start > now() - interval '1 hour'";
    assert_eq!(client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 1);
}

#[tokio::test]
async fn settings_of_a_role_that_would_get_in_the_way() {
    let project =
        Project::new().await.file("0001_orders.sql", ORDERS).file("0002_total.sql", TOTAL);
    role(&project, "cli_set", "LOGIN").await;
    let database = project.database();
    project
        .sql(&format!(
            "ALTER DATABASE {database} OWNER TO cli_set; ALTER SCHEMA public OWNER TO cli_set; \
             ALTER ROLE cli_set IN DATABASE {database} SET default_transaction_isolation = 'serializable'; \
             ALTER ROLE cli_set IN DATABASE {database} SET row_security = off; \
             ALTER ROLE cli_set IN DATABASE {database} SET statement_timeout = '1s'"
        ))
        .await;
    let url = project.url().replacen("postgres@", "cli_set@", 1);
    project.run(&["migrate", "--database-url", &url]).await.ok();
    let project = project.file("0003_more.sql", "CREATE TABLE more (id int PRIMARY KEY);\n");
    project
        .sql(&format!("ALTER ROLE cli_set IN DATABASE {database} SET search_path = absent"))
        .await;
    let _filters = filters();
    let ran = project.run(&["migrate", "--database-url", &url]).await;
    let told = ran.all();
    let told: Vec<&str> = told.lines().filter(|line| !line.contains("  begins  ")).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[tokio::test]
async fn in_the_pod_of_the_reference_service_its_variable_is_read() {
    let project = Project::with_orders(1).await;
    let mut command = crate::project::command(&["status"]);
    command.env("CENTRAL_OWNER_URL", project.url());
    crate::project::ended(command.spawn().unwrap()).await.ok();
    insta::assert_snapshot!(run(&["status"]).await.all(), @r"
    --- stderr
    error: no database was given
      what to do: set CHANGEOVER_OWNER_URL (or DATABASE_URL, or --database-url) to postgres://OWNER@HOST/DATABASE, with the role that owns the tables
    --- exit 2
    ");
}
