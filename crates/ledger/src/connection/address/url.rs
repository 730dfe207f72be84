//! A connection string in the form of a URL:
//! `postgresql://[USER[:PASSWORD]@][HOST[:PORT]][,…][/DATABASE][?NAME=VALUE[&…]]`, as libpq reads it.

use super::error::AddressError;
use super::parameter::Parameters;

const SCHEMES: [&str; 2] = ["postgresql://", "postgres://"];

/// The part behind the scheme, if it is a URL.
pub(super) fn behind_scheme(text: &str) -> Option<&str> {
    SCHEMES.iter().find_map(|scheme| text.strip_prefix(scheme))
}

/// Reads what stands behind the scheme.
pub(super) fn read(text: &str) -> Result<Parameters, AddressError> {
    let mut parameters = Parameters::new();
    let (address, query) = split(text, '?');
    let (authority, database) = split(address, '/');
    let hosts = match authority.rsplit_once('@') {
        None => authority,
        Some((credentials, hosts)) => {
            let (user, password) = split(credentials, ':');
            insert(&mut parameters, "user", user)?;
            insert(&mut parameters, "password", password.unwrap_or(""))?;
            hosts
        }
    };
    read_hosts(&mut parameters, hosts)?;
    insert(&mut parameters, "dbname", database.unwrap_or(""))?;
    for pair in query.unwrap_or("").split('&').filter(|pair| !pair.is_empty()) {
        let Some((name, value)) = pair.split_once('=') else {
            return Err(malformed(format!("the parameter `{pair}` has no value")));
        };
        let (name, value) = (decoded(name)?, decoded(value)?);
        // As libpq does, for URLs that were written for JDBC.
        if name == "ssl" && value == "true" {
            parameters.insert("sslmode".to_owned(), "require".to_owned());
        } else {
            parameters.insert(name, value);
        }
    }
    Ok(parameters)
}

fn read_hosts(parameters: &mut Parameters, text: &str) -> Result<(), AddressError> {
    if text.is_empty() {
        return Ok(());
    }
    let (mut hosts, mut ports) = (Vec::new(), Vec::new());
    for one in text.split(',') {
        let (host, port) = match one.strip_prefix('[') {
            None => split(one, ':'),
            Some(rest) => {
                let Some((host, behind)) = rest.split_once(']') else {
                    return Err(malformed(format!("`{one}` has no closing bracket")));
                };
                match behind.strip_prefix(':') {
                    Some(port) => (host, Some(port)),
                    None if behind.is_empty() => (host, None),
                    None => return Err(malformed(format!("`{behind}` stands behind a bracket"))),
                }
            }
        };
        hosts.push(decoded(host)?);
        ports.push(decoded(port.unwrap_or(""))?);
    }
    if hosts.iter().any(|host| !host.is_empty()) {
        parameters.insert("host".to_owned(), hosts.join(","));
    }
    if ports.iter().any(|port| !port.is_empty()) {
        parameters.insert("port".to_owned(), ports.join(","));
    }
    Ok(())
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((before, behind)) => (before, Some(behind)),
        None => (text, None),
    }
}

fn insert(parameters: &mut Parameters, name: &str, value: &str) -> Result<(), AddressError> {
    if !value.is_empty() {
        parameters.insert(name.to_owned(), decoded(value)?);
    }
    Ok(())
}

/// Resolves `%20` and its like. A plus sign stays one, as in libpq.
fn decoded(text: &str) -> Result<String, AddressError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
        let value = digit().zip(digit()).and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        match value {
            Some(value) if value != 0 => bytes.push(value),
            // The text may be a password: it isn't shown.
            _ => {
                return Err(malformed(
                    "a percent sign isn't followed by two hexadecimal digits".to_owned(),
                ));
            }
        }
    }
    String::from_utf8(bytes).map_err(|_| malformed("it isn't UTF-8 once decoded".to_owned()))
}

fn malformed(reason: String) -> AddressError {
    AddressError::Malformed { reason }
}
