//! A plan that lies about its locks is found out.

use crate::shop;
use changeover_plan::LockMode;
use changeover_verify::{LockFinding, lock_trace};

/// Makes the ledger weaken what the plan states: the engine runs, and the check reads, another plan.
const WEAKEN: &str = "
    CREATE FUNCTION weaken() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.step := replace(NEW.step::text, '\"access_exclusive\"', '\"share_update_exclusive\"')::jsonb;
        RETURN NEW;
    END $$;
    CREATE TRIGGER weaken BEFORE INSERT ON changeover.step FOR EACH ROW EXECUTE FUNCTION weaken();";

/// Makes the ledger forget all locks.
const FORGET: &str = "
    CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.step := jsonb_set(NEW.step, '{locks}', '[]');
        RETURN NEW;
    END $$;
    CREATE TRIGGER forget BEFORE INSERT ON changeover.step FOR EACH ROW EXECUTE FUNCTION forget();";

async fn findings_of(mutation: &str, change: &str) -> Vec<LockFinding> {
    let (stage, trial) = shop::trial(15, change).await;
    shop::superuser(&stage).await.batch_execute(mutation).await.expect("the ledger can be changed");
    let trace = lock_trace::trace(&trial).await.expect("it runs");
    let findings = trace.findings().into_iter();
    findings.map(|(_, finding)| finding.clone()).collect()
}

#[tokio::test]
async fn a_weaker_stated_lock_is_found() {
    let findings = findings_of(WEAKEN, "ALTER TABLE orders ADD COLUMN extra text;").await;
    assert_eq!(
        findings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["ACCESS EXCLUSIVE on orders, stated is SHARE UPDATE EXCLUSIVE"]
    );
}

#[tokio::test]
async fn an_unstated_lock_is_found() {
    let findings = findings_of(FORGET, "ALTER TABLE orders ADD COLUMN extra text;").await;
    assert_eq!(
        findings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["ACCESS EXCLUSIVE on orders is not stated"]
    );
}

/// What takes milliseconds and is in no transaction of ours is seen as well.
#[tokio::test]
async fn unstated_locks_of_concurrent_builds_and_drops_are_found() {
    let change = "CREATE INDEX orders_customer ON orders (customer_id); DROP INDEX orders_legacy;";
    let findings = findings_of(FORGET, change).await;
    let on_orders = findings
        .iter()
        .filter(|finding| {
            matches!(finding, LockFinding::Unstated { relation, observed: LockMode::ShareUpdateExclusive }
                if relation.plain() == "orders")
        })
        .count();
    assert_eq!(on_orders, 2, "{findings:?}");
}

/// A table that is written again is found even though its lock is stated.
#[tokio::test]
async fn a_rewrite_is_found() {
    let rewrite = "
        CREATE FUNCTION rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.step := jsonb_set(NEW.step, '{statements}',
                '[\"ALTER TABLE orders ALTER COLUMN customer_id TYPE numeric\"]');
            RETURN NEW;
        END $$;
        CREATE TRIGGER rewrite BEFORE INSERT ON changeover.step
            FOR EACH ROW EXECUTE FUNCTION rewrite();";
    let rewrite = rewrite.replace("'{statements}'", "'{kind,changes}'");
    let findings = findings_of(&rewrite, "ALTER TABLE orders ADD COLUMN extra text;").await;
    assert!(
        findings.iter().any(|finding| finding.to_string() == "orders was rewritten"),
        "{findings:?}"
    );
}

/// Every partition's own build is seen, not only the first one's.
#[tokio::test]
async fn builds_on_each_partition_are_seen() {
    let (_stage, trial) = shop::trial(15, "CREATE INDEX events_day ON events (day);").await;
    let trace = lock_trace::trace(&trial).await.expect("it runs");
    for part in ["events_2025", "events_2026"] {
        assert!(
            trace.steps[0].observed.iter().any(|lock| {
                lock.relation.plain() == part && lock.mode == LockMode::ShareUpdateExclusive
            }),
            "{part}, {} looks:\n{trace}",
            trace.steps[0].looks
        );
    }
}
