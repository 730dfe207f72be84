//! From a statement as its author wrote it to changes.
//!
//! Nothing is decided here: a rewrite may put other changes in their place. Used for statements that
//! run as they are written, for those that are refused (so that one refusal brings about no
//! others), and for steps that a ledger of format 1 keeps as text.

use super::{
    AddColumn, AddConstraint, AddEnumValue, AlterColumnType, AlterDefault, AlterNotNull,
    AlterOwner, AlterSequence, AttachPartition, Change, ChangePrivileges, ChangeRowSecurity,
    Comment, CreateFunction, CreateIndex, CreateOther, CreatePolicy, CreateSequence, CreateTable,
    CreateTrigger, CreateType, CreateView, DropColumn, DropConstraint, DropFunction, DropIndex,
    DropPolicy, DropRelation, DropTrigger, DropType, EnableTrigger, FullReplicaIdentity,
    NoForceRowSecurity, RenameColumn, RenameConstraint, RenameRelation, RenameTrigger, TuneTable,
    ValidateConstraint, WriteRows,
};
use crate::{
    model::{
        catalog::{
            Catalog, Column, Constraint, ConstraintKind, Domain, Relation, RelationKind, Trigger,
            Volatility,
        },
        identifier::{Identifier, QualifiedName},
        lock::LockMode,
    },
    sql::{
        Expression, Statement, StatementKind,
        expression::Shape,
        statement::{
            self, AlterKind, ColumnDefinition, ConstraintBody, ConstraintDefinition, Name, SetValue,
        },
    },
    world::{
        names::{default_constraint_name, default_index_name},
        types,
    },
};

/// What a statement comes to; `None` where that is not understood.
pub(crate) type WrittenChanges = Option<Vec<Change>>;

/// The changes that a statement comes to, as its author wrote it.
pub(crate) fn written(catalog: &Catalog, statement: &Statement) -> WrittenChanges {
    let sql = || statement.text.clone();
    let resolve = |name: &Name| catalog.resolve(name.schema.as_ref(), &name.name);
    let resolve_new = |name: &Name| catalog.resolve_new(name.schema.as_ref(), &name.name);
    let resolve_all = |names: &[Name]| names.iter().map(resolve).collect::<Vec<_>>();
    Some(match &*statement.kind {
        StatementKind::Empty | StatementKind::Analyze { .. } => Vec::new(),
        StatementKind::CreateTable(create) => vec![create_table(catalog, create, sql()).into()],
        StatementKind::CreateIndex(create) => vec![create_index(catalog, create).into()],
        StatementKind::AlterTable(alter) => alter_table(catalog, alter)?,
        StatementKind::Update(update) => {
            // NULL points to no row.
            let is_null = |value: &SetValue| matches!(value, SetValue::Expression(value) if value.shape == Shape::Null);
            let sets = |column: &Identifier| {
                update.set.iter().any(|(set, value)| set == column && !is_null(value))
            };
            vec![writes(catalog, resolve(&update.table), sets, sql()).into()]
        }
        StatementKind::Insert(insert) => {
            vec![writes(catalog, resolve(&insert.table), |_| true, sql()).into()]
        }
        StatementKind::Remove { verb, tables } => {
            let mode = match *verb {
                "TRUNCATE" => LockMode::AccessExclusive,
                _ => LockMode::RowExclusive,
            };
            let tables = resolve_all(tables);
            vec![WriteRows { tables, mode, references: Vec::new(), sql: sql() }.into()]
        }
        StatementKind::CreateType { name } => {
            vec![CreateType { name: resolve_new(name), domain: None, sql: sql() }.into()]
        }
        StatementKind::CreateDomain { name, domain } => {
            let domain =
                Domain { base: types::in_catalog(catalog, &domain.base), ..domain.clone() };
            vec![CreateType { name: resolve_new(name), domain: Some(domain), sql: sql() }.into()]
        }
        StatementKind::AddEnumValue { name } => {
            vec![AddEnumValue { name: resolve_new(name), sql: sql() }.into()]
        }
        StatementKind::CreateOther(create) if create.object == "sequence" => {
            let name = resolve_new(create.name.as_ref()?);
            let owned_by = resolve_all(&create.relations);
            vec![CreateSequence { name, owned_by, sql: sql() }.into()]
        }
        StatementKind::CreateOther(create) => vec![
            CreateOther {
                object: create.object.to_owned(),
                relations: resolve_all(&create.relations),
                sql: sql(),
            }
            .into(),
        ],
        StatementKind::CreateFunction { name, volatility, .. } => {
            let (function, volatility) = (name.name.clone(), *volatility);
            vec![CreateFunction { function, volatility, sql: sql() }.into()]
        }
        StatementKind::CreateTrigger(create) => {
            let table = resolve(&create.table);
            vec![CreateTrigger { table, trigger: trigger(create), sql: sql() }.into()]
        }
        StatementKind::CreateView(create) => {
            let reads = create.reads.iter().map(resolve);
            vec![
                CreateView {
                    name: resolve_new(&create.name),
                    materialized: create.materialized,
                    reads: reads.filter(|read| catalog.relation(read).is_some()).collect(),
                    sql: sql(),
                }
                .into(),
            ]
        }
        StatementKind::Comment { relation } => {
            vec![Comment { relation: relation.as_ref().map(resolve), sql: sql() }.into()]
        }
        StatementKind::Privileges { revokes } => {
            vec![ChangePrivileges { revokes: *revokes, sql: sql() }.into()]
        }
        StatementKind::CreatePolicy { table } => {
            vec![CreatePolicy { table: resolve(table), sql: sql() }.into()]
        }
        StatementKind::Drop(drop) => drops(catalog, drop, statement)?,
        StatementKind::AlterSequence { name } => {
            vec![AlterSequence { name: resolve(name), sql: sql() }.into()]
        }
        StatementKind::Rename { object, relation, names } => {
            rename(catalog, object, relation.as_ref()?, names.as_ref()?)?
        }
        StatementKind::Broken { .. }
        | StatementKind::NotUnderstood { .. }
        | StatementKind::Transaction(_)
        | StatementKind::Setting { .. }
        | StatementKind::Do
        | StatementKind::Query => return None,
    })
}

/// Each action of `ALTER TABLE`; the later ones see what the earlier ones have made.
fn alter_table(catalog: &Catalog, alter: &statement::AlterTable) -> WrittenChanges {
    let table = catalog.resolve(alter.name.schema.as_ref(), &alter.name.name);
    let mut catalog = catalog.clone();
    let mut all = Vec::new();
    for one in &alter.actions {
        let changes = action(&catalog, &table, one)?;
        changes.iter().for_each(|change| change.apply(&mut catalog));
        all.extend(changes);
    }
    Some(all)
}

/// One action of `ALTER TABLE`.
pub(crate) fn action(
    catalog: &Catalog,
    on: &QualifiedName,
    action: &statement::AlterAction,
) -> WrittenChanges {
    let table = on.clone();
    Some(match &action.kind {
        AlterKind::AddColumn { column, .. } => {
            let mut changes: Vec<Change> = vec![add_column(catalog, on, column).into()];
            let mut catalog = catalog.clone();
            changes.iter().for_each(|change| change.apply(&mut catalog));
            for constraint in &column.constraints {
                changes.push(add_constraint(&catalog, on, constraint).into());
            }
            changes
        }
        AlterKind::DropColumn { column, if_exists, .. } => {
            vec![DropColumn { table, column: column.clone(), if_exists: *if_exists }.into()]
        }
        AlterKind::SetDefault { column, default } => {
            let default = Some(default.text.clone());
            vec![AlterDefault { table, column: column.clone(), default }.into()]
        }
        AlterKind::DropDefault { column } => {
            vec![AlterDefault { table, column: column.clone(), default: None }.into()]
        }
        AlterKind::SetNotNull { column } | AlterKind::DropNotNull { column } => {
            let not_null = matches!(action.kind, AlterKind::SetNotNull { .. });
            vec![AlterNotNull { table, column: column.clone(), not_null }.into()]
        }
        AlterKind::SetType { column, type_sql, .. } => vec![
            AlterColumnType {
                table,
                column: column.clone(),
                type_sql: type_sql.clone(),
                canonical: types::in_catalog(catalog, type_sql),
                rewrites: true,
            }
            .into(),
        ],
        AlterKind::AddConstraint(constraint) => {
            vec![add_constraint(catalog, on, constraint).into()]
        }
        AlterKind::DropConstraint { name, if_exists, .. } => {
            vec![DropConstraint { table, name: name.clone(), if_exists: *if_exists }.into()]
        }
        AlterKind::ValidateConstraint { name } => {
            vec![ValidateConstraint { table, constraint: name.clone() }.into()]
        }
        AlterKind::RenameColumn { from, to } => {
            vec![RenameColumn { table, from: from.clone(), to: to.clone() }.into()]
        }
        AlterKind::RenameTable { to } => {
            let to = QualifiedName { schema: table.schema.clone(), name: to.clone() };
            vec![RenameRelation { from: table, to }.into()]
        }
        AlterKind::RenameConstraint { from, to } => {
            let (from, to) = (from.clone(), to.clone());
            vec![RenameConstraint { table, from, to, index: false }.into()]
        }
        AlterKind::Tune => vec![TuneTable { table, action: action.text.clone() }.into()],
        AlterKind::OwnerTo => vec![AlterOwner { table, action: action.text.clone() }.into()],
        AlterKind::RowSecurity => {
            vec![ChangeRowSecurity { table, action: action.text.clone() }.into()]
        }
        AlterKind::NoForceRowSecurity
        | AlterKind::ReplicaIdentityFull
        | AlterKind::EnableTrigger { .. } => vec![toggle(table, &action.kind)?],
        AlterKind::AttachPartition { part } => {
            let part = catalog.resolve(part.schema.as_ref(), &part.name);
            vec![AttachPartition { table, part, action: action.text.clone() }.into()]
        }
        AlterKind::SetSchema | AlterKind::NotUnderstood(_) => return None,
    })
}

/// An action that turns something on or off.
fn toggle(table: QualifiedName, action: &AlterKind) -> Option<Change> {
    Some(match action {
        AlterKind::NoForceRowSecurity => NoForceRowSecurity { table }.into(),
        AlterKind::ReplicaIdentityFull => FullReplicaIdentity { table }.into(),
        AlterKind::EnableTrigger { name, enabled } => {
            EnableTrigger { table, trigger: name.clone(), enabled: *enabled }.into()
        }
        _ => return None,
    })
}

/// A column as the catalog will show it.
pub(crate) fn column(definition: &ColumnDefinition) -> Column {
    let serial = types::is_serial(&definition.type_sql);
    Column {
        name: definition.name.clone(),
        type_sql: types::canonical(&definition.type_sql),
        not_null: definition.not_null || serial || definition.identity,
        default: match &definition.default {
            Some(default) => Some(default.text.clone()),
            None if serial => Some("nextval(…)".to_owned()),
            None => None,
        },
        generated: definition.generated.as_ref().map(|expression| expression.text.clone()),
        identity: definition.identity,
        ..Column::default()
    }
}

/// `ADD COLUMN` without the column's constraints.
pub(crate) fn add_column(
    catalog: &Catalog,
    table: &QualifiedName,
    definition: &ColumnDefinition,
) -> AddColumn {
    AddColumn {
        table: table.clone(),
        column: Column {
            type_sql: types::in_catalog(catalog, &definition.type_sql),
            ..column(definition)
        },
        type_sql: definition.type_sql.clone(),
        computed: definition.computed.clone(),
        fills_rows: definition.computed.is_some()
            || types::is_serial(&definition.type_sql)
            || definition.default.as_ref().is_some_and(|default| is_volatile(catalog, default)),
    }
}

/// Whether a default gives another value for each row. A function that nobody knows may.
pub(crate) fn is_volatile(catalog: &Catalog, default: &Expression) -> bool {
    default.calls.iter().any(|call| {
        let grammar = ["coalesce", "nullif", "greatest", "least", "current_timestamp"];
        !grammar.contains(&call.name.as_str())
            && !matches!(
                catalog.functions.get(call.name.as_str()),
                Some(Volatility::Immutable | Volatility::Stable)
            )
    })
}

/// `ADD CONSTRAINT` under the name that the server would choose where none is given.
pub(crate) fn add_constraint(
    catalog: &Catalog,
    table: &QualifiedName,
    definition: &ConstraintDefinition,
) -> AddConstraint {
    let resolve = |name: &Name| catalog.resolve(name.schema.as_ref(), &name.name);
    let (kind, columns, using_index) = match &definition.kind {
        ConstraintBody::Key { primary, columns, using_index, .. } => {
            let kind = if *primary { ConstraintKind::PrimaryKey } else { ConstraintKind::Unique };
            (kind, columns.clone(), using_index.clone())
        }
        ConstraintBody::Check { expression, .. } => {
            (ConstraintKind::Check, expression.columns(), None)
        }
        ConstraintBody::ForeignKey { columns, references, acts, .. } => {
            let references = resolve(references);
            (ConstraintKind::ForeignKey { references, acts: *acts }, columns.clone(), None)
        }
        ConstraintBody::Exclusion => (ConstraintKind::Exclusion, Vec::new(), None),
        ConstraintBody::NotNull { column } => (ConstraintKind::NotNull, vec![column.clone()], None),
    };
    let constraint = Constraint {
        name: constraint_name(catalog, table, definition),
        kind,
        columns,
        definition: constraint_sql(catalog, definition),
        validated: !definition.not_valid,
        ..Constraint::default()
    };
    AddConstraint { table: table.clone(), constraint, using_index }
}

/// The name that a constraint has or gets.
pub(crate) fn constraint_name(
    catalog: &Catalog,
    table: &QualifiedName,
    constraint: &ConstraintDefinition,
) -> Identifier {
    if let Some(name) = &constraint.name {
        return name.clone();
    }
    let texts = |columns: &[Identifier]| -> Vec<String> {
        columns.iter().map(|column| column.as_str().to_owned()).collect()
    };
    match &constraint.kind {
        ConstraintBody::Key { primary: true, .. } => {
            default_index_name(catalog, table, &[], "pkey")
        }
        ConstraintBody::Key { columns, .. } => {
            default_index_name(catalog, table, &texts(columns), "key")
        }
        ConstraintBody::Check { expression, .. } => {
            let columns = expression.columns();
            let single = if columns.len() == 1 { columns.as_slice() } else { &[] };
            default_constraint_name(catalog, table, single, "check")
        }
        ConstraintBody::ForeignKey { columns, .. } => {
            default_constraint_name(catalog, table, columns, "fkey")
        }
        ConstraintBody::Exclusion => default_index_name(catalog, table, &[], "excl"),
        ConstraintBody::NotNull { column } => {
            default_constraint_name(catalog, table, std::slice::from_ref(column), "not_null")
        }
    }
}

/// The SQL of a constraint after its name, without `NOT VALID`; empty where it is not known.
pub(crate) fn constraint_sql(catalog: &Catalog, constraint: &ConstraintDefinition) -> String {
    let listed = |columns: &[Identifier]| {
        columns.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    let deferrable = &constraint.deferrable;
    let sql = match &constraint.kind {
        ConstraintBody::Check { expression, no_inherit } => {
            let inherit = if *no_inherit { " NO INHERIT" } else { "" };
            format!("CHECK ({}){inherit} {deferrable}", expression.text)
        }
        ConstraintBody::ForeignKey { columns, references, referenced, tail, .. } => {
            let target = catalog.resolve(references.schema.as_ref(), &references.name);
            let list = match referenced.as_slice() {
                [] => String::new(),
                some => format!(" ({})", listed(some)),
            };
            let columns = listed(columns);
            format!("FOREIGN KEY ({columns}) REFERENCES {target}{list} {tail} {deferrable}")
        }
        ConstraintBody::Key { primary, columns, using_index, tail, nulls_not_distinct } => {
            let word = if *primary { "PRIMARY KEY" } else { "UNIQUE" };
            let nulls = if *nulls_not_distinct { " NULLS NOT DISTINCT" } else { "" };
            match using_index {
                Some(index) => format!("{word} USING INDEX {index} {deferrable}"),
                None => format!("{word}{nulls} ({}) {tail} {deferrable}", listed(columns)),
            }
        }
        ConstraintBody::NotNull { column } => format!("NOT NULL {column}"),
        ConstraintBody::Exclusion => String::new(),
    };
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `CREATE INDEX` under the name that the server would choose where none is given.
pub(crate) fn create_index(catalog: &Catalog, create: &statement::CreateIndex) -> CreateIndex {
    let table = catalog.resolve(create.table.schema.as_ref(), &create.table.name);
    let plain: Option<Vec<Identifier>> = create.columns.iter().cloned().collect();
    CreateIndex {
        index: index_name(catalog, &table, create),
        unique: create.unique,
        definition: create.definition.clone(),
        concurrently: create.concurrently,
        only: create.only,
        method: create.method.clone(),
        partial_or_expression: create.partial || plain.is_none(),
        columns: plain.unwrap_or_default(),
        reads: create.reads.clone(),
        table,
    }
}

/// The name that an index has or gets.
pub(crate) fn index_name(
    catalog: &Catalog,
    table: &QualifiedName,
    index: &statement::CreateIndex,
) -> Identifier {
    match &index.name {
        Some(name) => name.clone(),
        None => default_index_name(catalog, table, &index.name_parts, "idx"),
    }
}

/// A trigger as the catalog will show it.
fn trigger(create: &statement::CreateTrigger) -> Trigger {
    Trigger {
        name: create.name.clone(),
        before: create.before,
        row: create.row,
        on_insert: create.on_insert,
        on_update: create.on_update,
        update_columns: create.update_columns.clone(),
        enabled: true,
        ours: false,
        ..Trigger::default()
    }
}

/// `CREATE TABLE`: the table as the catalog will show it, and what it locks.
pub(crate) fn create_table(
    catalog: &Catalog,
    create: &statement::CreateTable,
    sql: String,
) -> CreateTable {
    let resolve = |name: &Name| catalog.resolve(name.schema.as_ref(), &name.name);
    let name = catalog.resolve_new(create.name.schema.as_ref(), &create.name.name);
    let kind = match create.partition_by {
        Some(_) => RelationKind::PartitionedTable,
        None => RelationKind::Table,
    };
    let mut made = Relation::new(&name, kind);
    made.partition_key = create.partition_by.clone().unwrap_or_default();
    made.partition_of = create.partition_of.as_ref().map(resolve);
    made.inherits = create.inherits.iter().map(resolve).collect();
    for source in create.copies.iter().chain(&create.inherits).chain(&create.partition_of) {
        if let Some(source) = catalog.relation(&resolve(source)) {
            made.columns.extend(source.columns.iter().cloned());
        }
    }
    // Names of constraints depend on those that the table has already.
    let mut with = catalog.clone();
    with.insert(made);
    for definition in &create.columns {
        Change::from(add_column(&with, &name, definition)).apply(&mut with);
        for constraint in &definition.constraints {
            Change::from(add_constraint(&with, &name, constraint)).apply(&mut with);
        }
    }
    for constraint in &create.constraints {
        Change::from(add_constraint(&with, &name, constraint)).apply(&mut with);
    }
    let relation = with.relation(&name).cloned().unwrap_or_else(|| Relation::new(&name, kind));
    CreateTable { sql, relation: Box::new(relation), locks: locks(catalog, create, &name) }
}

/// Tables that were there before and are locked: those that foreign keys point to, parents, sources.
fn locks(
    catalog: &Catalog,
    create: &statement::CreateTable,
    name: &QualifiedName,
) -> Vec<(QualifiedName, LockMode)> {
    let resolve = |name: &Name| catalog.resolve(name.schema.as_ref(), &name.name);
    let mut locks: Vec<(QualifiedName, LockMode)> = Vec::new();
    let columns = create.columns.iter().flat_map(|column| &column.constraints);
    for constraint in columns.chain(&create.constraints) {
        if let ConstraintBody::ForeignKey { references, .. } = &constraint.kind {
            locks.push((resolve(references), LockMode::ShareRowExclusive));
        }
    }
    let parents = create.partition_of.iter();
    locks.extend(parents.map(|parent| (resolve(parent), LockMode::AccessExclusive)));
    let parents = create.inherits.iter();
    locks.extend(parents.map(|parent| (resolve(parent), LockMode::ShareUpdateExclusive)));
    let sources = create.copies.iter();
    locks.extend(sources.map(|source| (resolve(source), LockMode::AccessShare)));
    locks.retain(|(relation, _)| relation != name);
    locks.sort();
    locks.dedup();
    locks
}

/// Rows of one table are written: foreign keys of the columns that are set lock rows elsewhere.
fn writes(
    catalog: &Catalog,
    table: QualifiedName,
    sets: impl Fn(&Identifier) -> bool,
    sql: String,
) -> WriteRows {
    let relation = catalog.relation(&table);
    let mut references: Vec<QualifiedName> = relation
        .iter()
        .flat_map(|relation| &relation.constraints)
        .filter(|constraint| constraint.columns.iter().any(&sets))
        .filter_map(|constraint| match &constraint.kind {
            ConstraintKind::ForeignKey { references, .. } => Some(references.clone()),
            _ => None,
        })
        .filter(|references| references != &table)
        .collect();
    references.sort();
    references.dedup();
    WriteRows { tables: vec![table], mode: LockMode::RowExclusive, references, sql }
}

fn drops(catalog: &Catalog, drop: &statement::Drop, statement: &Statement) -> WrittenChanges {
    use statement::DropObject;
    let if_exists = drop.if_exists;
    let mut changes: Vec<Change> = Vec::new();
    for name in &drop.names {
        let qualified = catalog.resolve(name.schema.as_ref(), &name.name);
        let sql = || statement.text.clone();
        let table = || {
            let table = drop.table.as_ref()?;
            Some(catalog.resolve(table.schema.as_ref(), &table.name))
        };
        changes.push(match drop.object {
            DropObject::Table | DropObject::View | DropObject::MaterializedView => {
                let found = catalog.relation(&qualified).map(|relation| relation.kind);
                let kind = match drop.object {
                    DropObject::View => RelationKind::View,
                    DropObject::MaterializedView => RelationKind::MaterializedView,
                    _ => found.unwrap_or(RelationKind::Table),
                };
                DropRelation { name: qualified, kind, if_exists }.into()
            }
            DropObject::Sequence => {
                DropRelation { name: qualified, kind: RelationKind::Sequence, if_exists }.into()
            }
            DropObject::Index => {
                let index = catalog.resolve_index(name.schema.as_ref(), &name.name);
                let on = catalog.table_of_index(&index).map(|relation| relation.name.clone());
                let table = on.unwrap_or_else(|| index.clone());
                DropIndex { table, index, concurrently: drop.concurrently, if_exists }.into()
            }
            DropObject::Type => DropType { name: qualified, if_exists }.into(),
            DropObject::Function => DropFunction { function: name.name.clone(), sql: sql() }.into(),
            DropObject::Trigger => {
                DropTrigger { table: table()?, trigger: name.name.clone(), if_exists }.into()
            }
            DropObject::Policy => DropPolicy { table: table()?, sql: sql() }.into(),
            DropObject::Schema | DropObject::Extension => return None,
        });
    }
    Some(changes)
}

fn rename(
    catalog: &Catalog,
    object: &str,
    relation: &Name,
    (from, to): &(Identifier, Identifier),
) -> WrittenChanges {
    let (from, to) = (from.clone(), to.clone());
    match object {
        "index" => {
            let index = catalog.resolve_index(relation.schema.as_ref(), &relation.name);
            let table = catalog.table_of_index(&index)?.name.clone();
            Some(vec![RenameConstraint { table, from, to, index: true }.into()])
        }
        "trigger" => {
            let table = catalog.resolve(relation.schema.as_ref(), &relation.name);
            Some(vec![RenameTrigger { table, from, to }.into()])
        }
        "view" | "materialized view" | "sequence" => {
            let from = catalog.resolve(relation.schema.as_ref(), &relation.name);
            let to = QualifiedName { schema: from.schema.clone(), name: to };
            Some(vec![RenameRelation { from, to }.into()])
        }
        _ => None,
    }
}
