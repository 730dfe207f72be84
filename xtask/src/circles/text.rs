//! A source file as plain code: without comments, texts, and the tests at its end.

/// Where the tests of a file begin; by the house's rule they are last.
const TESTS: [&str; 2] = ["#[cfg(test)]\nmod tests {", "#[cfg(test)]\n#[expect"];

/// The code alone.
pub(super) fn plain(source: &str) -> String {
    let end = TESTS.iter().filter_map(|tests| source.find(tests)).min().unwrap_or(source.len());
    let mut code = String::new();
    let mut rest = &source[..end];
    while let Some(first) = rest.chars().next() {
        let length = passed_over(rest);
        if length > 0 {
            code.push(' ');
        } else {
            code.push(first);
        }
        rest = &rest[length.max(first.len_utf8())..];
    }
    code
}

/// How long the comment or text is that begins here; 0: none does.
fn passed_over(rest: &str) -> usize {
    let until = |begin: usize, end: &str| {
        rest[begin..].find(end).map_or(rest.len(), |found| begin + found + end.len())
    };
    if rest.starts_with("//") {
        return until(2, "\n");
    }
    if rest.starts_with("/*") {
        return until(2, "*/");
    }
    for (begin, end) in [("r\"", "\""), ("r#\"", "\"#"), ("r##\"", "\"##")] {
        if rest.starts_with(begin) {
            return until(begin.len(), end);
        }
    }
    match rest.as_bytes() {
        [b'"', ..] => quoted(rest, b'"'),
        // A character, not a lifetime.
        [b'\'', b'\\', ..] => quoted(rest, b'\''),
        [b'\'', _, b'\'', ..] => 3,
        _ => 0,
    }
}

fn quoted(rest: &str, quote: u8) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() && bytes[at] != quote {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn comments_texts_and_tests_are_left_out() {
        let source = "use a; // use b\nlet s = \"use \\\" c\"; let c = '\"'; fn f<'a>() {}\n\
                      #[cfg(test)]\nmod tests { use d; }";
        let code = plain(source);
        assert!(code.contains("use a;") && code.contains("fn f<'a>()"), "{code}");
        assert!(!code.contains("use b") && !code.contains("use d"), "{code}");
        assert!(!code.contains('c') || !code.contains("use \\"), "{code}");
    }
}
