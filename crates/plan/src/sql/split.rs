//! Splits a file into statements by its tokens alone.
//!
//! Semicolons end a statement unless they stand in parentheses (`CREATE RULE … DO (a; b)`) or in a
//! `BEGIN ATOMIC` body; quotes, dollar quotes and nested comments are the lexer's work. Statements
//! keep their exact text, without the semicolon and without comments before or after.

use super::tree;
use squawk_syntax::{SourceFile, SyntaxKind, SyntaxToken, ast::AstNode};
use std::ops::Range;

/// One statement before it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawStatement {
    /// Its text as written.
    pub text: String,
    /// Where it stands in the file, in bytes.
    pub span: Range<usize>,
    /// The line at which it begins, from 1.
    pub line: u32,
    /// The comments before it and inside it.
    pub comments: Vec<Comment>,
}

/// One comment, for directives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// The whole comment with its marks.
    pub text: String,
    /// Its line, from 1.
    pub line: u32,
    /// Where it stands, seen from the statement that it is kept with.
    pub place: Place,
}

/// Where a comment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On lines of its own before the statement.
    Before,
    /// On the line at which the previous statement ended.
    AfterPrevious,
    /// Within the statement.
    Inside,
    /// After the last statement of the file.
    Trailing,
}

/// The text cannot be split.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct SplitError {
    /// The line, from 1.
    pub line: u32,
    /// What is wrong there.
    pub reason: String,
}

/// Splits a file. The last statement may be an empty one that only carries trailing comments.
///
/// # Errors
/// Where a string, quoted name, dollar quote or comment is never closed.
pub fn split(text: &str) -> Result<Vec<RawStatement>, SplitError> {
    let parsed = SourceFile::parse(text);
    let lines = Lines::new(text);
    if let Some(error) = parsed.errors().iter().find(|error| is_unterminated(error.message())) {
        return Err(SplitError {
            line: lines.line(usize::from(error.range().start())),
            reason: error.message().to_owned(),
        });
    }
    let mut splitter = Splitter::new(text, lines);
    for token in
        parsed.tree().syntax().descendants_with_tokens().filter_map(|element| element.into_token())
    {
        splitter.token(&token);
    }
    Ok(splitter.finish())
}

/// Whether the lexer complains of something that swallows the rest of the file.
fn is_unterminated(message: &str) -> bool {
    message.starts_with("Missing trailing") || message.starts_with("Unterminated")
}

/// Line numbers of byte offsets.
struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    fn new(text: &str) -> Self {
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self { starts: std::iter::once(0).chain(newlines.map(|(at, _)| at + 1)).collect() }
    }

    fn line(&self, offset: usize) -> u32 {
        let line = self.starts.partition_point(|start| *start <= offset);
        u32::try_from(line).unwrap_or(u32::MAX)
    }
}

/// What has been seen of the statement that is being collected.
struct Splitter<'a> {
    text: &'a str,
    lines: Lines,
    done: Vec<RawStatement>,
    span: Option<Range<usize>>,
    comments: Vec<Comment>,
    words: usize,
    starts_with_create: bool,
    previous_word_is_begin: bool,
    parentheses: u32,
    atomic: u32,
    previous_line_end: u32,
}

impl<'a> Splitter<'a> {
    fn new(text: &'a str, lines: Lines) -> Self {
        Self {
            text,
            lines,
            done: Vec::new(),
            span: None,
            comments: Vec::new(),
            words: 0,
            starts_with_create: false,
            previous_word_is_begin: false,
            parentheses: 0,
            atomic: 0,
            previous_line_end: 0,
        }
    }

    fn token(&mut self, token: &SyntaxToken) {
        let range = token.text_range();
        let (start, end) = (usize::from(range.start()), usize::from(range.end()));
        match token.kind() {
            SyntaxKind::COMMENT => self.comment(token.text(), start),
            kind if tree::is_trivia(kind) => {}
            SyntaxKind::SEMICOLON if self.parentheses == 0 && self.atomic == 0 => {
                self.previous_line_end = self.lines.line(start);
                self.end_statement();
            }
            kind => {
                self.span = Some(self.span.as_ref().map_or(start, |span| span.start)..end);
                self.nesting(kind, token.text());
            }
        }
    }

    fn comment(&mut self, text: &str, start: usize) {
        let line = self.lines.line(start);
        let place = match (&self.span, line == self.previous_line_end) {
            (Some(_), _) => Place::Inside,
            (None, true) => Place::AfterPrevious,
            (None, false) => Place::Before,
        };
        self.comments.push(Comment { text: text.to_owned(), line, place });
    }

    fn nesting(&mut self, kind: SyntaxKind, text: &str) {
        let is = |word: &str| text.eq_ignore_ascii_case(word);
        if self.words == 0 {
            self.starts_with_create = is("create");
        }
        self.words += 1;
        match kind {
            SyntaxKind::L_PAREN => self.parentheses += 1,
            SyntaxKind::R_PAREN => self.parentheses = self.parentheses.saturating_sub(1),
            _ if self.atomic > 0 && is("case") => self.atomic += 1,
            _ if self.atomic > 0 && is("end") => self.atomic -= 1,
            _ if self.starts_with_create && self.previous_word_is_begin && is("atomic") => {
                self.atomic = 1;
            }
            _ => {}
        }
        self.previous_word_is_begin = is("begin");
    }

    fn end_statement(&mut self) {
        if let Some(span) = self.span.take() {
            // A comment after the last word but before the semicolon is inside all the same.
            self.done.push(RawStatement {
                text: self.text[span.clone()].to_owned(),
                line: self.lines.line(span.start),
                span,
                comments: std::mem::take(&mut self.comments),
            });
        }
        self.words = 0;
        self.parentheses = 0;
        self.atomic = 0;
        self.previous_word_is_begin = false;
    }

    fn finish(mut self) -> Vec<RawStatement> {
        self.end_statement();
        if !self.comments.is_empty() {
            let end = self.text.len();
            let line = self.comments[0].line;
            let mut comments = self.comments;
            comments.iter_mut().for_each(|comment| comment.place = Place::Trailing);
            self.done.push(RawStatement { text: String::new(), span: end..end, line, comments });
        }
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        split(text).unwrap().into_iter().map(|statement| statement.text).collect()
    }

    #[test]
    fn semicolons_within_bodies_do_not_split() {
        let atomic = "create function f(a int) returns int begin atomic select case when a > 0 \
                      then 1 end; select 2; end";
        let rule = "create rule r as on insert to t do (insert into u values (1); delete from z)";
        let dollar = "do $x$ begin perform 1; end; $x$";
        let all = format!("{atomic}; {rule};\n{dollar}; select ';' /* ; /* ; */ */ ; -- ;\n ;;");
        let found = texts(&all);
        assert_eq!(&found[..3], [atomic, rule, dollar]);
        assert_eq!(found[3], "select ';'");
        assert_eq!(found.len(), 5, "the trailing comment is kept: {found:?}");
    }

    #[test]
    fn nonsense_splits_all_the_same() {
        assert_eq!(texts("foo bar; select 1"), ["foo bar", "select 1"]);
    }

    #[test]
    fn unclosed_quotes_are_an_error_with_a_line() {
        for text in ["select 1;\nselect 'a; select 2", "\n/* x", "\ndo $$ begin", "\nselect \"x"] {
            assert_eq!(split(text).unwrap_err().line, 2, "{text}");
        }
    }
}
