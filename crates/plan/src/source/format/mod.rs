//! The forms that a folder of migrations may have: those of other tools, and ours. One file each.
//!
//! A new form: `format/NAME.rs` with `pub(super) static FORMAT: Format`, and its name in the list of
//! `formats!` below. A folder has the first form of the list that most of its files fit: one whose names
//! another one would take too stands before that one. Called by `source` alone; the program's `--format`
//! takes the names from here.

use super::{File, Next, SourceError};
use crate::model::migration::Migration;

/// Declares the modules, and [`ALL`], the list of their forms.
macro_rules! formats {
    ($($name:ident,)+) => {
        $(mod $name;)+

        /// All forms.
        pub static ALL: &[&Format] = &[$(&$name::FORMAT,)+];
    };
}

formats! {
    goose,
    dbmate,
    ours,
    golang_migrate,
    sqlx,
    flyway,
    diesel,
    prisma,
}

/// Ours: what an empty folder has.
pub(super) static OURS: &Format = &ours::FORMAT;

/// A form that a folder of migrations may have.
#[derive(Debug)]
pub struct Format {
    /// Its name.
    pub name: &'static str,
    /// Whose it is, for people.
    pub tool: &'static str,
    /// A file in it, for people.
    pub example: &'static str,
    /// Whether its numbers follow each other without gaps.
    pub(super) gapless: bool,
    /// Whether an SQL file has this form.
    pub(super) fits: fn(&File) -> bool,
    /// Reads an SQL file of the folder, whose files are all given: other files may say how it is run.
    /// `None` where it is left aside, as the way back is: that is the plan's own.
    pub(super) read: fn(&[File], &File) -> Result<Option<Migration>, SourceError>,
    /// The path of the file that comes next.
    pub(super) next: fn(&Next<'_>) -> String,
    /// What the next file begins with.
    pub(super) head: &'static str,
}

/// The form of a name.
pub fn find(name: &str) -> Option<&'static Format> {
    ALL.iter().copied().find(|format| format.name == name)
}
