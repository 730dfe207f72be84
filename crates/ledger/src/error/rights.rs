//! What to do where the server forbids something: the right that is lacking, and the command that gives it.
//!
//! The server names the object in its message, in English unless `lc_messages` says otherwise; then only what
//! is true of every lacking right is said.

use tokio_postgres::error::DbError;

/// What to do about 42501 (insufficient privilege). `action` is what was being done.
pub(super) fn remedy(action: &str, error: &DbError) -> String {
    let message = error.message();
    if let Some(database) = object(message, "permission denied for database ") {
        return format!(
            "GRANT CREATE ON DATABASE {database} TO the migrating role, or connect as its owner"
        );
    }
    if message.ends_with("for schema changeover") {
        return "the ledger is another role's: connect as the role that made it, or let this one look at \
            it: `changeover migrate --service-role ROLE`, run by the ledger's owner"
            .to_owned();
    }
    if let Some(schema) = object(message, "permission denied for schema ") {
        return format!("GRANT USAGE, CREATE ON SCHEMA {schema} TO the migrating role");
    }
    if action.starts_with("ending the backends") {
        return "an earlier process works under another login: GRANT pg_signal_backend and \
            pg_read_all_stats TO the role that logs in, or end that process yourself"
            .to_owned();
    }
    if let Some(what) = object(message, "must be owner of ") {
        return format!(
            "the migrating role must own {what}, or be a member of the role that does: ALTER … OWNER TO, \
             or GRANT owner TO the migrating role"
        );
    }
    for kind in ["table", "sequence", "view", "function"] {
        let Some(name) = object(message, &format!("permission denied for {kind} ")) else {
            continue;
        };
        if action.contains("ledger") || action.contains("status") || action.contains("term") {
            return "the ledger is another role's: connect as the role that made it, or as a member of it"
                .to_owned();
        }
        let right = match kind {
            "sequence" => "USAGE",
            "function" => "EXECUTE",
            _ => "SELECT, INSERT, UPDATE, DELETE",
        };
        let what = if kind == "view" { String::new() } else { format!("{} ", kind.to_uppercase()) };
        return format!(
            "GRANT {right} ON {what}{name} TO the migrating role, or let it own the {kind}"
        );
    }
    "the migrating role lacks a right that the server names above: grant it, or connect as a role that \
     has it"
        .to_owned()
}

/// What stands behind a known beginning.
fn object<'a>(message: &'a str, beginning: &str) -> Option<&'a str> {
    message.strip_prefix(beginning).filter(|name| !name.is_empty())
}
