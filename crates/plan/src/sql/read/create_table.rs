//! Reads `CREATE TABLE`.

use super::{column, constraint, named, names_below};
use crate::{
    model::identifier::Identifier,
    sql::{
        statement::{CreateTable, StatementKind},
        tree::{self, Unknown},
    },
};
use squawk_syntax::{SyntaxKind as K, SyntaxNode};

pub(super) fn read(node: &SyntaxNode) -> Result<StatementKind, Unknown> {
    let mut table = CreateTable {
        name: named(node, K::TABLE_NAME)?,
        if_not_exists: tree::has(node, K::IF_NOT_EXISTS),
        temporary: tree::has(node, K::TEMP),
        columns: Vec::new(),
        constraints: Vec::new(),
        copies: Vec::new(),
        inherits: Vec::new(),
        partition_of: None,
        partition_by: None,
    };
    for child in node.children() {
        part(&mut table, &child)?;
    }
    Ok(StatementKind::CreateTable(table))
}

fn part(table: &mut CreateTable, node: &SyntaxNode) -> Result<(), Unknown> {
    match node.kind() {
        K::TABLE_NAME
        | K::IF_NOT_EXISTS
        | K::TEMP
        | K::UNLOGGED
        | K::WITH_PARAMS
        | K::TABLESPACE_CLAUSE
        | K::USING_METHOD
        | K::WITHOUT_OIDS
        | K::PARTITION_FOR_VALUES_FROM
        | K::PARTITION_FOR_VALUES_IN
        | K::PARTITION_FOR_VALUES_WITH
        | K::PARTITION_DEFAULT => {}
        K::TABLE_ARG_LIST => {
            for argument in node.children() {
                table_argument(table, &argument)?;
            }
        }
        K::PARTITION_OF => table.partition_of = Some(named(node, K::TABLE_NAME_REF)?),
        K::INHERITS => table.inherits = names_below(node, K::TABLE_NAME_REF)?,
        K::PARTITION_BY => table.partition_by = Some(partition_columns(node)?),
        _ => return Err(Unknown::node(node)),
    }
    Ok(())
}

fn table_argument(table: &mut CreateTable, node: &SyntaxNode) -> Result<(), Unknown> {
    match node.kind() {
        K::COLUMN => table.columns.push(column::read(node)?),
        K::LIKE_CLAUSE => table.copies.push(named(node, K::RELATION_NAME_REF)?),
        _ => table.constraints.push(constraint::read(node)?),
    }
    Ok(())
}

fn partition_columns(node: &SyntaxNode) -> Result<Vec<Identifier>, Unknown> {
    let mut columns = Vec::new();
    for item in node.descendants().filter(|below| below.kind() == K::PARTITION_ITEM) {
        if let Some(name) = tree::child(&item, K::NAME_REF) {
            columns.push(tree::name(&name)?);
        }
    }
    Ok(columns)
}
