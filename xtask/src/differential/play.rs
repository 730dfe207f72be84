//! One history two ways: its files one after the other as they are written, and planned, migrated and
//! finalized by the engine. The ends are compared: schema, rows, and what later statements of the service do.

use super::forms::later;
use super::history::{Cut, History};
use crate::connect::connect;
use crate::migration_files::migrations;
use crate::{row_sums, schema};
use anyhow::{Context as _, ensure};
use changeover::{Options, operate};
use changeover_plan::Plan;
use changeover_postgres::Server;
use std::time::Duration;
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

const BASE: &str = include_str!("base.sql");
const OWNER: &str = "diff_owner";
const SERVICE: &str = "diff_service";
const APP: &str = "diff";
/// The words with which an operator vouches; here there is no older release.
const VOUCHED: &str = "no release of this history runs";
/// Polls for one process alone.
const POLL: Duration = Duration::from_millis(5);
/// Longer than any history of a handful of rows may take on a busy machine.
const HISTORY_MAX: Duration = Duration::from_secs(60);

/// What came of a history.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Both ways end alike.
    Same,
    /// It is refused, by these rules.
    Refused(Vec<String>),
    /// PostgreSQL does not take the files as they are written.
    FileFails,
    /// The ends differ.
    Differs(Vec<String>),
    /// A plan was accepted that does not run to its end.
    Stuck(String),
}

impl Outcome {
    /// Whether it is a fault of ours.
    pub(super) fn is_fault(&self) -> bool {
        matches!(self, Self::Differs(_) | Self::Stuck(_))
    }
}

/// A server with the database that every history starts from.
pub(super) struct Stage {
    server: Server,
    template: String,
}

impl Stage {
    /// Starts it, adopts the base.
    pub(super) async fn start(major: Option<u16>) -> anyhow::Result<Self> {
        let start = move || {
            let builder = Server::builder();
            major.map_or(builder.clone(), |major| builder.major(major)).start()
        };
        let server = tokio::task::spawn_blocking(start).await?.context("no server")?;
        let admin = connect(&server.url("postgres", "postgres")).await?;
        admin
            .batch_execute(
                "CREATE ROLE diff_owner LOGIN; CREATE ROLE diff_service LOGIN; \
                 CREATE ROLE diff_reader LOGIN;",
            )
            .await?;
        let template = server.fresh_database("diff_template").await?;
        let stage = Self { server, template };
        stage.own(&stage.template).await?;
        let owner = stage.connect(OWNER, &stage.template).await?;
        owner.batch_execute(BASE).await.context("the base")?;
        drop(owner);
        operate::adopt(&stage.options(&stage.template, &[])?, 1).await?;
        Ok(stage)
    }

    /// The server's version.
    pub(super) fn version(&self) -> &str {
        self.server.version()
    }

    /// A connection to a database in which histories are only tried.
    pub(super) async fn scratch(&self) -> anyhow::Result<Client> {
        let name = self.server.fresh_clone(&self.template, "scratch").await?;
        self.own(&name).await?;
        self.connect(OWNER, &name).await
    }

    async fn own(&self, database: &str) -> anyhow::Result<()> {
        let admin = self.connect("postgres", database).await?;
        let sql = format!(
            "ALTER DATABASE \"{database}\" OWNER TO {OWNER}; ALTER SCHEMA public OWNER TO {OWNER};"
        );
        Ok(admin.batch_execute(&sql).await?)
    }

    async fn connect(&self, user: &str, database: &str) -> anyhow::Result<Client> {
        connect(&self.server.url(user, database)).await
    }

    fn options(&self, database: &str, files: &[String]) -> anyhow::Result<Options> {
        let names: Vec<String> =
            (0..files.len()).map(|at| format!("{:04}_change.sql", at + 2)).collect();
        let mut all = vec![("0001_base.sql", BASE)];
        all.extend(names.iter().map(String::as_str).zip(files.iter().map(String::as_str)));
        let mut options = Options::new(APP, format!("r{}", files.len()), migrations(&all)?);
        options.owner_url = Some(self.server.url(OWNER, database));
        options.service_roles = vec![SERVICE.to_owned()];
        options.timing.poll = POLL;
        Ok(options)
    }

    /// Plays a history both ways.
    pub(super) async fn play(&self, history: &History) -> anyhow::Result<Outcome> {
        let database = self.server.fresh_clone(&self.template, "plain").await?;
        let wanted = self.plainly(history, &database).await;
        self.server.drop_database(&database).await?;
        let Some(wanted) = wanted? else { return Ok(Outcome::FileFails) };
        let database = self.server.fresh_clone(&self.template, "planned").await?;
        self.own(&database).await?;
        let played = tokio::time::timeout(HISTORY_MAX, self.planned(history, &database)).await;
        let outcome = match played {
            Err(_) => Outcome::Stuck(format!("not at its end after {HISTORY_MAX:?}")),
            Ok(Err(error)) => Outcome::Stuck(format!("{error:#}{}", self.told(&database).await?)),
            Ok(Ok(Some(rules))) => Outcome::Refused(rules),
            Ok(Ok(None)) => {
                let differences = schema::differences(&wanted, &self.state(&database).await?);
                if differences.is_empty() { Outcome::Same } else { Outcome::Differs(differences) }
            }
        };
        self.server.drop_database(&database).await?;
        Ok(outcome)
    }

    /// The files as they are written; `None` where PostgreSQL does not take them.
    async fn plainly(
        &self,
        history: &History,
        database: &str,
    ) -> anyhow::Result<Option<Vec<String>>> {
        self.own(database).await?;
        let owner = self.connect(OWNER, database).await?;
        for file in history.files() {
            // Several statements in one message are one transaction.
            if owner.batch_execute(&file).await.is_err() {
                return Ok(None);
            }
        }
        drop(owner);
        self.state(database).await.map(Some)
    }

    /// By the engine; the rules by which it is refused.
    async fn planned(
        &self,
        history: &History,
        database: &str,
    ) -> anyhow::Result<Option<Vec<String>>> {
        let files = history.files();
        let releases =
            if history.cut == Cut::Releases { 1..=files.len() } else { files.len()..=files.len() };
        for release in releases {
            let options = self.options(database, &files[..release])?;
            let plan = operate::plan(&options).await.context("planning")?;
            if !plan.refusals.is_empty() {
                return Ok(Some(rules(&plan)));
            }
            let outlook =
                operate::migrate(options, CancellationToken::new()).await.context("migrating")?;
            ensure!(outlook.failed.is_empty(), "steps failed: {:?}", outlook.failed);
        }
        let options = self.options(database, &files)?;
        let head = options.head();
        operate::finalize(&options, head, Some(VOUCHED)).await.context("raising the floor")?;
        let outlook = operate::migrate(options, CancellationToken::new())
            .await
            .context("after the floor was raised")?;
        ensure!(outlook.failed.is_empty(), "steps failed: {:?}", outlook.failed);
        ensure!(
            outlook.waiting_for_floor.is_empty(),
            "still waiting for the floor: {:?}",
            outlook.waiting_for_floor
        );
        Ok(None)
    }

    /// Why steps failed, as the ledger keeps it.
    async fn told(&self, database: &str) -> anyhow::Result<String> {
        let client = self.connect("postgres", database).await?;
        let row = client
            .query_one(
                "SELECT coalesce(string_agg('; ' || id || ': ' || error, '' ORDER BY id), '') \
                   FROM changeover.step WHERE error IS NOT NULL",
                &[],
            )
            .await?;
        Ok(row.get(0))
    }

    /// Schema, what the service's later statements do, and rows.
    async fn state(&self, database: &str) -> anyhow::Result<Vec<String>> {
        let admin = self.connect("postgres", database).await?;
        let mut lines = schema::lines(&admin).await?;
        let service = self.connect(SERVICE, database).await?;
        for statement in later() {
            let answer = match service.execute(statement, &[]).await {
                Ok(rows) => format!("{rows} rows"),
                Err(error) => {
                    let code = error.code().context("the connection is gone")?;
                    code.code().to_owned()
                }
            };
            lines.push(format!("later: {statement}: {answer}"));
        }
        lines.extend(row_sums::sums(&admin).await?);
        Ok(lines)
    }
}

fn rules(plan: &Plan) -> Vec<String> {
    let mut rules: Vec<String> = plan.refusals.iter().map(|refusal| refusal.rule.clone()).collect();
    rules.dedup();
    rules
}
