//! Plays one history on one server, statement by statement, within a bound.

use super::{
    compare::{self, Verdict},
    corpus::History,
    observe::{Observer, Outcome, Skipped},
};
use crate::histories::stage::Stage;
use std::time::{Duration, Instant};

/// Four times what the longest history takes on a machine of two cores that does something else, too.
const HISTORY_MAX: Duration = Duration::from_secs(1_200);

/// What was found in one history on one server.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) exact: usize,
    pub(super) weaker: Vec<String>,
    pub(super) stronger: Vec<String>,
    /// What fires a trigger or a rule into which the planner does not look, and says so.
    pub(super) open: Vec<String>,
    /// What was not compared: why, and which statement.
    pub(super) skipped: Vec<(Skipped, String)>,
    /// Where it could not go on, and why.
    pub(super) stopped: Option<String>,
    pub(super) took: Duration,
}

impl Tally {
    /// How many statements it has met.
    pub(super) fn statements(&self) -> usize {
        self.compared() + self.open.len() + self.skipped.len()
    }

    /// How many predictions were held against what was seen.
    pub(super) fn compared(&self) -> usize {
        self.exact + self.weaker.len() + self.stronger.len()
    }

    /// Adds another's figures.
    pub(super) fn add(&mut self, other: &Self) {
        self.exact += other.exact;
        self.weaker.extend(other.weaker.iter().cloned());
        self.stronger.extend(other.stronger.iter().cloned());
        self.open.extend(other.open.iter().cloned());
        self.skipped.extend(other.skipped.iter().cloned());
        self.took += other.took;
    }

    fn count(&mut self, outcome: Outcome, line: impl Fn(&str) -> String) {
        match outcome {
            Outcome::Skipped(why, message) => self.skipped.push((why, line(&message))),
            Outcome::Ran(ran) => match compare::compare(&ran.0, &ran.1, &ran.2) {
                Verdict::Exact => self.exact += 1,
                Verdict::Weaker(what) => self.weaker.push(line(&what)),
                Verdict::Open(what) => self.open.push(line(&what)),
                Verdict::Stronger(what) => self.stronger.push(line(&what)),
            },
        }
    }
}

/// Plays it on a database of its own.
pub(super) async fn play(stage: &Stage, history: &History) -> anyhow::Result<Tally> {
    let began = Instant::now();
    let database = stage.empty("facts").await?;
    let mut observer = Observer::new(stage.superuser(&database).await?).await?;
    let mut tally = Tally::default();
    'files: for (file, text) in &history.files {
        let statements = match changeover_plan::sql::parse(text) {
            Ok(statements) => statements,
            Err(error) => {
                tally.skipped.push((Skipped::NotSplit, format!("{file}: {error}")));
                continue;
            }
        };
        for statement in statements.iter().filter(|statement| !statement.text.is_empty()) {
            let place = format!("{file}:{}", statement.line);
            if began.elapsed() > HISTORY_MAX {
                tally.stopped = Some(format!("{place}: {} s are over", HISTORY_MAX.as_secs()));
                break 'files;
            }
            match observer.run(statement).await {
                Ok(outcome) => tally.count(outcome, |what| {
                    let text = statement.text.split_whitespace().collect::<Vec<_>>().join(" ");
                    format!("{place}: {what}: {text:.150}")
                }),
                Err(error) => {
                    tally.stopped = Some(format!("{place}: {error:#}"));
                    break 'files;
                }
            }
        }
        observer.fill().await?;
    }
    drop(observer);
    stage.drop(&database).await?;
    tally.took = began.elapsed();
    Ok(tally)
}
