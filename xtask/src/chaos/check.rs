//! What must hold at the end.

use super::stage::Stage;
use super::unowned::Stretches;
use super::{APP, LEASE, TAKEOVER};
use anyhow::bail;
use changeover_verify::commit_order;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// For how long the queue may take to run dry. Retries pause for up to a minute here.
const SETTLE_WAIT: Duration = Duration::from_secs(180);

const TICKS: &str = "SELECT count(*), count(*) FILTER (WHERE runs <> 1)
   FROM (SELECT t.scheduled_at, count(r.id) AS runs FROM changeover.tick t
           LEFT JOIN report_runs r ON r.schedule = t.name AND r.scheduled_at = t.scheduled_at
          WHERE t.app = $1 GROUP BY t.name, t.scheduled_at) AS of_tick";
const UNTICKED: &str = "SELECT count(*) FROM report_runs r WHERE NOT EXISTS (
    SELECT FROM changeover.tick t WHERE t.name = r.schedule AND t.scheduled_at = r.scheduled_at)";
const TOLD: &str = "SELECT count(*), count(*) FILTER (WHERE told <> 1)
   FROM (SELECT a.id, count(n.id) AS told FROM alerts a LEFT JOIN notifications n ON n.alert_id = a.id
          WHERE a.write_id IS NOT NULL GROUP BY a.id) AS of_alert";
const LEFT: &str =
    "SELECT count(*) FROM changeover.job j JOIN changeover.job_kind k ON k.id = j.kind_id
                     WHERE k.app = $1 AND j.shelf <> 'dead'";
const DEAD: &str =
    "SELECT count(*) FROM changeover.job j JOIN changeover.job_kind k ON k.id = j.kind_id
                     WHERE k.app = $1 AND j.shelf = 'dead'";

/// One line of the table.
pub(super) struct Found {
    pub(super) what: &'static str,
    pub(super) holds: bool,
    detail: String,
}

/// Stops the schedules, and waits until every job is done.
pub(super) async fn settle(stage: &Stage) -> anyhow::Result<()> {
    let client = stage.client().await?;
    // Times up to then count as passed: nothing is due any more.
    client.execute("UPDATE changeover.schedule SET done_until = '2100-01-01'", &[]).await?;
    let deadline = Instant::now() + SETTLE_WAIT;
    loop {
        let left = count(&client, LEFT).await?;
        if left == 0 {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("{left} jobs are left after {SETTLE_WAIT:?}");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn count(client: &Client, sql: &str) -> anyhow::Result<i64> {
    Ok(client.query_one(sql, &[&APP]).await?.get(0))
}

/// Looks at everything.
pub(super) async fn check(
    stage: &Stage,
    lines: &[String],
    unowned: &Stretches,
) -> anyhow::Result<Vec<Found>> {
    let client = stage.client().await?;
    let ticks = client.query_one(TICKS, &[&APP]).await?;
    let (ticked, wrong_ticks): (i64, i64) = (ticks.get(0), ticks.get(1));
    let unticked: i64 = client.query_one(UNTICKED, &[]).await?.get(0);
    let told = client.query_one(TOLD, &[]).await?;
    let (alerts, wrong_alerts): (i64, i64) = (told.get(0), told.get(1));
    let dead = count(&client, DEAD).await?;
    let mails = stage.mail.mails();
    let mail_keys: BTreeSet<_> = mails.iter().map(|mail| &mail.message_id).collect();
    let calls = stage.webhooks.received();
    let call_keys: BTreeSet<_> = calls.iter().map(|call| &call.key).collect();
    let history = commit_order::worker_history(lines, APP)?;
    for violation in history.violations.iter().take(20) {
        println!("  {violation}");
    }
    let longest = unowned.longest.iter().max_by_key(|(_, stretch)| **stretch);
    let longest_ms = longest.map_or(0, |(_, stretch)| stretch.as_millis());
    Ok(vec![
        Found {
            what: "every tick ran exactly once",
            holds: wrong_ticks + unticked == 0 && ticked > 0,
            detail: format!(
                "{ticked} ticks, {wrong_ticks} not once, {unticked} reports of no tick"
            ),
        },
        Found {
            what: "every job's effect is in the database exactly once",
            holds: wrong_alerts == 0 && alerts > 0 && dead == 0,
            detail: format!("{alerts} alerts, {wrong_alerts} not told once, {dead} jobs given up"),
        },
        Found {
            what: "outside, every mail has a key of its own",
            holds: i64::try_from(mail_keys.len())? == ticked,
            detail: format!("{} mails, {} keys", mails.len(), mail_keys.len()),
        },
        Found {
            what: "outside, every webhook has a key of its own",
            holds: i64::try_from(call_keys.len())? == alerts,
            detail: format!("{} calls, {} keys", calls.len(), call_keys.len()),
        },
        Found {
            what: "no two owners committed in overlap",
            holds: history.violations.is_empty() && !history.units.is_empty(),
            detail: format!(
                "{} units under {} epochs of {} workers, {} of another epoch than the current one",
                history.units.values().sum::<u64>(),
                history.grants.values().sum::<u64>(),
                history.grants.len(),
                history.violations.len()
            ),
        },
        Found {
            what: "no worker unowned for longer than lease + 1 s",
            holds: longest_ms <= (LEASE + TAKEOVER).as_millis() && unowned.looks > 0,
            detail: format!(
                "longest {longest_ms} ms ({}), in {} looks",
                longest.map_or("none", |(name, _)| name.as_str()),
                unowned.looks
            ),
        },
    ])
}

/// The table.
pub(super) fn print(found: &[Found]) {
    for one in found {
        let holds = if one.holds { "holds" } else { "BROKEN" };
        println!("  {holds:6}  {:52}  {}", one.what, one.detail);
    }
}
