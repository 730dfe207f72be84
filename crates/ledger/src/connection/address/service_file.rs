//! Named sets of parameters: `service=shop` looks in `~/.pg_service.conf`, then in the machine's
//! `pg_service.conf`. What the connection string itself says wins over what stands there.

use super::error::AddressError;
use super::parameter::Parameters;
use super::surroundings::Surroundings;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

const WHAT: &str = "the service file";

/// The parameters of a service; `named` is the file that a parameter or variable names.
pub(super) fn read(
    service: &str,
    named: Option<&str>,
    surroundings: &Surroundings,
) -> Result<Parameters, AddressError> {
    let of_user = named.map(PathBuf::from).or_else(|| surroundings.in_home(".pg_service.conf"));
    let files: Vec<PathBuf> =
        [of_user, surroundings.of_system("pg_service.conf")].into_iter().flatten().collect();
    for file in &files {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            // A file that was asked for by name must be there.
            Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => continue,
            Err(source) => {
                return Err(AddressError::File { what: WHAT, path: file.clone(), source });
            }
        };
        if let Some(found) = section(&text, service, file)? {
            return Ok(found);
        }
    }
    let looked_in: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    Err(AddressError::NoService { service: service.to_owned(), looked_in: looked_in.join(", ") })
}

fn section(text: &str, service: &str, file: &Path) -> Result<Option<Parameters>, AddressError> {
    let heading = format!("[{service}]");
    let lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut behind = lines.skip_while(|line| *line != heading);
    if behind.next().is_none() {
        return Ok(None);
    }
    let mut found = Parameters::new();
    for line in behind.take_while(|line| !line.starts_with('[')) {
        let content =
            |reason: String| AddressError::Content { what: WHAT, path: file.to_owned(), reason };
        match line.split_once('=') {
            None => return Err(content(format!("a line of service {service} isn't name=value"))),
            Some(("service" | "servicefile", _)) => {
                return Err(content(format!("service {service} names another service")));
            }
            // The first one counts, as in libpq.
            Some((name, value)) => {
                found.entry(name.trim().to_owned()).or_insert_with(|| value.trim().to_owned());
            }
        }
    }
    Ok(Some(found))
}
