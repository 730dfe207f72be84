//! A real PgBouncer in front of a real server: its modes, its settings, its end.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use changeover_postgres::{PgBouncer, PoolMode, Server, StartError};
use rustix::process::{Pid, test_kill_process};
use tokio_postgres::{Client, NoTls};

/// Tells the child that it is one.
const CHILD: &str = "CHANGEOVER_PGBOUNCER_TEST_CHILD";

/// A busy machine takes its time to start a server, and to stop one.
const DEADLINE: Duration = Duration::from_secs(60);

fn start(mode: PoolMode) -> PgBouncer {
    PgBouncer::in_front_of(Server::shared(15).expect("a server"))
        .pool_mode(mode)
        .pool_size(2)
        .start()
        .expect("a pooler")
}

async fn connect(url: &str) -> Client {
    let (client, connection) =
        tokio_postgres::connect(url, NoTls).await.expect("the pooler takes connections");
    tokio::spawn(connection);
    client
}

async fn backend(client: &Client) -> i32 {
    let rows = client.query_typed("SELECT pg_backend_pid()", &[]).await.expect("an answer");
    rows[0].get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clients_share_a_backend_but_in_session_mode() {
    for mode in [PoolMode::Transaction, PoolMode::Statement, PoolMode::Session] {
        let pooler = start(mode);
        let url = pooler.url("postgres", "postgres");
        let (one, other) = (connect(&url).await, connect(&url).await);
        let same = backend(&one).await == backend(&other).await;
        assert_eq!(same, mode != PoolMode::Session, "{mode:?}: {}", pooler.log());
        let begun = one.batch_execute("BEGIN").await;
        assert_eq!(begun.is_ok(), mode != PoolMode::Statement, "{mode:?}: {begun:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_made_later_may_log_in_to_a_database_made_later() {
    let pooler = start(PoolMode::Transaction);
    let server = Server::shared(15).unwrap();
    let database = server.fresh_database("pooled").await.unwrap();
    let admin = connect(&server.url("postgres", &database)).await;
    admin.batch_execute("CREATE ROLE late_comer LOGIN").await.unwrap();
    let client = connect(&pooler.url("late_comer", &database)).await;
    let row = client.query_typed_one("SELECT session_user::text", &[]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), "late_comer");
    assert!(tokio_postgres::connect(&pooler.url("nobody", &database), NoTls).await.is_err());
}

#[test]
fn a_setting_that_it_does_not_know_fails_the_start_with_its_log() {
    let builder = PgBouncer::in_front_of(Server::shared(15).unwrap());
    let error = builder.setting("no_such_thing", "1").start().unwrap_err();
    assert!(matches!(error, StartError::PgBouncerNotUp { .. }), "{error}");
    assert!(error.to_string().contains("no_such_thing"), "{error}");
}

/// The test runs itself once more, as a child that starts a pooler and is killed.
#[test]
fn after_sigkill_nothing_of_it_is_left() {
    if std::env::var_os(CHILD).is_some() {
        let pooler = start(PoolMode::Transaction);
        writeln!(std::io::stdout(), "\npooler {}", pooler.pid()).unwrap();
        // Waits to be killed; bounded, should the test itself have died.
        std::thread::sleep(2 * DEADLINE);
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "after_sigkill_nothing_of_it_is_left"])
        .env(CHILD, "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let pid = lines
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("pooler ")?.parse().ok())
        .and_then(Pid::from_raw)
        .expect("the child says its pooler's process id");
    test_kill_process(pid).expect("it runs");
    child.kill().unwrap();
    child.wait().unwrap();
    let started = Instant::now();
    while is_running(pid) {
        assert!(started.elapsed() < DEADLINE, "the pooler still runs");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Whether that process lives; one that only waits to be reaped does not.
fn is_running(pid: Pid) -> bool {
    let pid = pid.as_raw_nonzero().to_string();
    let output = Command::new("ps").args(["-o", "stat=", "-p", &pid]).output().expect("ps");
    let state = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    !state.is_empty() && !state.starts_with('Z')
}
