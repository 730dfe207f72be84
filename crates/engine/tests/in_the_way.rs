//! Who is in the way of a lock is told so that somebody can act, no matter what their session says of itself.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use changeover::LockLimits;
use changeover_postgres::Server;
use common::{Database, OWNER, SERVICE, migrate, until, value};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const BASE: (&str, &str) = ("0001_base.sql", "CREATE TABLE t (id integer PRIMARY KEY);");
const NEXT: (&str, &str) = ("0002_next.sql", "ALTER TABLE t ADD COLUMN c integer;");
const STRANGER: &str = "in_the_way_stranger";

async fn impatient(database: &Database) -> changeover::Error {
    let mut options = database.options("2", &[BASE, NEXT]);
    options.timing.step_attempts_max = 1;
    options.locks =
        LockLimits { give_up_after: Duration::from_millis(400), ..LockLimits::default() };
    migrate(options).await.unwrap_err()
}

/// The holder is a role whose activity the owner may not see; behind it a session of the service waits.
#[tokio::test]
async fn the_real_holder_comes_first_with_the_command_that_ends_it() {
    let database = Database::new(15).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    let admin = database.connect("postgres").await;
    admin
        .batch_execute(&format!(
            "DO $$ BEGIN CREATE ROLE {STRANGER} LOGIN; \
             EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$; \
             GRANT USAGE ON SCHEMA public TO {STRANGER}; GRANT ALL ON t TO {STRANGER}"
        ))
        .await
        .unwrap();
    // Two that hold a lock: the service's waits for the stranger's row.
    let (holder, behind) = (database.connect(STRANGER).await, database.connect(SERVICE).await);
    let holder_pid: i32 = value(&holder, "SELECT pg_backend_pid()").await;
    let behind_pid: i32 = value(&behind, "SELECT pg_backend_pid()").await;
    holder.batch_execute("BEGIN; INSERT INTO t VALUES (1)").await.unwrap();
    let waiting =
        tokio::spawn(async move { behind.batch_execute("INSERT INTO t VALUES (1)").await });
    until("one waits behind the other", || async {
        value::<bool>(&admin, &format!("SELECT cardinality(pg_blocking_pids({behind_pid})) > 0"))
            .await
    })
    .await;

    let error = impatient(&database).await;
    let text = changeover::chain(&error);
    let first = text.find(&format!("pid {holder_pid} (")).expect(&text);
    let second = text.find(&format!("pid {behind_pid} (")).expect(&text);
    assert!(first < second, "{text}");
    assert!(text.contains(&format!("SELECT pg_terminate_backend({holder_pid})")), "{text}");
    assert!(text.contains(&format!("itself waiting for pid {holder_pid}")), "{text}");
    assert!(!text.contains("0 ms: <insufficient"), "{text}");

    // The next try is under way, and why the last one failed is still to be seen.
    let mut options = database.options("2", &[BASE, NEXT]);
    options.locks.give_up_after = Duration::from_secs(120);
    let again = tokio::spawn(migrate(options));
    let owner = database.connect(OWNER).await;
    until("it tries again", || async {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                      AND query LIKE '%LOCK TABLE%' AND application_name LIKE 'changeover@2%'";
        value::<i64>(&owner, sql).await > 0
    })
    .await;
    let kept = "SELECT coalesce(error, '') FROM changeover.step WHERE state <> 'done' LIMIT 1";
    assert!(value::<String>(&owner, kept).await.contains(&holder_pid.to_string()));
    holder.batch_execute("ROLLBACK").await.unwrap();
    waiting.await.unwrap().unwrap();
    again.await.unwrap().unwrap();
}

/// A statement in bytes that are no UTF-8, on a database that has no encoding.
#[tokio::test]
async fn bytes_that_are_no_text_are_told_all_the_same() {
    let server = tokio::task::spawn_blocking(|| Server::shared(15)).await.unwrap().unwrap();
    let name = format!("engine_ascii_{}", std::process::id());
    let (admin, connection) =
        tokio_postgres::connect(&server.url("postgres", "postgres"), tokio_postgres::NoTls)
            .await
            .unwrap();
    tokio::spawn(connection);
    admin
        .batch_execute(&format!(
            "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'"
        ))
        .await
        .unwrap();
    let database = Database::prepared(server, name).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    let mut raw = Raw::connect(&database).await;
    raw.query(b"BEGIN; INSERT INTO t VALUES (1) /* caf\xe9 */").await;

    let text = changeover::chain(&impatient(&database).await);
    assert!(text.contains("caf\u{fffd}"), "{text}");
    assert!(text.contains("pg_terminate_backend"), "{text}");
}

/// A client that sends bytes as they are, which the driver does not.
struct Raw(TcpStream);

impl Raw {
    async fn connect(database: &Database) -> Self {
        let config: tokio_postgres::Config = database.url(SERVICE).parse().unwrap();
        let host = match &config.get_hosts()[0] {
            tokio_postgres::config::Host::Tcp(host) => host.clone(),
            other => panic!("no address: {other:?}"),
        };
        let mut stream = TcpStream::connect((host.as_str(), config.get_ports()[0])).await.unwrap();
        let mut body = 196_608_i32.to_be_bytes().to_vec();
        body.extend(format!("user\0{SERVICE}\0database\0{}\0\0", database.name).bytes());
        let mut message = i32::try_from(body.len() + 4).unwrap().to_be_bytes().to_vec();
        message.extend(body);
        stream.write_all(&message).await.unwrap();
        let mut raw = Self(stream);
        raw.until_ready().await;
        raw
    }

    async fn query(&mut self, statement: &[u8]) {
        let mut message = vec![b'Q'];
        message.extend(i32::try_from(statement.len() + 5).unwrap().to_be_bytes());
        message.extend(statement);
        message.push(0);
        self.0.write_all(&message).await.unwrap();
        self.until_ready().await;
    }

    /// Reads up to `ReadyForQuery`.
    async fn until_ready(&mut self) {
        loop {
            let kind = self.0.read_u8().await.unwrap();
            let length = usize::try_from(self.0.read_u32().await.unwrap()).unwrap() - 4;
            let mut body = vec![0; length];
            self.0.read_exact(&mut body).await.unwrap();
            assert_ne!(kind, b'E', "{}", String::from_utf8_lossy(&body));
            if kind == b'Z' {
                return;
            }
        }
    }
}
