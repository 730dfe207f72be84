//! Bad input: each a clear error, a remedy, and an exit code.

use crate::project::{DROP_LEGACY, ORDERS, Project, TOTAL, filters, run};

#[tokio::test]
async fn a_file_that_is_no_sql() {
    let _filters = filters();
    let project = Project::with_orders(1).await.file("0002_broken.sql", "ALTER TABEL orders;\n");
    insta::assert_snapshot!(project.run(&["plan"]).await.all(), @r"
    refused[syntax-error]: the statement cannot be parsed: expected command, found
      ALTER_KW
      --> migrations/0002_broken.sql:1
       |
     1 | ALTER TABEL orders;
       |
       = instead: correct it; `psql` says what the server makes of it

    0 steps; 1 statement is refused. No step runs until every refused statement is
    rewritten.
    --- stderr
    --- exit 3
    ");
    let fresh = Project::new().await.file("0001_broken.sql", "CREATE TABEL orders ();\n");
    let told = fresh.run(&["migrate"]).await.all();
    // Whether a look falls between the step's begin and its failure is luck.
    let told = told.lines().filter(|line| !line.contains("  begins  ")).collect::<Vec<_>>();
    insta::assert_snapshot!(told.join("\n"), @r#"
    --- stderr
    [clock] · plan recorded: 1 step up to migration 1
    [clock] ✗ 0001.0.script  failed  run 0001_broken.sql: step 0001.0.script (run 0001_broken.sql) failed: running CREATE TABEL orders () failed: the server answered: syntax error at or near "TABEL" [42601]
    error: gave up after 1 try: step 0001.0.script (run 0001_broken.sql) failed: running CREATE TABEL orders () failed: the server answered: syntax error at or near "TABEL" [42601]
    --- exit 1
    "#);
    let status = fresh.run(&["status"]).await;
    insta::assert_snapshot!(status.all(), @r#"
    default  head 1, floor 1, 1 migration
    nobody migrates now (the last term was [n])

    Instances
      none registered

    Steps  0 of 1 done
      expand
      ✗ 0001.0.script  run 0001_broken.sql                        failed after 1 try
          error: step 0001.0.script (run 0001_broken.sql) failed: running CREATE
            TABEL orders () failed: the server answered: syntax error at or near
            "TABEL" [42601]
    --- stderr
    --- exit 1
    "#);
}

#[tokio::test]
async fn files_that_are_no_history() {
    let _filters = filters();
    let missing =
        Project::new().await.file("0001_orders.sql", ORDERS).file("0003_x.sql", DROP_LEGACY);
    insta::assert_snapshot!(missing.run(&["plan"]).await.all(), @r"
    --- stderr
    error: the migrations cannot be read from migrations: the files are not a history of migrations: 0003_x.sql: number 0002 is missing before it
      what to do: add the file with number 0002, or renumber the files after it if none of them was applied anywhere
    --- exit 7
    ");
    let doubled =
        Project::new().await.file("0001_orders.sql", ORDERS).file("0001_x.sql", DROP_LEGACY);
    insta::assert_snapshot!(doubled.run(&["plan"]).await.all(), @r"
    --- stderr
    error: the migrations cannot be read from migrations: the files are not a history of migrations: 0001_x.sql: number 0001 is also that of 0001_orders.sql
      what to do: give 0001_x.sql the next free number
    --- exit 7
    ");
    let stranger = Project::new().await.file("orders.sql", ORDERS);
    let told = stranger.run(&["migrate", "--json"]).await;
    let json = told.json();
    assert_eq!((told.exit_code, json["exit_code"].as_i64()), (Some(7), Some(7)), "{json}");
    let error = json["error"].as_str().unwrap();
    assert!(error.ends_with("orders.sql: the name does not fit the other files' form"), "{error}");
    // All forms are told of, whichever there are.
    let remedy = json["remedy"].as_str().unwrap();
    assert!(remedy.contains("0001_name.sql (ours)"), "{remedy}");
    assert!(remedy.contains("V1__name.sql (Flyway, refinery)"), "{remedy}");
    // What lies deeper, or is no SQL, is not passed over.
    let deep =
        Project::new().await.file("0001_orders.sql", ORDERS).file("old/0002_x.sql", DROP_LEGACY);
    let told = deep.run(&["plan"]).await;
    assert_eq!(told.exit_code, Some(7), "{told:?}");
    assert!(told.all().contains("old/0002_x.sql"), "{}", told.all());
    let code = Project::new().await.file("20240131120000_create_orders.rb", "class CreateOrders");
    let told = code.run(&["plan"]).await;
    assert_eq!(told.exit_code, Some(7), "{told:?}");
    assert!(told.all().contains("create_orders.rb: a migration that is no SQL"), "{}", told.all());
    let nothing = Project::new().await;
    insta::assert_snapshot!(nothing.run(&["plan"]).await.all(), @r"
    --- stderr
    error: there is no folder migrations
      what to do: give the folder of migrations with --migrations DIR, or make its first file with `changeover new NAME`
    --- exit 1
    ");
}

#[tokio::test]
async fn files_that_contradict_the_ledger() {
    let _filters = filters();
    let edited = Project::with_orders(1).await.file("0001_orders.sql", TOTAL);
    insta::assert_snapshot!(edited.run(&["plan"]).await.all(), @r"
    --- stderr
    error: the migrations do not fit the ledger: 0001_orders.sql was edited after it was applied as migration 0001
      what to do: restore 0001_orders.sql as it was, and put the change into a new migration
    --- exit 7
    ");
    insta::assert_snapshot!(edited.run(&["migrate"]).await.all(), @r"
    --- stderr
    error: the migrations do not fit the ledger: 0001_orders.sql was edited after it was applied as migration 0001
      what to do: restore 0001_orders.sql as it was, and put the change into a new migration
    --- exit 7
    ");
    let missing =
        Project::with_orders(1).await.without("0001_orders.sql").file("0002_total.sql", TOTAL);
    insta::assert_snapshot!(missing.run(&["migrate"]).await.all(), @r"
    --- stderr
    error: the migrations do not fit the ledger: migration 0001 (orders) was applied, but its file is missing
      what to do: restore the file of migration 0001; check that this is the right folder and the right database
    --- exit 7
    ");
}

#[tokio::test]
async fn a_database_of_a_newer_release() {
    let _filters = filters();
    let project = Project::with_orders(1).await.file("0002_total.sql", TOTAL);
    project.run(&["migrate"]).await.ok();
    let older = project.without("0002_total.sql");
    // The older release may go on serving, and its migration job must not stand in the way.
    insta::assert_snapshot!(older.run(&["plan"]).await.all(), @r"
    Nothing to do: a newer release has been here. default is at migration 2, this
    folder knows them up to 1.
    --- stderr
    --- exit 0
    ");
    insta::assert_snapshot!(older.run(&["migrate"]).await.all(), @r"
    Nothing to do: default is at migration 2.
    A newer release has been here: this folder knows migrations up to 1. Its release
    may go on serving while the floor is 1.
    --- stderr
    --- exit 0
    ");
    let newer = older.file("0002_total.sql", TOTAL);
    newer.run(&["finalize", "--to", "2", "--yes"]).await.ok();
    let older = newer.without("0002_total.sql");
    insta::assert_snapshot!(older.run(&["migrate"]).await.all(), @r"
    Nothing to do: default is at migration 2.
    A newer release has been here, and the floor is 2: a release that knows
    migrations up to 1 can no longer run on this database.
    --- stderr
    --- exit 5
    ");
}

#[tokio::test]
async fn a_ledger_of_a_newer_changeover() {
    let _filters = filters();
    let project = Project::with_orders(1).await;
    project.sql("UPDATE changeover.format SET written = 9, min_reader = 9").await;
    insta::assert_snapshot!(project.run(&["status"]).await.all(), @r"
    --- stderr
    error: the ledger has format 9 and needs a reader of at least 9; this one reads 4
      what to do: use the Changeover of the release that wrote it
    --- exit 5
    ");
}

#[tokio::test]
async fn a_database_with_tables_but_no_ledger() {
    let _filters = filters();
    let project = Project::new().await.file("0001_orders.sql", ORDERS);
    project.sql("CREATE TABLE customers (id int)").await;
    insta::assert_snapshot!(project.run(&["plan"]).await.all(), @r"
    --- stderr
    error: the database has tables (public.customers, …), but no migration of application default is in the ledger
      what to do: run `changeover adopt --at N` where N is the last migration whose effects are in this database; or `--fresh` if the tables belong to something else
    --- exit 9
    ");
    project.run(&["plan", "--fresh"]).await.ok();
}

#[tokio::test]
async fn a_server_that_is_not_there() {
    let _filters = filters();
    // Port 1 is reserved and never used; the name is reserved for not existing.
    let nobody = ["--database-url", "postgres://owner@127.0.0.1:1/shop"];
    insta::assert_snapshot!(run(&[&["status"], &nobody[..]].concat()).await.all(), @r"
    --- stderr
    error: no connection to the database: 127.0.0.1, port 1: error connecting to server: Connection refused (os error 111)
      what to do: check host and port, and that the server runs and listens there (listen_addresses)
    --- exit 4
    ");
    let unknown = ["--database-url", "postgres://owner@nowhere.invalid/shop"];
    let ran = run(&[&["status"], &unknown[..]].concat()).await;
    assert_eq!(ran.exit_code, Some(4), "{ran:?}");
    assert!(ran.stderr.contains("what to do: the host's name is not known here"), "{ran:?}");
    let nonsense = ["--database-url", "host=a port=b"];
    insta::assert_snapshot!(run(&[&["status"], &nonsense[..]].concat()).await.all(), @r"
    --- stderr
    error: the connection string cannot be used: it's neither a URL nor a list of name=value: a port isn't a number from 1 to 65535 (a `/`, `@`, `:` or `#` in a password is written %2F, %40, %3A, %23)
      what to do: write postgres://ROLE:PASSWORD@HOST:PORT/DATABASE, with special characters in the password percent-encoded, or host=HOST dbname=DATABASE user=ROLE
    --- exit 2
    ");
    insta::assert_snapshot!(run(&["status"]).await.all(), @r"
    --- stderr
    error: no database was given
      what to do: set CHANGEOVER_OWNER_URL (or DATABASE_URL, or --database-url) to postgres://OWNER@HOST/DATABASE, with the role that owns the tables
    --- exit 2
    ");
}

#[tokio::test]
async fn a_lock_that_is_not_to_be_had() {
    let project = Project::with_orders(1)
        .await
        .file("0002_note.sql", "ALTER TABLE orders ADD COLUMN note text;\n");
    let mut reader = project.client().await;
    let transaction = reader.transaction().await.unwrap();
    transaction.batch_execute("SELECT FROM orders").await.unwrap();
    let ran = project.run(&["migrate", "--lock-give-up", "1", "--tries", "1", "--json"]).await;
    assert_eq!(ran.exit_code, Some(6), "{ran:?}");
    let error = ran.json()["error"].as_str().unwrap().to_owned();
    assert!(error.contains("no lock on") && error.contains("SELECT FROM orders"), "{error}");
    assert!(ran.json()["remedy"].as_str().unwrap().contains("start again"), "{ran:?}");
    transaction.commit().await.unwrap();
    project.run(&["migrate"]).await.ok();
}
