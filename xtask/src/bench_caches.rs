//! How long until an instance has in its memory what another has committed, and what that costs writers.
//!
//! Delay: from the answer to `COMMIT` until a read of the other instance's cache gives the new value, with
//! notifications and by looking alone. Cost: one-row updates a second of four clients, on tables that are
//! not watched, watched without notifications, and with; in turn, in one run.

use crate::budget::Budget;
use crate::measured::Measured;
use crate::migration_files::migrations;
use anyhow::ensure;
use changeover::{Changeover, Options};
use changeover_postgres::{Profile, Server};
use changeover_share::cache::{Bounds, CacheTiming, Caches, SharedCache, WatchedTable};
use rand::Rng;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_postgres::{Client, NoTls};

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many writes of each kind are waited for.
    #[arg(long, default_value_t = 200)]
    writes: u32,
    /// How often each table's writers run, for a second each.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
}

/// What is aimed at for the median, with notifications.
const DELAY_AIM_MS: f64 = 100.0;
/// How many clients write at once.
const WRITERS: i32 = 4;
/// For how long they do.
const WRITING: Duration = Duration::from_secs(1);
/// How often the cache is read while a write is waited for.
const READ_PAUSE: Duration = Duration::from_micros(500);

const TABLES: &str = "CREATE TABLE seen (id integer PRIMARY KEY, v bigint NOT NULL);
CREATE TABLE plain (id integer PRIMARY KEY, v bigint NOT NULL);
CREATE TABLE quiet (id integer PRIMARY KEY, v bigint NOT NULL);
CREATE TABLE notifying (id integer PRIMARY KEY, v bigint NOT NULL);
INSERT INTO seen VALUES (0, 0);
INSERT INTO plain SELECT i, 0 FROM generate_series(0, 99) AS i;
INSERT INTO quiet SELECT i, 0 FROM generate_series(0, 99) AS i;
INSERT INTO notifying SELECT i, 0 FROM generate_series(0, 99) AS i;\n";

/// Measures both.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let budget = Budget::from_environment()?;
    let server =
        tokio::task::spawn_blocking(|| Server::builder().profile(Profile::Measure).start());
    let server = server.await??;
    println!("PostgreSQL {}", server.version());
    let url = server.url("postgres", &server.fresh_database("caches").await?);
    let told = Instance::start(&url, true).await?;
    let looking = Instance::start(&url, false).await?;
    let writer = Arc::new(connect(&url).await?);
    let mut number = 0;
    let with = delays(&told, &writer, &mut number, args.writes, &budget).await?;
    let without = delays(&looking, &writer, &mut number, args.writes, &budget).await?;
    let median = show("with notifications", with)?;
    show("by looking alone (every 250 ms)", without)?;
    cost(&url, args.rounds, &budget).await?;
    ensure!(median <= DELAY_AIM_MS, "the median delay is above {DELAY_AIM_MS} ms");
    Ok(())
}

/// One instance with a cache of the table `seen`.
struct Instance {
    _changeover: Changeover,
    cache: SharedCache<(), i64>,
}

impl Instance {
    async fn start(url: &str, listens: bool) -> anyhow::Result<Self> {
        let mut options = Options::new("bench", "1", migrations(&[("0001_tables.sql", TABLES)])?);
        options.owner_url = Some(url.to_owned());
        options.listen_url = listens.then(|| url.to_owned());
        let tables = vec![
            WatchedTable::whole("seen"),
            WatchedTable::whole("notifying"),
            WatchedTable { notifies: false, ..WatchedTable::whole("quiet") },
        ];
        let changeover = Changeover::start(options).await?;
        changeover.wait_until_servable().await?;
        changeover.mark_serving().await?;
        let reader = Arc::new(connect(url).await?);
        let caches = Caches::start(&changeover, tables, CacheTiming::default()).await?;
        let cache = caches.whole("seen", Bounds::default(), move || {
            let reader = Arc::clone(&reader);
            async move {
                let row = reader.query_one("SELECT v FROM seen WHERE id = 0", &[]).await?;
                Ok::<i64, tokio_postgres::Error>(row.get(0))
            }
        });
        Ok(Self { _changeover: changeover, cache })
    }
}

/// The delay of each of some writes, in milliseconds.
async fn delays(
    instance: &Instance,
    writer: &Client,
    number: &mut i64,
    writes: u32,
    budget: &Budget,
) -> anyhow::Result<Vec<f64>> {
    let mut delays = Vec::new();
    for _ in 0..writes {
        if budget.is_spent() {
            break;
        }
        instance.cache.get(&()).await?;
        // At any point between two looks.
        let pause = rand::rng().random_range(0..250);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        *number += 1;
        writer.execute("UPDATE seen SET v = $1 WHERE id = 0", &[&*number]).await?;
        let committed = Instant::now();
        while *instance.cache.get(&()).await? < *number {
            tokio::time::sleep(READ_PAUSE).await;
        }
        delays.push(committed.elapsed().as_secs_f64() * 1_000.0);
    }
    Ok(delays)
}

fn show(how: &str, delays: Vec<f64>) -> anyhow::Result<f64> {
    let delays = Measured::new(delays)?;
    let median = delays.median();
    println!(
        "seen {how}: median {median:.1} ms, 95 % within {:.1} ms, most {:.1} ms, of {}",
        delays.at(95),
        delays.most(),
        delays.count()
    );
    Ok(median)
}

/// Updates a second on each table, in turn.
async fn cost(url: &str, rounds: u32, budget: &Budget) -> anyhow::Result<()> {
    let tables = ["plain", "quiet", "notifying"];
    let mut rates: [Vec<f64>; 3] = Default::default();
    for _ in 0..rounds {
        for (table, rates) in tables.iter().zip(&mut rates) {
            if !budget.is_spent() {
                rates.push(rate(url, table).await?);
            }
        }
    }
    let mut plain = None;
    for (table, rates) in tables.iter().zip(rates) {
        let rates = Measured::new(rates)?;
        let median = rates.median();
        let of_plain = 100.0 * median / *plain.get_or_insert(median);
        println!(
            "one-row updates on table {table}: median {median:.0} a second ({of_plain:.0} % of \
             plain; least {:.0}, most {:.0})",
            rates.least(),
            rates.most()
        );
    }
    Ok(())
}

async fn rate(url: &str, table: &str) -> anyhow::Result<f64> {
    let began = Instant::now();
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let client = connect(url).await?;
        let update = client.prepare(&format!("UPDATE {table} SET v = v + 1 WHERE id = $1")).await?;
        writers.push(tokio::spawn(async move {
            let (mut done, begun) = (0_u32, Instant::now());
            while begun.elapsed() < WRITING {
                client.execute(&update, &[&writer]).await?;
                done += 1;
            }
            Ok::<f64, tokio_postgres::Error>(f64::from(done) / begun.elapsed().as_secs_f64())
        }));
    }
    let mut sum = 0.0;
    for writer in writers {
        sum += writer.await??;
    }
    ensure!(began.elapsed() >= WRITING, "the clock went backwards");
    Ok(sum)
}

async fn connect(url: &str) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}
