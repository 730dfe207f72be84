//! sqlx's form: `20240131120000_name.sql`, or `….up.sql` with `….down.sql` beside it.
//!
//! Down files are left aside, as sqlx does also with one whose up file has another number, which was
//! found in the wild. A file that begins with `-- no-transaction` is run without one, in any form.

use super::Format;
use crate::source::{File, migration, numbered, unknown};

pub(super) static FORMAT: Format = Format {
    name: "sqlx",
    tool: "sqlx",
    example: "20240131120000_name.sql",
    gapless: false,
    fits: |file| stem(file).is_some(),
    read: |_, file| {
        let (number, name) = stem(file).ok_or_else(|| unknown(file))?;
        Ok((!file.0.ends_with(".down.sql")).then(|| migration(number, name, file)))
    },
    next: |next| {
        let both_ways = next.files.iter().any(|(path, _)| path.ends_with(".up.sql"));
        format!("{}_{}.{}", next.stamp, next.name, if both_ways { "up.sql" } else { "sql" })
    },
    head: "",
};

fn stem(file: &File) -> Option<(u64, &str)> {
    let ending =
        [".up.sql", ".down.sql", ".sql"].iter().find(|ending| file.0.ends_with(**ending))?;
    numbered(file, ending)
}
