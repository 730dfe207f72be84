//! An error and its causes on one line.

/// The whole chain of an error in one line: `a: b: c`.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = describe(error);
    let mut cause = error.source();
    // Bounded: no chain of ours is deeper than a handful.
    for _ in 0..16 {
        let Some(source) = cause else { break };
        let line = describe(source);
        if !text.ends_with(&line) {
            text.push_str(": ");
            text.push_str(&line);
        }
        cause = source.source();
    }
    text
}

/// One error of a chain; a server's error with SQLSTATE, detail and hint.
fn describe(error: &(dyn std::error::Error + 'static)) -> String {
    let Some(database) = error.downcast_ref::<tokio_postgres::error::DbError>() else {
        return match error.downcast_ref::<tokio_postgres::Error>() {
            Some(driver) if driver.as_db_error().is_some() => "the server answered".to_owned(),
            _ => error.to_string(),
        };
    };
    let mut text = format!("{} [{}]", database.message(), database.code().code());
    if let Some(detail) = database.detail() {
        text.push_str(&format!(" ({detail})"));
    }
    if let Some(hint) = database.hint() {
        text.push_str(&format!(" (hint: {hint})"));
    }
    text
}
