//! Reads a column's definition, in `CREATE TABLE` and `ADD COLUMN`.

use super::constraint;
use crate::sql::{
    expression::Expression,
    statement::{ColumnDefinition, ConstraintBody, ConstraintDefinition},
    tree::{self, Unknown},
};
use squawk_syntax::{SyntaxKind as K, SyntaxNode};

/// The kinds of nodes that name a type.
const TYPES: [K; 10] = [
    K::PATH_TYPE,
    K::ARRAY_TYPE,
    K::BIT_TYPE,
    K::BIT_VARYING_TYPE,
    K::CHARACTER_TYPE,
    K::DOUBLE_TYPE,
    K::INTERVAL_TYPE,
    K::TIME_TYPE,
    K::TIMESTAMP_TYPE,
    K::VARCHAR_TYPE,
];

/// Whether a node names a type.
pub(super) fn is_type(node: &SyntaxNode) -> bool {
    TYPES.contains(&node.kind())
}

/// Reads the column whose parts are the children of `node`.
pub(super) fn read(node: &SyntaxNode) -> Result<ColumnDefinition, Unknown> {
    let name = tree::child(node, K::COLUMN_NAME).ok_or_else(|| Unknown::node(node))?;
    let mut column = ColumnDefinition {
        name: tree::name(&name)?,
        type_sql: String::new(),
        not_null: false,
        default: None,
        generated: None,
        identity: false,
        computed: None,
        constraints: Vec::new(),
    };
    for child in node.children() {
        part(&mut column, &child)?;
    }
    if column.type_sql.is_empty() {
        return Err(Unknown::node(node));
    }
    Ok(column)
}

fn part(column: &mut ColumnDefinition, node: &SyntaxNode) -> Result<(), Unknown> {
    match node.kind() {
        K::COLUMN_NAME | K::IF_NOT_EXISTS | K::NULL_CONSTRAINT => {}
        _ if is_type(node) => column.type_sql = tree::text(node),
        K::COLLATE | K::COMPRESSION_METHOD => {
            column.type_sql = format!("{} {}", column.type_sql, tree::text(node));
        }
        K::NOT_NULL_CONSTRAINT => {
            tree::only(node, &[K::CONSTRAINT_NAME_CLAUSE])?;
            column.not_null = true;
        }
        K::DEFAULT_CONSTRAINT => {
            let value = node.children().last().ok_or_else(|| Unknown::node(node))?;
            column.default = Some(Expression::read(&value));
        }
        K::GENERATED_CONSTRAINT => generated(column, node)?,
        K::REFERENCES_CONSTRAINT
        | K::CHECK_CONSTRAINT
        | K::UNIQUE_CONSTRAINT
        | K::PRIMARY_KEY_CONSTRAINT => constraints(column, node)?,
        _ => return Err(Unknown::node(node)),
    }
    Ok(())
}

fn generated(column: &mut ColumnDefinition, node: &SyntaxNode) -> Result<(), Unknown> {
    column.computed = Some(tree::text(node));
    if tree::child(node, K::GENERATED_IDENTITY).is_some() {
        column.identity = true;
        return Ok(());
    }
    let inner = node
        .children()
        .find(|child| child.kind() != K::CONSTRAINT_NAME_CLAUSE)
        .ok_or_else(|| Unknown::node(node))?;
    let expression = inner
        .children()
        .find(|child| !matches!(child.kind(), K::GENERATED_ALWAYS | K::STORED | K::VIRTUAL))
        .ok_or_else(|| Unknown::node(node))?;
    column.generated = Some(Expression::read(&expression));
    Ok(())
}

/// A column's constraint in the form of a table's.
fn constraints(column: &mut ColumnDefinition, node: &SyntaxNode) -> Result<(), Unknown> {
    let mut read = constraint::read(node)?;
    match &mut read.kind {
        ConstraintBody::Key { columns, primary, .. } => {
            columns.push(column.name.clone());
            column.not_null |= *primary;
        }
        ConstraintBody::ForeignKey { columns, .. } => columns.push(column.name.clone()),
        _ => {}
    }
    let ConstraintDefinition { .. } = read;
    column.constraints.push(read);
    Ok(())
}
