//! From empty: applied by Changeover, a history gives the schema that its files give one after the
//! other; by the library as well as by the program. Nothing is refused.

use super::{
    account,
    fetch::History,
    program, reference,
    stage::{OWNER, Stage},
};
use crate::schema;
use anyhow::{Context as _, ensure};
use changeover::{Options, operate};
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// What was found.
pub(super) struct FromEmpty {
    /// Statements in the history's files.
    pub(super) statements: usize,
    /// How many of them are refused from empty.
    pub(super) refused: Vec<String>,
    /// Lines of the catalog.
    pub(super) lines: usize,
    /// Lines that differ after the library ran.
    pub(super) by_library: Vec<String>,
    /// Lines that differ after the program ran.
    pub(super) by_program: Vec<String>,
}

/// Plays a whole history from empty, three ways.
pub(super) async fn play(
    stage: &Stage,
    history: &History,
    program: &Path,
) -> anyhow::Result<FromEmpty> {
    let mut statements = 0;
    for migration in &history.migrations {
        statements += account::statements(migration)?.len();
    }
    let wanted = one_after_the_other(stage, history).await?;

    let database = stage.empty("by_library").await?;
    let options = options(stage, &database, history);
    let plan = operate::plan(&options).await.context("planned from empty")?;
    ensure!(
        plan.steps.len() + plan.refusals.len() >= history.migrations.len(),
        "{} steps for {} files",
        plan.steps.len(),
        history.migrations.len()
    );
    let refused = plan.refusals.iter().map(account::refusal).collect::<Vec<_>>();
    let by_library = if refused.is_empty() {
        operate::migrate(options, CancellationToken::new()).await.context("run from empty")?;
        found(stage, &database, &wanted).await?
    } else {
        Vec::new()
    };
    stage.drop(&database).await?;

    let database = stage.empty("by_program").await?;
    program::migrate(program, &history.folder, &stage.owner_url(&database)).await?;
    let by_program = found(stage, &database, &wanted).await?;
    stage.drop(&database).await?;
    Ok(FromEmpty { statements, refused, lines: wanted.len(), by_library, by_program })
}

/// The schema that the files give.
async fn one_after_the_other(stage: &Stage, history: &History) -> anyhow::Result<Vec<String>> {
    let database = stage.empty("files").await?;
    let client = stage.connect(OWNER, &database).await?;
    for migration in &history.migrations {
        reference::apply(&client, migration).await?;
    }
    let lines = schema::lines(&client).await?;
    drop(client);
    stage.drop(&database).await?;
    Ok(lines)
}

async fn found(stage: &Stage, database: &str, wanted: &[String]) -> anyhow::Result<Vec<String>> {
    let client = stage.connect(OWNER, database).await?;
    Ok(schema::differences(wanted, &schema::lines(&client).await?))
}

fn options(stage: &Stage, database: &str, history: &History) -> Options {
    let mut options = Options::new(history.name, history.version, history.migrations.clone());
    options.owner_url = Some(stage.owner_url(database));
    options
}
