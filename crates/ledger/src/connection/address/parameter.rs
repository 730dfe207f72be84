//! The parameters of a connection string: which are known, and what is said about the others.
//!
//! The names and their meaning are libpq's (`docs/connecting.md`). A parameter that restricts a connection
//! and isn't supported is an error, never ignored; so is one that nobody knows.

use super::error::AddressError;
use std::collections::BTreeMap;

/// Parameters by name, as text.
pub(super) type Parameters = BTreeMap<String, String>;

/// What we act on, or what is safe to accept because it asks for what we do anyway.
const KNOWN: [&str; 32] = [
    "application_name",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "dbname",
    "fallback_application_name",
    "gssencmode",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "load_balance_hosts",
    "options",
    "passfile",
    "password",
    "port",
    "service",
    "servicefile",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcert",
    "sslcompression",
    "sslkey",
    "sslmode",
    "sslnegotiation",
    "sslrootcert",
    "sslsni",
    "target_session_attrs",
    "tcp_user_timeout",
    "user",
];

/// Parameters of libpq that aren't supported, and what to do instead.
const UNSUPPORTED: [(&str, &str); 16] = [
    ("gssdelegation", "GSSAPI isn't supported; remove it"),
    ("gsslib", "GSSAPI isn't supported; remove it"),
    ("krbsrvname", "GSSAPI isn't supported; use a password or a client certificate"),
    ("max_protocol_version", "remove it: protocol 3.0 is spoken, which every server understands"),
    ("min_protocol_version", "remove it: protocol 3.0 is spoken, which every server understands"),
    ("oauth_client_id", "OAuth isn't supported; use a password or a client certificate"),
    ("oauth_issuer", "OAuth isn't supported; use a password or a client certificate"),
    ("replication", "remove it: a session for replication can't run ordinary statements"),
    ("require_auth", "use sslmode=verify-full with channel_binding=require"),
    ("requirepeer", "use a TCP address with sslmode=verify-full"),
    ("scram_client_key", "give the password"),
    ("sslcertmode", "give sslcert and sslkey, or leave them away"),
    ("sslcrl", "revoke at the server, or give an sslrootcert without the revoked CA"),
    ("sslcrldir", "revoke at the server, or give an sslrootcert without the revoked CA"),
    ("sslkeylogfile", "remove it: keys aren't logged"),
    ("sslpassword", "give an sslkey that isn't encrypted, readable only by its owner"),
];

/// Parameters of other drivers that stand in many a `DATABASE_URL`: whose they are, and what does the same
/// here where something does.
const OF_OTHERS: [(&str, &str, &str); 27] = [
    ("ApplicationName", "JDBC", ""),
    ("binary_parameters", "Go's lib/pq", ""),
    ("connection_limit", "Prisma", ""),
    ("currentSchema", "JDBC", "options=-c%20search_path=NAME does the same here"),
    ("default_query_exec_mode", "Go's pgx", ""),
    ("description_cache_capacity", "Go's pgx", ""),
    ("loginTimeout", "JDBC", "connect_timeout=SECONDS does the same here"),
    ("pgbouncer", "Prisma", ""),
    ("pool", "Rails and Ecto", ""),
    ("pool_max_conns", "Go's pgxpool", ""),
    ("pool_min_conns", "Go's pgxpool", ""),
    ("pool_size", "Ecto", ""),
    ("pool_timeout", "Prisma", ""),
    ("prepareThreshold", "JDBC", ""),
    ("prepared_statements", "Rails", ""),
    ("reWriteBatchedInserts", "JDBC", ""),
    ("schema", "Prisma", "options=-c%20search_path=NAME does the same here"),
    ("search_path", "Go's lib/pq and pgx", "options=-c%20search_path=NAME does the same here"),
    ("socket_timeout", "Prisma", ""),
    ("socketTimeout", "JDBC", ""),
    ("sslaccept", "Prisma", "sslmode=verify-full or sslmode=prefer says it here"),
    ("sslfactory", "JDBC", "sslmode and sslrootcert say it here"),
    ("statement-cache-capacity", "Rust's sqlx", ""),
    ("statement_cache_capacity", "Go's pgx", ""),
    ("statement_cache_size", "Prisma and asyncpg", ""),
    ("supa", "Supabase's own tools", ""),
    ("uselibpqcompat", "Node's pg", ""),
];

/// Passes a name that is known; says what to do about any other.
pub(super) fn check_name(name: &str) -> Result<(), AddressError> {
    if KNOWN.contains(&name) {
        return Ok(());
    }
    if let Some((_, instead)) = UNSUPPORTED.iter().find(|(unsupported, _)| *unsupported == name) {
        return Err(AddressError::Unsupported { name: name.to_owned(), instead });
    }
    if let Some((_, owner, instead)) = OF_OTHERS.iter().find(|(other, _, _)| *other == name) {
        return Err(AddressError::OtherDriver { name: name.to_owned(), owner, instead });
    }
    // golang-migrate puts its own settings into the URL, all with this prefix.
    if name.starts_with("x-") {
        let owner = "golang-migrate";
        return Err(AddressError::OtherDriver { name: name.to_owned(), owner, instead: "" });
    }
    Err(AddressError::Unknown { name: name.to_owned(), known: KNOWN.join(", ") })
}

/// A parameter as a whole number.
pub(super) fn number(parameters: &Parameters, name: &str) -> Result<Option<u64>, AddressError> {
    let Some(text) = parameters.get(name) else { return Ok(None) };
    // libpq takes a negative number for "not set".
    if text.trim().strip_prefix('-').is_some_and(|digits| digits.parse::<u64>().is_ok()) {
        return Ok(None);
    }
    match text.trim().parse() {
        Ok(value) => Ok(Some(value)),
        Err(_not_a_number) => Err(AddressError::Value {
            name: name.to_owned(),
            value: text.clone(),
            allowed: "a whole number".to_owned(),
        }),
    }
}

/// A parameter that is one of several words.
pub(super) fn word<T: Copy>(
    parameters: &Parameters,
    name: &str,
    words: &[(&str, T)],
) -> Result<Option<T>, AddressError> {
    let Some(text) = parameters.get(name) else { return Ok(None) };
    if let Some((_, meaning)) = words.iter().find(|(word, _)| word == text) {
        return Ok(Some(*meaning));
    }
    let allowed: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    Err(AddressError::Value {
        name: name.to_owned(),
        value: text.clone(),
        allowed: allowed.join(", "),
    })
}
