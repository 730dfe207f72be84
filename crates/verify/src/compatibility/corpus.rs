//! What an older release sends to the database, with values to send.

/// One statement of the older release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorpusStatement {
    /// Its name, for findings.
    pub name: String,
    /// Its text, with `$1`, `$2`, … for parameters.
    pub sql: String,
    /// Sets of values, each value as the text that PostgreSQL reads; `None` is NULL. At least one set.
    pub parameters: Vec<Vec<Option<String>>>,
    /// Whether the number of rows must stay the same; false where it depends on the clock or on chance.
    pub compare_rows: bool,
}

impl CorpusStatement {
    /// A statement without parameters.
    pub fn plain(name: &str, sql: &str) -> Self {
        Self {
            name: name.to_owned(),
            sql: sql.to_owned(),
            parameters: vec![Vec::new()],
            compare_rows: true,
        }
    }
}
