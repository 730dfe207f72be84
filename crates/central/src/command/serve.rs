//! `central serve`: one instance of one release, until it is told to end.

use super::workers::WorkerArgs;
use crate::{
    database::StatementMode,
    error::CentralError,
    release::Release,
    server::Central,
    settings::{self, DrainTiming, HealthTiming, Settings, Trial, UpgradeMode},
};
use std::{net::SocketAddr, path::PathBuf, pin::pin, time::Duration};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::oneshot,
};

/// Arguments of `central serve`.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// The release: 4.8, 4.9 or 4.10.
    #[arg(long)]
    release: String,
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The service role's connection; may go through a pooler, see `--statements`.
    #[arg(long, env = "CENTRAL_DATABASE_URL")]
    database_url: String,
    /// The owner's connection, where migrations are run; never through a pooler in transaction mode.
    #[arg(long, env = "CENTRAL_OWNER_URL")]
    owner_url: Option<String>,
    /// How migrations are run.
    #[arg(long, value_enum, default_value = "changeover")]
    upgrade: UpgradeMode,
    /// How many database connections the pool wants; it gets no more than this instance's share.
    #[arg(long, default_value_t = 8)]
    pool_size: usize,
    /// How long a request waits for one before it is answered with 503, in milliseconds.
    #[arg(long, default_value_t = 1_000)]
    pool_wait_ms: u64,
    /// How many requests may wait for one; one more is answered with 503 at once.
    #[arg(long, default_value_t = settings::POOL_WAITING_MAX)]
    pool_waiting: usize,
    /// How many connections all instances together may have; else what the server allows, less some.
    #[arg(long, env = "CENTRAL_CONNECTION_BUDGET")]
    connection_budget: Option<usize>,
    /// The service role's connection past every pooler, where notifications of others' writes come
    /// in; without it they are seen a quarter of a second later.
    #[arg(long, env = "CENTRAL_LISTEN_URL")]
    listen_url: Option<String>,
    /// How statements are sent: `unnamed` behind a pooler in transaction mode, unless it keeps
    /// prepared statements.
    #[arg(long, value_enum, default_value = "prepared", env = "CENTRAL_STATEMENTS")]
    statements: StatementMode,
    /// After SIGTERM: how long new connections still come, in milliseconds.
    #[arg(long, default_value_t = 3_000)]
    propagation_ms: u64,
    /// After SIGTERM: how long idle connections live on, in milliseconds.
    #[arg(long, default_value_t = 4_000)]
    idle_ms: u64,
    /// After that: how long requests in flight may take, in milliseconds.
    #[arg(long, default_value_t = 10_000)]
    in_flight_ms: u64,
    /// After the propagation: how long sensors' streams have for their end, in milliseconds.
    #[arg(long, default_value_t = 5_000)]
    streams_ms: u64,
    /// After SIGTERM: how long background work has for being handed over, in milliseconds.
    #[arg(long, default_value_t = 10_000)]
    workers_ms: u64,
    /// Background work.
    #[command(flatten)]
    workers: WorkerArgs,
    /// Where to write why it has ended, if the file is there.
    #[arg(long, hide = true, default_value = super::termination::PATH)]
    termination_log: PathBuf,
    /// End at once on SIGTERM, cutting everything. For showing what the drain is good for.
    #[arg(long, hide = true)]
    no_drain: bool,
    /// For how long a term is granted, in milliseconds.
    #[arg(long, hide = true)]
    lease_ms: Option<u64>,
    /// After how long without a heartbeat an instance counts as gone, in milliseconds.
    #[arg(long, hide = true)]
    instance_ttl_ms: Option<u64>,
    /// Rows of every batch of a backfill.
    #[arg(long, hide = true)]
    batch_rows: Option<u32>,
    /// The pause after a batch as a share of its time, instead of what the pace allows.
    #[arg(long, hide = true)]
    rest_ratio: Option<f64>,
    /// Each guarded transaction says in the write-ahead log under which term it was begun.
    #[arg(long, hide = true)]
    label_commits: bool,
    /// End as on SIGTERM when standard input ends: the one that started this process is gone.
    #[arg(long, hide = true)]
    end_with_input: bool,
}

pub(super) async fn run(args: ServeArgs) -> Result<(), CentralError> {
    let termination_log = args.termination_log.clone();
    let outcome = run_to_end(args).await;
    if let Err(error) = &outcome {
        super::termination::write(&termination_log, error);
    }
    outcome
}

async fn run_to_end(args: ServeArgs) -> Result<(), CentralError> {
    // Before listening: a SIGTERM that comes while migrations run must not be lost.
    let mut terminate = signal(SignalKind::terminate()).map_err(CentralError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(CentralError::Signals)?;
    let mut input_ended = pin!(input_ended(args.end_with_input));
    let settings = Settings {
        release: Release::named(&args.release)?,
        listen: args.listen,
        database_url: args.database_url,
        owner_url: args.owner_url,
        upgrade: args.upgrade,
        pool_connections_max: args.pool_size,
        pool_wait: Duration::from_millis(args.pool_wait_ms),
        pool_waiting_max: args.pool_waiting,
        connection_budget: args.connection_budget,
        listen_url: args.listen_url,
        statement_mode: args.statements,
        drain: DrainTiming {
            propagation: Duration::from_millis(args.propagation_ms),
            idle: Duration::from_millis(args.idle_ms),
            streams: Duration::from_millis(args.streams_ms),
            in_flight: Duration::from_millis(args.in_flight_ms),
            workers: Duration::from_millis(args.workers_ms),
            ..DrainTiming::default()
        },
        health: HealthTiming::default(),
        workers: args.workers.settings(),
        trial: Trial {
            lease: args.lease_ms.map(Duration::from_millis),
            instance_ttl: args.instance_ttl_ms.map(Duration::from_millis),
            batch_rows: args.batch_rows,
            rest_ratio: args.rest_ratio,
            label_commits: args.label_commits,
            ..Trial::default()
        },
    };
    let central = Central::listen(settings).await?;
    let outcome = tokio::select! {
        error = serve(&central) => Err(error),
        () = told_to_end(&mut terminate, &mut interrupt) => Ok(()),
        () = &mut input_ended => Ok(()),
    };
    if !args.no_drain {
        // What was cut stands in the log.
        central.drain().await;
    }
    outcome
}

/// Serves until that cannot begin, or may go on no longer; says why.
async fn serve(central: &Central) -> CentralError {
    match central.serve().await {
        Ok(()) => central.wait_until_refused().await,
        Err(error) => error,
    }
}

/// Returns when standard input has ended; never, where nobody wants to know.
async fn input_ended(is_wanted: bool) {
    if !is_wanted {
        return std::future::pending().await;
    }
    let (ended, end) = oneshot::channel();
    // A thread of its own, since a read that waits would hold up the end of the runtime.
    std::thread::spawn(move || {
        // What comes in is of no interest, and an error is an end as well.
        std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).ok();
        ended.send(()).ok();
    });
    end.await.ok();
}

async fn told_to_end(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
