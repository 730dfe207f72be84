//! What is refused, in so many words that somebody can act on a log line or a termination message alone.
//!
//! Bounded: a container's termination message has 4096 bytes, and what is read from a log 2048.

use changeover_plan::model::plan::Refusal;

/// How many refusals are listed; `changeover plan` shows all.
const LISTED_MAX: usize = 5;
/// The longest text of one, in characters: with five of them and what stands around it below 2048.
const CHARACTERS_MAX: usize = 340;

/// `FILE:LINE (rule): reason; instead: remedy`, one behind the other.
pub(super) fn listed(refusals: &[Refusal]) -> String {
    let mut texts: Vec<String> = refusals.iter().take(LISTED_MAX).map(one).collect();
    if refusals.len() > LISTED_MAX {
        texts.push(format!("and {} more", refusals.len() - LISTED_MAX));
    }
    texts.join(" | ")
}

fn one(refusal: &Refusal) -> String {
    let Refusal { file, line, rule, reason, remedy, .. } = refusal;
    cut(&format!("{file}:{line} ({rule}): {reason}; instead: {remedy}"))
}

fn cut(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(CHARACTERS_MAX) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(line: u32, reason: &str) -> Refusal {
        Refusal {
            migration: 3,
            file: "0003_rename.sql".to_owned(),
            line,
            statement: "ALTER TABLE t RENAME a TO b".to_owned(),
            rule: "rename".to_owned(),
            reason: reason.to_owned(),
            remedy: "add a column\nand let it follow".to_owned(),
        }
    }

    #[test]
    fn a_refusal_is_told_whole_on_one_line() {
        assert_eq!(
            listed(&[refusal(7, "older releases read the old name")]),
            "0003_rename.sql:7 (rename): older releases read the old name; instead: add a column \
             and let it follow"
        );
    }

    #[test]
    fn many_and_long_ones_fit_into_what_is_read_of_a_log() {
        let many: Vec<Refusal> = (0..100).map(|line| refusal(line, &"long ".repeat(500))).collect();
        let text = listed(&many);
        assert!(text.len() < 1900, "{}", text.len());
        assert!(text.ends_with("and 95 more"), "{text}");
    }
}
