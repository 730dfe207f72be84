//! A database with the examples' tables, an owner and a service's role; agents started in it, with what
//! they say; waiting for states with a deadline.

#![expect(clippy::print_stdout, reason = "what an agent said is shown where its test fails")]

use crate::project;
use changeover_postgres::{PgBouncer, PoolMode, Server};
use serde_json::Value;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio_postgres::{Client, NoTls, Row};

/// The longest that a state is waited for; far above what any of them takes.
const STATE_WAIT: Duration = Duration::from_secs(120);

const OWNER: &str = "tally_owner";
const SERVICE: &str = "tally_service";
/// Not `changeover_`… names of the examples: what the agent's child finds in its environment.
pub(crate) const APP: &str = "tally";

static ROLES: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// One test's database, and a folder with the examples.
pub(crate) struct Stage {
    server: &'static Server,
    database: String,
    pub(crate) folder: TempDir,
    admin: Client,
}

impl Stage {
    /// Migrated as far as the examples go.
    pub(crate) async fn new() -> Self {
        let server = tokio::task::spawn_blocking(|| Server::shared(15)).await.unwrap().unwrap();
        let database = server.fresh_database("agent").await.unwrap();
        let admin = connect(&server.url("postgres", &database)).await;
        {
            let _one_at_a_time = ROLES.lock().await;
            let roles = format!(
                "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{OWNER}') THEN \
                   CREATE ROLE {OWNER} LOGIN; CREATE ROLE {SERVICE} LOGIN; \
                   GRANT {SERVICE} TO {OWNER}; END IF; END $$; \
                 ALTER DATABASE \"{database}\" OWNER TO {OWNER}; \
                 ALTER SCHEMA public OWNER TO {OWNER}; \
                 ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT ALL ON TABLES TO {SERVICE}; \
                 ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT ALL ON SEQUENCES TO {SERVICE};"
            );
            admin.batch_execute(&roles).await.unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let stage = Self { server, database, folder, admin };
        let migrations = stage.path("migrations");
        std::fs::create_dir(&migrations).unwrap();
        let first = "0001_tally.sql";
        std::fs::copy(examples().join("migrations").join(first), migrations.join(first)).unwrap();
        stage.migrate().await;
        stage
    }

    /// Runs `changeover migrate` on the stage's folder.
    pub(crate) async fn migrate(&self) {
        let args = ["migrate", "--app", APP, "--service-role", SERVICE];
        let mut command = project::command(&args);
        command.current_dir(self.folder.path()).env("CHANGEOVER_OWNER_URL", self.url(OWNER));
        project::ended(command.spawn().unwrap()).await.ok();
    }

    /// A path in the stage's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A pooler of its own in transaction mode, and the service's connection through it.
    pub(crate) async fn pooled(&self) -> (PgBouncer, String) {
        let builder = PgBouncer::in_front_of(self.server).pool_mode(PoolMode::Transaction);
        let pooler = tokio::task::spawn_blocking(|| builder.start()).await.unwrap().unwrap();
        let url = pooler.url(SERVICE, &self.database);
        (pooler, url)
    }

    /// A session of the service's role.
    pub(crate) async fn service(&self) -> Client {
        connect(&self.url(SERVICE)).await
    }

    fn url(&self, user: &str) -> String {
        self.server.url(user, &self.database)
    }

    /// An agent with short times and a port of its own.
    pub(crate) fn agent(&self, args: &[&str], program: &[&str]) -> Agent {
        self.agent_in(args, program, &[])
    }

    /// The same, with more in its environment.
    pub(crate) fn agent_in(&self, args: &[&str], program: &[&str], env: &[(&str, &str)]) -> Agent {
        let command = project::command(&agent_arguments(args, program));
        self.begin(command, env)
    }

    /// The same, as a process that inherits orphans, as process 1 of a container does.
    pub(crate) fn reaper(&self, args: &[&str], program: &[&str]) -> Agent {
        const PR_SET_CHILD_SUBREAPER: u32 = 36;
        let script = format!(
            "import ctypes, os, sys\n\
             assert ctypes.CDLL(None).prctl({PR_SET_CHILD_SUBREAPER}, 1, 0, 0, 0) == 0\n\
             os.execv(sys.argv[1], sys.argv[1:])"
        );
        let agent = project::command(&[]).as_std().get_program().to_owned();
        let mut command = project::without_settings(Command::new("python3"));
        command.args(["-c", &script]).arg(agent).args(agent_arguments(args, program));
        self.begin(command, &[])
    }

    fn begin(&self, mut command: Command, env: &[(&str, &str)]) -> Agent {
        command
            .current_dir(self.folder.path())
            .env("DATABASE_URL", self.url(SERVICE))
            .env("CHANGEOVER_LABEL_COMMITS", "1")
            .envs(env.iter().copied());
        Agent::follow(command.spawn().unwrap())
    }

    /// A Python worker of that generation, under an agent.
    pub(crate) async fn python(&self, generation: &str, env: &[(&str, &str)]) -> Agent {
        let program = self.python_program().await;
        let program: Vec<&str> = program.iter().map(String::as_str).collect();
        self.agent_in(&["--release", "py", "--generation", generation], &program, env)
    }

    /// What starts a Python worker.
    pub(crate) async fn python_program(&self) -> Vec<String> {
        let requirements = examples().join("python/requirements.txt");
        let packages = tokio::task::spawn_blocking(move || {
            changeover_postgres::python_packages(&requirements)
        });
        let packages = packages.await.unwrap().unwrap();
        let worker = examples().join("python/worker.py");
        let path = format!("PYTHONPATH={}", packages.display());
        ["env", &path, "PYTHONDONTWRITEBYTECODE=1", "python3", worker.to_str().unwrap()]
            .map(str::to_owned)
            .to_vec()
    }

    /// A Node worker of that generation, under an agent.
    pub(crate) async fn node(&self, generation: &str, env: &[(&str, &str)]) -> Agent {
        let package = examples().join("node");
        let modules =
            tokio::task::spawn_blocking(move || changeover_postgres::node_modules(&package));
        let modules = modules.await.unwrap().unwrap();
        // Modules are looked for beside the file.
        let (worker, link) = (self.path("worker.mjs"), self.path("node_modules"));
        if !worker.exists() {
            std::fs::copy(examples().join("node/worker.mjs"), &worker).unwrap();
            std::os::unix::fs::symlink(modules, link).unwrap();
        }
        let args = ["--release", "node", "--generation", generation];
        self.agent_in(&args, &["node", worker.to_str().unwrap()], env)
    }

    /// Enqueues jobs that take so long each.
    pub(crate) async fn enqueue(&self, count: i32, job_ms: i32) {
        // Ready is the instance; the kind is declared when its process runs.
        self.until("EXISTS (SELECT FROM changeover.job_kind)").await;
        let sql = "SELECT changeover.enqueue_v1($1, 'greet', 1, ARRAY( \
            SELECT jsonb_build_object('name', 'n' || i, 'ms', $3::int) FROM generate_series(1, $2::int) i))";
        let rows = self.admin.query(sql, &[&APP, &count, &job_ms]).await.unwrap();
        assert_eq!(rows.len(), usize::try_from(count).unwrap());
    }

    /// The one number that a query yields.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        self.admin.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// All rows of a query.
    pub(crate) async fn rows(&self, sql: &str) -> Vec<Row> {
        self.admin.query(sql, &[]).await.unwrap()
    }

    /// Waits until the condition holds.
    pub(crate) async fn until(&self, condition: &str) {
        let sql = format!("SELECT {condition}");
        wait_for(condition, || async {
            self.admin.query_one(&sql, &[]).await.unwrap().get::<_, Option<bool>>(0) == Some(true)
        })
        .await;
    }

    /// Waits until the agent's instance owns the tally, under a lease that has not run out.
    pub(crate) async fn until_owned_by(&self, agent: &Agent) {
        let instance = agent.instance().await;
        let sql = format!(
            "EXISTS (SELECT FROM changeover.worker WHERE name = 'tally' \
               AND holder = '{instance}' AND expires_at > clock_timestamp()) \
             AND EXISTS (SELECT FROM tally t JOIN changeover.worker w ON w.epoch = t.epoch \
               WHERE t.told_by = '{instance}')"
        );
        self.until(&sql).await;
    }
}

fn agent_arguments<'a>(args: &[&'a str], program: &[&'a str]) -> Vec<&'a str> {
    let usual = ["agent", "--app", APP, "--json", "--listen", "127.0.0.1:0", "--poll-ms", "100"];
    let mut all = [&usual[..], &["--ttl-ms", "1500"], args].concat();
    if !program.is_empty() {
        all.push("--");
        all.extend(program);
    }
    all
}

/// A running agent and what it and its process have said.
pub(crate) struct Agent {
    pub(crate) child: Child,
    said: Arc<Mutex<Vec<String>>>,
}

impl Agent {
    fn follow(mut child: Child) -> Self {
        let said = Arc::new(Mutex::new(Vec::new()));
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let heard = Arc::clone(&said);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                // Shown where the test fails.
                println!("{line}");
                heard.lock().unwrap().push(line);
            }
        });
        Self { child, said }
    }

    /// Everything that was said.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().join("\n")
    }

    /// Waits until a line has that text.
    pub(crate) async fn says(&self, text: &str) {
        let found = wait_unless(|| async { self.said().contains(text) }).await;
        assert!(found, "never said: {text}\n{}", self.said());
    }

    /// The field of the first JSON line that has it.
    pub(crate) async fn field(&self, name: &str) -> Value {
        self.says(&format!("\"{name}\":")).await;
        let said = self.said.lock().unwrap();
        let lines = said.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.into_iter().find_map(|line| line.get(name).cloned()).unwrap()
    }

    /// The instance's id.
    pub(crate) async fn instance(&self) -> String {
        self.field("instance").await.as_str().unwrap().to_owned()
    }

    /// Asks the agent; status and body.
    pub(crate) async fn ask(&self, method: &str, path: &str) -> (u16, String) {
        let address = self.field("address").await;
        let mut stream = TcpStream::connect(address.as_str().unwrap()).await.unwrap();
        let request =
            format!("{method} {path} HTTP/1.1\r\nHost: agent\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer.rsplit("\r\n\r\n").next().unwrap().to_owned())
    }

    /// Waits until a probe answers so.
    pub(crate) async fn probe(&self, path: &str, status: u16) -> String {
        let mut body = String::new();
        let deadline = tokio::time::Instant::now() + STATE_WAIT;
        while tokio::time::Instant::now() < deadline {
            let answer = self.ask("GET", path).await;
            body = answer.1;
            if answer.0 == status {
                return body;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{path} never answered {status}: {body}\n{}", self.said());
    }

    /// Sends a signal to the agent.
    pub(crate) fn signal(&self, name: &str) {
        send(name, i64::from(self.child.id().unwrap()));
    }

    /// Sends a signal to its process.
    pub(crate) async fn signal_process(&self, name: &str) {
        send(name, self.field("pid").await.as_i64().unwrap());
    }

    /// Waits for the agent's end, and says its exit code; `None`: a signal.
    pub(crate) async fn ended(&mut self) -> Option<i32> {
        let ended = tokio::time::timeout(STATE_WAIT, self.child.wait()).await;
        ended.unwrap_or_else(|_| panic!("the agent goes on:\n{}", self.said())).unwrap().code()
    }

    /// SIGTERM, and its end.
    pub(crate) async fn terminate(&mut self) -> Option<i32> {
        self.signal("TERM");
        self.ended().await
    }
}

/// Sends a signal as a shell would.
pub(crate) fn send(name: &str, pid: i64) {
    let status =
        std::process::Command::new("kill").args(["-s", name, &pid.to_string()]).status().unwrap();
    assert!(status.success(), "kill -s {name} {pid}");
}

/// Whether a process runs; one that has ended and was not reaped does not.
pub(crate) fn runs(pid: i64) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')')
        .next()
        .and_then(|rest| rest.split_whitespace().next().map(|s| s != "Z"))
        .unwrap_or(false)
}

/// Waits for a state; panics with what it was.
pub(crate) async fn wait_for<F: Future<Output = bool>>(what: &str, is_so: impl FnMut() -> F) {
    assert!(wait_unless(is_so).await, "never: {what}");
}

async fn wait_unless<F: Future<Output = bool>>(mut is_so: impl FnMut() -> F) -> bool {
    let deadline = tokio::time::Instant::now() + STATE_WAIT;
    while tokio::time::Instant::now() < deadline {
        if is_so().await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples").canonicalize().unwrap()
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
