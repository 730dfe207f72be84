//! One history two ways: its files one after the other as they are written, and planned, migrated and
//! finalized by the engine. The ends are compared: schema, rows, and what later statements of the service do.

use super::forms::later;
use super::history::{Cut, History};
use crate::histories::stage::{OWNER, SUPERUSER, Stage};
use crate::migration_files::migrations;
use crate::{row_sums, schema, to_the_end};
use anyhow::Context as _;
use changeover::{Options, operate};
use changeover_plan::Plan;
use std::time::Duration;
use tokio_postgres::Client;

const BASE: &str = include_str!("base.sql");
const SERVICE: &str = "diff_service";
const APP: &str = "diff";
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
pub(super) struct Player {
    stage: Stage,
    template: String,
}

impl Player {
    /// Starts it, adopts the base.
    pub(super) async fn start(major: Option<u16>) -> anyhow::Result<Self> {
        let stage = Stage::start(major).await?;
        let roles = "CREATE ROLE diff_service LOGIN; CREATE ROLE diff_reader LOGIN;";
        stage.superuser(SUPERUSER).await?.batch_execute(roles).await?;
        let template = stage.empty("diff_template").await?;
        let owner = stage.connect(OWNER, &template).await?;
        owner.batch_execute(BASE).await.context("the base")?;
        // Nobody may be connected to what is copied.
        drop(owner);
        let player = Self { stage, template };
        operate::adopt(&player.options(&player.template, &[])?, 1).await?;
        Ok(player)
    }

    /// The server's version.
    pub(super) fn version(&self) -> &str {
        self.stage.version()
    }

    /// A connection to a database in which histories are only tried.
    pub(super) async fn scratch(&self) -> anyhow::Result<Client> {
        self.stage.connect(OWNER, &self.copy("scratch").await?).await
    }

    async fn copy(&self, prefix: &str) -> anyhow::Result<String> {
        self.stage.copy(&self.template, prefix).await
    }

    fn options(&self, database: &str, files: &[String]) -> anyhow::Result<Options> {
        let names: Vec<String> =
            (0..files.len()).map(|at| format!("{:04}_change.sql", at + 2)).collect();
        let mut all = vec![("0001_base.sql", BASE)];
        all.extend(names.iter().map(String::as_str).zip(files.iter().map(String::as_str)));
        let mut options = Options::new(APP, format!("r{}", files.len()), migrations(&all)?);
        options.owner_url = Some(self.stage.owner_url(database));
        options.service_roles = vec![SERVICE.to_owned()];
        options.timing.poll = POLL;
        Ok(options)
    }

    /// Plays a history both ways.
    pub(super) async fn play(&self, history: &History) -> anyhow::Result<Outcome> {
        let database = self.copy("plain").await?;
        let wanted = self.plainly(history, &database).await;
        self.stage.drop(&database).await?;
        let Some(wanted) = wanted? else { return Ok(Outcome::FileFails) };
        let database = self.copy("planned").await?;
        let played = tokio::time::timeout(HISTORY_MAX, self.planned(history, &database)).await;
        let outcome = match played {
            Err(_) => Outcome::Stuck(format!("not at its end after {HISTORY_MAX:?}")),
            Ok(Err(error)) => {
                let superuser = self.stage.superuser(&database).await?;
                let why = to_the_end::step_errors(&superuser).await?;
                Outcome::Stuck(format!("{error:#}; {why}"))
            }
            Ok(Ok(Some(rules))) => Outcome::Refused(rules),
            Ok(Ok(None)) => {
                let differences = schema::differences(&wanted, &self.state(&database).await?);
                if differences.is_empty() { Outcome::Same } else { Outcome::Differs(differences) }
            }
        };
        self.stage.drop(&database).await?;
        Ok(outcome)
    }

    /// The files as they are written; `None` where PostgreSQL does not take them.
    async fn plainly(
        &self,
        history: &History,
        database: &str,
    ) -> anyhow::Result<Option<Vec<String>>> {
        let owner = self.stage.connect(OWNER, database).await?;
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
            to_the_end::migrate(options).await.context("migrating")?;
        }
        let options = self.options(database, &files)?;
        let head = options.head();
        to_the_end::finish(options, head).await?;
        Ok(None)
    }

    /// Schema, what the service's later statements do, and rows.
    async fn state(&self, database: &str) -> anyhow::Result<Vec<String>> {
        let admin = self.stage.superuser(database).await?;
        let mut lines = schema::lines(&admin).await?;
        let service = self.stage.connect(SERVICE, database).await?;
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
