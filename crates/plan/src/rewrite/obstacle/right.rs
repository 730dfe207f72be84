//! Rights that a run will need, asked before it: each in its own words.
//!
//! Without a known session (tests, a picture of an earlier version) nothing is asked.

use crate::{
    model::{
        catalog::{Catalog, Session},
        identifier::QualifiedName,
    },
    rule::{self, Rule},
    sql::{StatementKind as Kind, statement::Name},
    world::{Refused, Work},
};

/// What the role that plans may not do, of what the statement needs.
pub(in crate::rewrite) fn of_statement(work: &Work<'_>) -> Result<(), Refused> {
    let catalog = &work.world.catalog;
    let Some(session) = &catalog.session else { return Ok(()) };
    match &*work.statement.kind {
        Kind::AlterTable(alter) => owner(work, session, &alter.name),
        Kind::CreateIndex(index) => owner(work, session, &index.table),
        Kind::Update(update) => owner(work, session, &update.table),
        Kind::CreatePolicy { table } => owner(work, session, table),
        Kind::Drop(drop) => drop
            .names
            .iter()
            .filter(|_| drop.table.is_none())
            .chain(&drop.table)
            .try_for_each(|name| owner(work, session, name)),
        Kind::CreateTable(create) => {
            let parents = create.partition_of.iter().chain(&create.inherits);
            parents.into_iter().try_for_each(|parent| owner(work, session, parent))?;
            creates_in(session, &work.world.resolve_new(&create.name))
        }
        Kind::CreateView(create) => creates_in(session, &work.world.resolve_new(&create.name)),
        Kind::CreateType { name }
        | Kind::CreateDomain { name, .. }
        | Kind::CreateFunction { name, .. } => creates_in(session, &work.world.resolve_new(name)),
        Kind::CreateOther(create) if matches!(create.object, "schema" | "extension") => {
            match session.may_create_schemas || session.superuser {
                true => Ok(()),
                false => Err(no_create_on_database(session, &format!("a new {}", create.object))),
            }
        }
        _ => Ok(()),
    }
}

fn owner(work: &Work<'_>, session: &Session, name: &Name) -> Result<(), Refused> {
    let Some(relation) = work.world.relation(&work.world.resolve(name)) else { return Ok(()) };
    if !relation.owned_by_other || session.superuser {
        return Ok(());
    }
    let owner = relation.owner.as_ref().map_or("another role", |owner| owner.as_str());
    let (role, table) = (session.role.as_str(), relation.name.plain());
    Err(Refused::new(
        &rule::not_owner::RULE,
        format!("{table} belongs to {owner}, and {role} may not act as {owner}"),
        format!(
            "let a superuser run: GRANT {owner} TO {role}; or ALTER TABLE {table} OWNER TO {role}"
        ),
    ))
}

fn creates_in(session: &Session, name: &QualifiedName) -> Result<(), Refused> {
    // A schema that is not there yet is made by the pending migrations, and belongs to the role.
    let schema = session.schemas.iter().find(|schema| schema.name == name.schema);
    if session.superuser || schema.is_none_or(|schema| schema.may_create) {
        return Ok(());
    }
    let (role, schema) = (session.role.as_str(), name.schema.as_str());
    Err(Refused::new(
        &rule::missing_right::RULE,
        format!("{role} may not create anything in the schema {schema}"),
        format!("let its owner run: GRANT CREATE ON SCHEMA {schema} TO {role}"),
    ))
}

fn no_create_on_database(session: &Session, what: &str) -> Refused {
    let (role, database) = (session.role.as_str(), session.database.as_str());
    Refused::new(
        &rule::missing_right::RULE,
        format!("{role} may not create schemas in the database {database}, which {what} needs"),
        format!("let its owner run: GRANT CREATE ON DATABASE {database} TO {role}"),
    )
}

/// What stands against any run at all: found once, whatever the statements say.
pub(crate) fn of_session(catalog: &Catalog) -> Option<Refused> {
    let session = catalog.session.as_ref()?;
    if session.standby {
        return Some(read_only(
            &rule::read_only::RULE,
            "the server is a standby, which accepts no writes".to_owned(),
            "give the connection string of the primary (or of all, with \
             target_session_attrs=read-write)",
        ));
    }
    if session.read_only {
        return Some(read_only(
            &rule::read_only::RULE,
            format!(
                "default_transaction_read_only is on for {} in {}",
                session.role.as_str(),
                session.database.as_str()
            ),
            "end the maintenance, or set it off for the role that migrates: ALTER ROLE … IN DATABASE … \
             SET default_transaction_read_only = off",
        ));
    }
    let may_create = session.ledger_is_there || session.may_create_schemas || session.superuser;
    (!may_create).then(|| no_create_on_database(session, "the ledger"))
}

fn read_only(rule: &'static Rule, reason: String, remedy: &str) -> Refused {
    Refused::new(rule, reason, remedy)
}
