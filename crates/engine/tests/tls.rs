//! Connections to servers with TLS switched on: what each `sslmode` accepts and refuses, certificates of
//! clients, channel binding, several hosts. Each of CAs and certificates is made by the test.

#![expect(clippy::unwrap_used, reason = "tests")]

use changeover::planning::source;
use changeover::{Address, ConnectError, Error, Options, Surroundings, chain, operate};
use changeover_postgres::{Authority, Builder, Issued, Server};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// The name on the server's certificate; `hostaddr` says where it is.
const NAME: &str = "db.shop.test";

/// A server with TLS, and the files to get in.
struct Stage {
    server: Server,
    folder: TempDir,
    authority: Authority,
}

impl Stage {
    async fn start(hba: &[&str], choose: fn(Builder) -> Builder) -> Self {
        let authority = Authority::new("CA of the shop").unwrap();
        let issued = authority.issue("server", &[NAME]).unwrap();
        Self::start_with(hba, authority, issued, choose).await
    }

    async fn start_with(
        hba: &[&str],
        authority: Authority,
        issued: Issued,
        choose: fn(Builder) -> Builder,
    ) -> Self {
        let builder = Server::builder()
            .tls(issued.certificate_pem, issued.key_pem, Some(authority.certificate_pem()))
            .hba(hba);
        let server =
            tokio::task::spawn_blocking(move || choose(builder).start()).await.unwrap().unwrap();
        let stage = Self { server, folder: tempfile::tempdir().unwrap(), authority };
        stage.file("ca.crt", &stage.authority.certificate_pem());
        stage
            .sql(
                "CREATE ROLE shop LOGIN PASSWORD 'right'; CREATE ROLE other LOGIN; \
                 GRANT CREATE ON DATABASE postgres TO shop; GRANT CREATE ON SCHEMA public TO shop",
            )
            .await;
        stage
    }

    /// Runs statements as superuser, without TLS.
    async fn sql(&self, sql: &str) {
        let url = format!("{}?sslmode=disable", self.server.url("postgres", "postgres"));
        let address = Address::read_in(&url, &Surroundings::none());
        let reached = address.unwrap().connect("test").await.unwrap();
        tokio::spawn(reached.link);
        reached.client.batch_execute(sql).await.unwrap();
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// The address by a name, and what else is wanted.
    fn url(&self, name: &str, rest: &str) -> String {
        let port = self.server.port();
        format!("postgres://shop:right@{name}:{port}/postgres?hostaddr=127.0.0.1&{rest}")
    }

    async fn connect(&self, name: &str, rest: &str) -> Result<Session, ConnectError> {
        connect(&self.url(name, rest)).await
    }
}

/// What the server says of a session.
#[derive(Debug, PartialEq, Eq)]
struct Session {
    is_encrypted: bool,
    user: String,
}

async fn connect(url: &str) -> Result<Session, ConnectError> {
    let address = Address::read_in(url, &Surroundings::none()).unwrap();
    let reached = address.connect("test").await?;
    tokio::spawn(reached.link);
    let sql = "SELECT s.ssl, current_user::text FROM pg_stat_ssl s WHERE s.pid = pg_backend_pid()";
    let row = reached.client.query_one(sql, &[]).await.unwrap();
    Ok(Session { is_encrypted: row.get(0), user: row.get(1) })
}

fn told(error: &ConnectError) -> String {
    format!("{} -> {}", chain(error), error.remedy())
}

const ENCRYPTED_ONLY: [&str; 1] = ["hostssl all shop 127.0.0.1/32 scram-sha-256"];

#[tokio::test(flavor = "multi_thread")]
async fn the_server_is_checked_as_far_as_sslmode_says() {
    let stage = Stage::start(&ENCRYPTED_ONLY, |builder| builder).await;
    let other = Authority::new("another CA").unwrap();
    stage.file("other.crt", &other.certificate_pem());
    let ours = format!("sslrootcert={}", stage.path("ca.crt"));
    let wrong = format!("sslrootcert={}", stage.path("other.crt"));

    for (name, rest) in [
        (NAME, "sslmode=prefer".to_owned()),
        ("elsewhere.test", "sslmode=prefer".to_owned()),
        (NAME, format!("sslmode=require&{ours}")),
        (NAME, format!("sslmode=verify-full&{ours}")),
        ("elsewhere.test", format!("sslmode=verify-ca&{ours}")),
        ("elsewhere.test", format!("sslmode=require&{ours}")),
        (NAME, format!("sslmode=verify-full&{ours}&ssl_max_protocol_version=TLSv1.2")),
    ] {
        let session = stage
            .connect(name, &rest)
            .await
            .unwrap_or_else(|error| panic!("{name} {rest}: {}", told(&error)));
        assert!(session.is_encrypted, "{name} {rest}");
    }
    for (name, rest, expected) in [
        (
            "elsewhere.test",
            format!("sslmode=verify-full&{ours}"),
            "certificate is for another name",
        ),
        (NAME, format!("sslmode=verify-full&{wrong}"), "no CA that is trusted here"),
        (NAME, format!("sslmode=verify-ca&{wrong}"), "no CA that is trusted here"),
        (NAME, format!("sslmode=require&{wrong}"), "no CA that is trusted here"),
        (NAME, format!("sslmode=prefer&{wrong}"), "no CA that is trusted here"),
        (NAME, "sslmode=verify-full&sslrootcert=system".to_owned(), "no CA that is trusted here"),
        (NAME, "sslmode=require".to_owned(), "no CA that is trusted here"),
        (NAME, "sslmode=disable".to_owned(), "sslmode=require, or verify-full"),
        (
            NAME,
            "sslmode=verify-full&sslrootcert=/absent.crt".to_owned(),
            "(sslrootcert) /absent.crt",
        ),
    ] {
        let error = stage.connect(name, &rest).await.unwrap_err();
        assert!(told(&error).contains(expected), "{name} {rest}: {}", told(&error));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_signed_itself_may_be_trusted_as_it_is() {
    let issued = Issued::self_signed(&[NAME]).unwrap();
    let certificate = issued.certificate_pem.clone();
    let authority = Authority::new("CA of the shop").unwrap();
    let stage = Stage::start_with(&ENCRYPTED_ONLY, authority, issued, |builder| builder).await;
    stage.file("server.crt", &certificate);
    let root = format!("sslmode=verify-full&sslrootcert={}", stage.path("server.crt"));
    assert!(stage.connect(NAME, &root).await.unwrap().is_encrypted);
    let error = stage.connect("elsewhere.test", &root).await.unwrap_err();
    assert!(told(&error).contains("another name"), "{}", told(&error));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_may_have_to_show_a_certificate() {
    let hba = ["hostssl all shop 127.0.0.1/32 cert"];
    let stage = Stage::start(&hba, |builder| builder).await;
    let client = stage.authority.issue("shop", &[]).unwrap();
    stage.file("shop.crt", &client.certificate_pem);
    stage.file("shop.key", &client.key_pem);
    let foreign = Authority::new("another CA").unwrap().issue("shop", &[]).unwrap();
    stage.file("foreign.crt", &foreign.certificate_pem);
    stage.file("foreign.key", &foreign.key_pem);
    let rest = |name: &str| {
        let (ca, crt, key) = (
            stage.path("ca.crt"),
            stage.path(&format!("{name}.crt")),
            stage.path(&format!("{name}.key")),
        );
        format!("sslmode=verify-full&sslrootcert={ca}&sslcert={crt}&sslkey={key}")
    };
    let session = stage.connect(NAME, &rest("shop")).await.unwrap();
    assert_eq!(session, Session { is_encrypted: true, user: "shop".to_owned() });

    let without = format!("sslmode=verify-full&sslrootcert={}", stage.path("ca.crt"));
    let error = stage.connect(NAME, &without).await.unwrap_err();
    assert!(told(&error).contains("sslcert=FILE"), "{}", told(&error));
    let error = stage.connect(NAME, &rest("foreign")).await.unwrap_err();
    assert!(!error.is_full(), "{}", told(&error));

    std::fs::set_permissions(stage.path("shop.key"), std::fs::Permissions::from_mode(0o644))
        .unwrap();
    let error = stage.connect(NAME, &rest("shop")).await.unwrap_err();
    assert!(told(&error).contains("chmod 0600"), "{}", told(&error));
}

#[tokio::test(flavor = "multi_thread")]
async fn channel_binding_is_done_and_insisted_on() {
    let hba =
        ["hostssl all shop 127.0.0.1/32 scram-sha-256", "hostssl all other 127.0.0.1/32 trust"];
    let stage = Stage::start(&hba, |builder| builder).await;
    let rest =
        format!("channel_binding=require&sslmode=verify-full&sslrootcert={}", stage.path("ca.crt"));
    assert!(stage.connect(NAME, &rest).await.unwrap().is_encrypted);
    let error = stage.connect(NAME, &format!("{rest}&user=other")).await.unwrap_err();
    assert!(told(&error).contains("channel_binding=require needs"), "{}", told(&error));
    let error = stage.connect(NAME, &format!("{rest}&password=wrong")).await.unwrap_err();
    assert!(told(&error).contains("password is wrong"), "{}", told(&error));
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_may_begin_without_being_asked_for() {
    let stage = Stage::start(&ENCRYPTED_ONLY, |builder| builder.major(17)).await;
    let rest =
        format!("sslnegotiation=direct&sslmode=verify-full&sslrootcert={}", stage.path("ca.crt"));
    assert!(stage.connect(NAME, &rest).await.unwrap().is_encrypted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_runs_over_tls_with_files_and_variables() {
    let stage = Stage::start(&ENCRYPTED_ONLY, |builder| builder).await;
    let files =
        vec![("0001_item.sql".to_owned(), "CREATE TABLE item (id int PRIMARY KEY);".to_owned())];
    let mut options = Options::new("shop", "1", source::read(&files).unwrap());
    let (port, ca) = (stage.server.port(), stage.path("ca.crt"));
    let service = format!(
        "[shop]\nhost={NAME}\nhostaddr=127.0.0.1\nport={port}\nuser=shop\ndbname=postgres\n\
         sslmode=verify-full\nsslrootcert={ca}\n"
    );
    let service_file = stage.file("services", &service);
    let password_file = stage.file("pgpass", &format!("{NAME}:{port}:*:shop:right\n"));
    options.owner_url = Some(format!(
        "service=shop servicefile={} passfile={}",
        service_file.display(),
        password_file.display()
    ));
    operate::migrate(options.clone(), CancellationToken::new()).await.unwrap();

    // Without the password: the server's words, and no word of a pooler.
    options.owner_url = Some(format!("service=shop servicefile={}", service_file.display()));
    let error = operate::migrate(options, CancellationToken::new()).await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{}", chain(&error));
    assert!(error.remedy().unwrap().contains("asks for a password"), "{:?}", error.remedy());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_hosts_the_one_is_taken_that_is_asked_for() {
    let server = tokio::task::spawn_blocking(|| Server::builder().start()).await.unwrap().unwrap();
    let read_only = tokio::task::spawn_blocking(|| {
        Server::builder().setting("default_transaction_read_only", "on").start()
    });
    let read_only = read_only.await.unwrap().unwrap();
    // Bound and never listening: a refused connection.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (first, second) = (read_only.port(), server.port());
    let hosts = format!("127.0.0.1:{closed},127.0.0.1:{first},127.0.0.1:{second}");
    let port = async |wanted: &str| -> Result<i32, ConnectError> {
        let url = format!("postgres://postgres@{hosts}/postgres?target_session_attrs={wanted}");
        let address = Address::read_in(&url, &Surroundings::none()).unwrap();
        let reached = address.connect("test").await?;
        tokio::spawn(reached.link);
        Ok(reached.client.query_one("SELECT inet_server_port()", &[]).await.unwrap().get(0))
    };
    assert_eq!(port("any").await.unwrap(), i32::from(first));
    assert_eq!(port("read-write").await.unwrap(), i32::from(second));
    assert_eq!(port("read-only").await.unwrap(), i32::from(first));
    assert_eq!(port("primary").await.unwrap(), i32::from(first));
    assert_eq!(port("prefer-standby").await.unwrap(), i32::from(first));
    let error = port("standby").await.unwrap_err();
    assert!(told(&error).contains("a primary that takes writes"), "{}", told(&error));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_nothing_is_no_pooler() {
    // Accepts, and never answers.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let mut options = Options::new("shop", "1", Vec::new());
    // Longer in all than one round of the search for a pooler, which would end without an answer.
    options.owner_url = Some(format!("postgres://u@127.0.0.1:{port}/d?connect_timeout=2"));
    let error = operate::migrate(options, CancellationToken::new()).await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{}", chain(&error));
    assert!(chain(&error).contains("did not answer within 4000 ms"), "{}", chain(&error));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_is_named_as_such() {
    let server = tokio::task::spawn_blocking(|| Server::builder().start()).await.unwrap().unwrap();
    let url = format!("{}?sslmode=require", server.url("postgres", "postgres"));
    let error = connect(&url).await.unwrap_err();
    assert!(told(&error).contains("the server offers no TLS"), "{}", told(&error));
    let socket = format!("{}?sslmode=require", server.socket_url("postgres", "postgres"));
    assert!(!connect(&socket).await.unwrap().is_encrypted, "a socket of this machine has no TLS");
}
