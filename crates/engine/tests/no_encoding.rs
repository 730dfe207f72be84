//! A database of encoding SQL_ASCII holds bytes, and what others wrote into it may be no UTF-8: names,
//! statements, messages, rows. Nothing of that ends a service; it is shown as well as it can be.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use changeover::LockLimits;
use changeover::status::StatusReader;
use changeover_postgres::Server;
use common::{Database, OWNER, SERVICE, migrate, value};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const BASE: (&str, &str) = (
    "0001_base.sql",
    "CREATE TABLE t (id integer PRIMARY KEY, c text); CREATE TABLE k (id text PRIMARY KEY, c text);",
);

/// A database without an encoding, migrated to [`BASE`].
async fn without_encoding(suffix: &str) -> Database {
    let server = tokio::task::spawn_blocking(|| Server::shared(15)).await.unwrap().unwrap();
    let name = format!("engine_ascii_{suffix}_{}", std::process::id());
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
    database
}

#[tokio::test]
async fn who_is_in_the_way_is_told_whatever_the_statement() {
    let database = without_encoding("lock").await;
    let mut raw = Raw::connect(&database, SERVICE).await;
    raw.query(b"BEGIN; INSERT INTO t VALUES (1) /* caf\xe9 */").await;

    let next = ("0002_next.sql", "ALTER TABLE t ADD COLUMN d integer;");
    let mut options = database.options("2", &[BASE, next]);
    options.timing.step_attempts_max = 1;
    options.locks =
        LockLimits { give_up_after: Duration::from_millis(400), ..LockLimits::default() };
    let text = changeover::chain(&migrate(options).await.unwrap_err());
    assert!(text.contains("caf\u{fffd}"), "{text}");
    assert!(text.contains("pg_terminate_backend"), "{text}");
}

/// Names beside those that are migrated, rows whose errors say what they hold, a key.
#[tokio::test]
async fn an_upgrade_goes_on_among_names_and_rows_that_are_no_text() {
    let database = without_encoding("rows").await;
    let mut raw = Raw::connect(&database, OWNER).await;
    for statement in [
        b"CREATE TABLE \"caf\xe9\" (\"pr\xe9nom\" integer PRIMARY KEY DEFAULT 1)".as_slice(),
        b"CREATE FUNCTION \"f\xe9\"() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        b"CREATE TRIGGER \"aa\xe9\" BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION \"f\xe9\"()",
        b"CREATE VIEW \"v\xe9\" AS SELECT id FROM t",
        b"INSERT INTO t VALUES (1, 'caf\xe9'), (2, '2')",
        b"INSERT INTO k VALUES ('caf\xe9', '1')",
        b"SET application_name = 'caf\xe9'",
    ] {
        raw.query(statement).await;
    }
    let fill = (
        "0002_fill.sql",
        "ALTER TABLE t ADD COLUMN d integer; UPDATE t SET d = c::integer;
         ALTER TABLE k ADD COLUMN d integer; UPDATE k SET d = c::integer;",
    );
    let outlook = migrate(database.options("2", &[BASE, fill])).await.unwrap();
    // A key that cannot be read cannot be gone on from: that step fails, by name, and no other.
    let failed: Vec<&str> = outlook.failed.iter().map(|step| step.as_str()).collect();
    assert_eq!(failed, ["0002.4.backfill"], "{outlook:?}");
    let owner = database.connect(OWNER).await;
    let error = "SELECT error FROM changeover.step WHERE id = '0002.4.backfill'";
    assert!(value::<String>(&owner, error).await.contains("last key"), "says at what");

    // The trigger keeps what the server said of a row: in the row's own bytes.
    let mut service = Raw::connect(&database, SERVICE).await;
    service.query(b"UPDATE t SET c = 'th\xe9' WHERE id = 1").await;
    let reader = StatusReader::connect(&database.url(OWNER), "shop").await.unwrap();
    let status = reader.read().await.unwrap();
    assert_eq!(status.parked_rows, 1, "{status:?}");
    let told = status.events.iter().find(|event| event.kind == "rows_parked").unwrap();
    assert!(told.detail.contains("caf\u{fffd}"), "{told:?}");

    // An instance that starts now, and a second look at the rows, read the same.
    let drop = ("0003_drop.sql", "ALTER TABLE t DROP COLUMN c;");
    let outlook = migrate(database.options("3", &[BASE, fill, drop])).await.unwrap();
    assert_eq!(outlook.failed.len(), 1, "{outlook:?}");
}

/// A client that sends bytes as they are, which the driver does not.
struct Raw(TcpStream);

impl Raw {
    async fn connect(database: &Database, role: &str) -> Self {
        let config: tokio_postgres::Config = database.url(role).parse().unwrap();
        let host = match &config.get_hosts()[0] {
            tokio_postgres::config::Host::Tcp(host) => host.clone(),
            other => panic!("no address: {other:?}"),
        };
        let mut stream = TcpStream::connect((host.as_str(), config.get_ports()[0])).await.unwrap();
        let mut body = 196_608_i32.to_be_bytes().to_vec();
        body.extend(format!("user\0{role}\0database\0{}\0\0", database.name).bytes());
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
