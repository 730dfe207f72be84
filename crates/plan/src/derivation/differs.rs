//! Whether two values of one type are the same, in SQL.
//!
//! Compared as images of records where the type is not one of a few: many types have no `=` (`json`, `xml`,
//! `jsonpath`, `point`, domains and composites of them), of others it finds values equal that are not the same
//! (`citext`, `interval`, `numeric`), and any operator could be another one's with the same name. `*<>` takes
//! every type, calls none of its functions, and cannot raise; but it costs as much as a tenth of a batch. So
//! the types of most columns, of which equal values have equal images, are compared by their own `=`.

/// Types as the catalog writes them: equal values are the same to the last bit. Names of `pg_catalog`, which
/// the pinned search path has first. Not `real` and the like: zero has two images.
const EXACT: [&str; 9] = [
    "boolean",
    "smallint",
    "integer",
    "bigint",
    "uuid",
    "date",
    "bytea",
    "timestamp without time zone",
    "timestamp with time zone",
];
/// The same of texts, once no collation says otherwise.
const TEXTS: [&str; 2] = ["text", "character varying"];

/// True where two values of this type are not the same. Each is an expression of just this type.
pub(crate) fn differs(left: &str, right: &str, type_sql: &str) -> String {
    if EXACT.contains(&type_sql) {
        return format!("({left}) IS DISTINCT FROM ({right})");
    }
    // Behind a length: `character varying(20)`.
    let base = type_sql.split_once('(').map_or(type_sql, |(base, _)| base);
    if TEXTS.contains(&base) {
        let exact = |value: &str| format!("({value}) COLLATE pg_catalog.\"C\"");
        return format!("{} IS DISTINCT FROM {}", exact(left), exact(right));
    }
    // Cast, so that the server compares records and not their fields one by one.
    format!("ROW({left})::record OPERATOR(pg_catalog.*<>) ROW({right})::record")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_equal_to_the_last_bit_is_compared_by_its_own_operator() {
        let image = |type_sql| differs("a", "b", type_sql).contains("*<>");
        for type_sql in ["numeric", "double precision", "citext", "public.text", "json", "text[]"] {
            assert!(image(type_sql), "{type_sql}");
        }
        for type_sql in EXACT.into_iter().chain(TEXTS).chain(["character varying(20)"]) {
            assert!(!image(type_sql), "{type_sql}");
        }
        assert!(!differs("a", "b", "bigint").contains("COLLATE"));
        assert!(differs("a", "b", "text").contains("COLLATE"));
    }
}
