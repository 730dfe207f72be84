//! Reads `CREATE INDEX`, with the parts from which the server would make up a name.

use super::{named, qualified};
use crate::sql::{
    expression::{Expression, Shape},
    statement::{CreateIndex, StatementKind},
    tree::{self, Unknown},
};
use squawk_syntax::{
    SyntaxKind as K, SyntaxNode,
    ast::{AstNode, SourceFile, Target},
    column_name::ColumnName,
};

pub(super) fn read(node: &SyntaxNode) -> Result<StatementKind, Unknown> {
    tree::only(
        node,
        &[
            K::IF_NOT_EXISTS,
            K::INDEX,
            K::TABLE_RELATION_NAME,
            K::USING_METHOD,
            K::PARTITION_ITEM_LIST,
            K::INDEX_INCLUDE_CLAUSE,
            K::NULLS_NOT_DISTINCT,
            K::NULLS_DISTINCT,
            K::WITH_PARAMS,
            K::TABLESPACE_CLAUSE,
            K::WHERE_CLAUSE,
        ],
    )?;
    let on = tree::child(node, K::TABLE_RELATION_NAME).ok_or_else(|| Unknown::node(node))?;
    let name = match tree::child(node, K::INDEX) {
        Some(index) => Some(qualified(&index)?),
        None => None,
    };
    if name.as_ref().is_some_and(|name| name.schema.is_some()) {
        return Err(Unknown("an index name with a schema".to_owned()));
    }
    let mut index = CreateIndex {
        name: name.map(|name| name.name),
        table: named(&on, K::TABLE_NAME_REF)?,
        only: tree::has(&on, K::ONLY_KW),
        unique: tree::has(node, K::UNIQUE_KW),
        concurrently: tree::has(node, K::CONCURRENTLY_KW),
        if_not_exists: tree::has(node, K::IF_NOT_EXISTS),
        method: tree::child(node, K::USING_METHOD)
            .and_then(|method| tree::child(&method, K::ACCESS_METHOD_REF))
            .map_or_else(|| "btree".to_owned(), |method| tree::text(&method).to_lowercase()),
        columns: Vec::new(),
        name_parts: Vec::new(),
        reads: Vec::new(),
        expressions: Vec::new(),
        partial: tree::has(node, K::WHERE_CLAUSE),
        definition: definition(node, &on),
    };
    items(node, &mut index, true)?;
    if let Some(include) = tree::child(node, K::INDEX_INCLUDE_CLAUSE) {
        items(&include, &mut index, false)?;
    }
    if let Some(predicate) = tree::child(node, K::WHERE_CLAUSE).and_then(|w| w.children().next()) {
        reads(&mut index, Expression::read(&predicate));
    }
    Ok(StatementKind::CreateIndex(index))
}

/// All that stands after `ON table`, as written.
fn definition(node: &SyntaxNode, on: &SyntaxNode) -> String {
    let start = tree::span(on).end - tree::span(node).start;
    tree::text(node)[start..].trim().trim_end_matches(';').trim_end().to_owned()
}

fn items(node: &SyntaxNode, index: &mut CreateIndex, key: bool) -> Result<(), Unknown> {
    let list = tree::child(node, K::PARTITION_ITEM_LIST).ok_or_else(|| Unknown::node(node))?;
    for item in list.children() {
        let value = item.children().next().ok_or_else(|| Unknown::node(&item))?;
        // `a COLLATE "C"` is one node around the column.
        let inner = match value.kind() {
            K::COLLATE => value.children().next().ok_or_else(|| Unknown::node(&item))?,
            _ => value,
        };
        let column = match inner.kind() {
            K::NAME_REF => Some(tree::name(&inner)?),
            _ => None,
        };
        index.name_parts.push(match &column {
            Some(column) => column.as_str().to_owned(),
            None => default_name(&inner),
        });
        reads(index, Expression::read(&inner));
        if key {
            index.columns.push(column);
        }
    }
    Ok(())
}

fn reads(index: &mut CreateIndex, expression: Expression) {
    for column in expression.columns() {
        if !index.reads.contains(&column) {
            index.reads.push(column);
        }
    }
    if !matches!(expression.shape, Shape::Column(_)) {
        index.expressions.push(expression);
    }
}

/// The name that the server gives an expression's column: its function's or type's, else `expr`.
fn default_name(node: &SyntaxNode) -> String {
    let select = format!("SELECT {}", tree::text(node));
    let parsed = SourceFile::parse(&select);
    let target = parsed.tree().syntax().descendants().find_map(Target::cast);
    target
        .and_then(ColumnName::inferred_from_target)
        .and_then(|(name, _)| name.to_string())
        .filter(|name| name != "?column?")
        .unwrap_or_else(|| "expr".to_owned())
}
