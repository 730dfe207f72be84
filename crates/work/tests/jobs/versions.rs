//! Two releases and one queue: who may enqueue, claim, return and tick what.

use crate::claimant::{Claimant, sqlstate};
use crate::on_servers;
use crate::stage::{Act, Stage, write_as};
use changeover_work::BackgroundBuilder;
use serde_json::json;

on_servers!(
    new_payloads_from_the_switch_on_and_parked_on_the_way_back,
    an_older_release_touches_nothing_that_it_does_not_know,
    who_asked_for_the_version_just_before_a_switch_back_does_not_fail,
);

fn old() -> Act {
    Act::new(|job, transaction| Box::pin(write_as(job, transaction, "old")))
}

fn new() -> Act {
    let mut handler = Act::new(|job, transaction| Box::pin(write_as(job, transaction, "new")));
    handler.versions = &[1, 2];
    handler
}

async fn new_payloads_from_the_switch_on_and_parked_on_the_way_back(major: u16) {
    let stage = Stage::new(major).await;
    let client = stage.client().await;
    let first = stage.instance(1, |builder| builder.job(old())).await;
    let jobs = first.jobs();
    assert_eq!(jobs.newest_version(&client, "nothing", 9).await.unwrap(), None);

    // The new release is there and has declared the new payload, but it does not serve.
    let upgrade = changeover::Changeover::start(stage.options(2)).await.unwrap();
    upgrade.wait_until_servable().await.unwrap();
    let background = BackgroundBuilder::new(upgrade.instance()).job(new()).start().await.unwrap();
    assert_eq!(jobs.newest_version(&client, "work", 2).await.unwrap(), Some(1));
    let refused = jobs.enqueue(&client, "work", 2, json!({})).await.unwrap_err();
    assert_eq!(refused.sqlstate(), Some("CO006"));
    upgrade.mark_serving().await.unwrap();
    stage.reached("the switch", "SELECT gen = 2 FROM changeover.generation").await;
    assert_eq!(jobs.newest_version(&client, "work", 2).await.unwrap(), Some(2));
    assert_eq!(jobs.newest_version(&client, "work", 1).await.unwrap(), Some(1));
    jobs.enqueue(&client, "work", 2, json!({})).await.unwrap();
    stage
        .reached("the new release runs it", "SELECT count(*) = 1 FROM effects WHERE what = 'new'")
        .await;

    // Back: what only the new release can run is kept, visibly, and the old one goes on with its own.
    upgrade.drain().await.unwrap();
    assert!(background.drain(std::time::Duration::from_secs(20)).await.is_clean());
    let parked = jobs.enqueue(&client, "work", 2, json!({})).await;
    upgrade.leave().await.unwrap();
    let parked = match parked {
        Ok(id) => id,
        // The way back was quicker.
        Err(_) => {
            stage
                .count(
                    "INSERT INTO changeover.job (kind_id, payload) \
                   SELECT id, '{}' FROM changeover.job_kind WHERE version = 2 RETURNING id",
                )
                .await
        }
    };
    stage.reached("the way back", "SELECT gen = 1 FROM changeover.generation").await;
    let own = jobs.enqueue(&client, "work", 1, json!({})).await.unwrap();
    stage
        .reached(
            "the old release goes on",
            &format!("SELECT count(*) = 1 FROM effects WHERE job = {own} AND what = 'old'"),
        )
        .await;
    assert_eq!(
        stage.text("SELECT id || ' ' || state FROM changeover.jobs").await,
        format!("{parked} parked")
    );
    assert_eq!(stage.text("SELECT kind || ' ' || version || ' ' || jobs FROM changeover.jobs_beyond_v1('shop', 1)").await, "work 2 1");

    // And forth again.
    let third = stage.instance(2, |builder| builder.job(new())).await;
    stage.none_left().await;
    assert_eq!(
        stage
            .count(&format!("SELECT count(*) FROM effects WHERE job = {parked} AND what = 'new'"))
            .await,
        1
    );
    third.leave().await;
    first.leave().await;
}

async fn an_older_release_touches_nothing_that_it_does_not_know(major: u16) {
    let stage = Stage::new(major).await;
    let old = Claimant::new(&stage, 1, "work", &[1]).await;
    let new = Claimant::new(&stage, 2, "work", &[1, 2]).await;
    let spare = Claimant::new(&stage, 2, "work", &[1, 2]).await;
    let client = stage.client().await;
    let enqueue =
        "SELECT changeover.enqueue_v1('shop', 'work', $1, ARRAY['{}'::jsonb, '{}', '{}'])";
    client.execute(enqueue, &[&2]).await.unwrap();
    assert_eq!(old.claim(10).await, [], "claims");
    let claims = new.claim(2).await;
    assert_eq!(claims.len(), 2);
    stage
        .owner
        .execute(
            "UPDATE changeover.job SET shelf = 'later' WHERE id <> ALL ($1)",
            &[&claims.iter().map(|claim| claim.job).collect::<Vec<_>>()],
        )
        .await
        .unwrap();
    new.counts_as_dead(&stage).await;
    old.tend().await;
    let left = "SELECT string_agg(state, ', ' ORDER BY id) FROM changeover.jobs \
                 WHERE state IN ('running', 'later')";
    assert_eq!(stage.text(left).await, "running, running, later", "rescues and opens");
    spare.tend().await;
    assert_eq!(
        stage.count("SELECT count(*) FROM changeover.jobs WHERE state = 'waiting'").await,
        3
    );

    // It ticks nothing either, as long as a newer one has the background work.
    let declare = "SELECT changeover.declare_schedule_v1($1, 'nightly', $2, 'UTC', 'all')";
    new.beat().await;
    new.client.execute(declare, &[&new.id, &"0 1 * * *"]).await.unwrap();
    old.client.execute(declare, &[&old.id, &"0 2 * * *"]).await.unwrap();
    assert_eq!(stage.text("SELECT cron FROM changeover.schedule").await, "0 1 * * *");
    let tick = "SELECT count(*) FROM changeover.tick_v1($1, 'nightly', ARRAY[clock_timestamp()], clock_timestamp(), 'work', 1)";
    assert_eq!(old.client.query_one(tick, &[&old.id]).await.unwrap().get::<_, i64>(0), 0);
    assert_eq!(new.client.query_one(tick, &[&new.id]).await.unwrap().get::<_, i64>(0), 1);
    // Nor may anybody tick what has not come yet, or hold the schedule up by a clock of its own.
    let early = "SELECT count(*) FROM changeover.tick_v1($1, 'nightly', ARRAY[clock_timestamp() + interval '1 day'], 'infinity', 'work', 1)";
    assert_eq!(new.client.query_one(early, &[&new.id]).await.unwrap().get::<_, i64>(0), 0);
    assert_eq!(
        stage
            .count("SELECT count(*) FROM changeover.schedule WHERE done_until <= clock_timestamp()")
            .await,
        1
    );

    let refused = client
        .query("SELECT changeover.enqueue_v1('shop', 'other', 1, ARRAY['{}'::jsonb])", &[])
        .await;
    assert_eq!(sqlstate(&refused.unwrap_err()), "CO006");
}

async fn who_asked_for_the_version_just_before_a_switch_back_does_not_fail(major: u16) {
    let stage = Stage::new(major).await;
    let first = stage.instance(1, |builder| builder.job(old())).await;
    let second = stage.instance(2, |builder| builder.job(new())).await;
    let (jobs, client) = (second.jobs(), stage.client().await);
    stage.reached("the switch", "SELECT gen = 2 FROM changeover.generation").await;
    let version = jobs.newest_version(&client, "work", 2).await.unwrap().unwrap();
    assert_eq!(version, 2);

    second.leave().await;
    stage.reached("the way back", "SELECT gen = 1 FROM changeover.generation").await;
    let parked = jobs.enqueue(&client, "work", version, json!({})).await.unwrap();
    assert_eq!(
        stage.text("SELECT id || ' ' || state FROM changeover.jobs").await,
        format!("{parked} parked")
    );

    // Not for long, and not what was never switched to.
    let back = "UPDATE changeover.generation SET switched_at = switched_at - interval '1 minute'";
    stage.owner.batch_execute(back).await.unwrap();
    let refused = jobs.enqueue(&client, "work", version, json!({})).await.unwrap_err();
    assert_eq!(refused.sqlstate(), Some("CO006"));
    let other = "UPDATE changeover.generation SET was_gen = 0, switched_at = clock_timestamp()";
    stage.owner.batch_execute(other).await.unwrap();
    let refused = jobs.enqueue(&client, "work", version, json!({})).await.unwrap_err();
    assert_eq!(refused.sqlstate(), Some("CO006"));
    first.leave().await;
}
