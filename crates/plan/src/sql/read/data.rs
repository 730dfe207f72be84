//! Reads statements that change rows: `UPDATE`, `INSERT`, `DELETE`, `TRUNCATE`, `MERGE`.

use super::{named, names_below, qualified};
use crate::{
    model::identifier::Identifier,
    sql::{
        expression::Expression,
        statement::{Insert, SetValue, StatementKind, Update},
        tree::{self, Unknown},
    },
};
use squawk_syntax::{SyntaxKind as K, SyntaxNode};

pub(super) fn update(node: &SyntaxNode) -> Result<StatementKind, Unknown> {
    let mut set = Vec::new();
    let mut alias = None;
    let mut beyond = None;
    let mut filter = None;
    for child in node.children() {
        match child.kind() {
            K::RELATION_NAME => {}
            K::OPTIONAL_AS_ALIAS => {
                let name =
                    tree::child(&child, K::TABLE_ALIAS).ok_or_else(|| Unknown::node(&child))?;
                alias = Some(tree::name(&name)?);
            }
            K::SET_CLAUSE => set = assignments(&child)?,
            K::WHERE_CLAUSE => filter = child.children().next(),
            K::FROM_CLAUSE => beyond = Some("FROM"),
            K::WITH_CLAUSE => beyond = Some("WITH"),
            K::RETURNING_CLAUSE => beyond = Some("RETURNING"),
            _ => return Err(Unknown::node(&child)),
        }
    }
    let target = tree::child(node, K::RELATION_NAME).ok_or_else(|| Unknown::node(node))?;
    Ok(StatementKind::Update(Update {
        table: named(&target, K::RELATION_NAME_REF)?,
        alias,
        set,
        conjuncts: filter.as_ref().map(conjuncts).unwrap_or_default(),
        filter: filter.as_ref().map(Expression::read),
        with: written_in_with(node)?,
        beyond,
    }))
}

/// The expressions that a filter's topmost `AND`s join.
fn conjuncts(node: &SyntaxNode) -> Vec<Expression> {
    let inner: Vec<SyntaxNode> = node.children().collect();
    let joined = node.kind() == K::BIN_EXPR && tree::has(node, K::AND_KW) && inner.len() == 2;
    match node.kind() {
        K::BIN_EXPR if joined => inner.iter().flat_map(conjuncts).collect(),
        K::PAREN_EXPR if inner.len() == 1 => conjuncts(&inner[0]),
        _ => vec![Expression::read(node)],
    }
}

fn assignments(node: &SyntaxNode) -> Result<Vec<(Identifier, SetValue)>, Unknown> {
    let list = tree::child(node, K::SET_COLUMN_LIST).ok_or_else(|| Unknown::node(node))?;
    let mut set = Vec::new();
    for item in list.children() {
        let (columns, values): (Vec<SyntaxNode>, Vec<SyntaxNode>) = match item.kind() {
            K::SET_SINGLE_COLUMN => (nodes(&item, K::COLUMN_TARGET), nodes(&item, K::SET_EXPR)),
            K::SET_MULTIPLE_COLUMNS => {
                let targets = tree::child(&item, K::COLUMN_TARGET_LIST);
                let values = tree::child(&item, K::SET_EXPR_LIST);
                match (targets, values) {
                    (Some(targets), Some(values)) => {
                        (nodes(&targets, K::COLUMN_TARGET), nodes(&values, K::SET_EXPR))
                    }
                    _ => return Err(Unknown::node(&item)),
                }
            }
            _ => return Err(Unknown::node(&item)),
        };
        if columns.len() != values.len() || columns.is_empty() {
            return Err(Unknown::node(&item));
        }
        for (column, value) in columns.iter().zip(&values) {
            set.push((target(column)?, set_value(value)?));
        }
    }
    Ok(set)
}

fn nodes(node: &SyntaxNode, kind: K) -> Vec<SyntaxNode> {
    node.children().filter(|child| child.kind() == kind).collect()
}

/// The column; a field or an element of one is not understood.
fn target(node: &SyntaxNode) -> Result<Identifier, Unknown> {
    let mut path = tree::path(node).map_err(|_| Unknown::node(node))?;
    match (path.pop(), path.pop()) {
        (Some(column), None) => Ok(column),
        _ => Err(Unknown::node(node)),
    }
}

fn set_value(node: &SyntaxNode) -> Result<SetValue, Unknown> {
    if tree::has(node, K::DEFAULT_KW) {
        return Ok(SetValue::Default);
    }
    let value = node.children().next().ok_or_else(|| Unknown::node(node))?;
    Ok(SetValue::Expression(Expression::read(&value)))
}

pub(super) fn insert(node: &SyntaxNode) -> Result<StatementKind, Unknown> {
    let mut value_rows = None;
    let mut reads_tables = false;
    for child in node.children() {
        match child.kind() {
            K::VALUES => {
                let rows = tree::child(&child, K::ROW_LIST).ok_or_else(|| Unknown::node(&child))?;
                value_rows = Some(rows.children().count());
                reads_tables |= child.descendants().any(|below| below.kind() == K::SELECT);
            }
            K::WITH_CLAUSE => reads_tables = true,
            _ => {}
        }
    }
    if tree::has(node, K::DEFAULT_KW) {
        value_rows = Some(1);
    }
    Ok(StatementKind::Insert(Insert {
        table: named(node, K::RELATION_NAME_REF)?,
        value_rows,
        updates_on_conflict: node
            .descendants()
            .any(|below| below.kind() == K::CONFLICT_DO_UPDATE_SET),
        with: written_in_with(node)?,
        reads_tables,
    }))
}

/// `DELETE`, `TRUNCATE` and `MERGE`: only which tables they are about.
pub(super) fn remove(node: &SyntaxNode, verb: &'static str) -> Result<StatementKind, Unknown> {
    let tables = match verb {
        "TRUNCATE" => names_below(node, K::TABLE_NAME_REF)?,
        _ => {
            // A child where there is one: `WITH` names tables, too.
            let target = tree::child(node, K::RELATION_NAME)
                .or_else(|| tree::below(node, K::RELATION_NAME))
                .ok_or_else(|| Unknown::node(node))?;
            vec![qualified(&target)?]
        }
    };
    Ok(StatementKind::Remove { verb, tables, with: written_in_with(node)? })
}

/// The statements in a `WITH` that write rows.
fn written_in_with(node: &SyntaxNode) -> Result<Vec<StatementKind>, Unknown> {
    let Some(with) = tree::child(node, K::WITH_CLAUSE) else { return Ok(Vec::new()) };
    let written = with.descendants().filter_map(|below| match below.kind() {
        K::UPDATE => Some(update(&below)),
        K::INSERT => Some(insert(&below)),
        K::DELETE => Some(remove(&below, "DELETE")),
        _ => None,
    });
    written.collect()
}
