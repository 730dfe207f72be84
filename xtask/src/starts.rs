//! Ten processes started at the same moment on an empty database: the migrations run once, and all
//! ten end up serving. Fifty rounds; `BUDGET_S` bounds them.

use crate::budget::Budget;
use crate::central_process::{self, Central, Start};
use crate::connect::connect;
use anyhow::{Context, ensure};
use changeover_central::roles::{OWNER, SERVICE, create_roles};
use changeover_postgres::Server;

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many rounds.
    #[arg(long, default_value_t = 50)]
    rounds: u32,
    /// How many processes at once.
    #[arg(long, default_value_t = 10)]
    processes: usize,
    /// The release that they are of.
    #[arg(long, default_value = "4.10")]
    release: String,
}

/// Runs the rounds.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let budget = Budget::from_environment()?;
    let program = central_process::build().await?;
    let server =
        tokio::task::spawn_blocking(|| Server::builder().setting("max_connections", "400").start())
            .await??;
    let (mut rounds, mut started) = (0, 0);
    while rounds < args.rounds && !budget.is_spent() {
        round(&args, &server, &program).await.with_context(|| format!("round {}", rounds + 1))?;
        rounds += 1;
        started += args.processes;
    }
    println!(
        "starts: {rounds} of {} rounds, {started} processes, all serving, migrations run once in \
         each round; {:.0} s",
        args.rounds,
        budget.elapsed_s()
    );
    ensure!(rounds > 0, "the budget did not suffice for one round");
    Ok(())
}

async fn round(args: &Args, server: &Server, program: &std::path::PathBuf) -> anyhow::Result<()> {
    let database = server.fresh_database("starts").await?;
    create_roles(&server.url("postgres", &database)).await?;
    let (service_url, owner_url) = (server.url(SERVICE, &database), server.url(OWNER, &database));
    let start = Start {
        program,
        release: &args.release,
        service_url: &service_url,
        owner_url: Some(&owner_url),
    };
    let mut instances = Vec::new();
    for _ in 0..args.processes {
        instances.push(Central::start(&start)?);
    }
    for instance in &mut instances {
        instance.ready().await?;
    }
    let client = connect(&owner_url).await?;
    let row = client
        .query_one(
            "SELECT (SELECT count(*) FROM changeover.plan), \
                    (SELECT count(*) FROM changeover.step WHERE state <> 'done'), \
                    (SELECT coalesce(max(attempts), 0)::bigint FROM changeover.step), \
                    (SELECT count(*) FROM changeover.instance WHERE state = 'serving')",
            &[],
        )
        .await?;
    let (plans, open, attempts, serving): (i64, i64, i64, i64) =
        (row.get(0), row.get(1), row.get(2), row.get(3));
    ensure!(plans == 1, "{plans} plans were recorded");
    ensure!(open == 0, "{open} steps are open");
    ensure!(attempts == 1, "a step was run {attempts} times");
    ensure!(serving == i64::try_from(args.processes)?, "{serving} instances serve");
    for instance in instances {
        instance.kill().await?;
    }
    drop(client);
    server.drop_database(&database).await?;
    Ok(())
}
