//! What bars no plan, and what its operator should know before it runs.
//!
//! Asked once for a plan that has something to do. Without a known session nothing is said of rights.

use crate::model::{
    catalog::{Catalog, EventTrigger, Schema},
    identifier::Identifier,
    plan::Warning,
};

/// All warnings about a database.
pub(super) fn all(catalog: &Catalog) -> Vec<Warning> {
    let schemas = catalog.session.iter().flat_map(|session| &session.schemas);
    let on_path = schemas.filter(|schema| catalog.search_path.contains(&schema.name));
    let open = on_path.filter(|schema| !schema.others_may_create.is_empty()).map(open_schema);
    let fires = |trigger: &&EventTrigger| {
        trigger.enabled
            && matches!(
                trigger.event.as_str(),
                "ddl_command_start" | "ddl_command_end" | "sql_drop"
            )
    };
    open.chain(catalog.event_triggers.iter().filter(fires).map(event_trigger)).collect()
}

fn open_schema(schema: &Schema) -> Warning {
    let others: Vec<&str> = schema.others_may_create.iter().map(called).collect();
    let name = &schema.name;
    Warning {
        about: "open-schema".to_owned(),
        reason: format!(
            "{} may create objects in schema {}, which is on the migrator's search path: a statement that \
             names no schema may find theirs",
            others.join(", "),
            name.as_str()
        ),
        remedy: format!(
            "let its owner run: REVOKE CREATE ON SCHEMA {name} FROM {} (in public everybody may before \
             PostgreSQL 15)",
            schema.others_may_create.iter().map(granted).collect::<Vec<_>>().join(", ")
        ),
    }
}

fn called(role: &Identifier) -> &str {
    if role.as_str() == "public" { "everybody" } else { role.as_str() }
}

/// The pseudo-role is a keyword, and no name.
fn granted(role: &Identifier) -> String {
    if role.as_str() == "public" { "PUBLIC".to_owned() } else { role.to_string() }
}

fn event_trigger(trigger: &EventTrigger) -> Warning {
    let commands = match trigger.tags.as_slice() {
        [] => "every command".to_owned(),
        tags => tags.join(", "),
    };
    Warning {
        about: "event-trigger".to_owned(),
        reason: format!(
            "the event trigger {} fires on {commands} ({}): a step fails where it raises, and waits where it \
             takes long",
            trigger.name.as_str(),
            trigger.event
        ),
        remedy:
            "see that it lets the migrator create, alter and drop tables, indexes, functions and \
                 triggers, also in schema changeover"
                .to_owned(),
    }
}
