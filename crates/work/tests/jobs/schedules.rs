//! Schedules: each scheduled time once, no matter who computes it, and nothing lost while nobody is there.

use crate::claimant::Claimant;
use crate::on_servers;
use crate::stage::{Act, Stage};
use changeover_work::{CatchUp, Schedule};

on_servers!(eight_racing_schedulers_tick_each_time_once, what_was_missed_is_caught_up_with,);

fn every_minute(catch_up: CatchUp) -> Schedule {
    Schedule {
        name: "minutely".to_owned(),
        cron: "* * * * *".to_owned(),
        time_zone: "UTC".to_owned(),
        catch_up,
        kind: "work".to_owned(),
        version: 1,
    }
}

async fn eight_racing_schedulers_tick_each_time_once(major: u16) {
    let stage = Stage::new(major).await;
    let mut racing = Vec::new();
    for _ in 0..8 {
        racing.push(Claimant::new(&stage, 1, "work", &[1]).await);
    }
    let declare = "SELECT changeover.declare_schedule_v1($1, 'race', '* * * * *', 'UTC', 'all')";
    racing[0].client.execute(declare, &[&racing[0].id]).await.unwrap();
    stage
        .owner
        .batch_execute("UPDATE changeover.schedule SET done_until = '2026-01-01'")
        .await
        .unwrap();
    // Each takes part in each of 200 ticks, at its own pace.
    let tick = "SELECT count(*) FROM changeover.tick_v1($1, 'race', \
                ARRAY['2026-01-01'::timestamptz + $2 * interval '1 minute'], \
                '2026-01-01'::timestamptz + $2 * interval '1 minute', 'work', 1)";
    let tasks: Vec<_> = racing
        .into_iter()
        .map(|member| {
            tokio::spawn(async move {
                let mut won = 0;
                for number in 1..=200 {
                    let row =
                        member.client.query_one(tick, &[&member.id, &f64::from(number)]).await;
                    won += row.unwrap().get::<_, i64>(0);
                }
                won
            })
        })
        .collect();
    let mut won = 0;
    for task in tasks {
        won += task.await.unwrap();
    }
    assert_eq!(won, 200);
    assert_eq!(stage.count("SELECT count(*) FROM changeover.job").await, 200);
    assert_eq!(
        stage.count("SELECT count(DISTINCT payload ->> 'scheduledAt') FROM changeover.job").await,
        200
    );
}

async fn what_was_missed_is_caught_up_with(major: u16) {
    for (catch_up, least, most) in
        [(CatchUp::All, 1000, 1003), (CatchUp::Latest, 1, 4), (CatchUp::None, 0, 4)]
    {
        let stage = Stage::new(major).await;
        let one = stage
            .instance(1, |builder| builder.job(Act::writing()).schedule(every_minute(catch_up)))
            .await;
        let two = stage
            .instance(1, |builder| builder.job(Act::writing()).schedule(every_minute(catch_up)))
            .await;
        stage
            .owner
            .batch_execute(
                "UPDATE changeover.schedule SET done_until = date_trunc('minute', clock_timestamp()) - interval '2000 minutes'",
            )
            .await
            .unwrap();
        stage
            .reached(
                "it is done, and so are its jobs",
                "SELECT done_until > clock_timestamp() - interval '2 minutes' AND NOT EXISTS (SELECT FROM changeover.job) \
                   FROM changeover.schedule",
            )
            .await;
        let ticks = stage.count("SELECT count(*) FROM changeover.tick").await;
        let effects = stage.count("SELECT count(*) FROM effects").await;
        assert_eq!(ticks, effects);
        // A minute or two may have begun meanwhile.
        assert!((least..=most).contains(&ticks), "{catch_up:?}: {ticks}");
        let odd = "SELECT count(*) FROM changeover.tick WHERE scheduled_at <> date_trunc('minute', scheduled_at)";
        assert_eq!(stage.count(odd).await, 0, "times are the schedule's");
        one.leave().await;
        two.leave().await;
    }
}
