//! Types as `format_type` prints them, from what authors write.

/// What an author's type name stands for, e.g. `timestamptz` for `timestamp with time zone`.
///
/// A serial type gives the integer behind it. A name that is not known stays as it is written.
pub(crate) fn canonical(written: &str) -> String {
    let mut collapsed = written.split_whitespace().collect::<Vec<_>>().join(" ");
    for clause in [" collate ", " compression "] {
        if let Some(at) = collapsed.to_lowercase().find(clause) {
            collapsed.truncate(at);
        }
    }
    let (base, dimensions) = match collapsed.find('[') {
        Some(at) => (collapsed[..at].trim().to_owned(), "[]"),
        None => (collapsed, ""),
    };
    let (name, arguments) = match base.find('(') {
        Some(_) if !base.ends_with(')') => return format!("{}{dimensions}", base.to_lowercase()),
        Some(at) => (base[..at].trim().to_owned(), base[at..].replace(' ', "")),
        None => (base.clone(), String::new()),
    };
    if name.contains('"') {
        return format!("{base}{dimensions}");
    }
    let lower = name.to_lowercase();
    let known = match lower.strip_prefix("pg_catalog.").unwrap_or(&lower) {
        "int" | "int4" | "serial" | "serial4" => "integer",
        "int8" | "bigserial" | "serial8" => "bigint",
        "int2" | "smallserial" | "serial2" => "smallint",
        "float8" | "float" => "double precision",
        "float4" => "real",
        "bool" => "boolean",
        "varchar" | "char varying" => "character varying",
        "char" | "bpchar" => "character",
        "decimal" => "numeric",
        "varbit" => "bit varying",
        "timestamptz" => return timestamp("timestamp", &arguments, "with time zone", dimensions),
        "timestamp" => return timestamp("timestamp", &arguments, "without time zone", dimensions),
        "timetz" => return timestamp("time", &arguments, "with time zone", dimensions),
        "time" => return timestamp("time", &arguments, "without time zone", dimensions),
        other => return format!("{other}{arguments}{dimensions}"),
    };
    format!("{known}{arguments}{dimensions}")
}

fn timestamp(name: &str, arguments: &str, zone: &str, dimensions: &str) -> String {
    format!("{name}{arguments} {zone}{dimensions}")
}

/// Whether the type is one of the serial ones, which bring a sequence and NOT NULL.
pub(crate) fn is_serial(written: &str) -> bool {
    matches!(
        written.trim().to_lowercase().as_str(),
        "serial" | "serial2" | "serial4" | "serial8" | "bigserial" | "smallserial"
    )
}

/// Whether the type's text depends on the settings for dates and times.
pub(crate) fn is_temporal(canonical: &str) -> bool {
    ["time", "date", "interval", "tstzrange", "tsrange", "daterange", "tstzmulti", "abstime"]
        .iter()
        .any(|prefix| canonical.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::canonical;

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
        ];
        for (written, expected) in pairs {
            assert_eq!(canonical(written), expected);
        }
    }
}
