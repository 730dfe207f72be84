//! Breaks text into lines. Colours count as nothing: only labels have them, and those say how wide
//! they are.

/// What stands before a text.
pub(crate) struct Label {
    /// As it is printed, with colours.
    pub(crate) painted: String,
    /// How wide that is, in characters.
    pub(crate) columns: usize,
    /// How far the text's further lines are indented.
    pub(crate) indent: usize,
}

impl Label {
    /// A label without colours whose text stands under itself.
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        let painted: String = text.into();
        let columns = painted.chars().count();
        Self { painted, columns, indent: columns }
    }
}

/// Breaks a text at spaces and puts it behind a label; a word that is too long stands alone. What
/// stands in backticks (a command, to be copied) is one word.
pub(crate) fn behind(label: &Label, text: &str, columns: usize) -> String {
    let mut wrapped = label.painted.clone();
    let mut column = label.columns;
    let mut is_first = true;
    for word in words(text) {
        let width = word.chars().count();
        let gap = usize::from(!is_first);
        if !is_first && column + gap + width > columns {
            wrapped.push('\n');
            wrapped.push_str(&" ".repeat(label.indent));
            column = label.indent;
        } else {
            wrapped.push_str(&" ".repeat(gap));
            column += gap;
        }
        wrapped.push_str(&word);
        column += width;
        is_first = false;
    }
    wrapped
}

fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_quoted = false;
    for piece in text.split_whitespace() {
        match words.last_mut() {
            Some(word) if is_quoted => {
                word.push(' ');
                word.push_str(piece);
            }
            _ => words.push(piece.to_owned()),
        }
        if piece.matches('`').count() % 2 == 1 {
            is_quoted = !is_quoted;
        }
    }
    words
}

/// The text cut to `columns` characters, with an ellipsis where something is missing.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    let kept: String = text.chars().take(columns.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_never_wider_than_told_but_for_single_words() {
        let why = Label::plain("why  ");
        assert_eq!(behind(&why, "one two three", 10), "why  one\n     two\n     three");
        let error = Label { painted: "error: ".to_owned(), columns: 7, indent: 2 };
        assert_eq!(
            behind(&error, "a bb ccc dddddddd e", 10),
            "error: a\n  bb ccc\n  dddddddd\n  e"
        );
    }

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(cut("12345", 5), "12345");
        assert_eq!(cut("123456", 5), "1234…");
    }
}
