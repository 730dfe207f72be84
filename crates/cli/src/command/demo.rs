//! `changeover demo`: see [`crate::demo`].

use std::path::PathBuf;

use crate::{
    demo::{self, Company, Ended, NotHealthy, Settings, Way},
    exit_code::ExitCode,
    failure::Failure,
    output::Output,
    signals::StopSignals,
};

const EXAMPLES: &str = "\
Examples:
  changeover demo                            both ways side by side, in about three minutes
  changeover demo --rows 5000000             on large tables
  changeover demo --repeat 20 --rows 5000    twenty rolling upgrades in a row
  changeover demo --rolling-only --json      the figures, for a script

A PostgreSQL server is found on this machine or fetched once, runs for the demo alone and is gone
afterwards. Ends with 15, and upgrades nothing, where release
4.8 alone does not bear the load. Ends with 1 if, in a rolling run, a request failed, a stream was cut, an acknowledged write or
event is not there exactly once, or a step is not done.";

/// Rows with which server, seeding and both runs take about three minutes on two cores.
const ROWS_DEFAULT: u64 = 100_000;

/// The share of the capacity that the load takes: an upgrade must fit into the other half.
const LOAD_SHARE: f64 = 0.5;

/// Options of `changeover demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Rows of the table process_indicators; the other tables in proportion
    #[arg(long, value_name = "N", default_value_t = ROWS_DEFAULT)]
    rows: u64,
    /// Only the upgrade by RollingUpdate with Changeover
    #[arg(long, conflicts_with = "recreate_only")]
    rolling_only: bool,
    /// Only the upgrade by Recreate with migrations in one go
    #[arg(long)]
    recreate_only: bool,
    /// So many rolling upgrades 4.8 → 4.9 → 4.10 in a row, each on fresh tables
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "recreate_only",
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeat: u32,
    /// Requests per second [default: half of the capacity, measured first]
    #[arg(long, value_name = "N")]
    rate: Option<f64>,
    /// The largest p99 with 4.8 alone, in milliseconds, with which an upgrade is begun
    #[arg(long, value_name = "MS", default_value_t = 100.0)]
    before_p99_ms: f64,
    /// Instances of the service
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(1..=10))]
    replicas: u32,
    /// Clusters whose sensors each keep one long stream open, sending events; 0: none
    #[arg(long, value_name = "N", default_value_t = 3,
          value_parser = clap::value_parser!(u8).range(0..=12))]
    streams: u8,
    /// Where the report goes, one HTML file
    #[arg(long, value_name = "FILE", default_value = "changeover-report.html")]
    report: PathBuf,
    /// Major version of PostgreSQL, 13 to 18 [default: one that is there]
    #[arg(long, value_name = "MAJOR")]
    server_major: Option<u16>,
    /// Seed of rows and load: the same seed gives the same requests
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u32,
    /// The share of the capacity that the load takes
    #[arg(long, hide = true, default_value_t = LOAD_SHARE)]
    load_share: f64,
    /// The pause after a batch as a share of its time, instead of what the pace allows
    #[arg(long, hide = true)]
    rest_ratio: Option<f64>,
    /// For how long requests wait for a connection before they are turned away [default: the service's]
    #[arg(long, hide = true)]
    pool_wait_ms: Option<u64>,
    /// What else goes on on the machine
    #[arg(long, hide = true, value_enum, default_value_t)]
    company: Company,
    /// End instances at once on SIGTERM, to see what draining is good for
    #[arg(long, hide = true)]
    no_drain: bool,
    /// Folder for the output of each instance
    #[arg(long, hide = true, value_name = "DIR")]
    logs: Option<PathBuf>,
}

/// Runs the demo and prints what came out.
pub(crate) async fn run(args: Args, output: &Output) -> Result<ExitCode, Failure> {
    if args.rate.is_some_and(|rate| !(rate.is_finite() && rate > 0.0)) {
        return Err(Failure::told(ExitCode::Usage, "the rate must be above 0"));
    }
    let settings = settings(args);
    let signals = StopSignals::install()?;
    let shown = output.clone();
    // It has a runtime of its own, which may not be dropped within this one.
    let conducted =
        tokio::task::spawn_blocking(move || demo::conduct(&settings, &shown, signals)).await;
    let ended = conducted.map_err(|error| Failure::new("the demo ended unexpectedly", error))?;
    match ended {
        Err(error) if error.is::<NotHealthy>() => {
            Err(Failure::told(ExitCode::NotHealthy, error.to_string()))
        }
        Err(error) => Err(Failure::told(ExitCode::Failed, format!("{error:#}"))),
        Ok(Ended::Stopped) => {
            Err(Failure::told(ExitCode::Stopped, "stopped on request; nothing is left running"))
        }
        Ok(Ended::Completed(comparison)) => {
            if output.wants_json() {
                output.json(&comparison)?;
            } else {
                output.line(demo::summary(&comparison))?;
            }
            let holds = comparison.faults.is_empty();
            Ok(if holds { ExitCode::Ok } else { ExitCode::Failed })
        }
    }
}

fn settings(args: Args) -> Settings {
    let ways = match (args.recreate_only, args.rolling_only || args.repeat > 1) {
        (true, _) => vec![Way::Recreate],
        (false, true) => vec![Way::Rolling],
        (false, false) => vec![Way::Recreate, Way::Rolling],
    };
    Settings {
        rows: args.rows,
        rate_per_second: args.rate,
        load_share: args.load_share,
        rest_ratio: args.rest_ratio,
        pool_wait_ms: args.pool_wait_ms,
        company: args.company,
        seed: args.seed,
        server_major: args.server_major,
        replicas: args.replicas,
        streams: usize::from(args.streams),
        drain: !args.no_drain,
        ways,
        repeat: args.repeat,
        before_p99_ms_max: args.before_p99_ms,
        report: args.report,
        logs: args.logs,
    }
}
