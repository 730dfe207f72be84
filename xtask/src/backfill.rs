//! Two million process indicators: an old central writes all through the backfill of the new one,
//! which is killed in the middle of it and started again.
//!
//! Holds where it goes on from the cursor, no row is worked twice beyond the open batch, and the
//! column equals the expression computed again over the whole table.

use crate::budget::Budget;
use crate::central_process::{self, Central, Start};
use crate::connect::connect;
use anyhow::{Context, bail, ensure};
use changeover_central::roles::{OWNER, SERVICE, create_roles};
use changeover_postgres::Server;
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Rows of process_indicators.
    #[arg(long, default_value_t = 2_000_000)]
    rows: u64,
}

/// The share of the rows that is done when the new central is killed.
const KILL_AT: f64 = 0.3;
/// For how long a state is waited for.
const STATE_WAIT: Duration = Duration::from_secs(1_800);
/// The largest batch that the engine makes.
const BATCH_MAX: i64 = 20_000;

const BACKFILL: &str = "SELECT coalesce(sum(p.done), 0)::bigint, coalesce(sum(p.written), 0)::bigint, \
     coalesce(min(s.state), 'none'), coalesce(min(p.cursor::text), '') \
     FROM changeover.step s LEFT JOIN changeover.progress p ON p.app = s.app AND p.step = s.id \
    WHERE s.kind = 'backfill' AND s.title LIKE '%process_indicators%'";

/// Runs it.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let budget = Budget::from_environment()?;
    // Within a budget a tenth of the rows must do.
    let rows = if budget.is_limited() { args.rows.min(200_000) } else { args.rows };
    let program = central_process::build().await?;
    let server = tokio::task::spawn_blocking(|| Server::builder().start()).await??;
    let database = server.fresh_database("backfill").await?;
    create_roles(&server.url("postgres", &database)).await?;
    let (service_url, owner_url) = (server.url(SERVICE, &database), server.url(OWNER, &database));
    let start = |release| Start {
        program: &program,
        release,
        service_url: &service_url,
        owner_url: Some(&owner_url),
    };

    let mut old = Central::start(&start("4.8"))?;
    old.ready().await.context("central 4.8")?;
    let population = changeover_central::population::Population::of(rows);
    changeover_central::seed::seed(population, 1, &owner_url, |_| {}).await?;
    let owner = connect(&owner_url).await?;
    let writer = tokio::spawn(write(service_url.clone()));

    let mut new = Central::start(&start("4.9"))?;
    new.ready().await.context("central 4.9")?;
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    let reached =
        wait(&owner, "mid-backfill", |state| state.done as f64 > rows as f64 * KILL_AT).await?;
    ensure!(reached.state == "running", "the backfill was over before it could be killed");
    new.kill().await?;
    let killed = read(&owner).await?;

    let mut again = Central::start(&start("4.9"))?;
    again.ready().await.context("central 4.9 started again")?;
    let resumed = wait(&owner, "the backfill goes on", |state| state.done > killed.done).await?;
    let finished = wait(&owner, "the backfill's end", |state| state.state == "done").await?;
    wait_all_online(&owner).await?;
    writer.abort();
    let writes = match writer.await {
        Ok(outcome) => bail!("the old release's writes ended: {outcome:?}"),
        Err(_aborted) => row_count(&owner).await? - i64::try_from(rows)?,
    };
    let (wrong, total) = compare(&owner).await?;
    again.kill().await?;
    old.kill().await?;
    println!(
        "killed at {} rows (cursor {}), went on to {} after the restart, finished at {}; written {} \
         in all of {total} rows; {writes} rows added by the old release meanwhile; rows that differ: \
         {wrong}; {:.0} s",
        killed.done,
        killed.cursor,
        resumed.done,
        finished.done,
        finished.written,
        budget.elapsed_s()
    );
    ensure!(wrong == 0, "{wrong} rows differ from what the expression gives");
    ensure!(killed.done > 0 && resumed.done > killed.done, "it did not go on from the cursor");
    ensure!(
        finished.done <= i64::try_from(rows)? + writes + BATCH_MAX
            && finished.written <= finished.done,
        "rows were worked twice"
    );
    ensure!(writes > 100, "the old release wrote too little to prove anything");
    Ok(())
}

#[derive(Debug)]
struct State {
    done: i64,
    written: i64,
    state: String,
    cursor: String,
}

async fn read(owner: &Client) -> anyhow::Result<State> {
    let row = owner.query_one(BACKFILL, &[]).await?;
    Ok(State { done: row.get(0), written: row.get(1), state: row.get(2), cursor: row.get(3) })
}

async fn wait(
    owner: &Client,
    what: &str,
    mut reached: impl FnMut(&State) -> bool,
) -> anyhow::Result<State> {
    let deadline = Instant::now() + STATE_WAIT;
    let mut last = None;
    while Instant::now() < deadline {
        let state = read(owner).await?;
        if reached(&state) {
            return Ok(state);
        }
        last = Some(state);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bail!("{what} was not reached: {last:?}")
}

async fn wait_all_online(owner: &Client) -> anyhow::Result<()> {
    let deadline = Instant::now() + STATE_WAIT;
    while Instant::now() < deadline {
        let row = owner
            .query_one(
                "SELECT count(*) FROM changeover.step WHERE phase <> 'contract' AND state <> 'done'",
                &[],
            )
            .await?;
        if row.get::<_, i64>(0) == 0 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!("the online steps did not end")
}

/// Writes as release 4.8 does: inserts, updates of the payload, deletes. Never ends by itself.
async fn write(service_url: String) -> anyhow::Result<()> {
    let client = connect(&service_url).await?;
    let keys: Vec<String> = client
        .query("SELECT id::text FROM process_indicators TABLESAMPLE SYSTEM (1) LIMIT 2000", &[])
        .await?
        .iter()
        .map(|row| row.get(0))
        .collect();
    ensure!(!keys.is_empty(), "no rows to change");
    let mut number: usize = 0;
    loop {
        number += 1;
        let start = 1_700_000_000.0 + number as f64 / 8.0;
        let key = &keys[number % keys.len()];
        client
            .execute(
                "INSERT INTO process_indicators SELECT (jsonb_populate_record(p, jsonb_build_object( \
                    'id', gen_random_uuid(), 'payload', jsonb_set(p.payload, '{containerStart}', to_jsonb($1::float8))))).* \
                   FROM process_indicators p WHERE id::text = $2",
                &[&start, key],
            )
            .await?;
        client
            .execute(
                "UPDATE process_indicators SET payload = jsonb_set(payload, '{containerStart}', to_jsonb($1::float8)) \
                  WHERE id = $2::text::uuid",
                &[&start, key],
            )
            .await?;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn row_count(owner: &Client) -> anyhow::Result<i64> {
    Ok(owner.query_one("SELECT count(*) FROM process_indicators", &[]).await?.get(0))
}

/// The column against the expression computed again over the whole table.
async fn compare(owner: &Client) -> anyhow::Result<(i64, i64)> {
    let row = owner
        .query_one(
            "SELECT count(*) FILTER (WHERE container_start_time IS DISTINCT FROM \
                 to_timestamp((payload->>'containerStart')::double precision)), count(*) \
               FROM process_indicators",
            &[],
        )
        .await?;
    Ok((row.get(0), row.get(1)))
}
