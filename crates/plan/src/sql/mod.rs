//! The adapter to the SQL parser: the only place that knows `squawk-syntax`.
//!
//! A file's text goes in, [`Statement`]s of our own come out: each with its exact text, line,
//! directives and, where it is understood, its meaning as plain data. Splitting needs only the
//! lexer, so a statement that the parser does not know still stands alone and can be run. A parse
//! error or an unknown node never disappears: it becomes [`StatementKind::Broken`] or
//! [`StatementKind::NotUnderstood`], and planning online refuses both.
//!
//! `read/` has one file for each form of statement; `expression` analyses and rewrites expressions.

pub mod directive;
pub mod expression;
mod read;
mod split;
pub mod statement;
mod tokens;
mod tree;

pub use directive::{DirectiveError, Directives};
pub use expression::{Expression, Reference};
pub use split::{RawStatement, SplitError, split};
pub use statement::{Statement, StatementKind};
pub use tokens::tokens;

/// How much of a statement's text a refusal repeats, in characters: one line on a wide screen.
const STATEMENT_CHARS_MAX: usize = 120;

/// Splits a file into statements and reads each of them.
///
/// # Errors
/// Only where the text cannot be split, because a quote or comment is never closed.
pub fn parse(text: &str) -> Result<Vec<Statement>, SplitError> {
    Ok(split(text)?.into_iter().map(read::statement).collect())
}

/// A text without line breaks, shortened, as messages show a statement or an expression.
pub fn one_line(text: &str) -> String {
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match joined.char_indices().nth(STATEMENT_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &joined[..end]),
        None => joined,
    }
}

/// Reads one expression by itself, e.g. a generated column's out of the catalog.
///
/// `None` where it is not one expression.
pub fn parse_expression(text: &str) -> Option<Expression> {
    read::lone_expression(text)
}
