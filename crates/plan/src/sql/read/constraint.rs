//! Reads a constraint, of a table or of a column.

use super::qualified;
use crate::{
    model::identifier::Identifier,
    sql::{
        expression::Expression,
        statement::{ConstraintBody, ConstraintDefinition},
        tree::{self, Unknown},
    },
};
use squawk_syntax::{SyntaxKind as K, SyntaxNode};

/// Options that any constraint may carry.
const OPTIONS: [K; 6] = [
    K::CONSTRAINT_NAME_CLAUSE,
    K::NOT_VALID,
    K::DEFERRABLE_CONSTRAINT_OPTION,
    K::NOT_DEFERRABLE_CONSTRAINT_OPTION,
    K::INITIALLY_DEFERRED_CONSTRAINT_OPTION,
    K::INITIALLY_IMMEDIATE_CONSTRAINT_OPTION,
];

/// Reads a constraint's node.
pub(super) fn read(node: &SyntaxNode) -> Result<ConstraintDefinition, Unknown> {
    let name = match tree::below(node, K::CONSTRAINT_NAME) {
        Some(name) => Some(tree::name(&name)?),
        None => None,
    };
    let deferrable = node
        .children()
        .filter(|child| OPTIONS[2..].contains(&child.kind()))
        .map(|child| tree::text(&child))
        .collect::<Vec<_>>()
        .join(" ");
    let kind = match node.kind() {
        K::PRIMARY_KEY_CONSTRAINT | K::UNIQUE_CONSTRAINT => key(node)?,
        K::CHECK_CONSTRAINT => check(node)?,
        K::FOREIGN_KEY_CONSTRAINT | K::REFERENCES_CONSTRAINT => foreign_key(node)?,
        K::EXCLUDE_CONSTRAINT => ConstraintBody::Exclusion,
        K::NOT_NULL_CONSTRAINT => ConstraintBody::NotNull {
            column: tree::name(
                &tree::child(node, K::COLUMN_NAME_REF).ok_or_else(|| Unknown::node(node))?,
            )?,
        },
        _ => return Err(Unknown::node(node)),
    };
    Ok(ConstraintDefinition { name, kind, not_valid: tree::has(node, K::NOT_VALID), deferrable })
}

/// Makes sure that only options and the listed kinds are there.
fn only(node: &SyntaxNode, kinds: &[K]) -> Result<(), Unknown> {
    tree::only(node, &[&OPTIONS, kinds].concat())
}

/// The columns that `node` lists by name.
fn columns(node: &SyntaxNode) -> Result<Vec<Identifier>, Unknown> {
    node.children()
        .filter(|child| child.kind() == K::COLUMN_NAME_REF)
        .map(|child| tree::name(&child))
        .collect()
}

fn key(node: &SyntaxNode) -> Result<ConstraintBody, Unknown> {
    only(node, &[K::INDEX_PARAMETERS, K::USING_INDEX_NAME])?;
    let using_index = match tree::below(node, K::INDEX_REF) {
        Some(index) => Some(qualified(&index)?.name),
        None => None,
    };
    let mut listed = Vec::new();
    let mut tail = Vec::new();
    let mut nulls_not_distinct = false;
    for child in node.children().filter(|child| child.kind() == K::INDEX_PARAMETERS) {
        for part in child.children() {
            match part.kind() {
                K::CONSTRAINT_COLUMN_REF_LIST => listed = columns(&part)?,
                K::NULLS_NOT_DISTINCT => nulls_not_distinct = true,
                K::NULLS_DISTINCT => {}
                K::CONSTRAINT_INCLUDE_CLAUSE | K::WITH_PARAMS => tail.push(tree::text(&part)),
                K::CONSTRAINT_INDEX_TABLESPACE => {
                    tail.push(tree::text(&part).replacen("USING INDEX ", "", 1));
                }
                _ => return Err(Unknown::node(&part)),
            }
        }
    }
    Ok(ConstraintBody::Key {
        primary: node.kind() == K::PRIMARY_KEY_CONSTRAINT,
        columns: listed,
        using_index,
        tail: tail.join(" "),
        nulls_not_distinct,
    })
}

fn check(node: &SyntaxNode) -> Result<ConstraintBody, Unknown> {
    let expression = node
        .children()
        .find(|child| !OPTIONS.contains(&child.kind()) && child.kind() != K::NO_INHERIT)
        .ok_or_else(|| Unknown::node(node))?;
    only(node, &[K::NO_INHERIT, expression.kind()])?;
    Ok(ConstraintBody::Check {
        expression: Expression::read(&expression),
        no_inherit: tree::has(node, K::NO_INHERIT),
    })
}

fn foreign_key(node: &SyntaxNode) -> Result<ConstraintBody, Unknown> {
    only(
        node,
        &[
            K::FOREIGN_KEY_COLUMN_LIST,
            K::TABLE_NAME_REF,
            K::COLUMN_NAME_REF,
            K::MATCH_FULL,
            K::MATCH_SIMPLE,
            K::ON_DELETE_ACTION,
            K::ON_UPDATE_ACTION,
        ],
    )?;
    let target = tree::child(node, K::TABLE_NAME_REF).ok_or_else(|| Unknown::node(node))?;
    let mut lists = Vec::new();
    for list in node.children().filter(|child| child.kind() == K::FOREIGN_KEY_COLUMN_LIST) {
        lists.push(columns(&list)?);
    }
    let inline = node.kind() == K::REFERENCES_CONSTRAINT;
    let own = if inline || lists.is_empty() { Vec::new() } else { lists.remove(0) };
    let referenced = if inline { columns(node)? } else { lists.pop().unwrap_or_default() };
    let actions: Vec<String> = node
        .children()
        .filter(|child| {
            matches!(
                child.kind(),
                K::MATCH_FULL | K::MATCH_SIMPLE | K::ON_DELETE_ACTION | K::ON_UPDATE_ACTION
            )
        })
        .map(|child| tree::text(&child))
        .collect();
    let acts = node.descendants().any(|below| {
        matches!(below.kind(), K::CASCADE | K::SET_NULL_COLUMNS | K::SET_DEFAULT_COLUMNS)
    });
    Ok(ConstraintBody::ForeignKey {
        columns: own,
        references: qualified(&target)?,
        referenced,
        tail: actions.join(" "),
        acts,
    })
}
