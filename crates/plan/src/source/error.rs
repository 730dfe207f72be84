//! What can be wrong with a folder of migrations.

/// A file or number that does not fit. [`SourceError::remedy`] says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The name has none of the known forms, or not the one of the others.
    #[error("{file}: the name does not fit the other files' form")]
    UnknownName {
        /// The file.
        file: String,
        /// The forms that there are.
        forms: String,
    },
    /// A number is missing.
    #[error("{file}: number {missing:04} is missing before it")]
    Gap {
        /// The file after the gap.
        file: String,
        /// The first number that is missing.
        missing: u64,
    },
    /// Two files have one number.
    #[error("{second}: number {number:04} is also that of {first}")]
    Doubled {
        /// The number.
        number: u64,
        /// The first file.
        first: String,
        /// The second file.
        second: String,
    },
    /// A form of another tool that has no place in an upgrade while older releases serve.
    #[error("{file}: {what}")]
    Unsupported {
        /// The file.
        file: String,
        /// What it is.
        what: &'static str,
        /// What to do.
        remedy: &'static str,
    },
}

impl SourceError {
    /// What to do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::UnknownName { forms, .. } => {
                format!("name all files alike, in one of these forms: {forms}")
            }
            Self::Gap { missing, .. } => format!(
                "add the file with number {missing:04}, or renumber the files after it if none of \
                 them was applied anywhere"
            ),
            Self::Doubled { second, .. } => {
                format!("give {second} the next free number")
            }
            Self::Unsupported { remedy, .. } => (*remedy).to_owned(),
        }
    }
}
