//! A database with an owner and a service of its own, adopted at its first migration, and the program
//! run on it.

use crate::project::{Ran, command, ended};
use changeover_postgres::Server;
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// The role that owns and migrates.
pub(super) const OWNER: &str = "app_owner";
/// The role of the older release.
pub(super) const SERVICE: &str = "app_svc";
/// For what neither of them may do.
pub(super) const SUPERUSER: &str = "postgres";

/// The major of most of these tests: the same as in the rest of the program's.
const MAJOR: u16 = 15;
/// Set to another major, these tests run on that one.
const MAJOR_VARIABLE: &str = "CHANGEOVER_REPORTS_MAJOR";

static ROLES: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A database, and a folder whose `migrations` are those of the application `shop`.
pub(super) struct Stage {
    server: &'static Server,
    database: String,
    folder: TempDir,
}

impl Stage {
    /// An empty database that no engine has seen.
    pub(super) async fn empty() -> Self {
        Self::on(shared().await).await
    }

    /// The same on a server of the test's own.
    pub(super) async fn on(server: &'static Server) -> Self {
        let database = server.fresh_database("report").await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("migrations")).unwrap();
        let stage = Self { server, database, folder };
        let _one_at_a_time = ROLES.lock().await;
        stage
            .sql(SUPERUSER, &include_str!("stage.sql").replace("{database}", &stage.database))
            .await;
        stage
    }

    /// The owner has made the tables; they are adopted as the first migration.
    pub(super) async fn adopted(base: &str) -> Self {
        Self::empty().await.adopt(base).await
    }

    /// The same in a database that is there.
    pub(super) async fn adopt(self, base: &str) -> Self {
        self.sql(OWNER, base).await;
        self.file("0001_base.sql", base);
        self.run(&["adopt", "--at", "1", "--service-role", SERVICE]).await.ok();
        self
    }

    /// Writes a file of migrations, also over one that is there.
    pub(super) fn file(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join("migrations").join(name), text).unwrap();
    }

    /// Makes these statements the second and last migration.
    pub(super) fn second(&self, text: &str) {
        self.file("0002_second.sql", text);
    }

    /// Runs the program as the owner.
    pub(super) async fn run(&self, args: &[&str]) -> Ran {
        self.run_at(&self.url(OWNER), args).await
    }

    /// Runs the program with another connection string.
    pub(super) async fn run_at(&self, url: &str, args: &[&str]) -> Ran {
        let mut program = command(args);
        program
            .current_dir(self.folder.path())
            .env("CHANGEOVER_APP", "shop")
            .env("CHANGEOVER_OWNER_URL", url);
        ended(program.spawn().unwrap()).await
    }

    /// Migrates, with the service's role named.
    pub(super) async fn migrate(&self) -> Ran {
        self.run(&["migrate", "--service-role", SERVICE]).await
    }

    /// Plans and runs the second migration, which nothing may keep from going through but the floor.
    pub(super) async fn expand(&self, migration: &str) {
        self.second(migration);
        let ran = self.migrate().await.ok();
        assert!(!ran.stderr.contains('✗'), "{migration}\n{}", ran.all());
    }

    /// Raises the floor and runs the contract: what no older release is left for.
    pub(super) async fn contract(&self) -> Ran {
        self.run(&["finalize", "--to", "2", "--yes", "--vouch", "test"]).await.ok();
        self.migrate().await
    }

    /// Both, to the end: no step is left open.
    pub(super) async fn upgrade(&self, migration: &str) {
        self.expand(migration).await;
        let ran = self.contract().await.ok();
        assert_eq!(self.open_steps().await, "", "{migration}\n{}", ran.all());
    }

    /// The steps that are not done.
    pub(super) async fn open_steps(&self) -> String {
        let open = "SELECT step FROM changeover.step WHERE state <> 'done' ORDER BY step";
        self.value(OWNER, open).await
    }

    /// The second migration is refused by one of these rules, by `plan` and by `migrate`, for a reason
    /// that says all of `says`, and the database is as before.
    pub(super) async fn refuses(&self, migration: &str, rule: &str, says: &[&str]) {
        self.second(migration);
        for subcommand in ["plan", "migrate"] {
            let ran = self.run(&[subcommand, "--json"]).await;
            assert_eq!(ran.exit_code, Some(3), "{subcommand}: {migration}\n{}", ran.all());
            let refusals = ran.json()["refusals"].as_array().unwrap().clone();
            let refusal = refusals.iter().find(|refusal| refusal["rule"] == rule);
            let refusal = refusal.unwrap_or_else(|| panic!("{migration}\n{}", ran.all()));
            let text = format!("{} {}", refusal["reason"], refusal["remedy"]);
            for said in says {
                assert!(text.contains(said), "{said:?} is not in {text}\n{migration}");
            }
        }
        assert_eq!(self.value(OWNER, "SELECT count(*) FROM changeover.step").await, "0");
    }

    /// In which phase each step of the second migration is planned, by kind: `index: contract`.
    pub(super) async fn phases(&self, migration: &str) -> Vec<String> {
        self.second(migration);
        let plan = self.run(&["plan", "--json"]).await.ok().json();
        let steps = plan["steps"].as_array().unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        steps
            .iter()
            .map(|step| {
                let id = text(&step["id"]);
                format!("{}: {}", id.rsplit('.').next().unwrap(), text(&step["phase"]))
            })
            .collect()
    }

    /// The connection string of a role.
    pub(super) fn url(&self, role: &str) -> String {
        self.server.url(role, &self.database)
    }

    /// The database's name.
    pub(super) fn database(&self) -> &str {
        &self.database
    }

    /// A session of that role.
    pub(super) async fn connect(&self, role: &str) -> Client {
        let (client, connection) = tokio_postgres::connect(&self.url(role), NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// Runs statements, which must succeed.
    pub(super) async fn sql(&self, role: &str, statements: &str) {
        self.try_sql(role, statements)
            .await
            .unwrap_or_else(|error| panic!("{statements}\n{error}"));
    }

    /// Runs statements; the error is what the server says.
    pub(super) async fn try_sql(&self, role: &str, statements: &str) -> Result<(), String> {
        let outcome = self.connect(role).await.batch_execute(statements).await;
        outcome.map_err(|error| {
            error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string)
        })
    }

    /// Rows as text: columns apart by `|`, rows by a blank.
    pub(super) async fn value(&self, role: &str, query: &str) -> String {
        let messages = self.connect(role).await.simple_query(query).await;
        let messages = messages.unwrap_or_else(|error| panic!("{query}\n{error:?}"));
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        rows.map(|row| {
            let columns = (0..row.len()).map(|at| row.get(at).unwrap_or("NULL"));
            columns.collect::<Vec<_>>().join("|")
        })
        .collect::<Vec<_>>()
        .join(" ")
    }
}

/// The server of most of these tests.
async fn shared() -> &'static Server {
    tokio::task::spawn_blocking(|| Server::shared(major())).await.unwrap().unwrap()
}

/// The major version that these tests run on.
pub(super) fn major() -> u16 {
    std::env::var(MAJOR_VARIABLE).map_or(MAJOR, |major| major.parse().unwrap())
}
