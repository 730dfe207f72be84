//! What must hold at the end.

use super::claims;
use super::refusals::Refusals;
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

/// The share of the time in which all candidates of a worker may be struck at once: a tenth.
const LEFT_OUT_SHARE: u32 = 10;
/// A run that lasts so long and has the guards refuse nothing was not hard enough.
const REFUSALS_FROM: Duration = Duration::from_secs(60);

const TICKS: &str = "SELECT count(*), count(*) FILTER (WHERE runs <> 1)
   FROM (SELECT t.scheduled_at, count(r.id) AS runs FROM changeover.tick t
           LEFT JOIN report_runs r ON r.schedule = t.name AND r.scheduled_at = t.scheduled_at
          WHERE t.app = $1 GROUP BY t.name, t.scheduled_at) AS of_tick";
const UNTICKED: &str = "SELECT count(*) FROM report_runs r WHERE NOT EXISTS (
    SELECT FROM changeover.tick t WHERE t.name = r.schedule AND t.scheduled_at = r.scheduled_at)";
const TOLD: &str = "SELECT count(*), count(*) FILTER (WHERE told <> 1)
   FROM (SELECT a.id, count(n.id) AS told FROM alerts a LEFT JOIN notifications n ON n.alert_id = a.id
          WHERE a.write_id IS NOT NULL GROUP BY a.id) AS of_alert";
const GREETED: &str = "SELECT count(*), count(*) FILTER (WHERE greeted <> 1)
   FROM (SELECT e.job, count(g.id) AS greeted FROM chaos_enqueued e LEFT JOIN greeting g ON g.job = e.job
          GROUP BY e.job) AS of_job";
/// Units of the common singleton and effects of the common jobs, by the program that committed them.
const BY_PROGRAM: &str =
    "SELECT split_part(i.release, '-', 2), sum(w.units)::bigint, sum(w.jobs)::bigint
   FROM (SELECT told_by AS who, 1 AS units, 0 AS jobs FROM tally
         UNION ALL SELECT greeted_by, 0, 1 FROM greeting) AS w
   JOIN changeover.instance i ON i.id = w.who GROUP BY 1 ORDER BY 1";
const TAKEN: &str = "SELECT count(*) FILTER (WHERE kind = 'worker_taken'),
        count(*) FILTER (WHERE kind = 'generation_switched') FROM changeover.event WHERE app = $1";
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
    lasted: Duration,
) -> anyhow::Result<Vec<Found>> {
    let client = stage.client().await?;
    let mut found = effects(&client).await?;
    let (ticked, alerts) = (found.0, found.1);
    found.2.extend(outside(stage, ticked, alerts)?);
    found.2.extend(order(lines)?);
    found.2.extend(owners(unowned, lasted));
    Ok(found.2)
}

/// What the database has: how many ticks, how many alerts, and what holds of them.
async fn effects(client: &Client) -> anyhow::Result<(i64, i64, Vec<Found>)> {
    let ticks = client.query_one(TICKS, &[&APP]).await?;
    let (ticked, wrong_ticks): (i64, i64) = (ticks.get(0), ticks.get(1));
    let unticked: i64 = client.query_one(UNTICKED, &[]).await?.get(0);
    let told = client.query_one(TOLD, &[]).await?;
    let (alerts, wrong_alerts): (i64, i64) = (told.get(0), told.get(1));
    let greeted = client.query_one(GREETED, &[]).await?;
    let (greetings, wrong_greetings): (i64, i64) = (greeted.get(0), greeted.get(1));
    let dead = count(client, DEAD).await?;
    let ticks = Found {
        what: "every tick ran exactly once",
        holds: wrong_ticks + unticked == 0 && ticked > 0,
        detail: format!("{ticked} ticks, {wrong_ticks} not once, {unticked} reports of no tick"),
    };
    let jobs = Found {
        what: "every job's effect is in the database exactly once",
        holds: wrong_alerts + wrong_greetings == 0 && alerts > 0 && greetings > 0 && dead == 0,
        detail: format!(
            "{alerts} alerts, {wrong_alerts} not told once; {greetings} jobs of all languages, \
             {wrong_greetings} not run once; {dead} jobs given up"
        ),
    };
    Ok((ticked, alerts, vec![ticks, jobs]))
}

fn outside(stage: &Stage, ticked: i64, alerts: i64) -> anyhow::Result<[Found; 2]> {
    let mails = stage.mail.mails();
    let mail_keys: BTreeSet<_> = mails.iter().map(|mail| &mail.message_id).collect();
    let calls = stage.webhooks.received();
    let call_keys: BTreeSet<_> = calls.iter().map(|call| &call.key).collect();
    Ok([
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
    ])
}

/// What the order of commits says.
fn order(lines: &[String]) -> anyhow::Result<[Found; 2]> {
    let history = commit_order::worker_history(lines, APP)?;
    let claims = claims::claims(lines);
    let workers = history.violations.iter().map(ToString::to_string);
    for violation in workers.chain(claims.violations.iter().cloned()).take(20) {
        println!("  {violation}");
    }
    Ok([
        Found {
            what: "no two owners committed in overlap",
            holds: history.violations.is_empty() && history.units.contains_key("tally"),
            detail: format!(
                "{} units under {} epochs of {} workers, {} of another epoch than the current one",
                history.units.values().sum::<u64>(),
                history.grants.values().sum::<u64>(),
                history.grants.len(),
                history.violations.len()
            ),
        },
        Found {
            what: "no two claimants of a job committed in overlap",
            holds: claims.violations.is_empty() && claims.effects > 0 && claims.passed_on > 0,
            detail: format!(
                "{} effects, {} claims passed on, {} effects of somebody who did not hold the job",
                claims.effects,
                claims.passed_on,
                claims.violations.len()
            ),
        },
    ])
}

fn owners(unowned: &Stretches, lasted: Duration) -> [Found; 2] {
    let longest = unowned.of.iter().max_by_key(|(_, watched)| watched.longest);
    let longest_ms = longest.map_or(0, |(_, watched)| watched.longest.as_millis());
    let hidden = unowned.of.values().map(|watched| watched.all_struck).max().unwrap_or_default();
    let seconds: Vec<_> = unowned
        .of
        .iter()
        .map(|(name, watched)| {
            let [counted, struck, none] =
                [watched.counted, watched.all_struck, watched.none_there].map(|d| d.as_secs_f64());
            format!("{name} {counted:.0}/{struck:.1}/{none:.1}")
        })
        .collect();
    [
        Found {
            what: "no worker unowned for longer than lease + 1 s",
            holds: longest_ms <= (LEASE + TAKEOVER).as_millis() && unowned.looks > 0,
            detail: format!(
                "longest {longest_ms} ms ({}), in {} looks",
                longest.map_or("none", |(name, _)| name.as_str()),
                unowned.looks
            ),
        },
        Found {
            what: "little of that time was left out",
            holds: hidden <= lasted / LEFT_OUT_SHARE && !unowned.of.is_empty(),
            detail: format!(
                "s counted/left out since all candidates were struck/since there was none: {}",
                seconds.join(", ")
            ),
        },
    ]
}

/// What each language has committed, and what was refused; and what of it proves too little.
pub(super) async fn shares(
    stage: &Stage,
    refusals: &Refusals,
    lasted: Duration,
) -> anyhow::Result<Vec<String>> {
    let mut idle: BTreeSet<_> = ["rust", "python", "node"].into_iter().collect();
    let client = stage.client().await?;
    for row in client.query(BY_PROGRAM, &[]).await? {
        let (program, units, jobs): (String, i64, i64) = (row.get(0), row.get(1), row.get(2));
        println!("  {program:7} {units} units of the common singleton, {jobs} jobs");
        idle.remove(program.as_str());
    }
    let row = client.query_one(TAKEN, &[&APP]).await?;
    let (taken, switched): (i64, i64) = (row.get(0), row.get(1));
    println!(
        "  {switched} switches of the generation; {taken} workers taken from owners whose lease had run out, \
         or who did not hand over in time"
    );
    println!("  late commits refused by the guard: {}", Refusals::say(&refusals.guard));
    println!("  late commits refused by the finish of a job: {}", Refusals::say(&refusals.finish));
    let mut short: Vec<String> =
        idle.iter().map(|program| format!("{program} has committed nothing")).collect();
    let refused = [("guard", &refusals.guard), ("finish of a job", &refusals.finish)];
    for (what, _) in refused.iter().filter(|(_, counts)| counts.is_empty()) {
        println!("  the {what} had nothing to refuse: of it this run shows nothing");
        if lasted >= REFUSALS_FROM {
            short.push(format!("the {what} had nothing to refuse in {} s", lasted.as_secs()));
        }
    }
    Ok(short)
}

/// The table.
pub(super) fn print(found: &[Found]) {
    for one in found {
        let holds = if one.holds { "holds" } else { "BROKEN" };
        println!("  {holds:6}  {:52}  {}", one.what, one.detail);
    }
}
