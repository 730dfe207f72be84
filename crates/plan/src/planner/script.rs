//! What must be known of a script's statements by whoever goes on with a script that somebody else has
//! begun: which of them set up the session, and which may be done once more.
//!
//! Read from the text alone, so a script of the ledger says it as well as one that was just planned.
//! Unknown is unsafe: what is not listed here is not repeated.

use super::at_once::words;
use crate::{
    model::identifier::Identifier,
    sql::{
        self, StatementKind,
        statement::{DropObject, Name},
    },
};

/// What may be done with a statement that cannot run in a transaction, where it was begun by a process
/// that has died since: nobody was told what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repetition {
    /// Once more comes to the same.
    Harmless,
    /// An index is built: what stands under its name tells what became of it.
    IndexBuild {
        /// The table, as written.
        table: String,
        /// The index.
        index: Identifier,
    },
    /// An index is dropped: if it is gone, that was it.
    IndexDrop {
        /// The index, as written.
        index: String,
    },
    /// It is carried out wholly or not at all, but there is no telling which.
    Whole,
    /// A part of it may have been carried out.
    Unknown,
}

impl Repetition {
    /// Reads it from the statement.
    pub fn of(statement: &str) -> Self {
        if let Some(of_index) = of_index(statement) {
            return of_index;
        }
        let words = words(statement);
        let word = |at: usize| words.get(at).map_or("", String::as_str);
        match (word(0), word(1)) {
            ("VACUUM" | "REINDEX" | "CLUSTER", _) | ("ALTER", "SYSTEM" | "DATABASE") => {
                Self::Harmless
            }
            ("DROP", "DATABASE" | "TABLESPACE") if word(2) == "IF" => Self::Harmless,
            ("CREATE" | "DROP", "DATABASE" | "TABLESPACE") => Self::Whole,
            _ => Self::Unknown,
        }
    }
}

/// What is to be known of a statement about one index.
fn of_index(statement: &str) -> Option<Repetition> {
    let [read] = sql::parse(statement).ok()?.try_into().ok()?;
    match *read.kind {
        StatementKind::CreateIndex(create) => Some(match create.name {
            Some(index) => Repetition::IndexBuild { table: written(&create.table), index },
            // The server makes up another name each time.
            None => Repetition::Unknown,
        }),
        StatementKind::Drop(drop) if drop.object == DropObject::Index => {
            let [index] = <[Name; 1]>::try_from(drop.names).ok()?;
            Some(if drop.if_exists {
                Repetition::Harmless
            } else {
                Repetition::IndexDrop { index: written(&index) }
            })
        }
        _ => None,
    }
}

/// As `to_regclass` takes it.
fn written(name: &Name) -> String {
    match &name.schema {
        Some(schema) => format!("{schema}.{}", name.name),
        None => name.name.to_string(),
    }
}

/// Whether the statement only changes the session, so that those after it do not mean the same in
/// another session where it was left out: `SET`, `RESET`, `set_config`. What lasts for a transaction is
/// none, since in a script each statement has its own.
pub fn sets_session(statement: &str) -> bool {
    let words = words(statement);
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    match word(0) {
        "SET" => !matches!(word(1), "LOCAL" | "TRANSACTION" | "CONSTRAINTS"),
        "RESET" => true,
        "SELECT" => {
            let function = if word(1) == "PG_CATALOG" { word(2) } else { word(1) };
            function == "SET_CONFIG" && !words.iter().any(|word| word == "TRUE")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_repeated_is_told_from_what_may_not() {
        let build = |table: &str, index: &str| Repetition::IndexBuild {
            table: table.to_owned(),
            index: Identifier::from(index),
        };
        let gone = |index: &str| Repetition::IndexDrop { index: index.to_owned() };
        for (statement, wanted) in [
            ("create index concurrently t_a on s.t (a)", build("\"s\".\"t\"", "t_a")),
            (
                "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"T_a\" ON t (a)",
                build("\"t\"", "T_a"),
            ),
            ("CREATE INDEX CONCURRENTLY ON t (a)", Repetition::Unknown),
            ("DROP INDEX CONCURRENTLY s.t_a", gone("\"s\".\"t_a\"")),
            ("DROP INDEX CONCURRENTLY IF EXISTS t_a", Repetition::Harmless),
            ("VACUUM ANALYZE t", Repetition::Harmless),
            ("REINDEX TABLE CONCURRENTLY t", Repetition::Harmless),
            ("ALTER SYSTEM SET work_mem = '8MB'", Repetition::Harmless),
            ("CREATE DATABASE d", Repetition::Whole),
            ("DROP DATABASE IF EXISTS d", Repetition::Harmless),
            ("CALL fill()", Repetition::Unknown),
            ("CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p", Repetition::Unknown),
            ("ALTER TABLE t DETACH PARTITION p CONCURRENTLY", Repetition::Unknown),
        ] {
            assert_eq!(Repetition::of(statement), wanted, "{statement}");
        }
    }

    #[test]
    fn what_sets_up_the_session_is_known() {
        for statement in [
            "SET search_path = a, b",
            "set session authorization default",
            "RESET ROLE",
            "SELECT pg_catalog.set_config('search_path', '', false)",
        ] {
            assert!(sets_session(statement), "{statement}");
        }
        for statement in [
            "SET LOCAL search_path = a",
            "SET CONSTRAINTS ALL DEFERRED",
            "SELECT set_config('search_path', '', true)",
            "UPDATE t SET a = 1",
        ] {
            assert!(!sets_session(statement), "{statement}");
        }
    }
}
