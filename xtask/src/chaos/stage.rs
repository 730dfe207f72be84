//! The server, the outside, and how those who take part are started on them.

use super::member::{Member, Program};
use super::{APP, LEASE, refusals};
use crate::central_process::{self, Central, Start};
use crate::decoding_server;
use anyhow::Context;
use changeover::Options;
use changeover_central::outside::{MailServer, WebhookReceiver};
use changeover_central::roles::{OWNER, SERVICE};
use changeover_central::{migration, release::Release};
use changeover_postgres::Server;
use changeover_verify::fault_proxy::FaultProxy;
use std::path::{Path, PathBuf};
use tokio::process::Command;
use tokio_postgres::{Client, NoTls};
use tokio_util::sync::CancellationToken;

pub(super) struct Stage {
    program: PathBuf,
    pub(super) superuser_url: String,
    pub(super) owner_url: String,
    pub(super) mail: MailServer,
    pub(super) webhooks: WebhookReceiver,
    database: String,
    folder: tempfile::TempDir,
    /// Where Python finds its driver.
    python_packages: PathBuf,
    pub(super) server: Server,
}

impl Stage {
    pub(super) async fn new() -> anyhow::Result<Self> {
        let program = central_process::build().await?;
        let (server, database, superuser_url) = decoding_server::start("chaos").await?;
        let folder = tempfile::tempdir()?;
        for release in ["4.8", "4.9", "4.10"] {
            let mount = folder.path().join(release);
            std::fs::create_dir(&mount)?;
            let policy = format!(
                r#"{{"kind": "policy", "name": "of {release}", "severity": "LOW",
                    "lifecycleStage": "DEPLOY", "payload": {{}}}}"#
            );
            std::fs::write(mount.join("policy.json"), policy)?;
        }
        let (python_packages, modules) = drivers().await?;
        // Modules are looked for beside the file.
        std::fs::copy(examples().join("node/worker.mjs"), folder.path().join("worker.mjs"))?;
        std::os::unix::fs::symlink(modules, folder.path().join("node_modules"))?;
        Ok(Self {
            program,
            superuser_url,
            owner_url: server.url(OWNER, &database),
            mail: MailServer::start().await?,
            webhooks: WebhookReceiver::start().await?,
            database,
            folder,
            python_packages,
            server,
        })
    }

    /// Makes the tables, as on a database that nobody has served from.
    pub(super) async fn migrate(&self, release: &str) -> anyhow::Result<()> {
        let release = Release::named(release)?;
        let files = migration::migrations_up_to(release.head);
        let migrations = changeover_plan::source::read(&files)?;
        let mut options = Options::new(APP, release.name, migrations);
        options.owner_url = Some(self.owner_url.clone());
        options.service_roles = vec![SERVICE.to_owned()];
        changeover::operate::migrate(options, CancellationToken::new()).await?;
        Ok(())
    }

    pub(super) async fn add_notifier(&self) -> anyhow::Result<()> {
        let add = "INSERT INTO notifiers VALUES (gen_random_uuid(), 'pager', $1, false, '{}')";
        self.client().await?.execute(add, &[&self.webhooks.endpoint()]).await?;
        Ok(())
    }

    /// The tables that all languages write, gates in the middle of units, and a log that tells who was
    /// refused.
    pub(super) async fn add_common_work(&self) -> anyhow::Result<()> {
        let client = self.client().await?;
        client.batch_execute(include_str!("common_work.sql")).await?;
        client.batch_execute(&format!("GRANT ALL ON tally, greeting TO {SERVICE}")).await?;
        client.batch_execute(refusals::PREFIX).await?;
        client.execute("SELECT pg_reload_conf()", &[]).await?;
        Ok(())
    }

    /// A connection of the superuser.
    pub(super) async fn client(&self) -> anyhow::Result<Client> {
        let (client, connection) = tokio_postgres::connect(&self.superuser_url, NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Starts one whose connections go through a proxy of its own; not ready yet.
    pub(super) async fn start(
        &self,
        program: Program,
        release: &'static str,
        serial: u32,
    ) -> anyhow::Result<Member> {
        let proxy = FaultProxy::start(self.server.port()).await?;
        let direct = self.server.port().to_string();
        let service = self.server.url(SERVICE, &self.database);
        let service = service.replace(&direct, &proxy.port().to_string());
        if program == Program::Central {
            let central = self.start_central(release, &service)?;
            return Ok(Member::central(central, proxy, release));
        }
        let name = format!("{release}-{}-{serial}", program.word());
        let head = Release::named(release)?.head.to_string();
        let lease_ms = LEASE.as_millis().to_string();
        let common = ["--app", APP, "--release", &name, "--head", &head];
        let mut command = if program == Program::Rust {
            let mut command = Command::new(std::env::current_exe()?);
            command.arg("chaos-worker").args(common);
            command.args(["--url", &service, "--lease-ms", &lease_ms]);
            command
        } else {
            let mut command = Command::new(&self.program);
            command.arg("agent").args(common).args(["--json", "--poll-ms", "100"]);
            command.args(["--ttl-ms", &lease_ms, "--grace-s", "10", "--"]);
            command.args(self.example(program));
            command
        };
        command
            .current_dir(self.folder.path())
            .env("DATABASE_URL", &service)
            .env("CHANGEOVER_LABEL_COMMITS", "1")
            .env("LEASE_MS", &lease_ms)
            .env("PYTHONPATH", &self.python_packages)
            .env("PYTHONDONTWRITEBYTECODE", "1");
        Member::other(command, proxy, program, release, name)
    }

    /// What runs beside an agent.
    fn example(&self, program: Program) -> [PathBuf; 2] {
        match program {
            Program::Python => ["python3".into(), examples().join("python/worker.py")],
            _ => ["node".into(), self.folder.path().join("worker.mjs")],
        }
    }

    fn start_central(&self, release: &str, service: &str) -> anyhow::Result<Central> {
        let lease_ms = LEASE.as_millis().to_string();
        let reports = self.folder.path().join("reports");
        let mount = self.folder.path().join(release);
        let smtp = self.mail.address().to_string();
        let arguments = [
            "--label-commits",
            "--lease-ms",
            &lease_ms,
            "--instance-ttl-ms",
            &lease_ms,
            "--worker-pause-ms",
            "100",
            "--report-cron",
            "*/2 * * * * *",
            "--report-folder",
            reports.to_str().context("the folder's name")?,
            "--report-smtp",
            &smtp,
            "--declarative",
            mount.to_str().context("the folder's name")?,
        ];
        let start = Start {
            program: &self.program,
            release,
            service_url: service,
            owner_url: Some(&self.owner_url),
        };
        Central::start_with(&start, &arguments)
    }
}

/// The drivers of Python and Node: fetched once, then from the cache.
async fn drivers() -> anyhow::Result<(PathBuf, PathBuf)> {
    let fetch = || {
        let python =
            changeover_postgres::python_packages(&examples().join("python/requirements.txt"))
                .context(
                    "Python takes part in this: python3, pip and the driver psycopg are needed",
                )?;
        let node = changeover_postgres::node_modules(&examples().join("node"))
            .context("Node takes part in this: node, npm and the driver pg are needed")?;
        anyhow::Ok((python, node))
    };
    tokio::task::spawn_blocking(fetch).await?
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/examples")
}
