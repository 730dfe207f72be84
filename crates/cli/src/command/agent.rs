//! `changeover agent`: takes part in upgrades on behalf of a process in any language.

use crate::agent::{self, Plan};
use crate::arguments::FolderArgs;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::settings::Settings;
use changeover::Options;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  changeover agent --release 2.3 -- python3 worker.py
                                        register, start the worker, drain it on SIGTERM
  changeover agent --release 2.3 --listen 0.0.0.0:8091 -- node worker.mjs
                                        and answer /readyz, /livez, /startupz
  changeover agent --release 2.3 --head 212 --instance-file /run/shop/instance
                                        beside a process that somebody else starts
  changeover agent --release 2.3 --owner-url postgres://shop_owner@db/shop -- ./worker
                                        migrate too

The process finds its instance's id in CHANGEOVER_INSTANCE, also CHANGEOVER_APP, CHANGEOVER_GENERATION,
and in PGAPPNAME the name for its sessions. It takes workers and jobs by SQL functions
(docs/sql-functions.md), with the same role as the agent.

Ends with the code of the process (128 and the signal where one ended it; 126, 127: it cannot be run);
with 5 where the floor has passed the release, with the codes of `changeover exit-codes` where it could
not begin, with 130 where it was told to stop before the release could serve.";

/// Arguments of `changeover agent`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The application; several may share a database [default: from changeover.toml, else default]
    #[arg(long, env = "CHANGEOVER_APP", hide_env = true, value_name = "NAME")]
    app: Option<String>,
    /// The release that the process is of, e.g. 2.3
    #[arg(long, env = "CHANGEOVER_RELEASE", hide_env = true, value_name = "NAME")]
    release: String,
    /// The connection of the process's own role; may go through a pooler [default: DATABASE_URL]
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, hide_env = true, value_name = "URL")]
    service_url: String,
    /// The connection of the role that owns the tables; without it, nothing is migrated
    #[arg(long, value_name = "URL", conflicts_with = "head")]
    owner_url: Option<String>,
    #[command(flatten)]
    folder: FolderArgs,
    /// The last migration that the release knows, where there is no folder of migrations
    #[arg(long, value_name = "N", conflicts_with_all = ["migrations", "format"])]
    head: Option<u64>,
    /// The release's place among others in background work: the highest one does it [default: the
    /// last migration that it knows]
    #[arg(long, value_name = "N")]
    generation: Option<i64>,
    /// Where to answer /readyz, /livez, /startupz, /instance, /status and POST /drain
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Write the instance's id to this file once the release may serve
    #[arg(long, value_name = "PATH")]
    instance_file: Option<PathBuf>,
    /// Start the process at once, also before the release's steps are done
    #[arg(long)]
    at_once: bool,
    /// How long the process has to end after SIGTERM
    #[arg(long, value_name = "SECONDS", default_value_t = 20,
          value_parser = clap::value_parser!(u64).range(0..=86_400))]
    grace_s: u64,
    /// How long it goes on after the probe has begun to fail, before SIGTERM
    #[arg(long, value_name = "SECONDS", default_value_t = 0,
          value_parser = clap::value_parser!(u64).range(0..=3_600))]
    drain_delay_s: u64,
    /// How often switch, owners and jobs are looked after
    #[arg(long, value_name = "MS", default_value_t = 1000,
          value_parser = clap::value_parser!(u64).range(10..=60_000))]
    poll_ms: u64,
    /// After how long without a beat the instance counts as gone; it beats six times as often
    #[arg(long, value_name = "MS", default_value_t = 12_000,
          value_parser = clap::value_parser!(u64).range(1_000..=3_600_000))]
    ttl_ms: u64,
    /// The process and its arguments
    #[arg(last = true, value_name = "PROGRAM")]
    program: Vec<OsString>,
}

/// Lives beside the process until it is told to stop, or the process ends.
pub(crate) async fn run(args: Args) -> Result<std::process::ExitCode, Failure> {
    if args.program.is_empty() && args.instance_file.is_none() && args.listen.is_none() {
        return Err(Failure::with_remedy(
            ExitCode::Usage,
            "nobody would learn the instance's id",
            "give the process to start after `--`, or --instance-file, or --listen",
        ));
    }
    let options = options(&args)?;
    agent::run(Plan {
        options,
        program: args.program,
        instance_file: args.instance_file,
        listen: args.listen,
        poll: Duration::from_millis(args.poll_ms),
        grace: Duration::from_secs(args.grace_s),
        delay: Duration::from_secs(args.drain_delay_s),
        at_once: args.at_once,
    })
    .await
}

fn options(args: &Args) -> Result<Options, Failure> {
    let settings = Settings::find()?;
    let migrations = match args.head {
        Some(_head) => Vec::new(),
        None => settings.folder(&args.folder)?.migrations,
    };
    let app = settings.app_or(args.app.as_ref());
    let mut options = Options::new(app, &args.release, migrations);
    options.known_head = args.head;
    options.generation = args.generation;
    options.service_url = Some(args.service_url.clone());
    options.owner_url.clone_from(&args.owner_url);
    options.service_roles = settings.service_roles;
    options.timing.instance_ttl = Duration::from_millis(args.ttl_ms);
    options.timing.heartbeat = Duration::from_millis(args.ttl_ms / 6);
    Ok(options)
}
