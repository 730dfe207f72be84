//! What is read out of connection strings, files and variables. Values as libpq documents them.

use super::{Address, AddressError, Level, Roots, SessionWanted, Surroundings};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio_postgres::config::{ChannelBinding, SslMode};

fn read(text: &str) -> Result<Address, AddressError> {
    Address::read_in(text, &Surroundings::none())
}

fn hosts(address: &Address) -> Vec<String> {
    address.hosts.iter().map(ToString::to_string).collect()
}

/// User, password and database, as the driver gets them for the first host.
fn login(address: &Address) -> (String, String, String) {
    let config = address.config_for(&address.hosts[0], "test").unwrap();
    let text = |value: Option<&str>| value.unwrap_or("-").to_owned();
    let password = config.get_password().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    (text(config.get_user()), text(password.as_deref()), text(config.get_dbname()))
}

fn triple(user: &str, password: &str, database: &str) -> (String, String, String) {
    (user.to_owned(), password.to_owned(), database.to_owned())
}

fn written(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path
}

#[test]
fn urls_are_read_as_libpq_does() {
    let address = read("postgresql://sh%20op:p%40ss@db.example:6432/my%2Fdb").unwrap();
    assert_eq!(login(&address), triple("sh op", "p@ss", "my/db"));
    assert_eq!(hosts(&address), ["db.example, port 6432"]);
    let address =
        read("postgres://u@[2001:db8::1]:7,b,c:9/d?target_session_attrs=read-write").unwrap();
    assert_eq!(hosts(&address), ["2001:db8::1, port 7", "b, port 5432", "c, port 9"]);
    assert_eq!(address.session, SessionWanted::ReadWrite);
    let address = read("postgres://u@%2Fvar%2Frun:5433/d").unwrap();
    assert_eq!(hosts(&address), ["/var/run/.s.PGSQL.5433"]);
    assert!(address.hosts[0].is_socket());
    let address = read("postgres:///d?host=h&user=u&password=p").unwrap();
    assert_eq!(login(&address), triple("u", "p", "d"));
}

#[test]
fn lists_of_parameters_are_read_as_libpq_does() {
    let address = read(r"host=a,b port = 5433 user=u password='it\'s two words' dbname=d").unwrap();
    assert_eq!(login(&address), triple("u", "it's two words", "d"));
    assert_eq!(hosts(&address), ["a, port 5433", "b, port 5433"]);
    let address = read("host=db.example hostaddr=10.1.2.3 user=u").unwrap();
    assert_eq!(hosts(&address), ["db.example (10.1.2.3), port 5432"]);
    let address = read("hostaddr=10.1.2.3 user=u").unwrap();
    assert_eq!(hosts(&address), ["10.1.2.3, port 5432"]);
}

#[test]
fn times_and_bounds_have_libpqs_units() {
    let text = "host=h connect_timeout=7 keepalives_idle=11 keepalives_interval=12 keepalives_count=13 \
                tcp_user_timeout=14000 options='-c role=r' channel_binding=require";
    let address = read(text).unwrap();
    let config = address.config_for(&address.hosts[0], "mine").unwrap();
    assert_eq!(address.connect_timeout, Duration::from_secs(7));
    assert_eq!(config.get_keepalives_idle(), Duration::from_secs(11));
    assert_eq!(config.get_keepalives_interval(), Some(Duration::from_secs(12)));
    assert_eq!(config.get_keepalives_retries(), Some(13));
    assert_eq!(config.get_tcp_user_timeout(), Some(&Duration::from_secs(14)));
    assert_eq!(config.get_options(), Some("-c role=r"));
    assert_eq!(config.get_channel_binding(), ChannelBinding::Require);
    assert_eq!(config.get_application_name(), Some("mine"));
    let endless = read("host=h connect_timeout=0 keepalives=0").unwrap();
    assert_eq!(endless.connect_timeout, Duration::from_secs(5), "no wait is endless");
    assert!(!endless.config_for(&endless.hosts[0], "mine").unwrap().get_keepalives());
}

#[test]
fn sslmode_says_how_far_the_server_is_checked() {
    let level = |text: &str| {
        let address = read(&format!("host=h {text}")).unwrap();
        (address.tls.mode, address.tls.level, matches!(address.tls.roots, Roots::File(_)))
    };
    use Level::{Chain, Name, Nothing};
    use SslMode::{Disable, Prefer, Require};
    for (text, expected) in [
        ("", (Prefer, Nothing, false)),
        ("sslmode=disable", (Disable, Nothing, false)),
        ("sslmode=allow", (Prefer, Nothing, false)),
        ("sslmode=prefer sslrootcert=/ca", (Prefer, Chain, true)),
        ("sslmode=require", (Require, Name, false)),
        ("sslmode=require sslrootcert=/ca", (Require, Chain, true)),
        ("sslmode=verify-ca sslrootcert=/ca", (Require, Chain, true)),
        ("sslmode=verify-ca", (Require, Name, false)),
        ("sslmode=verify-full sslrootcert=/ca", (Require, Name, true)),
        ("sslrootcert=system", (Require, Name, false)),
    ] {
        assert_eq!(level(text), expected, "{text}");
    }
    let url = read("postgres://h/d?ssl=true").unwrap();
    assert_eq!(url.tls.mode, Require);
}

#[test]
fn files_of_the_home_folder_are_found_where_none_is_named() {
    let home = tempfile::tempdir().unwrap();
    let root = written(home.path(), ".postgresql/root.crt", "");
    let certificate = written(home.path(), ".postgresql/postgresql.crt", "");
    let key = written(home.path(), ".postgresql/postgresql.key", "");
    let surroundings = Surroundings::none().home(home.path());
    let address = Address::read_in("host=h sslmode=verify-full", &surroundings).unwrap();
    assert_eq!(address.tls.roots, Roots::File(root));
    let client = address.tls.client.unwrap();
    assert_eq!((client.certificate, client.key), (certificate, key));
    let preferring = Address::read_in("host=h", &surroundings).unwrap();
    assert_eq!(preferring.tls.level, Level::Nothing, "nobody has named the file");
}

#[test]
fn variables_fill_what_the_string_leaves_open() {
    let surroundings = Surroundings::none()
        .variable("PGHOST", "from.variable")
        .variable("PGPORT", "6000")
        .variable("PGUSER", "variable_user")
        .variable("PGPASSWORD", "variable password")
        .variable("PGSSLMODE", "verify-full")
        .variable("PGSSLROOTCERT", "/etc/ca.pem")
        .variable("PGTARGETSESSIONATTRS", "primary")
        .variable("PGDATABASE", "");
    let address = Address::read_in("postgres://told@/d", &surroundings).unwrap();
    assert_eq!(hosts(&address), ["from.variable, port 6000"]);
    assert_eq!(login(&address), triple("told", "variable password", "d"));
    assert_eq!(address.tls.level, Level::Name);
    assert_eq!(address.tls.roots, Roots::File("/etc/ca.pem".into()));
    assert_eq!(address.session, SessionWanted::Primary);
}

#[test]
fn a_service_stands_between_the_string_and_the_variables() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(
        folder.path(),
        "services",
        "# ours\n[other]\nhost=wrong\n\n[shop]\nhost=of.service\nport = 5444\nuser=service_user\nhost=second\n[z]\nuser=z\n",
    );
    let surroundings = Surroundings::none()
        .variable("PGSERVICEFILE", file.display().to_string())
        .variable("PGUSER", "variable_user");
    let address = Address::read_in("service=shop port=5555", &surroundings).unwrap();
    assert_eq!(hosts(&address), ["of.service, port 5555"]);
    assert_eq!(login(&address).0, "service_user");
    let by_variable = surroundings.variable("PGSERVICE", "shop");
    assert_eq!(hosts(&Address::read_in("", &by_variable).unwrap()), ["of.service, port 5444"]);
    let error = Address::read_in("service=absent", &by_variable).unwrap_err();
    assert!(matches!(error, AddressError::NoService { .. }), "{error}");

    let home = tempfile::tempdir().unwrap();
    written(home.path(), ".pg_service.conf", "[shop]\nhost=of.home\n");
    let surroundings = Surroundings::none().home(home.path());
    assert_eq!(
        hosts(&Address::read_in("service=shop", &surroundings).unwrap()),
        ["of.home, port 5432"]
    );
}

#[test]
fn passwords_come_from_a_file_that_only_its_owner_can_read() {
    let home = tempfile::tempdir().unwrap();
    let file = written(
        home.path(),
        ".pgpass",
        "# comment\nb:5432:d:u:of b\n*:5432:d:u:a\\:b\\\\c\n\\*:1:*:*:never\n",
    );
    let surroundings = Surroundings::none().home(home.path());
    let password = |text: &str, host: usize| {
        let address = Address::read_in(text, &surroundings).unwrap();
        let config = address.config_for(&address.hosts[host], "test").unwrap();
        config.get_password().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    };
    assert_eq!(password("host=a,b user=u dbname=d", 0).as_deref(), Some(r"a:b\c"));
    assert_eq!(password("host=a,b user=u dbname=d", 1).as_deref(), Some("of b"));
    assert_eq!(password("host=a user=u dbname=d password=told", 0).as_deref(), Some("told"));
    assert_eq!(password("host=a user=u dbname=other", 0), None);
    assert_eq!(password("host=a port=1 user=u", 0), None, "an escaped star is no star");

    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let address = Address::read_in("host=a user=u dbname=d", &surroundings).unwrap();
    let error = address.config_for(&address.hosts[0], "test").unwrap_err();
    assert!(matches!(error, AddressError::Exposed { mode: 0o644, .. }), "{error}");
    let absent = Address::read_in("host=a user=u passfile=/absent", &Surroundings::none()).unwrap();
    assert!(absent.config_for(&absent.hosts[0], "test").unwrap().get_password().is_none());
}

#[test]
fn what_cannot_be_used_is_named_and_says_what_to_do() {
    let texts = [
        "postgres://h/d?pgbouncer=true",
        "postgres://h/d?schema=public",
        "postgres://h/d?x-migrations-table=m",
        "postgres://h/d?sslcrl=/crl",
        "postgres://h/d?sslmod=require",
        "postgres://h/d?sslmode=verify",
        "postgres://h/d?connect_timeout=soon",
        "postgres://h/d?sslmode",
        "postgres://h:x/d",
        "postgres://[::1/d",
        "postgres://u:p%zz@h/d",
        "postgres://a:1,b:2,c/d?port=1,2",
        "host=a,b hostaddr=10.0.0.1",
        "hostaddr=db.example",
        "mysql://u@h/d",
        "host='a",
        "host=h client_encoding=LATIN1",
        "host=h gssencmode=require",
        "host=h ssl_min_protocol_version=TLSv1.3 ssl_max_protocol_version=TLSv1.2",
    ];
    let told: Vec<String> = texts
        .iter()
        .map(|text| {
            let error = read(text).unwrap_err();
            format!("{text}\n  {error}\n  -> {}", error.remedy())
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn no_secret_is_shown() {
    let address = read("postgres://u:secret@h/d?sslcert=/c").unwrap();
    assert!(!format!("{address:?}").contains("secret"));
    let surroundings = Surroundings::none().variable("PGPASSWORD", "secret");
    assert!(!format!("{surroundings:?}").contains("secret"));
    let error = read("postgres://u:sec/ret@h/d").unwrap_err();
    assert!(!error.to_string().contains("sec"), "{error}");
}
