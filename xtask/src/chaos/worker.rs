//! The work of all languages in Rust: `tally` and `greet`, as docs/examples/python/worker.py and
//! docs/examples/node/worker.mjs have them. This program started again: `chaos-worker …`.

use changeover::{Changeover, Options};
use changeover_work::{
    BackgroundBuilder, BoxFuture, Job, JobError, JobHandler, JobTransaction, SingletonWorker,
    Tenure, WorkError,
};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use uuid::Uuid;

const TELL: &str = "INSERT INTO tally (worker, epoch, told_by) VALUES ('tally', $1, $2)";
const GREET: &str = "INSERT INTO greeting (job, attempt, name, greeted_by) VALUES ($1, $2, $3, $4)";
/// Between two turns, as the examples have it in the chore.
const PAUSE: Duration = Duration::from_millis(100);
/// For how long open work may go on when told to go.
const DRAIN: Duration = Duration::from_secs(10);

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long)]
    app: String,
    #[arg(long)]
    release: String,
    #[arg(long)]
    head: u64,
    #[arg(long)]
    url: String,
    #[arg(long)]
    lease_ms: u64,
}

struct Tally {
    me: Uuid,
}

impl SingletonWorker for Tally {
    fn name(&self) -> &str {
        "tally"
    }

    fn pause(&self) -> Duration {
        PAUSE
    }

    fn turn<'a>(&'a self, tenure: &'a mut Tenure) -> BoxFuture<'a, Result<(), WorkError>> {
        // As work that blocks its thread: the library cannot drop it when its own clock says that the
        // lease is over, so that for the one that is paused in here the guard alone stands. Central's workers
        // do not block.
        let unit = async move {
            let epoch = tenure.epoch();
            let transaction = tenure.begin().await?;
            transaction.client().execute(TELL, &[&epoch, &self.me]).await?;
            Ok(transaction.commit().await?)
        };
        Box::pin(async { tokio::task::block_in_place(|| Handle::current().block_on(unit)) })
    }
}

struct Greeter {
    me: Uuid,
}

impl JobHandler for Greeter {
    fn kind(&self) -> &str {
        "greet"
    }

    fn versions(&self) -> &[i32] {
        &[1]
    }

    fn run<'a>(
        &'a self,
        job: &'a Job,
        transaction: &'a mut JobTransaction,
    ) -> BoxFuture<'a, Result<(), JobError>> {
        Box::pin(async move {
            let name = job.payload.get("name").and_then(|name| name.as_str()).unwrap_or_default();
            let values: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
                [&job.id, &job.attempt, &name, &self.me];
            transaction.client().execute(GREET, &values).await?;
            Ok(())
        })
    }
}

/// Takes part until SIGTERM.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let mut told_to_go = signal(SignalKind::terminate())?;
    let mut options = Options::new(args.app, args.release, Vec::new());
    options.known_head = Some(args.head);
    options.service_url = Some(args.url);
    options.label_commits = true;
    options.timing.lease = Duration::from_millis(args.lease_ms);
    options.timing.instance_ttl = options.timing.lease;
    options.timing.heartbeat = options.timing.instance_ttl / 6;
    let upgrade = Changeover::start(options).await?;
    upgrade.wait_until_servable().await?;
    let me = upgrade.instance_id();
    let builder =
        BackgroundBuilder::new(upgrade.instance()).singleton(Tally { me }).job(Greeter { me });
    let background = builder.start().await?;
    upgrade.mark_serving().await?;
    told_to_go.recv().await;
    upgrade.drain().await?;
    background.drain(DRAIN).await;
    Ok(upgrade.leave().await?)
}
