//! The ledger's memory held against the folder.

use crate::model::migration::{AppliedMigration, Migration};
use std::fmt;

/// How ledger and folder stand to each other where they agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum History<'a> {
    /// The folder knows all that was applied; these are to do, by number.
    Known {
        /// The pending migrations.
        pending: Vec<&'a Migration>,
    },
    /// The database was migrated by a newer release. Serving is fine, migrating is not.
    DatabaseNewer {
        /// The highest migration in the ledger.
        ledger_head: u64,
        /// The highest migration in the folder.
        own_head: u64,
    },
}

/// Everything in which ledger and folder contradict each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryError {
    /// Never empty.
    pub faults: Vec<HistoryFault>,
}

/// One contradiction. [`HistoryFault::remedy`] says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryFault {
    /// The file is not what was applied.
    #[error("{file} was edited after it was applied as migration {number:04}")]
    Edited {
        /// The migration.
        number: u64,
        /// The file.
        file: String,
    },
    /// What was applied is not in the folder.
    #[error("migration {number:04} ({name}) was applied, but its file is missing")]
    Missing {
        /// The migration.
        number: u64,
        /// Its name in the ledger.
        name: String,
    },
    /// A file that was never applied has a number below others that were.
    #[error("{file} was never applied, but the later migration {head:04} was")]
    OutOfOrder {
        /// The file.
        file: String,
        /// The highest migration in the ledger.
        head: u64,
    },
}

impl HistoryFault {
    /// What to do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::Edited { file, .. } => {
                format!("restore {file} as it was, and put the change into a new migration")
            }
            Self::Missing { number, .. } => format!(
                "restore the file of migration {number:04}; check that this is the right folder \
                 and the right database"
            ),
            Self::OutOfOrder { file, head } => {
                format!("renumber {file} to come after {head:04}")
            }
        }
    }
}

impl fmt::Display for HistoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.faults.iter().map(ToString::to_string).collect();
        f.write_str(&texts.join("; "))
    }
}

impl std::error::Error for HistoryError {}

/// Compares the ledger with the folder. Both may be in any order.
///
/// # Errors
/// Edited, missing and out-of-order files, all of them at once.
pub fn verify_history<'a>(
    applied: &[AppliedMigration],
    migrations: &'a [Migration],
) -> Result<History<'a>, HistoryError> {
    let ledger_head = applied.iter().map(|applied| applied.number).max();
    let own_head = migrations.iter().map(|migration| migration.number).max().unwrap_or(0);
    let mut faults = Vec::new();
    for known in applied {
        match migrations.iter().find(|migration| migration.number == known.number) {
            Some(found) if !super::has_checksum(found, &known.checksum) => {
                faults
                    .push(HistoryFault::Edited { number: found.number, file: found.file.clone() });
            }
            Some(_) => {}
            // A newer release's migration is none of ours to miss.
            None if known.number > own_head => {}
            None => faults
                .push(HistoryFault::Missing { number: known.number, name: known.name.clone() }),
        }
    }
    let is_applied =
        |migration: &Migration| applied.iter().any(|known| known.number == migration.number);
    let mut pending: Vec<&Migration> =
        migrations.iter().filter(|migration| !is_applied(migration)).collect();
    pending.sort_by_key(|migration| migration.number);
    if let Some(head) = ledger_head {
        for late in pending.iter().filter(|migration| migration.number < head) {
            faults.push(HistoryFault::OutOfOrder { file: late.file.clone(), head });
        }
    }
    match ledger_head {
        _ if !faults.is_empty() => Err(HistoryError { faults }),
        Some(ledger_head) if ledger_head > own_head => {
            Ok(History::DatabaseNewer { ledger_head, own_head })
        }
        _ => Ok(History::Known { pending }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn migration(number: u64, checksum: &str) -> Migration {
        Migration {
            number,
            name: "x".to_owned(),
            file: format!("{number:04}_x.sql"),
            text: String::new(),
            checksum: checksum.to_owned(),
            without_transaction: false,
        }
    }

    fn applied(number: u64, checksum: &str) -> AppliedMigration {
        AppliedMigration { number, name: "x".to_owned(), checksum: checksum.to_owned() }
    }

    #[test]
    fn a_newer_database_is_no_error() {
        let own = [migration(1, "a"), migration(2, "b")];
        let ledger = [applied(1, "a"), applied(2, "b"), applied(3, "c")];
        let history = verify_history(&ledger, &own).unwrap();
        assert_eq!(history, History::DatabaseNewer { ledger_head: 3, own_head: 2 });
        let History::Known { pending } = verify_history(&ledger[..1], &own).unwrap() else {
            panic!("known")
        };
        assert_eq!(pending, [&own[1]]);
    }

    #[test]
    fn other_line_endings_and_checksums_of_the_text_are_no_edit() {
        let read = |text: &str| {
            crate::source::read(&[("0001_x.sql".to_owned(), text.to_owned())]).unwrap()
        };
        let (unix, windows) = (read("SELECT 1;\nSELECT 2;\n"), read("SELECT 1;\r\nSELECT 2;\r\n"));
        assert_eq!(unix[0].checksum, windows[0].checksum);
        // What a ledger kept before: the hash of the text itself, in either form.
        for kept in [&unix[0].text, &windows[0].text] {
            let ledger = [applied(1, &crate::source::checksum(kept))];
            for own in [&unix, &windows] {
                assert!(verify_history(&ledger, own).is_ok());
            }
        }
        let edited = [applied(1, &read("SELECT 1;\nSELECT 3;\n")[0].checksum)];
        assert!(verify_history(&edited, &unix).is_err());
    }

    #[test]
    fn contradictions_are_all_named() {
        let own = [migration(1, "edited"), migration(3, "c"), migration(4, "d")];
        let ledger = [applied(1, "a"), applied(2, "b"), applied(4, "d")];
        let error = verify_history(&ledger, &own).unwrap_err();
        insta::assert_snapshot!(error, @"0001_x.sql was edited after it was applied as migration 0001; migration 0002 (x) was applied, but its file is missing; 0003_x.sql was never applied, but the later migration 0004 was");
        let remedies: Vec<String> = error.faults.iter().map(HistoryFault::remedy).collect();
        insta::assert_snapshot!(remedies.join("; "), @"restore 0001_x.sql as it was, and put the change into a new migration; restore the file of migration 0002; check that this is the right folder and the right database; renumber 0003_x.sql to come after 0004");
    }
}
