//! Types as `format_type` prints them, from what authors write.
//!
//! A table of the server's own spellings, held against servers by `tests/server/types.rs`. A name that
//! is not in it is a user's: it stays as it is written, or is found in the catalog ([`in_catalog`]).

use crate::model::{
    catalog::Catalog,
    identifier::{Identifier, QualifiedName},
};

/// `float(p)` is `real` up to this precision in bits, as the SQL standard's grammar has it.
const REAL_BITS_MAX: u32 = 24;
/// Times keep at most so many digits of a second; more are cut by the server.
const SECOND_DIGITS_MAX: u32 = 6;

/// A type as it is written, in parts.
#[derive(Debug, Default)]
struct Written {
    /// The name's words in lower case, without arguments: `timestamp with time zone`.
    words: String,
    /// The dotted name, where it is quoted or has a schema.
    path: Vec<Identifier>,
    /// What stands in parentheses, without spaces.
    arguments: Option<String>,
    /// Whether it is an array, of any number of dimensions.
    array: bool,
}

/// What an author's type name stands for, e.g. `timestamp with time zone` for `timestamptz`.
///
/// A serial type gives the integer behind it. A name that is not known stays as it is written.
pub(crate) fn canonical(written: &str) -> String {
    let parts = read(written);
    let name = match parts.path.as_slice() {
        [] => spelled(&parts.words, parts.arguments.as_deref()),
        [only] if only.as_str() == "char" => "\"char\"".to_owned(),
        [schema, name] if schema.as_str() == "pg_catalog" => {
            internal(name.as_str(), parts.arguments.as_deref())
        }
        path => {
            let path: Vec<String> = path.iter().map(quoted_where_needed).collect();
            with_arguments(&path.join("."), parts.arguments.as_deref())
        }
    };
    if parts.array { format!("{name}[]") } else { name }
}

/// The same, with users' types found in the catalog along the search path.
pub fn in_catalog(catalog: &Catalog, written: &str) -> String {
    let parts = read(written);
    let name = match parts.path.as_slice() {
        [] if !parts.words.contains(' ') => Identifier::new(&parts.words),
        [name] | [_, name] => name.clone(),
        _ => return canonical(written),
    };
    let schemas: Vec<Identifier> = match parts.path.as_slice() {
        [schema, _] => vec![schema.clone()],
        _ => catalog.search_path.clone(),
    };
    let found = schemas.into_iter().find_map(|schema| {
        let name = QualifiedName { schema, name: name.clone() };
        catalog.types.iter().find(|found| found.name == name)
    });
    match found {
        Some(found) => {
            let name = with_arguments(&found.sql, parts.arguments.as_deref());
            if parts.array { format!("{name}[]") } else { name }
        }
        None => canonical(written),
    }
}

/// Whether the type is one of the serial ones, which bring a sequence and NOT NULL.
pub(crate) fn is_serial(written: &str) -> bool {
    matches!(
        written.trim().to_lowercase().as_str(),
        "serial" | "serial2" | "serial4" | "serial8" | "bigserial" | "smallserial"
    )
}

/// Takes a written type apart.
fn read(written: &str) -> Written {
    let mut parts = Written::default();
    let mut words: Vec<String> = Vec::new();
    let mut rest = written.trim();
    let mut dotted = false;
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            let (name, after) = quoted(&rest[1..]);
            parts.path.push(Identifier::new(name));
            (rest, dotted) = (after, false);
        } else if first == '(' {
            let close = rest.find(')').unwrap_or(rest.len() - 1);
            parts.arguments = Some(rest[1..close].replace(char::is_whitespace, ""));
            rest = &rest[close + 1..];
        } else if first == '[' {
            parts.array = true;
            rest = rest.find(']').map_or("", |close| &rest[close + 1..]);
        } else if first == '.' {
            // An unquoted schema was taken for a word.
            parts.path.extend(words.pop().map(Identifier::new));
            (rest, dotted) = (&rest[1..], true);
        } else if first.is_whitespace() {
            rest = rest.trim_start();
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || "\"([.".contains(c));
            let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
            let word = word.to_lowercase();
            rest = after;
            match word.as_str() {
                "collate" | "compression" => break,
                "array" => parts.array = true,
                _ if dotted => parts.path.push(Identifier::new(word)),
                _ => words.push(word),
            }
            dotted = false;
        }
    }
    parts.words = words.join(" ");
    parts
}

/// The text up to the closing quote, and what follows.
fn quoted(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' if chars.peek().is_some_and(|(_, next)| *next == '"') => {
                chars.next();
                name.push('"');
            }
            '"' => return (name, &text[at + 1..]),
            _ => name.push(c),
        }
    }
    (name, "")
}

/// The server's spelling of a type that the grammar knows, or the words as they are.
fn spelled(words: &str, arguments: Option<&str>) -> String {
    let known = match words {
        "int" | "int4" | "integer" | "serial" | "serial4" => "integer",
        "int8" | "bigint" | "bigserial" | "serial8" => "bigint",
        "int2" | "smallint" | "smallserial" | "serial2" => "smallint",
        "float" => return float(arguments),
        "float8" | "double precision" => "double precision",
        "float4" | "real" => "real",
        "bool" | "boolean" => "boolean",
        "varchar"
        | "char varying"
        | "character varying"
        | "national character varying"
        | "national char varying"
        | "nchar varying" => {
            return with_arguments("character varying", arguments);
        }
        // Without a length these have the length 1; `bpchar` has none.
        "char" | "character" | "nchar" | "national character" | "national char" => {
            return with_arguments("character", Some(arguments.unwrap_or("1")));
        }
        "bpchar" if arguments.is_some() => return with_arguments("character", arguments),
        "bit" => return with_arguments("bit", Some(arguments.unwrap_or("1"))),
        "varbit" | "bit varying" => return with_arguments("bit varying", arguments),
        "decimal" | "dec" | "numeric" => return numeric(arguments),
        "timestamptz" | "timestamp with time zone" => {
            return time("timestamp", arguments, " with time zone");
        }
        "timestamp" | "timestamp without time zone" => {
            return time("timestamp", arguments, " without time zone");
        }
        "timetz" | "time with time zone" => return time("time", arguments, " with time zone"),
        "time" | "time without time zone" => return time("time", arguments, " without time zone"),
        // `interval day to second(3)` and `interval(3)`: the precision stands last.
        _ if words == "interval" || words.starts_with("interval ") => {
            return time(words, arguments, "");
        }
        other => return with_arguments(other, arguments),
    };
    known.to_owned()
}

/// A name within `pg_catalog`: there `char` is the type of one byte, and lengths have no default.
fn internal(name: &str, arguments: Option<&str>) -> String {
    match (name, arguments) {
        ("char", None) => "\"char\"".to_owned(),
        ("bit", None) => "\"bit\"".to_owned(),
        _ => spelled(name, arguments),
    }
}

fn with_arguments(name: &str, arguments: Option<&str>) -> String {
    arguments.map_or_else(|| name.to_owned(), |arguments| format!("{name}({arguments})"))
}

fn float(bits: Option<&str>) -> String {
    match bits.map(str::parse::<u32>) {
        Some(Ok(bits)) if bits <= REAL_BITS_MAX => "real".to_owned(),
        _ => "double precision".to_owned(),
    }
}

fn numeric(arguments: Option<&str>) -> String {
    match arguments {
        Some(precision) if !precision.contains(',') => format!("numeric({precision},0)"),
        _ => with_arguments("numeric", arguments),
    }
}

fn time(name: &str, arguments: Option<&str>, zone: &str) -> String {
    let digits = arguments.map(|digits| match digits.parse::<u32>() {
        Ok(digits) => digits.min(SECOND_DIGITS_MAX).to_string(),
        Err(_) => digits.to_owned(),
    });
    format!("{}{zone}", with_arguments(name, digits.as_deref()))
}

/// A name as the server prints it: in quotes where it would not be read back without them.
fn quoted_where_needed(name: &Identifier) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c == '_';
    let text = name.as_str();
    let safe =
        text.starts_with(plain) && text.chars().all(|c| plain(c) || c.is_ascii_digit() || c == '$');
    if safe { text.to_owned() } else { name.to_string() }
}

/// Whether the type's text depends on the settings for dates and times.
pub(crate) fn is_temporal(canonical: &str) -> bool {
    ["time", "date", "interval", "tstzrange", "tsrange", "daterange", "tstzmulti", "abstime"]
        .iter()
        .any(|prefix| canonical.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authors_names_become_the_catalogs() {
        let pairs = [
            ("INT", "integer"),
            ("varchar( 20 )", "character varying(20)"),
            ("timestamptz(3)", "timestamp(3) with time zone"),
            ("timestamp with time zone", "timestamp with time zone"),
            ("numeric(10, 2)[]", "numeric(10,2)[]"),
            ("bigserial", "bigint"),
            ("TIMESTAMP(3) WITH TIME ZONE", "timestamp(3) with time zone"),
            ("text COLLATE \"C\"", "text"),
            ("\"Mood\"", "\"Mood\""),
            ("double precision", "double precision"),
            ("float(24)", "real"),
            ("float(25)", "double precision"),
            ("bpchar", "bpchar"),
            ("app.mood[]", "app.mood[]"),
            ("\"My\"\"x\".\"mood\"", "\"My\"\"x\".mood"),
        ];
        for (written, expected) in pairs {
            assert_eq!(canonical(written), expected);
        }
    }

    #[test]
    fn users_types_are_those_of_the_search_path() {
        let mut catalog = Catalog { search_path: vec!["app".into()], ..Catalog::default() };
        let mut mood = crate::catalog::Type::unknown(QualifiedName::new("app", "mood"));
        mood.sql = "mood".to_owned();
        catalog.types.push(mood);
        for written in ["mood", "MOOD", "app.mood", "\"app\".\"mood\""] {
            assert_eq!(in_catalog(&catalog, written), "mood", "{written}");
        }
        assert_eq!(in_catalog(&catalog, "app.mood[3]"), "mood[]");
        assert_eq!(in_catalog(&catalog, "other.mood"), "other.mood");
    }
}
