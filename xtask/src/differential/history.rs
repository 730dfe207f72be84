//! Generated histories: which statements, in which files, in which releases.
//!
//! Only histories that PostgreSQL itself takes are played: each is tried first in a transaction that is taken
//! back, which costs milliseconds.

use super::forms::Group;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use tokio_postgres::Client;

/// Sampled histories have two to so many statements.
const STATEMENTS_MAX: usize = 6;
/// How often another statement is tried where one does not fit.
const TRIES_MAX: usize = 12;
/// The share of histories that stay with one object.
const ONE_OBJECT: f64 = 0.7;

/// How statements are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// All in one file.
    OneFile,
    /// A file each, all in one plan.
    Files,
    /// A file each, each planned while steps of the one before still wait for the floor.
    Releases,
}

impl Cut {
    /// All ways.
    pub(super) const ALL: [Self; 3] = [Self::OneFile, Self::Files, Self::Releases];
}

/// A history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct History {
    /// Its statements.
    pub(super) statements: Vec<&'static str>,
    /// Their spread.
    pub(super) cut: Cut,
}

impl History {
    /// The texts of its files.
    pub(super) fn files(&self) -> Vec<String> {
        match self.cut {
            Cut::OneFile => vec![self.statements.join("\n")],
            Cut::Files | Cut::Releases => {
                self.statements.iter().map(|&one| one.to_owned()).collect()
            }
        }
    }

    /// The same with one statement less, in each way.
    pub(super) fn shorter(&self) -> impl Iterator<Item = Self> + '_ {
        (0..self.statements.len()).filter(|_| self.statements.len() > 1).map(|at| {
            let mut shorter = self.clone();
            shorter.statements.remove(at);
            shorter
        })
    }
}

/// All pairs of forms on one object that PostgreSQL takes, those of a form with itself included.
pub(super) async fn pairs(scratch: &Client, groups: &[Group]) -> anyhow::Result<Vec<History>> {
    let mut pairs = Vec::new();
    for group in groups {
        for first in &group.forms {
            for second in &group.forms {
                let statements = vec![*first, *second];
                if fits(scratch, &statements).await? {
                    let histories =
                        Cut::ALL.map(|cut| History { statements: statements.clone(), cut });
                    pairs.extend(histories);
                }
            }
        }
    }
    Ok(pairs)
}

/// A history that PostgreSQL takes; the same seed gives the same one.
pub(super) async fn sample(
    scratch: &Client,
    groups: &[Group],
    seed: u64,
) -> anyhow::Result<History> {
    let mut random = StdRng::seed_from_u64(seed);
    let all: Vec<&'static str> = groups.iter().flat_map(|group| group.forms.clone()).collect();
    let group = groups.choose(&mut random).filter(|_| random.random_bool(ONE_OBJECT));
    let forms = group.map_or(&all, |group| &group.forms);
    let length = random.random_range(2..=STATEMENTS_MAX);
    let mut statements: Vec<&'static str> = Vec::new();
    for _ in 0..length * TRIES_MAX {
        let Some(&next) = forms.choose(&mut random) else { break };
        statements.push(next);
        if !fits(scratch, &statements).await? {
            statements.pop();
        }
        if statements.len() == length {
            break;
        }
    }
    let cut = *Cut::ALL.choose(&mut random).unwrap_or(&Cut::OneFile);
    Ok(History { statements, cut })
}

/// Whether PostgreSQL takes the statements one after the other.
async fn fits(scratch: &Client, statements: &[&str]) -> anyhow::Result<bool> {
    scratch.batch_execute("BEGIN").await?;
    let outcome = scratch.batch_execute(&statements.join("\n")).await;
    scratch.batch_execute("ROLLBACK").await?;
    // A new label cannot be used in the transaction that adds it; in files of their own it can.
    Ok(outcome.map_or_else(
        |error| error.code() == Some(&tokio_postgres::error::SqlState::UNSAFE_NEW_ENUM_VALUE_USAGE),
        |()| true,
    ))
}
