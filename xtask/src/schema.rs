//! A database's schema as lines of text, out of the catalog, and how two of them differ.
//!
//! What is compared stands in `schema.sql`.

use tokio_postgres::Client;

/// How many differences are shown: the first ones say what is wrong.
const SHOWN_MAX: usize = 12;

/// All lines, sorted.
pub(crate) async fn lines(client: &Client) -> anyhow::Result<Vec<String>> {
    // Printed with its schema is only what the search path does not reach.
    client.batch_execute("BEGIN; SET LOCAL search_path = ''").await?;
    let rows = client.query(include_str!("schema.sql"), &[]).await?;
    client.batch_execute("ROLLBACK").await?;
    Ok(rows.into_iter().map(|row| row.get(0)).collect())
}

/// What only one of the two has: `-` what is missing, `+` what is too much.
pub(crate) fn differences(wanted: &[String], found: &[String]) -> Vec<String> {
    let missing =
        wanted.iter().filter(|line| !found.contains(line)).map(|line| format!("- {line}"));
    let extra = found.iter().filter(|line| !wanted.contains(line)).map(|line| format!("+ {line}"));
    missing.chain(extra).collect()
}

/// The first differences, for a message.
pub(crate) fn shown(differences: &[String]) -> String {
    let mut text: Vec<&str> = differences.iter().take(SHOWN_MAX).map(String::as_str).collect();
    if differences.len() > SHOWN_MAX {
        text.push("…");
    }
    text.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_and_what_is_too_much_is_told() {
        let lines =
            |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let found = differences(&lines(&["a", "b"]), &lines(&["b", "c"]));
        assert_eq!(found, ["- a", "+ c"]);
        assert!(differences(&lines(&["a"]), &lines(&["a"])).is_empty());
    }
}
