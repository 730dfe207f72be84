//! Every statement of a release with values to run it with: the corpus for compatibility checks.
//!
//! The `verify` crate runs an older release's corpus against every schema that an upgrade goes
//! through. The values fit tables seeded with [`CORPUS_ROWS`]; each set is meant to be run in a
//! transaction that is rolled back, so that it can be run again.

mod samples;

use super::{Release, Statement};
use crate::population::Population;
use samples::Samples;

/// The size of the seeded tables that the values fit.
pub const CORPUS_ROWS: u64 = 1_000;

/// One value of a parameter, as the text that PostgreSQL reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleValue {
    /// The parameter's type.
    pub type_sql: &'static str,
    /// The value; `None` is NULL.
    pub text: Option<String>,
}

/// One statement with several sets of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorpusStatement {
    /// The statement's name.
    pub name: &'static str,
    /// Its text.
    pub sql: &'static str,
    /// Sets of values, at least two: rows that are there, and rows that are new or not there.
    pub parameters: Vec<Vec<SampleValue>>,
}

impl Release {
    /// All statements of the release with values to run them with.
    pub fn corpus(&self) -> Vec<CorpusStatement> {
        self.corpus_on(Population::of(CORPUS_ROWS))
    }

    /// The same with values that fit tables of another size.
    pub fn corpus_on(&self, population: Population) -> Vec<CorpusStatement> {
        let samples = Samples::new(population);
        self.statements
            .all()
            .into_iter()
            .map(|Statement { name, sql }| CorpusStatement {
                name,
                sql,
                parameters: samples.of(name),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::release::RELEASES;

    #[test]
    fn every_statement_has_samples() {
        for release in RELEASES {
            for statement in release.corpus() {
                assert!(statement.parameters.len() >= 2, "{} {}", release.name, statement.name);
            }
        }
    }

    /// Old releases' prepared statements break on `*` once a column is added.
    #[test]
    fn no_statement_has_a_star() {
        for release in RELEASES {
            for statement in release.statements.all() {
                assert!(!statement.sql.contains('*'), "{} {}", release.name, statement.name);
            }
        }
    }
}
