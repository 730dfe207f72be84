//! The file that comes next, numbered as the others are. Called by `changeover new`.

use super::{File, SourceError, detect};

/// What the next file's path is made of.
#[derive(Debug)]
pub struct Next<'a> {
    /// The folder's files.
    pub(super) files: &'a [File],
    /// What it is called.
    pub(super) name: &'a str,
    /// One more than the highest number.
    pub(super) number: u64,
    /// How many digits the highest number is written with: four where there is none.
    pub(super) digits: usize,
    /// The time as fourteen digits; at least `number`, since a clock that is behind must not put the
    /// file before others.
    pub(super) stamp: u64,
}

/// A file that is not there yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// Its path within the folder.
    pub path: String,
    /// What it begins with, so that its tool takes it.
    pub head: &'static str,
}

/// The next file of a folder. `now` is the time as fourteen digits.
///
/// # Errors
/// Where the files have no common form.
pub fn next(files: &[File], name: &str, now: u64) -> Result<NewFile, SourceError> {
    let format = detect(files)?;
    let numbers = files.iter().filter_map(|(path, _)| number(path));
    let (highest, digits) = numbers.max_by_key(|(number, _)| *number).unwrap_or((0, 4));
    let number = highest + 1;
    let next = Next { files, name, number, digits, stamp: now.max(number) };
    Ok(NewFile { path: (format.next)(&next), head: format.head })
}

/// The number that a path begins with, and how many digits it has. Dashes within do not count.
fn number(path: &str) -> Option<(u64, usize)> {
    let name = path.strip_prefix('V').unwrap_or(path);
    let digits: String = name
        .chars()
        .take_while(|letter| letter.is_ascii_digit() || *letter == '-')
        .filter(char::is_ascii_digit)
        .collect();
    Some((digits.parse().ok()?, digits.len()))
}

#[cfg(test)]
mod tests {
    use super::next;

    fn path(files: &[&str]) -> String {
        let files: Vec<_> = files.iter().map(|path| ((*path).to_owned(), String::new())).collect();
        next(&files, "add_order_total", 20_261_122_101_112).unwrap().path
    }

    #[test]
    fn files_are_numbered_as_the_others_are() {
        assert_eq!(path(&[]), "0001_add_order_total.sql");
        assert_eq!(path(&["0211_a.sql", "0212_b.sql"]), "0213_add_order_total.sql");
        assert_eq!(path(&["9_a.sql", "10_b.sql"]), "11_add_order_total.sql");
        assert_eq!(path(&["20240131120000_a.sql"]), "20261122101112_add_order_total.sql");
        assert_eq!(
            path(&["20300131120000_a.down.sql", "20300131120000_a.up.sql"]),
            "20300131120001_add_order_total.up.sql"
        );
        assert_eq!(path(&["V9__a.sql", "V10__b.sql"]), "V11__add_order_total.sql");
    }
}
