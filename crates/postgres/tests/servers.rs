//! Real servers of every major version: started side by side, asked, cloned, restarted, stopped.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use changeover_postgres::{Profile, SUPPORTED_MAJORS, Server, StartError, available_majors};
use tokio_postgres::{Client, NoTls};

/// Connects; the connection's task ends with the client.
async fn connect(url: &str) -> Client {
    let (client, connection) =
        tokio_postgres::connect(url, NoTls).await.expect("the server takes connections");
    tokio::spawn(connection);
    client
}

async fn ask(url: &str, sql: &str) -> String {
    connect(url).await.query_one(sql, &[]).await.expect("one row").get(0)
}

/// A folder that the server's user can reach, also if that is not us.
fn reachable_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir_in("/tmp").expect("a temporary folder");
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755))
        .expect("our own folder");
    folder
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).expect("our own folder").next().is_none()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_major_runs_side_by_side_and_clones_databases() {
    let starts: Vec<_> = SUPPORTED_MAJORS
        .map(|major| tokio::task::spawn_blocking(move || Server::start(major)))
        .collect();
    let mut servers = Vec::new();
    for start in starts {
        servers.push(start.await.unwrap().unwrap());
    }
    for server in &servers {
        let version = ask(&server.url("postgres", "postgres"), "SHOW server_version").await;
        assert!(version.starts_with(server.version()), "{version}, not {}", server.version());
        assert!(version.starts_with(&server.major().to_string()), "{version}");

        server.create_database("template \"a\"").await.unwrap();
        let template = connect(&server.url("postgres", "template \"a\"")).await;
        template.batch_execute("CREATE TABLE kept AS SELECT 42 AS answer").await.unwrap();
        drop(template);
        let clone = server.fresh_clone("template \"a\"", "clone").await.unwrap();
        let url = server.socket_url("postgres", &clone);
        assert_eq!(ask(&url, "SELECT answer::text FROM kept").await, "42");

        // Dropping it ends also those who are connected.
        let connected = connect(&url).await;
        server.drop_database(&clone).await.unwrap();
        assert!(connected.simple_query("SELECT 1").await.is_err());
        let one = server.fresh_database("empty").await.unwrap();
        let other = server.fresh_database("empty").await.unwrap();
        assert_ne!(one, other);
    }
    assert_eq!(available_majors(), SUPPORTED_MAJORS.collect::<Vec<_>>());
}

#[tokio::test]
async fn it_runs_as_an_ordinary_user_in_a_private_folder_and_leaves_nothing() {
    let parent = reachable_folder();
    let server = Server::builder().under(parent.path()).start().unwrap();
    assert!((15..=18).contains(&server.major()));
    let folder = server.socket_dir().metadata().unwrap();
    assert_ne!(folder.uid(), 0);
    assert_eq!(folder.mode() & 0o777, 0o700);
    assert_eq!(server.data_dir().metadata().unwrap().uid(), folder.uid());
    assert!(server.data_dir().starts_with(parent.path()));
    assert!(server.log().contains("ready to accept connections"), "{}", server.log());
    server.stop().unwrap();
    assert!(is_empty(parent.path()));
}

#[tokio::test]
async fn profiles_differ_and_settings_win_over_them() {
    let test = Server::builder()
        .setting("wal_level", "logical")
        .setting("max_connections", "31")
        .setting("changeover.words", "it's a \\ and\ttab")
        .start()
        .unwrap();
    let url = test.url("postgres", "postgres");
    for (name, value) in [
        ("fsync", "off"),
        ("wal_level", "logical"),
        ("max_connections", "31"),
        ("changeover.words", "it's a \\ and\ttab"),
        ("data_directory", &test.data_dir().to_string_lossy()),
    ] {
        assert_eq!(ask(&url, &format!("SELECT current_setting('{name}')")).await, value, "{name}");
    }

    let measure = Server::builder().profile(Profile::Measure).start().unwrap();
    let url = measure.url("postgres", "postgres");
    for (name, value) in [("fsync", "on"), ("synchronous_commit", "on"), ("max_wal_size", "4GB")] {
        assert_eq!(ask(&url, &format!("SHOW {name}")).await, value, "{name}");
    }
    assert!(!measure.data_dir().starts_with("/dev/shm"));
}

#[tokio::test]
async fn after_an_immediate_restart_port_and_committed_data_are_the_same() {
    let server = Server::builder().setting("synchronous_commit", "on").start().unwrap();
    let (url, pid) = (server.url("postgres", "postgres"), server.postmaster_pid());
    let client = connect(&url).await;
    client.batch_execute("CREATE TABLE kept AS SELECT 42 AS answer").await.unwrap();
    server.restart_immediate().unwrap();
    assert!(client.simple_query("SELECT 1").await.is_err());
    assert_ne!(server.postmaster_pid(), pid);
    assert_eq!(ask(&url, "SELECT answer::text FROM kept").await, "42");
    assert!(server.log().contains("automatic recovery in progress"), "{}", server.log());
}

#[tokio::test]
async fn a_server_whose_postmaster_was_killed_can_be_restarted() {
    let server = Server::builder().setting("synchronous_commit", "on").start().unwrap();
    let url = server.url("postgres", "postgres");
    let client = connect(&url).await;
    client.batch_execute("CREATE TABLE kept AS SELECT 42 AS answer").await.unwrap();
    let pid = rustix::process::Pid::from_raw(server.postmaster_pid().try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    server.restart_immediate().unwrap();
    assert_eq!(ask(&url, "SELECT answer::text FROM kept").await, "42");
}

#[test]
fn the_shared_server_is_one_per_major() {
    let one = Server::shared(17).unwrap();
    let other = Server::shared(17).unwrap();
    assert_eq!(one.postmaster_pid(), other.postmaster_pid());
}

#[test]
fn what_cannot_start_says_why_and_leaves_nothing() {
    let parent = reachable_folder();
    let builder = || Server::builder().under(parent.path());
    let error = builder().major(12).start().unwrap_err();
    assert_eq!(error.to_string(), "PostgreSQL 12 is not supported, only 13 to 18");

    let error = builder().setting("a b", "1").start().unwrap_err();
    assert!(matches!(error, StartError::BadSetting { .. }), "{error}");

    let error = builder().setting("shared_buffers", "nonsense").start().unwrap_err();
    let StartError::Ended { log, .. } = error else { panic!("{error}") };
    assert!(log.contains("shared_buffers"), "{log}");

    assert!(is_empty(parent.path()));
}

#[tokio::test]
async fn a_template_in_use_is_waited_for() {
    let server = Server::builder().start().unwrap();
    server.create_database("template_a").await.unwrap();
    let client = connect(&server.url("postgres", "template_a")).await;
    let leaves = async {
        let started = Instant::now();
        let admin = connect(&server.url("postgres", "postgres")).await;
        // Only once the clone has met the client does the client leave.
        while started.elapsed() < Duration::from_secs(20)
            && !server.log().contains("being accessed")
        {
            admin.simple_query("SELECT 1").await.unwrap();
        }
        drop(client);
    };
    let (cloned, ()) = tokio::join!(server.clone_database("template_a", "clone_a"), leaves);
    cloned.unwrap();
    assert!(server.log().contains("being accessed"), "{}", server.log());
}
