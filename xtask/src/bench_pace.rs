//! What an upgrade costs clients, and how long it takes, at the controller's pace and at a fixed rest.
//!
//! With the demo's load at shares of the service's capacity, quiet and in company (`grid.rs`).
//!
//! `--pgbench`: pgbench's simple update at an open loop of half and thirty percent of what the machine bears, eight
//! clients, while a column is added and filled; before, during and after in one run of pgbench, the arms (and no
//! upgrade at all) in turn in the same run. And alone on the machine, beside one plain `UPDATE` of all rows. What must hold:
//! [`verdict`]. Without pgbench on the machine it ends with an error that says so.

mod grid;
mod log;
mod pgbench;
mod scene;
mod verdict;

use anyhow::{Context, ensure};
use changeover_postgres::{Profile, Server};
use pgbench::PgBench;
use scene::{Arm, Scene};

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Measure with pgbench, whose clients' own work does not grow
    #[arg(long)]
    pgbench: bool,
    /// Hundred thousands of accounts
    #[arg(long, default_value_t = 10)]
    scale: u32,
    /// Shares of the capacity, in percent [default: 15,33,50,70,85; with pgbench 50,30]
    #[arg(long, value_delimiter = ',')]
    loads: Vec<u32>,
    /// Rows of the demo's largest table
    #[arg(long, default_value_t = 100_000)]
    rows: u64,
    /// What else goes on: quiet, competitor (takes a core for ten seconds), slow-disk
    #[arg(long, value_delimiter = ',', default_value = "quiet,competitor,slow-disk")]
    companies: Vec<String>,
    /// How often all of it is done
    #[arg(long, default_value_t = 1)]
    rounds: u32,
    /// Seconds of load before and after each upgrade
    #[arg(long, default_value_t = 15)]
    around_s: u64,
    /// The share of capacity alone: skip the loads
    #[arg(long)]
    alone_only: bool,
    /// Skip the measurement alone on the machine
    #[arg(long)]
    no_alone: bool,
    /// A server in memory that syncs nothing: where the disk is somebody else's too
    #[arg(long)]
    in_memory: bool,
    /// Clients' statements a second at full capacity; measured where it isn't given
    #[arg(long)]
    capacity: Option<f64>,
}

/// Shares of the capacity with pgbench, in percent.
const LOADS: [u32; 2] = [50, 30];

/// Measures, prints, judges.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    if !args.pgbench {
        let broken = grid::run(&args).await?;
        ensure!(broken.is_empty(), "{}", broken.join("; "));
        return Ok(());
    }
    let in_memory = args.in_memory;
    let server = tokio::task::spawn_blocking(move || {
        let builder = Server::builder().setting("checkpoint_timeout", "30min");
        if in_memory {
            builder.start()
        } else {
            builder.profile(Profile::Measure).on_disk().start()
        }
    })
    .await??;
    let pgbench = PgBench::find(&server)?;
    let mut broken = Vec::new();
    if !args.no_alone {
        broken.extend(alone(&pgbench, &server, args.scale).await.context("alone")?);
    }
    if !args.alone_only {
        broken.extend(in_company(&args, &pgbench, &server).await?);
    }
    ensure!(broken.is_empty(), "{}", broken.join("; "));
    Ok(())
}

/// The upgrade alone, beside one `UPDATE` of all rows.
async fn alone(pgbench: &PgBench, server: &Server, scale: u32) -> anyhow::Result<Vec<String>> {
    let single_s = scene::single_update(pgbench, server, scale).await?;
    let fixed = scene::alone(pgbench, server, scale, Arm::Fixed).await?;
    let ours = scene::alone(pgbench, server, scale, Arm::Controller).await?;
    println!(
        "alone: one UPDATE {single_s:.1} s; fixed rest {:.1} s + check {:.1} s; controller {:.1} s ({:.2} of the \
         UPDATE) + check {:.1} s",
        fixed.fill_s,
        fixed.check_s,
        ours.fill_s,
        ours.fill_s / single_s,
        ours.check_s
    );
    Ok(verdict::alone(single_s, &ours))
}

/// Beside clients, at each load, fixed rest and controller in turn.
async fn in_company(
    args: &Args,
    pgbench: &PgBench,
    server: &Server,
) -> anyhow::Result<Vec<String>> {
    let capacity = match args.capacity {
        Some(capacity) => capacity,
        None => pgbench.capacity(server, args.scale).await?,
    };
    println!(
        "PostgreSQL {}, {} accounts, 8 clients, capacity {capacity:.0} tx/s",
        server.version(),
        u64::from(args.scale) * 100_000
    );
    println!("{}", Scene::HEADER);
    let mut broken = Vec::new();
    for round in 0..args.rounds {
        for load in if args.loads.is_empty() { &LOADS[..] } else { &args.loads } {
            let rate = capacity * f64::from(*load) / 100.0;
            let mut arms = [Arm::Nothing, Arm::Fixed, Arm::Controller];
            // What the machine does by itself gets no arm as its own.
            if round % 2 == 1 {
                arms.reverse();
            }
            let mut scenes = Vec::new();
            for arm in arms {
                let scene = scene::company(pgbench, server, args, arm, rate).await?;
                println!("{}", scene.lines(&format!("{load} %")));
                scenes.push(scene);
            }
            let fixed =
                scenes.iter().find(|scene| scene.arm == Arm::Fixed).context("no control")?;
            let ours = scenes
                .iter()
                .find(|scene| scene.arm == Arm::Controller)
                .context("no controller")?;
            broken.extend(verdict::company(*load, fixed, ours));
        }
    }
    Ok(broken)
}
