//! Passwords that stand in a file: `~/.pgpass`, or what `passfile` and `PGPASSFILE` name. Each line is
//! `HOST:PORT:DATABASE:USER:PASSWORD`; `*` stands for any, a backslash takes `:` and itself literally.

use super::error::AddressError;
use super::secret_file;
use std::io::ErrorKind;
use std::path::Path;

const WHAT: &str = "the password file";

/// Whom a password is wanted for.
pub(super) struct Wanted<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) database: &'a str,
    pub(super) user: &'a str,
}

/// The password of the first line that fits. A file that isn't there is no error, even where it was named:
/// the server may ask for no password.
pub(super) fn find(path: &Path, wanted: &Wanted<'_>) -> Result<Option<String>, AddressError> {
    let text = match secret_file::read(WHAT, path) {
        Ok(text) => text,
        Err(AddressError::File { source, .. }) if source.kind() == ErrorKind::NotFound => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    Ok(text.lines().find_map(|line| password(line, wanted)))
}

fn password(line: &str, wanted: &Wanted<'_>) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let (fields, password) = fields(line)?;
    let port = wanted.port.to_string();
    let asked = [wanted.host, &port, wanted.database, wanted.user];
    let fits =
        fields.iter().zip(asked).all(|(field, asked)| field.raw == "*" || field.text == asked);
    fits.then_some(password)
}

#[derive(Default)]
struct Field {
    /// As it stands there: an escaped star isn't a star.
    raw: String,
    text: String,
}

/// The four fields of a line, and the rest, which is the password.
fn fields(line: &str) -> Option<([Field; 4], String)> {
    let mut found = [Field::default(), Field::default(), Field::default(), Field::default()];
    let mut at = 0;
    let mut password = String::new();
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        let (raw, literal) = match c {
            ':' if at < 4 => {
                at += 1;
                continue;
            }
            '\\' => (Some('\\'), rest.next()?),
            c => (None, c),
        };
        match found.get_mut(at) {
            Some(field) => {
                field.raw.extend(raw);
                field.raw.push(literal);
                field.text.push(literal);
            }
            None => password.push(literal),
        }
    }
    (at == 4 && !password.is_empty()).then_some((found, password))
}
