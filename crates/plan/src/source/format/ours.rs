//! Our form: `0212_name.sql`, numbered one after the other.

use super::Format;
use crate::source::{File, migration, numbered, unknown};

/// Timestamps have more digits than any folder counted by hand; sqlx's have fourteen.
const DIGITS_MAX: usize = 7;

pub(super) static FORMAT: Format = Format {
    name: "ours",
    tool: "ours",
    example: "0001_name.sql",
    gapless: true,
    fits,
    read: |_, file| {
        let (number, name) = numbered(file, ".sql").ok_or_else(|| unknown(file))?;
        Ok(Some(migration(number, name, file)))
    },
    next: |next| format!("{:0digits$}_{}.sql", next.number, next.name, digits = next.digits),
    head: "",
};

fn fits(file: &File) -> bool {
    let digits = file.0.bytes().take_while(u8::is_ascii_digit).count();
    let one_way = !file.0.ends_with(".up.sql") && !file.0.ends_with(".down.sql");
    digits <= DIGITS_MAX && numbered(file, ".sql").is_some() && one_way
}
