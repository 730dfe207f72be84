//! A connection string as a list: `host=db.example user=shop password='with space'`, as libpq reads it.

use super::error::AddressError;
use super::parameter::Parameters;

/// Reads the list.
pub(super) fn read(text: &str) -> Result<Parameters, AddressError> {
    let mut parameters = Parameters::new();
    let mut rest = text.chars().peekable();
    // Each round takes at least one character.
    loop {
        while rest.next_if(|c| c.is_whitespace()).is_some() {}
        if rest.peek().is_none() {
            return Ok(parameters);
        }
        let mut name = String::new();
        while let Some(c) = rest.next_if(|c| !c.is_whitespace() && *c != '=') {
            name.push(c);
        }
        while rest.next_if(|c| c.is_whitespace()).is_some() {}
        // What stands before the sign may be a piece of a password with a space in it.
        if rest.next() != Some('=') || name.is_empty() {
            return Err(malformed("a word isn't followed by `=` and a value"));
        }
        while rest.next_if(|c| c.is_whitespace()).is_some() {}
        let value =
            if rest.next_if_eq(&'\'').is_some() { quoted(&mut rest)? } else { bare(&mut rest) };
        parameters.insert(name, value);
    }
}

type Rest<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn quoted(rest: &mut Rest<'_>) -> Result<String, AddressError> {
    let mut value = String::new();
    while let Some(c) = rest.next() {
        match c {
            '\'' => return Ok(value),
            '\\' => value.extend(rest.next()),
            _ => value.push(c),
        }
    }
    Err(malformed("a quoted value has no closing quote"))
}

fn bare(rest: &mut Rest<'_>) -> String {
    let mut value = String::new();
    while let Some(c) = rest.next_if(|c| !c.is_whitespace()) {
        if c == '\\' {
            value.extend(rest.next());
        } else {
            value.push(c);
        }
    }
    value
}

fn malformed(reason: &str) -> AddressError {
    AddressError::Malformed { reason: reason.to_owned() }
}
