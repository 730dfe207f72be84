//! Reads `ALTER TABLE`, action by action.

use super::{column, constraint, named, qualified};
use crate::{
    model::identifier::Identifier,
    sql::{
        expression::Expression,
        statement::{AlterAction, AlterKind, AlterTable, StatementKind},
        tree::{self, Unknown},
    },
};
use squawk_syntax::{SyntaxKind as K, SyntaxNode};

pub(super) fn read(node: &SyntaxNode) -> Result<StatementKind, Unknown> {
    let on = tree::child(node, K::TABLE_RELATION_NAME).ok_or_else(|| Unknown::node(node))?;
    let actions = node
        .children()
        .filter(|child| !matches!(child.kind(), K::TABLE_RELATION_NAME | K::IF_EXISTS))
        .map(|child| AlterAction {
            text: tree::text(&child),
            kind: action(&child).unwrap_or_else(|Unknown(what)| AlterKind::NotUnderstood(what)),
        })
        .collect();
    Ok(StatementKind::AlterTable(AlterTable {
        name: named(&on, K::TABLE_NAME_REF)?,
        if_exists: tree::has(node, K::IF_EXISTS),
        only: tree::has(&on, K::ONLY_KW),
        actions,
    }))
}

fn action(node: &SyntaxNode) -> Result<AlterKind, Unknown> {
    let if_exists = tree::has(node, K::IF_EXISTS);
    let cascade = tree::has(node, K::CASCADE);
    Ok(match node.kind() {
        K::ADD_COLUMN => AlterKind::AddColumn {
            column: Box::new(column::read(node)?),
            if_not_exists: tree::has(node, K::IF_NOT_EXISTS),
        },
        K::DROP_COLUMN => AlterKind::DropColumn { column: column_of(node)?, if_exists, cascade },
        K::ALTER_COLUMN => alter_column(node)?,
        K::ADD_CONSTRAINT => {
            let body = node.children().next().ok_or_else(|| Unknown::node(node))?;
            AlterKind::AddConstraint(constraint::read(&body)?)
        }
        K::DROP_CONSTRAINT => {
            AlterKind::DropConstraint { name: constraint_of(node)?, if_exists, cascade }
        }
        K::VALIDATE_CONSTRAINT => AlterKind::ValidateConstraint { name: constraint_of(node)? },
        K::OWNER_TO => AlterKind::OwnerTo,
        K::SET_OPTIONS | K::RESET_OPTIONS | K::OPTION_ITEM_LIST => AlterKind::Tune,
        K::RENAME_COLUMN => {
            let to = tree::child(node, K::COLUMN_NAME).ok_or_else(|| Unknown::node(node))?;
            AlterKind::RenameColumn { from: column_of(node)?, to: tree::name(&to)? }
        }
        K::TABLE_RENAME_TO => AlterKind::RenameTable { to: named(node, K::TABLE_NAME)?.name },
        K::RENAME_CONSTRAINT => {
            let to = tree::child(node, K::CONSTRAINT_NAME).ok_or_else(|| Unknown::node(node))?;
            AlterKind::RenameConstraint { from: constraint_of(node)?, to: tree::name(&to)? }
        }
        K::SET_SCHEMA => AlterKind::SetSchema,
        K::ENABLE_RLS | K::DISABLE_RLS | K::FORCE_RLS => AlterKind::RowSecurity,
        K::NO_FORCE_RLS => AlterKind::NoForceRowSecurity,
        K::REPLICA_IDENTITY if tree::has(node, K::REPLICA_IDENTITY_FULL) => {
            AlterKind::ReplicaIdentityFull
        }
        K::ENABLE_TRIGGER | K::DISABLE_TRIGGER => {
            let name = tree::below(node, K::TRIGGER_REF).ok_or_else(|| Unknown::node(node))?;
            let enabled = node.kind() == K::ENABLE_TRIGGER;
            AlterKind::EnableTrigger { name: qualified(&name)?.name, enabled }
        }
        K::ATTACH_PARTITION => AlterKind::AttachPartition { part: named(node, K::TABLE_NAME_REF)? },
        _ => return Err(Unknown::node(node)),
    })
}

fn column_of(node: &SyntaxNode) -> Result<Identifier, Unknown> {
    tree::name(&tree::child(node, K::COLUMN_NAME_REF).ok_or_else(|| Unknown::node(node))?)
}

fn constraint_of(node: &SyntaxNode) -> Result<Identifier, Unknown> {
    let name = tree::child(node, K::CONSTRAINT_NAME_REF).ok_or_else(|| Unknown::node(node))?;
    Ok(qualified(&name)?.name)
}

fn alter_column(node: &SyntaxNode) -> Result<AlterKind, Unknown> {
    let column = column_of(node)?;
    let option = node
        .children()
        .find(|child| child.kind() != K::COLUMN_NAME_REF)
        .ok_or_else(|| Unknown::node(node))?;
    Ok(match option.kind() {
        K::SET_DEFAULT => {
            let value = option.children().next().ok_or_else(|| Unknown::node(node))?;
            AlterKind::SetDefault { column, default: Expression::read(&value) }
        }
        K::DROP_DEFAULT => AlterKind::DropDefault { column },
        K::SET_NOT_NULL => AlterKind::SetNotNull { column },
        K::DROP_NOT_NULL => AlterKind::DropNotNull { column },
        K::SET_TYPE => {
            let type_node =
                option.children().find(column::is_type).ok_or_else(|| Unknown::node(node))?;
            AlterKind::SetType {
                column,
                type_sql: match tree::child(&option, K::COLLATE) {
                    Some(collate) => format!("{} {}", tree::text(&type_node), tree::text(&collate)),
                    None => tree::text(&type_node),
                },
                using: tree::has(&option, K::USING_EXPR),
            }
        }
        K::SET_STATISTICS | K::SET_OPTIONS | K::RESET_OPTIONS => AlterKind::Tune,
        _ => return Err(Unknown::node(node)),
    })
}
