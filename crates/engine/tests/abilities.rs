//! A step that an instance cannot run is left to one that can.

mod common;

use changeover::Changeover;
use changeover::status::StatusReader;
use changeover_plan::model::capability::Capability;
use common::{Database, OWNER, SERVICE, migrate, until, value};

const BASE: (&str, &str) = (
    "0001_base.sql",
    "CREATE TABLE t (id integer PRIMARY KEY, c integer); INSERT INTO t VALUES (1, 1);",
);
const TWO: (&str, &str) = (
    "0002_two.sql",
    "ALTER TABLE t ADD COLUMN d integer; UPDATE t SET d = c; CREATE INDEX t_c ON t (c);",
);

#[tokio::test]
async fn a_step_waits_for_an_instance_that_can_run_it() {
    let database = Database::new(15).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    let owner = database.connect(OWNER).await;
    let mut planned = database.options("2", &[BASE, TWO]);
    let plan = changeover::operate::plan(&planned).await.unwrap();
    planned.stop_after = Some(plan.steps[0].id.clone());
    migrate(planned).await.unwrap();
    // As the planner will make them: no form of statement needs application code yet.
    let needs_code = "UPDATE changeover.step \
          SET step = jsonb_set(step, '{requires}', '[\"owner\", {\"code\": \"total\"}]') \
        WHERE kind = 'backfill'";
    assert_eq!(owner.execute(needs_code, &[]).await.unwrap(), 1);

    let without = migrate(database.options("2", &[BASE, TWO])).await.unwrap();
    let code = Capability::Code("total".to_owned());
    assert_eq!(without.waiting_for_ability.len(), 1, "{without:?}");
    assert_eq!(without.waiting_for_ability[0].1, code);
    let index = "SELECT state FROM changeover.step WHERE kind = 'index_build'";
    assert_eq!(value::<String>(&owner, index).await, "done", "the rest goes on");
    let reader = StatusReader::connect(&database.url(SERVICE), "shop").await.unwrap();
    let status = reader.read().await.unwrap();
    let waits: Vec<String> = status.steps.iter().filter_map(|step| step.waits_for()).collect();
    assert_eq!(waits, ["an instance with the code `total`"]);

    // One without it does not stand in the way of one that has it.
    let lacking = Changeover::start(database.options("2", &[BASE, TWO])).await.unwrap();
    lacking.wait_until_servable().await.unwrap();
    let mut able = database.options("2", &[BASE, TWO]);
    able.abilities.insert(code);
    let able = Changeover::start(able).await.unwrap();
    let open = "SELECT count(*) FROM changeover.step WHERE state <> 'done' AND phase <> 'contract'";
    until("the one that can has run it", || async { value::<i64>(&owner, open).await == 0 }).await;
    assert_eq!(value::<i32>(&owner, "SELECT d FROM t").await, 1);
    lacking.leave().await.unwrap();
    able.leave().await.unwrap();
}
