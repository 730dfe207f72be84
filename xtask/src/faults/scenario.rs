//! One scenario from the pause to the end: the fault, who else comes, A's end, a last `migrate`, and
//! what must hold then.
//!
//! Must hold: everybody ends by himself within a bound; who was alone has done all there was to do; the
//! order of commits (see `changeover_verify::commit_order`); schema, rows and ledger as an undisturbed
//! run leaves them.

use super::fault::{Fault, Variant};
use super::generate::Scenario;
use super::lane::Lane;
use super::migrator::Migrator;
use super::picture::Picture;
use super::shop::SUPERUSER;
use super::{Setting, world::World};
use crate::connect::connect;
use anyhow::{Context as _, bail};
use std::path::Path;
use std::time::{Duration, Instant};

/// A process that nothing keeps up ends within seconds; one that waits for an answer that does not
/// come gives up after 20 s, and connects for 10 s.
const END_WAIT: Duration = Duration::from_secs(90);
/// For how long a state in the database is waited for.
const STATE_WAIT: Duration = Duration::from_secs(30);
/// For how long A may take to its next statement once it goes on in a race.
const MOVE_WAIT: Duration = Duration::from_secs(2);
/// How often a state is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// Where B waits in a race: granted the term, and A's sessions not ended yet.
const GRANTED: &str = "term-granted";

const EXPIRED: &str = "SELECT coalesce(bool_and(holder IS NULL OR expires_at < clock_timestamp()), true) \
     FROM changeover.term";
const WAITS: &str = "SELECT EXISTS (SELECT FROM changeover.term_waiter)";
const GONE: &str = "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)";
const MOVED: &str = "SELECT NOT EXISTS (SELECT FROM pg_stat_activity \
     WHERE pid = $1 AND (state_change < $2::text::timestamptz OR state = 'active'))";

/// What came of a scenario.
pub(super) struct Outcome {
    /// What did not hold.
    pub(super) faults: Vec<String>,
    /// Transactions with a label that were judged.
    pub(super) judged: usize,
    /// Whether A was seen to meet the fault, where that can be seen.
    pub(super) met: bool,
}

/// Plays it. An error is one of the harness, or of somebody who did not end.
pub(super) async fn play(
    setting: &Setting,
    lane: &Lane,
    scenario: &Scenario,
    scratch: &Path,
) -> anyhow::Result<Outcome> {
    let mut world = World::make(setting, lane, scenario, scratch).await?;
    let played = act(&mut world).await;
    let judged = match played {
        Ok(()) => judge(&mut world).await,
        Err(error) => Err(error.context(format!("A at the end:\n{}", world.a.log()))),
    };
    let outcome =
        Outcome { faults: std::mem::take(&mut world.faults), judged: world.judged, met: world.met };
    // The world is taken down also where something went wrong.
    let ended = world.end().await.context("cleaning up");
    judged?;
    ended?;
    Ok(outcome)
}

/// From A's pause to A's end.
async fn act(world: &mut World<'_>) -> anyhow::Result<()> {
    let (fault, variant) = (world.scenario.fault, world.scenario.variant);
    // Who waits beside A is there before the fault; a promotion is for those who come after it.
    let beside = variant == Variant::Rival && !fault.holds_still() && fault != Fault::Promote;
    let mut rival = if beside { Some(waiting(world).await?) } else { None };
    fault.strike(world).await.context("the fault")?;
    if fault.holds_still() {
        match variant {
            Variant::Alone => wait_for(world, "the lease's end", EXPIRED).await?,
            Variant::Rival => {
                let b = world.start("b", None)?;
                if world.holds.is_some() {
                    // B's own build would wait for the one that holds A's.
                    a_ended(world).await?;
                    world.holds = None;
                }
                b.succeed(END_WAIT).await.context("B")?;
            }
            Variant::Race => {
                let mut b = world.start("b", Some(GRANTED))?;
                if b.paused(STATE_WAIT).await.context("B")?.is_none() {
                    bail!("B was not granted the term within {STATE_WAIT:?}\n{}", b.log());
                }
                rival = Some(b);
            }
        }
        let now = server_time(world).await?;
        fault.undo(world).await.context("undoing the fault")?;
        world.go_on()?;
        if variant == Variant::Race {
            a_moves(world, &now).await?;
        }
    } else {
        if variant == Variant::Rival && !beside {
            rival = Some(world.start("b", None)?);
        }
        world.go_on()?;
        fault.undo(world).await.context("undoing the fault")?;
    }
    if let Some(b) = rival {
        b.go_on()?;
        b.succeed(END_WAIT).await.context("B")?;
    }
    if fault != Fault::Sigkill {
        let status = world.a.end(END_WAIT).await.context("A")?;
        if must_finish(world) && !status.success() {
            world.faults.push(format!("A was alone and ended with {status}\n{}", world.a.log()));
        }
    }
    Ok(())
}

/// What must hold at the end.
async fn judge(world: &mut World<'_>) -> anyhow::Result<()> {
    let expected = &world.setting.expected[&world.scenario.course];
    let url = world.url(SUPERUSER);
    if must_finish(world)
        && let Some(differences) = expected.differences(&Picture::take(&url).await?)
    {
        world.faults.push(format!("A was alone and left something undone:\n{differences}"));
    }
    world.start("last", None)?.succeed(END_WAIT).await.context("the last migrate")?;
    if let Some(differences) = expected.differences(&Picture::take(&url).await?) {
        world.faults.push(format!("it did not end as an undisturbed run:\n{differences}"));
    }
    world.judge().await
}

/// Whether A had to do everything: nobody else was there, and it did not stay behind on an old primary.
fn must_finish(world: &World<'_>) -> bool {
    let Scenario { fault, variant, coin, .. } = world.scenario;
    *variant == Variant::Alone && (*fault != Fault::Promote || *coin)
}

/// Starts B and waits until it waits for the term.
async fn waiting(world: &World<'_>) -> anyhow::Result<Migrator> {
    let mut b = world.start("b", None)?;
    let client = connect(&world.url(SUPERUSER)).await?;
    let began = Instant::now();
    while began.elapsed() < STATE_WAIT {
        // The lease is short and the machine may be busy: B may have been granted the term.
        if client.query_one(WAITS, &[]).await?.get(0) || !b.trace().unwrap_or_default().is_empty() {
            return Ok(b);
        }
        if b.has_ended()? {
            bail!("B ended instead of waiting\n{}", b.log());
        }
        tokio::time::sleep(LOOK).await;
    }
    bail!("B does not wait for the term\n{}", b.log())
}

async fn wait_for(world: &World<'_>, what: &str, question: &str) -> anyhow::Result<()> {
    let client = connect(&world.url(SUPERUSER)).await?;
    let began = Instant::now();
    while began.elapsed() < STATE_WAIT {
        if client.query_one(question, &[]).await?.get(0) {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
    bail!("{what} did not come within {STATE_WAIT:?}")
}

/// Waits until A's working session is gone: the one that is granted the term ends it first.
async fn a_ended(world: &World<'_>) -> anyhow::Result<()> {
    let client = connect(&world.url(SUPERUSER)).await?;
    let began = Instant::now();
    while began.elapsed() < STATE_WAIT {
        if client.query_one(GONE, &[&world.place.backend_pid]).await?.get(0) {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
    bail!("A's session was not ended within {STATE_WAIT:?}")
}

/// The database's clock, as text.
async fn server_time(world: &World<'_>) -> anyhow::Result<String> {
    let client = connect(&world.url(SUPERUSER)).await?;
    Ok(client.query_one("SELECT clock_timestamp()::text", &[]).await?.get(0))
}

/// Waits until A's working session has done something since, or is gone. Not an error if not: it may
/// have been between two statements for good.
async fn a_moves(world: &World<'_>, since: &str) -> anyhow::Result<()> {
    let client = connect(&world.url(SUPERUSER)).await?;
    let began = Instant::now();
    while began.elapsed() < MOVE_WAIT {
        let row = client.query_one(MOVED, &[&world.place.backend_pid, &since]).await?;
        if row.get(0) {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}
