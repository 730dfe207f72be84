//! An index over an expression that can raise was built online, and from then on an older release's
//! insert failed.
//!
//! Such an index is contract, as a unique one is, unless the author says that older releases comply.

use super::stage::{SERVICE, Stage};

const EV: &str = "
    CREATE TABLE ev (id bigserial PRIMARY KEY, payload jsonb, name text);
    INSERT INTO ev (payload, name)
      SELECT jsonb_build_object('total', g), 'n' || g FROM generate_series(1, 1000) g;";
const ODD: &str = "INSERT INTO ev (payload, name) VALUES ('{\"total\": \"n/a\"}', 'n1')";

#[tokio::test]
async fn what_makes_an_older_releases_write_fail_is_contract() {
    for statement in [
        "CREATE INDEX ev_total ON ev (((payload ->> 'total')::numeric));",
        "CREATE INDEX ev_total ON ev (name) WHERE (payload ->> 'total')::numeric > 5;",
        "CREATE INDEX ev_total ON ev ((1 / length(name)));",
        "CREATE UNIQUE INDEX ev_total ON ev (name);",
        "ALTER TABLE ev ADD CONSTRAINT ev_total CHECK ((payload ->> 'total')::numeric > 0);",
    ] {
        let stage = Stage::adopted(EV).await;
        let phases = stage.phases(statement).await;
        assert!(phases.iter().all(|phase| phase.ends_with(": contract")), "{statement} {phases:?}");
        stage.expand(statement).await;
        stage.sql(SERVICE, ODD).await;
    }
}

#[tokio::test]
async fn what_cannot_raise_is_built_online() {
    for statement in [
        "CREATE INDEX ev_name ON ev (lower(name));",
        "CREATE INDEX ev_total ON ev ((payload ->> 'total'));",
        "CREATE INDEX ev_name ON ev (name) WHERE name IS NOT NULL;",
        "-- changeover: old-complies because \"totals have been numbers since 1.0\"
         CREATE INDEX ev_total ON ev (((payload ->> 'total')::numeric));",
    ] {
        let stage = Stage::adopted(EV).await;
        assert_eq!(stage.phases(statement).await, ["index: online"], "{statement}");
        stage.upgrade(statement).await;
    }
}
