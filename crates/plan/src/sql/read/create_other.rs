//! Reads what needs little: types, functions, triggers, views, comments, privileges, renames.

use super::{column, named, names_below, qualified};
use crate::{
    model::catalog::{Domain, DomainCheck, Volatility},
    sql::{
        statement::{CreateOther, CreateTrigger, CreateView, Name, StatementKind},
        tree::{self, Unknown},
    },
};
use squawk_syntax::{SyntaxKind as K, SyntaxNode};

pub(super) fn read(node: &SyntaxNode) -> Result<StatementKind, Unknown> {
    match node.kind() {
        K::CREATE_TYPE => Ok(StatementKind::CreateType { name: named(node, K::TYPE_NAME)? }),
        K::CREATE_DOMAIN => domain(node),
        K::ALTER_TYPE if tree::has(node, K::ADD_VALUE) => {
            Ok(StatementKind::AddEnumValue { name: named(node, K::TYPE_NAME_REF)? })
        }
        K::CREATE_SCHEMA => schema(node),
        K::CREATE_EXTENSION => other(node, "extension", Some(K::EXTENSION), None),
        K::CREATE_SEQUENCE => sequence(node),
        K::CREATE_STATISTICS => {
            other(node, "statistics", Some(K::STATISTICS), Some(K::TABLE_NAME_REF))
        }
        K::CREATE_COLLATION => other(node, "collation", None, None),
        K::CREATE_FUNCTION => function(node, K::FUNCTION_NAME),
        K::CREATE_PROCEDURE => function(node, K::PROCEDURE_NAME),
        K::CREATE_TRIGGER => trigger(node),
        K::CREATE_VIEW => view(node, false),
        K::CREATE_MATERIALIZED_VIEW => view(node, true),
        K::CREATE_POLICY => {
            let on = tree::child(node, K::ON_TABLE).ok_or_else(|| Unknown::node(node))?;
            Ok(StatementKind::CreatePolicy { table: named(&on, K::TABLE_NAME_REF)? })
        }
        K::COMMENT_ON => comment(node),
        K::GRANT | K::ALTER_DEFAULT_PRIVILEGES => Ok(StatementKind::Privileges {
            revokes: tree::all_tokens(node).any(|token| token.kind() == K::REVOKE_KW),
        }),
        K::REVOKE => Ok(StatementKind::Privileges { revokes: true }),
        _ => rename(node),
    }
}

fn other(
    node: &SyntaxNode,
    object: &'static str,
    name: Option<K>,
    relations: Option<K>,
) -> Result<StatementKind, Unknown> {
    let name = match name {
        Some(kind) => Some(named(node, kind)?),
        None => None,
    };
    Ok(StatementKind::CreateOther(CreateOther {
        object,
        name,
        if_not_exists: tree::has(node, K::IF_NOT_EXISTS),
        relations: match relations {
            Some(kind) => names_below(node, kind)?,
            None => Vec::new(),
        },
    }))
}

fn domain(node: &SyntaxNode) -> Result<StatementKind, Unknown> {
    let base = node.descendants().find(column::is_type).ok_or_else(|| Unknown::node(node))?;
    let default =
        tree::below(node, K::DEFAULT_CONSTRAINT).and_then(|found| found.children().last());
    let check =
        |text: String| DomainCheck { definition: text, validated: true, ..DomainCheck::default() };
    let domain = Domain {
        base: tree::text(&base),
        not_null: tree::below(node, K::NOT_NULL_CONSTRAINT).is_some(),
        default: default.map(|value| tree::text(&value)),
        checks: node
            .descendants()
            .filter(|below| below.kind() == K::CHECK_CONSTRAINT)
            .map(|found| check(tree::text(&found)))
            .collect(),
    };
    Ok(StatementKind::CreateDomain { name: named(node, K::DOMAIN)?, domain })
}

/// `CREATE SCHEMA` by itself; with elements in it, it is not understood.
fn schema(node: &SyntaxNode) -> Result<StatementKind, Unknown> {
    let stranger = node
        .children()
        .find(|child| !matches!(child.kind(), K::IF_NOT_EXISTS | K::NAMED_SCHEMA | K::ROLE_REF));
    if let Some(stranger) = stranger {
        return Err(Unknown::node(&stranger));
    }
    other(node, "schema", None, None)
}

fn sequence(node: &SyntaxNode) -> Result<StatementKind, Unknown> {
    let mut relations = Vec::new();
    if let Some(column) = tree::below(node, K::QUALIFIED_COLUMN_NAME_REF) {
        let mut path = tree::path(&column)?;
        path.pop();
        if let Some(name) = path.pop() {
            relations.push(Name { schema: path.pop(), name });
        }
    }
    Ok(StatementKind::CreateOther(CreateOther {
        object: "sequence",
        name: Some(named(node, K::SEQUENCE)?),
        if_not_exists: tree::has(node, K::IF_NOT_EXISTS),
        relations,
    }))
}

fn function(node: &SyntaxNode, name: K) -> Result<StatementKind, Unknown> {
    let has = |kind| node.descendants().any(|below| below.kind() == kind);
    Ok(StatementKind::CreateFunction {
        name: named(node, name)?,
        or_replace: tree::has(node, K::OR_REPLACE),
        volatility: if has(K::IMMUTABLE) {
            Volatility::Immutable
        } else if has(K::STABLE) {
            Volatility::Stable
        } else {
            Volatility::Volatile
        },
    })
}

fn trigger(node: &SyntaxNode) -> Result<StatementKind, Unknown> {
    let on = tree::child(node, K::ON_RELATION).ok_or_else(|| Unknown::node(node))?;
    let name = tree::child(node, K::TRIGGER).ok_or_else(|| Unknown::node(node))?;
    let events = tree::child(node, K::TRIGGER_EVENT_LIST).ok_or_else(|| Unknown::node(node))?;
    let update = tree::child(&events, K::TRIGGER_EVENT_UPDATE);
    let update_columns = match &update {
        Some(update) => update
            .children()
            .filter(|child| child.kind() == K::COLUMN_NAME_REF)
            .map(|child| tree::name(&child))
            .collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    Ok(StatementKind::CreateTrigger(CreateTrigger {
        name: tree::name(&name)?,
        table: named(&on, K::RELATION_NAME_REF)?,
        or_replace: tree::has(node, K::OR_REPLACE),
        before: tree::has(node, K::TIMING_BEFORE),
        instead: tree::has(node, K::TIMING_INSTEAD_OF),
        row: tree::has(node, K::FOR_EACH_ROW),
        on_insert: tree::has(&events, K::TRIGGER_EVENT_INSERT),
        on_update: update.is_some(),
        on_delete: tree::has(&events, K::TRIGGER_EVENT_DELETE),
        update_columns,
    }))
}

fn view(node: &SyntaxNode, materialized: bool) -> Result<StatementKind, Unknown> {
    let mut reads = names_below(node, K::RELATION_NAME_REF)?;
    reads.dedup();
    Ok(StatementKind::CreateView(CreateView {
        name: named(node, K::VIEW)?,
        materialized,
        or_replace: tree::has(node, K::OR_REPLACE),
        if_not_exists: tree::has(node, K::IF_NOT_EXISTS),
        temporary: tree::has(node, K::TEMP),
        no_data: tree::has(node, K::WITH_NO_DATA),
        reads,
    }))
}

fn comment(node: &SyntaxNode) -> Result<StatementKind, Unknown> {
    let object = node.children().next().ok_or_else(|| Unknown::node(node))?;
    let relation = match object.kind() {
        K::OBJECT_TABLE => Some(named(&object, K::TABLE_NAME_REF)?),
        K::OBJECT_COLUMN => {
            let mut path =
                tree::path(&object.children().next().ok_or_else(|| Unknown::node(node))?)?;
            path.pop();
            path.pop().map(|name| Name { schema: path.pop(), name })
        }
        _ => None,
    };
    Ok(StatementKind::Comment { relation })
}

/// The kinds of `ALTER` that may be a rename, with the object's word and the node of its name.
const RENAMED: [(K, &str, Option<K>); 9] = [
    (K::ALTER_INDEX, "index", Some(K::INDEX_REF)),
    (K::ALTER_VIEW, "view", Some(K::VIEW_REF)),
    (K::ALTER_MATERIALIZED_VIEW, "materialized view", Some(K::VIEW_REF)),
    (K::ALTER_SEQUENCE, "sequence", Some(K::SEQUENCE_REF)),
    (K::ALTER_TYPE, "type", None),
    (K::ALTER_DOMAIN, "domain", None),
    (K::ALTER_FUNCTION, "function", None),
    (K::ALTER_SCHEMA, "schema", None),
    (K::ALTER_TRIGGER, "trigger", None),
];

fn rename(node: &SyntaxNode) -> Result<StatementKind, Unknown> {
    let Some((_, object, name)) = RENAMED.iter().find(|(kind, ..)| *kind == node.kind()) else {
        return Err(Unknown::node(node));
    };
    if tree::has(node, K::TRIGGER_RENAME_TO) {
        return trigger_rename(node);
    }
    let relation = match name {
        Some(kind) => tree::child(node, *kind).map(|name| qualified(&name)).transpose()?,
        None => None,
    };
    let renames = node
        .descendants()
        .any(|below| tree::has(&below, K::RENAME_KW) || below.kind() == K::SET_SCHEMA);
    match (renames, node.kind(), relation) {
        (true, _, relation) => {
            let to = tree::below(node, K::PATH_SEGMENT).map(|to| tree::name(&to)).transpose()?;
            let names = relation.as_ref().map(|from| from.name.clone()).zip(to);
            Ok(StatementKind::Rename { object, relation, names })
        }
        (false, K::ALTER_SEQUENCE, Some(name)) => Ok(StatementKind::AlterSequence { name }),
        _ => Err(Unknown::node(node)),
    }
}

/// `ALTER TRIGGER a ON t RENAME TO b`: the relation is the table.
fn trigger_rename(node: &SyntaxNode) -> Result<StatementKind, Unknown> {
    let from = tree::child(node, K::TRIGGER_REF).ok_or_else(|| Unknown::node(node))?;
    let on = tree::child(node, K::ON_RELATION).ok_or_else(|| Unknown::node(node))?;
    let to = tree::below(node, K::TRIGGER).ok_or_else(|| Unknown::node(node))?;
    Ok(StatementKind::Rename {
        object: "trigger",
        relation: Some(named(&on, K::RELATION_NAME_REF)?),
        names: Some((qualified(&from)?.name, qualified(&to)?.name)),
    })
}

/// `SET`, `RESET`.
pub(super) fn setting(node: &SyntaxNode) -> StatementKind {
    let name = tree::below(node, K::CONFIG_PARAMETER_REF)
        .map_or_else(|| tree::text(node), |name| tree::text(&name).to_lowercase());
    StatementKind::Setting { name }
}

/// `SELECT` and its kin; `set_config` in it makes it a setting.
pub(super) fn query(node: &SyntaxNode) -> StatementKind {
    let sets = tree::all_tokens(node).any(|token| token.text().eq_ignore_ascii_case("set_config"));
    if sets {
        StatementKind::Setting { name: "set_config".to_owned() }
    } else {
        StatementKind::Query
    }
}
