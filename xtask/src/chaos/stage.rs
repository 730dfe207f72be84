//! The server, the outside, and how a central is started on them.

use super::{APP, LEASE};
use crate::central_process::{self, Central, Start};
use crate::decoding_server;
use anyhow::Context;
use changeover::Options;
use changeover_central::outside::{MailServer, WebhookReceiver};
use changeover_central::roles::{OWNER, SERVICE};
use changeover_central::{migration, release::Release};
use changeover_postgres::Server;
use changeover_verify::fault_proxy::FaultProxy;
use std::path::PathBuf;
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
    server: Server,
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
        Ok(Self {
            program,
            superuser_url,
            owner_url: server.url(OWNER, &database),
            mail: MailServer::start().await?,
            webhooks: WebhookReceiver::start().await?,
            database,
            folder,
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

    /// Makes each unit of one worker take longer than a lease, at the server: strikes then fall into it,
    /// and whoever is paused wakes up with a transaction that it can still end. Without this nothing but
    /// luck would ever have the guard refuse something.
    pub(super) async fn slow_one_worker_down(&self) -> anyhow::Result<()> {
        Ok(self.client().await?.batch_execute(include_str!("slow.sql")).await?)
    }

    /// A connection of the superuser.
    pub(super) async fn client(&self) -> anyhow::Result<Client> {
        let (client, connection) = tokio_postgres::connect(&self.superuser_url, NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// A central whose connections go through a proxy of its own; not ready yet.
    pub(super) async fn start(&self, release: &str) -> anyhow::Result<(Central, FaultProxy)> {
        let proxy = FaultProxy::start(self.server.port()).await?;
        let direct = self.server.port().to_string();
        let service = self.server.url(SERVICE, &self.database);
        let service = service.replace(&direct, &proxy.port().to_string());
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
            service_url: &service,
            owner_url: Some(&self.owner_url),
        };
        Ok((Central::start_with(&start, &arguments)?, proxy))
    }
}
