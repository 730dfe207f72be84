//! Small questions to a syntax tree: children by kind, names, spans.
//!
//! Used by everything in `read/` and by `expression`. A node with a child that its reader does not
//! list is not understood ([`only`]): that is how new syntax in a parser upgrade is noticed.

use crate::model::identifier::Identifier;
use squawk_syntax::{SyntaxKind, SyntaxNode, SyntaxToken};
use std::ops::Range;

/// Why a tree could not be turned into our own data: what was met.
#[derive(Debug)]
pub(super) struct Unknown(pub(super) String);

impl Unknown {
    /// Names a node that no reader knows, with the beginning of its text.
    pub(super) fn node(node: &SyntaxNode) -> Self {
        let text: String = node.text().to_string().chars().take(60).collect();
        Self(format!("`{}`", text.split_whitespace().collect::<Vec<_>>().join(" ")))
    }
}

/// The longest name that the server keeps, in bytes (NAMEDATALEN - 1); longer ones are cut.
pub(super) const NAME_BYTES_MAX: usize = 63;

/// The first child node of a kind.
pub(super) fn child(node: &SyntaxNode, kind: SyntaxKind) -> Option<SyntaxNode> {
    node.children().find(|child| child.kind() == kind)
}

/// The first node of a kind anywhere below.
pub(super) fn below(node: &SyntaxNode, kind: SyntaxKind) -> Option<SyntaxNode> {
    node.descendants().find(|descendant| descendant.kind() == kind)
}

/// Whether a kind of node or token stands directly below.
pub(super) fn has(node: &SyntaxNode, kind: SyntaxKind) -> bool {
    node.children_with_tokens().any(|element| element.kind() == kind)
}

/// All tokens below, in order, that are neither white space nor comments.
pub(super) fn all_tokens(node: &SyntaxNode) -> impl Iterator<Item = SyntaxToken> {
    node.descendants_with_tokens()
        .filter_map(|element| element.into_token())
        .filter(|token| !is_trivia(token.kind()))
}

/// White space and comments.
pub(super) fn is_trivia(kind: SyntaxKind) -> bool {
    matches!(kind, SyntaxKind::WHITESPACE | SyntaxKind::COMMENT)
}

/// The node's place in the text that was parsed, in bytes.
pub(super) fn span(node: &SyntaxNode) -> Range<usize> {
    let range = node.text_range();
    usize::from(range.start())..usize::from(range.end())
}

/// The node's text as written.
pub(super) fn text(node: &SyntaxNode) -> String {
    node.text().to_string()
}

/// Makes sure that every child node is of a listed kind.
pub(super) fn only(node: &SyntaxNode, kinds: &[SyntaxKind]) -> Result<(), Unknown> {
    match node.children().find(|child| !kinds.contains(&child.kind())) {
        Some(stranger) => Err(Unknown::node(&stranger)),
        None => Ok(()),
    }
}

/// The name that a token stands for: folded to lower case, or unquoted, and cut as the server does.
pub(super) fn token_name(token: &SyntaxToken) -> Result<Identifier, Unknown> {
    let raw = token.text();
    let name = match raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        // `U&"…"` names, with escapes of their own.
        None if raw.contains('"') => return Err(Unknown(format!("the name `{raw}`"))),
        None => raw.to_ascii_lowercase(),
    };
    Ok(Identifier::new(cut(name)))
}

/// Cuts a name to the server's length, at a character's boundary.
fn cut(mut name: String) -> String {
    let mut end = name.len().min(NAME_BYTES_MAX);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.truncate(end);
    name
}

/// The name that a node such as `COLUMN_NAME` consists of.
pub(super) fn name(node: &SyntaxNode) -> Result<Identifier, Unknown> {
    let mut found = all_tokens(node);
    match (found.next(), found.next()) {
        (Some(token), None) => token_name(&token),
        _ => Err(Unknown::node(node)),
    }
}

/// The parts of a dotted name, outermost first.
pub(super) fn path(node: &SyntaxNode) -> Result<Vec<Identifier>, Unknown> {
    all_tokens(node)
        .filter(|token| token.kind() != SyntaxKind::DOT)
        .map(|token| token_name(&token))
        .collect()
}
