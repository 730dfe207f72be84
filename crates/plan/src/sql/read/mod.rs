//! Readers: from the parser's tree to our own statements, one file for each form.
//!
//! Each reader lists the nodes that it knows; any other makes the statement
//! [`StatementKind::NotUnderstood`], so that nothing in a statement is ever overlooked.

mod alter_table;
mod column;
mod constraint;
mod create_index;
mod create_other;
mod create_table;
mod data;
mod drop;

use super::{
    directive::Directives,
    expression::Expression,
    split::RawStatement,
    statement::{Name, Statement, StatementKind, Transaction},
    tree::{self, Unknown},
};
use squawk_syntax::{SourceFile, SyntaxKind as K, SyntaxNode, ast::AstNode};

/// Reads one statement that has been split off.
pub(super) fn statement(raw: RawStatement) -> Statement {
    let directives = Directives::read(&raw.comments);
    let kind = if raw.text.is_empty() { StatementKind::Empty } else { kind(&raw.text) };
    Statement { line: raw.line, span: raw.span, text: raw.text, directives, kind: Box::new(kind) }
}

/// Reads one expression by itself.
pub(super) fn lone_expression(text: &str) -> Option<Expression> {
    let parsed = SourceFile::parse(&format!("SELECT ({text}\n)"));
    if !parsed.errors().is_empty() {
        return None;
    }
    let root = parsed.tree().syntax().clone();
    let targets = tree::below(&root, K::TARGET_LIST)?;
    let paren = targets.children().next()?.children().next()?;
    let inner = paren.children().next()?;
    let alone = root.children().count() == 1
        && targets.children().count() == 1
        && paren.kind() == K::PAREN_EXPR
        && paren.children().count() == 1;
    alone.then(|| Expression::read(&inner))
}

fn kind(text: &str) -> StatementKind {
    let parsed = SourceFile::parse(text);
    if let Some(error) = parsed.errors().first() {
        let end = usize::from(error.range().start()).min(text.len());
        let newlines = text.as_bytes()[..end].iter().filter(|byte| **byte == b'\n').count();
        return StatementKind::Broken {
            message: error.message().to_owned(),
            line_offset: u32::try_from(newlines).unwrap_or(0),
        };
    }
    let root = parsed.tree().syntax().clone();
    let mut nodes = root.children();
    let (Some(node), None) = (nodes.next(), nodes.next()) else {
        return StatementKind::NotUnderstood { what: "several statements in one".to_owned() };
    };
    by_form(&node).unwrap_or_else(|Unknown(what)| StatementKind::NotUnderstood { what })
}

fn by_form(node: &SyntaxNode) -> Result<StatementKind, Unknown> {
    match node.kind() {
        K::BEGIN => Ok(StatementKind::Transaction(Transaction::Begin)),
        K::COMMIT_TRANSACTION => Ok(StatementKind::Transaction(Transaction::Commit)),
        K::ROLLBACK_TRANSACTION => Ok(StatementKind::Transaction(Transaction::Rollback)),
        K::CREATE_TABLE => create_table::read(node),
        K::CREATE_INDEX => create_index::read(node),
        K::ALTER_TABLE => alter_table::read(node),
        K::UPDATE => data::update(node),
        K::INSERT => data::insert(node),
        K::DELETE => data::remove(node, "DELETE"),
        K::TRUNCATE => data::remove(node, "TRUNCATE"),
        K::MERGE => data::remove(node, "MERGE"),
        K::DO => Ok(StatementKind::Do),
        K::SET | K::RESET => Ok(create_other::setting(node)),
        K::SELECT | K::COMPOUND_SELECT | K::PAREN_SELECT | K::VALUES | K::TABLE | K::CALL => {
            Ok(create_other::query(node))
        }
        K::ANALYZE => Ok(StatementKind::Analyze { tables: names_below(node, K::TABLE_NAME_REF)? }),
        K::DROP_TABLE
        | K::DROP_INDEX
        | K::DROP_VIEW
        | K::DROP_MATERIALIZED_VIEW
        | K::DROP_TYPE
        | K::DROP_DOMAIN
        | K::DROP_FUNCTION
        | K::DROP_PROCEDURE
        | K::DROP_TRIGGER
        | K::DROP_POLICY
        | K::DROP_SEQUENCE
        | K::DROP_SCHEMA
        | K::DROP_EXTENSION => drop::read(node),
        _ => create_other::read(node),
    }
}

/// The name that a dotted path stands for.
fn qualified(node: &SyntaxNode) -> Result<Name, Unknown> {
    let mut path = tree::path(node)?;
    match (path.pop(), path.pop(), path.pop()) {
        (Some(name), schema, None) => Ok(Name { schema, name }),
        _ => Err(Unknown::node(node)),
    }
}

/// The name in the first child of a kind.
fn named(node: &SyntaxNode, kind: K) -> Result<Name, Unknown> {
    qualified(&tree::child(node, kind).ok_or_else(|| Unknown::node(node))?)
}

/// The names in all nodes of a kind below.
fn names_below(node: &SyntaxNode, kind: K) -> Result<Vec<Name>, Unknown> {
    node.descendants().filter(|below| below.kind() == kind).map(|node| qualified(&node)).collect()
}
