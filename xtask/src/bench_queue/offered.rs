//! Ours with a backlog that stays: each 10 ms ten jobs are enqueued, ten are claimed and finished, so
//! 1,000 a second are offered and served while as many as before wait. Prints what each of the three calls
//! takes; nothing but the length of the queue differs between two runs. [`verdict`] compares them.

use super::drained::connect;
use crate::measured::Measured;
use anyhow::{Context as _, ensure};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio_postgres::Client;

const TURNS: u32 = 1_500;
const TURN: Duration = Duration::from_millis(10);
const ID: &str = "5f0e8a34-7f7e-4c5e-9a37-7d7a6b1f0001";

const ENQUEUE: &str = "SELECT count(*) FROM changeover.enqueue_v1('bench', 'noop', 1, \
    ARRAY(SELECT jsonb_build_object('id', g) FROM generate_series(1, 10) g))";
const CLAIM: &str = "SELECT id, attempt FROM changeover.claim_v1($1::text::uuid, 10)";
const FINISH: &str = "SELECT changeover.finish_v1($1::text::uuid, $2, $3)";

/// A median may be longer by this factor and this much: what two rounds with the same backlog differ by on a
/// busy machine. Of the slowest hundredth a few statements meet a checkpoint or another process.
const P50_TOLERANCE: (f64, f64) = (1.25, 0.10);
const P99_TOLERANCE: (f64, f64) = (1.5, 2.0);

/// Compares what was printed with a short and with a long backlog: the median of the rounds of each figure.
pub(super) fn verdict(short: &[String], long: &[String]) -> anyhow::Result<()> {
    let (short, long) = (medians(short)?, medians(long)?);
    let mut slower = Vec::new();
    for (figure, with_short) in &short {
        let with_long = *long.get(figure).context("a figure is missing")?;
        let (factor, more_ms) = if figure.contains("p99") { P99_TOLERANCE } else { P50_TOLERANCE };
        let most = with_short * factor + more_ms;
        println!(
            "1,000 jobs/s offered: {figure} {with_short:.2} with the short backlog, {with_long:.2} with \
             the long one (no slower: up to {most:.2}, {factor} times and {more_ms} ms for noise)"
        );
        if with_long > most {
            slower.push(figure.as_str());
        }
    }
    ensure!(slower.is_empty(), "slower with a long backlog: {}", slower.join(", "));
    Ok(())
}

fn medians(told: &[String]) -> anyhow::Result<BTreeMap<String, f64>> {
    let mut seen: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for word in told.iter().flat_map(|line| line.split_whitespace()) {
        let (figure, value) = word.split_once('=').context("no figure")?;
        if figure.ends_with("_ms") {
            seen.entry(figure.to_owned()).or_default().push(value.parse()?);
        }
    }
    seen.into_iter().map(|(figure, values)| Ok((figure, Measured::new(values)?.median()))).collect()
}

pub(super) async fn run(url: &str, backlog: u32) -> anyhow::Result<()> {
    let (producer, consumer) = (connect(url).await?, connect(url).await?);
    consumer
        .batch_execute(&format!(
            "SELECT changeover.register('{ID}', 'bench', '1', 0, 3600000, 'bench', 1); \
             SELECT changeover.heartbeat('{ID}', 'serving'); SELECT changeover.join_v1('{ID}', 0); \
             SELECT changeover.settle_v1('bench'); \
             SELECT changeover.declare_job_v1('{ID}', 'noop', 1, 20, 3, false); \
             SELECT changeover.tend_jobs_v1('{ID}')"
        ))
        .await?;
    let (mut enqueued, mut claimed, mut finished) = (Vec::new(), Vec::new(), Vec::new());
    let began = Instant::now();
    for turn in 0..TURNS {
        tokio::time::sleep_until((began + TURN * turn).into()).await;
        let since = Instant::now();
        producer.execute(ENQUEUE, &[]).await?;
        enqueued.push(ms(since));
        serve(&consumer, &mut claimed, &mut finished).await?;
    }
    let rate = f64::from(TURNS) * 10.0 / began.elapsed().as_secs_f64();
    let left =
        consumer.query_one("SELECT count(*) FROM changeover.job", &[]).await?.get::<_, i64>(0);
    ensure!(left == i64::from(backlog), "{left} jobs wait, not {backlog}");
    print!("backlog={backlog} rate={rate:.0}");
    for (what, times) in
        [("enqueue", &mut enqueued), ("claim", &mut claimed), ("finish", &mut finished)]
    {
        times.sort_by(f64::total_cmp);
        let (p50, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
        print!(" {what}_p50_ms={p50:.2} {what}_p99_ms={p99:.2}");
    }
    println!();
    Ok(())
}

async fn serve(
    client: &Client,
    claimed: &mut Vec<f64>,
    finished: &mut Vec<f64>,
) -> anyhow::Result<()> {
    let since = Instant::now();
    // As the runtime does: a claim need not be durable.
    client.batch_execute("BEGIN; SET LOCAL synchronous_commit = off").await?;
    let rows = client.query(CLAIM, &[&ID]).await?;
    client.batch_execute("COMMIT").await?;
    claimed.push(ms(since));
    let ids: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
    let attempts: Vec<i32> = rows.iter().map(|row| row.get(1)).collect();
    let since = Instant::now();
    client.execute(FINISH, &[&ID, &ids, &attempts]).await?;
    finished.push(ms(since));
    Ok(())
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}
