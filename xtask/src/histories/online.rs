//! Migrations out of a history, each planned online against a database that holds rows, and run there
//! where nothing is refused. At the end, the older releases' needs being gone, schema and rows must be
//! what the file as it is written makes of the same rows.

use super::{
    account::{self, Verdict},
    fetch::History,
    reference, rows,
    stage::{OWNER, SUPERUSER, Stage},
};
use crate::budget::Budget;
use crate::{row_sums, schema, to_the_end};
use anyhow::Context as _;
use changeover::{Options, operate};
use changeover_plan::{Migration, Phase, Plan};
use std::time::Duration;

/// Polls for one process alone.
const POLL: Duration = Duration::from_millis(20);

/// How many statements came out how.
#[derive(Clone, Copy, Default)]
pub(super) struct Tally {
    /// All of them.
    pub(super) statements: usize,
    /// With expand steps only.
    pub(super) expand: usize,
    /// With an online step, but none in contract.
    pub(super) online: usize,
    /// With a contract step.
    pub(super) contract: usize,
    /// Refused.
    pub(super) refused: usize,
    /// Without a word.
    pub(super) dropped: usize,
}

/// What came of running a plan.
pub(super) enum Ran {
    /// It is refused as a whole, since a statement is.
    Refused,
    /// As the file as it is written: schema and rows.
    Same,
    /// Not so.
    Differs(Vec<String>),
    /// It failed.
    Failed(String),
    /// The file as it is written cannot be applied to these rows either.
    FileFails(String),
    /// No time was left.
    NotRun,
}

/// What came of one migration.
pub(super) struct Outcome {
    /// The file.
    pub(super) file: String,
    /// How many tables held rows, of how many.
    pub(super) filled: (i64, i64),
    /// Its statements with what becomes of each, to be printed.
    pub(super) lines: Vec<String>,
    /// Its statements, counted.
    pub(super) tally: Tally,
    /// What came of running it.
    pub(super) ran: Ran,
}

/// Plays the history file by file; before each chosen one, plans and runs it online on copies, and
/// calls `done` with what came of it.
pub(super) async fn play(
    stage: &Stage,
    history: &History,
    chosen: impl Fn(&Migration) -> bool,
    budget: Budget,
    mut done: impl FnMut(&Outcome),
) -> anyhow::Result<Vec<Outcome>> {
    let mut outcomes = Vec::new();
    let database = stage.empty("history").await?;
    let mut client = stage.connect(OWNER, &database).await?;
    for (at, migration) in history.migrations.iter().enumerate() {
        if chosen(migration) {
            // Nobody may be connected to what is copied.
            drop(client);
            let outcome = one(stage, &database, &history.migrations[..=at], budget).await;
            let outcome = outcome.with_context(|| migration.file.clone())?;
            done(&outcome);
            outcomes.push(outcome);
            client = stage.connect(OWNER, &database).await?;
        }
        reference::apply(&client, migration).await?;
    }
    drop(client);
    stage.drop(&database).await?;
    Ok(outcomes)
}

async fn one(
    stage: &Stage,
    history: &str,
    migrations: &[Migration],
    budget: Budget,
) -> anyhow::Result<Outcome> {
    let [earlier @ .., migration] = migrations else { anyhow::bail!("no migration") };
    let before = Before::new(stage, history, migration).await?;
    let mut options = Options::new("history", migration.name.clone(), migrations.to_vec());
    options.owner_url = Some(stage.owner_url(&before.database));
    options.timing.poll = POLL;
    if let Some(last) = earlier.last() {
        operate::adopt(&options, last.number).await.context("adopting the earlier files")?;
    }
    let plan = operate::plan(&options).await.context("planning online")?;
    let (lines, tally) = told(&plan, migration)?;
    let ran = if !plan.refusals.is_empty() {
        Ran::Refused
    } else if let Wanted::FileFails(reason) = &before.wanted {
        Ran::FileFails(reason.clone())
    } else if budget.is_spent() {
        Ran::NotRun
    } else {
        match run(options, migration.number).await {
            Ok(()) => compare(stage, &before).await?,
            Err(error) => {
                Ran::Failed(format!("{error:#}; {}", step_errors(stage, &before.database).await?))
            }
        }
    };
    stage.drop(&before.database).await?;
    Ok(Outcome { file: migration.file.clone(), filled: before.filled, lines, tally, ran })
}

/// A filled database as it is before a migration, and what the file makes of it.
struct Before {
    database: String,
    filled: (i64, i64),
    wanted: Wanted,
}

enum Wanted {
    State { schema: Vec<String>, rows: Vec<String> },
    FileFails(String),
}

impl Before {
    /// Rows with NULLs where they may be; where the file cannot bear them, without.
    async fn new(stage: &Stage, history: &str, migration: &Migration) -> anyhow::Result<Self> {
        let with_nulls = Self::filled(stage, history, migration, true).await?;
        if matches!(with_nulls.wanted, Wanted::State { .. }) {
            return Ok(with_nulls);
        }
        stage.drop(&with_nulls.database).await?;
        Self::filled(stage, history, migration, false).await
    }

    async fn filled(
        stage: &Stage,
        history: &str,
        migration: &Migration,
        nulls: bool,
    ) -> anyhow::Result<Self> {
        let database = stage.copy(history, "online").await?;
        let filled = rows::fill(stage, &database, nulls).await.context("filling")?;
        let copy = stage.copy(&database, "file").await?;
        let client = stage.connect(OWNER, &copy).await?;
        let wanted = match reference::apply(&client, migration).await {
            Ok(()) => Wanted::State {
                schema: schema::lines(&client).await?,
                rows: row_sums::sums(&client).await?,
            },
            Err(error) => Wanted::FileFails(format!("{error:#}")),
        };
        drop(client);
        stage.drop(&copy).await?;
        Ok(Self { database, filled, wanted })
    }
}

/// Each statement with what becomes of it.
fn told(plan: &Plan, migration: &Migration) -> anyhow::Result<(Vec<String>, Tally)> {
    let mut tally = Tally::default();
    let mut lines = Vec::new();
    for (statement, verdict) in account::verdicts(plan, migration)? {
        tally.statements += 1;
        match &verdict {
            Verdict::Planned(steps) => match steps.iter().map(|step| step.phase).max() {
                Some(Phase::Contract) => tally.contract += 1,
                Some(Phase::Online) => tally.online += 1,
                Some(Phase::Expand) | None => tally.expand += 1,
            },
            Verdict::Refused(_) => tally.refused += 1,
            Verdict::Dropped => tally.dropped += 1,
        }
        lines.extend(account::lines(&migration.file, &statement, &verdict));
    }
    Ok((lines, tally))
}

/// Runs all of a plan, contract steps included.
async fn run(options: Options, number: u64) -> anyhow::Result<()> {
    to_the_end::migrate(options.clone()).await?;
    to_the_end::finish(options, number).await
}

/// Why steps failed, as the ledger keeps it.
async fn step_errors(stage: &Stage, database: &str) -> anyhow::Result<String> {
    to_the_end::step_errors(&stage.connect(SUPERUSER, database).await?).await
}

async fn compare(stage: &Stage, before: &Before) -> anyhow::Result<Ran> {
    let Wanted::State { schema, rows } = &before.wanted else { anyhow::bail!("no state") };
    let client = stage.connect(SUPERUSER, &before.database).await?;
    let mut differences = schema::differences(schema, &schema::lines(&client).await?);
    differences.extend(schema::differences(rows, &row_sums::sums(&client).await?));
    Ok(if differences.is_empty() { Ran::Same } else { Ran::Differs(differences) })
}
