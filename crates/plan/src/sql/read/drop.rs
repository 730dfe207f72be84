//! Reads `DROP` of tables, indexes, views, types, functions, triggers and the like.

use super::{named, qualified};
use crate::sql::{
    statement::{Drop, DropObject, Name, StatementKind},
    tree::{self, Unknown},
};
use squawk_syntax::{SyntaxKind as K, SyntaxNode};

pub(super) fn read(node: &SyntaxNode) -> Result<StatementKind, Unknown> {
    let (object, name_kind) = match node.kind() {
        K::DROP_TABLE => (DropObject::Table, K::TABLE_NAME_REF),
        K::DROP_INDEX => (DropObject::Index, K::INDEX_REF),
        K::DROP_VIEW => (DropObject::View, K::VIEW_REF),
        K::DROP_MATERIALIZED_VIEW => (DropObject::MaterializedView, K::VIEW_REF),
        K::DROP_TYPE => (DropObject::Type, K::TYPE_NAME_REF),
        K::DROP_DOMAIN => (DropObject::Type, K::DOMAIN_REF),
        K::DROP_FUNCTION => (DropObject::Function, K::FUNCTION_NAME_REF),
        K::DROP_PROCEDURE => (DropObject::Function, K::PROCEDURE_NAME_REF),
        K::DROP_TRIGGER => (DropObject::Trigger, K::TRIGGER_REF),
        K::DROP_POLICY => (DropObject::Policy, K::POLICY_REF),
        K::DROP_SEQUENCE => (DropObject::Sequence, K::SEQUENCE_REF),
        K::DROP_SCHEMA => (DropObject::Schema, K::SCHEMA_REF),
        K::DROP_EXTENSION => (DropObject::Extension, K::EXTENSION_REF),
        _ => return Err(Unknown::node(node)),
    };
    let names: Vec<Name> = node
        .descendants()
        .filter(|below| below.kind() == name_kind)
        .map(|name| qualified(&name))
        .collect::<Result<_, _>>()?;
    let table = match (tree::child(node, K::ON_RELATION), tree::child(node, K::ON_TABLE)) {
        (Some(on), _) => Some(named(&on, K::RELATION_NAME_REF)?),
        (None, Some(on)) => Some(named(&on, K::TABLE_NAME_REF)?),
        (None, None) => None,
    };
    if names.is_empty() {
        return Err(Unknown::node(node));
    }
    Ok(StatementKind::Drop(Drop {
        object,
        names,
        table,
        if_exists: tree::has(node, K::IF_EXISTS),
        cascade: tree::has(node, K::CASCADE),
        concurrently: tree::has(node, K::CONCURRENTLY_KW),
    }))
}
