//! A rule `ON UPDATE … DO ALSO` fired for every row that was filled, and then the step could never end.
//!
//! Whatever a rule would do at our `UPDATE` is refused by name; rules that our statements do not set off
//! are no obstacle.

use super::stage::{OWNER, SERVICE, Stage};

const BIG: &str = "
    CREATE TABLE big (id bigserial PRIMARY KEY, v int);
    INSERT INTO big (v) SELECT g FROM generate_series(1, 1000) g;
    CREATE TABLE hist (LIKE big);
    CREATE RULE big_log AS ";
const FILL: &str = "ALTER TABLE big ADD COLUMN w int; UPDATE big SET w = v;";

#[tokio::test]
async fn a_rule_that_filling_would_set_off_is_refused() {
    for rule in [
        "ON UPDATE TO big DO ALSO INSERT INTO hist VALUES (NEW.id, NEW.v)",
        "ON UPDATE TO big WHERE NEW.v > 5 DO INSTEAD NOTHING",
        "ON UPDATE TO big DO ALSO NOTIFY big",
        // Fires only where session_replication_role says so, or always.
        "ON UPDATE TO big DO ALSO NOTIFY big; ALTER TABLE big ENABLE ALWAYS RULE big_log",
    ] {
        let stage = Stage::adopted(&format!("{BIG}{rule};")).await;
        stage.refuses(FILL, "rules-fire", &["big_log", "DISABLE RULE big_log"]).await;
        assert_eq!(stage.value(OWNER, "SELECT count(*) FROM hist").await, "0", "{rule}");
    }
}

#[tokio::test]
async fn a_rule_that_filling_does_not_set_off_is_no_obstacle() {
    for rule in [
        "ON INSERT TO big DO ALSO INSERT INTO hist VALUES (NEW.id, NEW.v)",
        "ON DELETE TO big DO ALSO INSERT INTO hist VALUES (OLD.id, OLD.v)",
        "ON UPDATE TO big DO ALSO INSERT INTO hist VALUES (NEW.id, NEW.v);
         ALTER TABLE big DISABLE RULE big_log",
    ] {
        let stage = Stage::adopted(&format!("{BIG}{rule};")).await;
        stage.expand(FILL).await;
        stage.sql(SERVICE, "UPDATE big SET v = v + 1 WHERE id < 10").await;
        stage.contract().await.ok();
        let wrong = "SELECT count(*) FILTER (WHERE w IS DISTINCT FROM v), count(w) FROM big";
        assert_eq!(stage.value(OWNER, wrong).await, "0|1000", "{rule}");
        assert_eq!(stage.value(OWNER, "SELECT count(*) FROM hist").await, "0", "{rule}");
    }
}
