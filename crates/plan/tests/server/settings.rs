//! The pinned settings: whatever the sessions of writers, batches and checks have set, a derived value is
//! the same. And every setting that a session may change and that could reach a value is either pinned or
//! left out for a reason.
//!
//! An IMMUTABLE function of the user's reads the setting itself, so that the test needs no other locale
//! on the machine: every pin is made for functions of which nothing is known.

use crate::{
    database::{Database, majors},
    runner,
};
use changeover_plan::{Phase, Plan, StepKind, derivation, step::Backfill};
use std::collections::BTreeMap;

/// Settings that an ordinary session may change, of the groups that say how a value is read or written,
/// which are not pinned, and why.
const LEFT_OUT: &[(&str, &str)] = &[
    ("backtrace_functions", "says what is logged"),
    ("check_function_bodies", "is read when a function is made"),
    ("client_connection_check_interval", "says when a session ends"),
    ("client_encoding", "is what the client sends and gets; the server has turned it by then"),
    ("client_min_messages", "says what is told"),
    ("createrole_self_grant", "is read by CREATE ROLE"),
    ("default_statistics_target", "says how a plan is found"),
    ("default_table_access_method", "is read by CREATE TABLE"),
    ("default_tablespace", "is read by CREATE TABLE"),
    ("default_toast_compression", "says how a value is stored"),
    ("default_transaction_deferrable", "is of transactions"),
    ("default_transaction_isolation", "is of transactions; a batch sets its own"),
    ("default_transaction_read_only", "is of transactions; a batch sets its own"),
    ("dynamic_library_path", "only superusers set it"),
    ("enable_group_by_reordering", "says how a plan is found"),
    ("escape_string_warning", "warns"),
    ("event_triggers", "only superusers set it"),
    ("exit_on_error", "says when a session ends"),
    ("extension_control_path", "only superusers set it"),
    ("gin_fuzzy_search_limit", "is of searches in an index, not of one row"),
    ("gin_pending_list_limit", "says how an index is written"),
    ("icu_validation_level", "is read by CREATE COLLATION"),
    ("idle_in_transaction_session_timeout", "says when a session ends"),
    ("idle_session_timeout", "says when a session ends"),
    ("lc_messages", "only superusers set it"),
    ("lo_compat_privileges", "only superusers set it"),
    ("local_preload_libraries", "loads what the server's files allow"),
    ("lock_timeout", "says when a statement ends"),
    ("operator_precedence_warning", "warns"),
    ("restrict_nonsystem_relation_kind", "forbids, and is of reading tables"),
    ("row_security", "is of reading tables, which expressions do not"),
    ("session_replication_role", "only superusers set it; the trigger fires always"),
    ("session_preload_libraries", "only superusers set it"),
    ("statement_timeout", "says when a statement ends"),
    ("synchronize_seqscans", "is of the order of rows"),
    ("tcp_keepalives_count", "says when a session ends"),
    ("tcp_keepalives_idle", "says when a session ends"),
    ("tcp_keepalives_interval", "says when a session ends"),
    ("tcp_user_timeout", "says when a session ends"),
    ("temp_tablespaces", "says where temporary files are"),
    ("timezone_abbreviations", "a file is read at each call that names an abbreviation"),
    ("transaction_deferrable", "is of transactions"),
    ("transaction_isolation", "is of transactions"),
    ("transaction_read_only", "is of transactions"),
    ("transaction_timeout", "says when a transaction ends"),
    ("vacuum_cleanup_index_scale_factor", "is of VACUUM"),
    ("vacuum_failsafe_age", "is of VACUUM"),
    ("vacuum_freeze_min_age", "is of VACUUM"),
    ("vacuum_freeze_table_age", "is of VACUUM"),
    ("vacuum_multixact_failsafe_age", "is of VACUUM"),
    ("vacuum_multixact_freeze_min_age", "is of VACUUM"),
    ("vacuum_multixact_freeze_table_age", "is of VACUUM"),
];

/// Another value of each pinned setting that is no switch, enumeration or number.
const OTHERS: &[(&str, &str)] = &[
    ("TimeZone", "Asia/Tokyo"),
    ("DateStyle", "SQL, DMY"),
    ("search_path", "evil"),
    ("lc_numeric", "POSIX"),
    ("lc_time", "POSIX"),
    ("lc_monetary", "POSIX"),
    ("default_text_search_config", "pg_catalog.german"),
];

const SETUP: &str = "REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    CREATE FUNCTION setting_of(text) RETURNS text LANGUAGE sql IMMUTABLE AS
      'SELECT pg_catalog.current_setting($1)';
    CREATE TABLE t (id int PRIMARY KEY, name text);
    CREATE SCHEMA evil;
    ALTER DATABASE \"{database}\" SET lc_time = 'C'";

const UPGRADE: &str = "ALTER TABLE t ADD COLUMN value text; UPDATE t SET value = setting_of(name)";

#[tokio::test]
async fn a_derived_value_does_not_follow_the_settings_of_any_session() {
    for major in majors() {
        let mut database = Database::new(major).await;
        let name = database.value("SELECT current_database()").await;
        database.run(&SETUP.replace("{database}", &name)).await;
        let plan = database.plan(UPGRADE).await;
        let backfill = backfill(&plan).clone();
        let pinned = backfill.settings.clone();
        let hostile = hostile(&database, &pinned).await;
        let rows: Vec<String> = pinned
            .keys()
            .enumerate()
            .flat_map(|(at, name)| [0, 100, 200].map(|of| format!("({}, '{name}')", at + of)))
            .collect();
        let insert = |from: usize| {
            let here = rows.iter().skip(from).step_by(3).cloned().collect::<Vec<_>>();
            format!("INSERT INTO public.t VALUES {}", here.join(", "))
        };
        // By the batch, by a session's trigger, and by that of a role and database with settings.
        database.run(&insert(0)).await;
        for step in plan.steps.iter().filter(|step| step.phase == Phase::Expand) {
            runner::run_step(&database, step).await;
        }
        let role = hostile.replace("SET ", &format!("ALTER DATABASE \"{name}\" SET "));
        database.run(&role).await;
        database.reconnect().await;
        let followed = database.value("SHOW TimeZone").await;
        assert_eq!(followed, "Asia/Tokyo", "the session has the database's settings");
        // The batch first, or it would mend what the trigger writes.
        batch(&database, &backfill).await;
        database.run(&insert(2)).await;
        database.run(&format!("{hostile}; {}; RESET ALL", insert(1))).await;
        let values =
            database.value("SELECT id, name, value FROM public.t ORDER BY id % 100, id").await;
        let mut expected = Vec::new();
        for (at, (name, value)) in pinned.iter().enumerate() {
            expected.extend([0, 100, 200].map(|of| format!("{} {name} {value}", at + of)));
        }
        // The server writes some names with quotes that it need not write.
        let expected = expected.join("\n").replace('"', "");
        assert_eq!(values.replace('"', ""), expected, "PostgreSQL {major}");
    }
}

#[tokio::test]
async fn every_setting_that_could_reach_a_value_is_pinned_or_left_out_for_a_reason() {
    let mut all: Vec<String> = Vec::new();
    for major in majors() {
        let database = Database::new(major).await;
        let name = database.value("SELECT current_database()").await;
        database.run(&SETUP.replace("{database}", &name)).await;
        let plan = database.plan(UPGRADE).await;
        let pinned = &backfill(&plan).settings;
        // How values are read and written, what names mean, what older servers did: of the other groups
        // (memory, plans, logs, locks, replication) none is about a value.
        let open = database
            .value(
                "SELECT name FROM pg_settings WHERE context IN ('user', 'superuser')
                  AND category ~ '^(Client Connection Defaults|Version and Platform Compatibility)'
                  ORDER BY name",
            )
            .await;
        let undecided = open
            .lines()
            .filter(|name| !pinned.contains_key(*name))
            .filter(|name| LEFT_OUT.iter().all(|(left_out, _)| left_out != name));
        all.extend(undecided.map(|name| format!("{name} ({major})")));
        for name in pinned.keys() {
            assert!(LEFT_OUT.iter().all(|(left_out, _)| left_out != name), "{name} is both");
        }
    }
    assert!(all.is_empty(), "neither pinned nor left out: {all:?}");
}

/// Sets each pinned setting to another value.
async fn hostile(database: &Database, pinned: &BTreeMap<String, String>) -> String {
    let mut all = Vec::new();
    for (name, value) in pinned {
        let other = match OTHERS.iter().find(|(found, _)| found == name) {
            Some((_, other)) => (*other).to_owned(),
            None => {
                let other = format!(
                    "SELECT CASE vartype WHEN 'bool' THEN CASE '{value}' WHEN 'on' THEN 'off' ELSE 'on' END
                       WHEN 'enum' THEN (SELECT min(v) FROM unnest(enumvals) AS v WHERE v <> '{value}')
                       WHEN 'integer' THEN min_val END FROM pg_settings WHERE name = '{name}'"
                );
                database.value(&other).await
            }
        };
        assert!(other != "NULL" && &other != value, "no other value of {name}: {other}");
        // A list of names is no string.
        let other = if name == "search_path" { other } else { format!("'{other}'") };
        all.push(format!("SET {name} = {other}"));
    }
    all.join("; ")
}

/// Fills all rows in one batch, as the engine does: under the backfill's settings.
async fn batch(database: &Database, backfill: &Backfill) {
    let sql = derivation::statements(backfill);
    let part = &backfill.table;
    database.run("BEGIN").await;
    for (name, value) in &backfill.settings {
        let set = "SELECT pg_catalog.set_config($1, $2, true)";
        database.client.query_one(set, &[name, value]).await.unwrap();
    }
    let none: Option<Vec<String>> = None;
    let last: Vec<String> =
        database.client.query_one(&sql.last_key.of(part), &[]).await.unwrap().get(0);
    database.client.execute(&sql.fill.of(part), &[&last, &none]).await.unwrap();
    database.run("COMMIT").await;
}

fn backfill(plan: &Plan) -> &Backfill {
    let found = plan.steps.iter().find_map(|step| match &step.kind {
        StepKind::Backfill(backfill) => Some(backfill),
        _ => None,
    });
    found.unwrap()
}
