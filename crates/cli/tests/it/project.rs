//! A project folder with migrations and a database of its own, and the program run in it.

use changeover_postgres::{PgBouncer, PoolMode, Server};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// No command of these tests takes longer, also on a busy machine.
const COMMAND_MAX: Duration = Duration::from_secs(90);

/// The first migration of most tests.
pub(crate) const ORDERS: &str = "\
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    legacy text,
    payload jsonb NOT NULL
);
";
/// The second: every phase in few lines.
pub(crate) const TOTAL: &str = "\
ALTER TABLE orders ADD COLUMN total bigint;
UPDATE orders SET total = (payload ->> 'total')::bigint;
CREATE INDEX orders_total ON orders (total);
";
/// The third: contract only.
pub(crate) const DROP_LEGACY: &str = "ALTER TABLE orders DROP COLUMN legacy;\n";

/// A folder and a database.
pub(crate) struct Project {
    folder: TempDir,
    url: String,
}

/// How a command has ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) exit_code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Everything that was printed, for snapshots.
    pub(crate) fn all(&self) -> String {
        let exit_code = self.exit_code.map_or("signal".to_owned(), |code| code.to_string());
        format!("{}--- stderr\n{}--- exit {exit_code}", self.stdout, self.stderr)
    }

    /// What was printed on stdout, as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}{}", self.stdout, self.stderr))
    }

    /// The same, where the exit code is 0.
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.exit_code, Some(0), "{}{}", self.stdout, self.stderr);
        self
    }
}

impl Project {
    /// An empty folder and an empty database.
    pub(crate) async fn new() -> Self {
        let server = server().await;
        let database = server.fresh_database("cli").await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        Self { folder, url: server.url("postgres", &database) }
    }

    /// The table `orders`, migrated by the program, with so many rows.
    pub(crate) async fn with_orders(rows: u32) -> Self {
        let project = Self::new().await.file("0001_orders.sql", ORDERS);
        project.run(&["migrate"]).await.ok();
        project
            .sql(&format!(
                "INSERT INTO orders (payload)
                 SELECT jsonb_build_object('total', i) FROM generate_series(1, {rows}) i"
            ))
            .await;
        project
    }

    /// Writes a migration.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        let path = self.folder.path().join("migrations").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// Removes a migration.
    pub(crate) fn without(self, name: &str) -> Self {
        std::fs::remove_file(self.folder.path().join("migrations").join(name)).unwrap();
        self
    }

    /// The database's connection string.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The database's name.
    pub(crate) fn database(&self) -> String {
        self.url.rsplit('/').next().unwrap().to_owned()
    }

    /// The project's folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs the program in the folder, with this project's database in the environment.
    pub(crate) async fn run(&self, args: &[&str]) -> Ran {
        let child = self.command(args).spawn().unwrap();
        ended(child).await
    }

    /// Begins the program; stdout and stderr are pipes.
    pub(crate) fn spawn(&self, args: &[&str]) -> Child {
        self.command(args).spawn().unwrap()
    }

    /// Begins a service, whose logs nobody reads.
    pub(crate) fn spawn_quietly(&self, args: &[&str]) -> Child {
        self.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = command(args);
        command.current_dir(self.folder.path()).env("CHANGEOVER_OWNER_URL", &self.url);
        command
    }

    /// A pooler of its own before the server, and this project's database through it.
    pub(crate) async fn pooled(&self, mode: PoolMode) -> (PgBouncer, String) {
        let builder = PgBouncer::in_front_of(server().await).pool_mode(mode);
        let pooler = tokio::task::spawn_blocking(|| builder.start()).await.unwrap().unwrap();
        let database = self.url.rsplit('/').next().unwrap();
        let url = pooler.url("postgres", database);
        (pooler, url)
    }

    /// Runs statements of the test's own.
    pub(crate) async fn sql(&self, statements: &str) {
        self.client().await.batch_execute(statements).await.unwrap();
    }

    /// A connection of the test's own.
    pub(crate) async fn client(&self) -> tokio_postgres::Client {
        let (client, connection) =
            tokio_postgres::connect(&self.url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }
}

/// Runs the program without a project.
pub(crate) async fn run(args: &[&str]) -> Ran {
    ended(command(args).spawn().unwrap()).await
}

/// Waits for the end, and reads what was printed.
pub(crate) async fn ended(child: Child) -> Ran {
    let output = tokio::time::timeout(COMMAND_MAX, child.wait_with_output())
        .await
        .expect("the program ends")
        .unwrap();
    Ran {
        exit_code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The program with nothing of the environment that would tell it where to work.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = without_settings(Command::new(env!("CARGO_BIN_EXE_changeover")));
    command.args(args);
    command
}

/// A command with pipes, killed when the test ends.
pub(crate) fn without_settings(mut command: Command) -> Command {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .env("TZ", "UTC")
        .env("USER", "ada")
        .env_remove("SUDO_USER")
        .env_remove("CHANGEOVER_APP")
        .env_remove("CHANGEOVER_LOG")
        .env_remove("CHANGEOVER_OWNER_URL")
        .env_remove("DATABASE_URL")
        .env_remove("CENTRAL_OWNER_URL")
        .env_remove("CLICOLOR_FORCE")
        .kill_on_drop(true);
    command
}

async fn server() -> &'static Server {
    tokio::task::spawn_blocking(|| Server::shared(15)).await.unwrap().unwrap()
}

/// While this lives, snapshots leave out what differs from run to run.
pub(crate) fn filters() -> insta::internals::SettingsBindDropGuard {
    let mut settings = insta::Settings::clone_current();
    for (volatile, name) in [
        (r"\d\d:\d\d:\d\d", "[clock]"),
        (r"\d+(\.\d)? m?s ago  +", "[heartbeat] "),
        (r" +(< 1 ms|\d+ ms|\d+(\.\d)? s)(\n|$)", " [took]$3"),
        (r"\((< 1 ms|\d+ ms|\d+(\.\d)? s)\)", "([took])"),
        // What is seen first is up to the pooler.
        (
            r"session for each client: [^;]+; settings",
            "session for each client: [evidence]; settings",
        ),
        (r"the last term was \d+", "the last term was [n]"),
        (r"backend \d+", "backend [pid]"),
    ] {
        settings.add_filter(volatile, name);
    }
    settings.bind_to_scope()
}
