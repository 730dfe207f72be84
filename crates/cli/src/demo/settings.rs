//! What was asked for, and how long the parts of a run take.

use std::{path::PathBuf, time::Duration};

use changeover_central::population::Population;

/// The releases that a run goes through, oldest first.
pub(crate) const RELEASES: [&str; 3] = ["4.8", "4.9", "4.10"];

/// What was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Rows of `process_indicators`; the other tables in proportion.
    pub(crate) rows: u64,
    /// Requests per second; `None`: a share of the capacity measured first.
    pub(crate) rate_per_second: Option<f64>,
    /// The share of the capacity that the load takes, where it is measured.
    pub(crate) load_share: f64,
    /// The pause after a batch as a share of its time, instead of what the pace allows: a control.
    pub(crate) rest_ratio: Option<f64>,
    /// For how long requests wait for a connection; `None`: as the service has it.
    pub(crate) pool_wait_ms: Option<u64>,
    /// What else goes on on the machine.
    pub(crate) company: Company,
    /// Seed of rows and load.
    pub(crate) seed: u32,
    /// Major version of PostgreSQL; `None`: the one that is there.
    pub(crate) server_major: Option<u16>,
    /// Instances of the service.
    pub(crate) replicas: u32,
    /// Clusters whose sensors keep a stream open.
    pub(crate) streams: usize,
    /// Whether the service drains before it ends.
    pub(crate) drain: bool,
    /// The ways to upgrade, in order.
    pub(crate) ways: Vec<Way>,
    /// How often; more than once only for rolling upgrades.
    pub(crate) repeat: u32,
    /// The largest p99 before the upgrade with which one is begun, in ms.
    pub(crate) before_p99_ms_max: f64,
    /// Where the report goes.
    pub(crate) report: PathBuf,
    /// Where each instance's output goes.
    pub(crate) logs: Option<PathBuf>,
}

/// What else goes on on the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Company {
    /// Nothing.
    #[default]
    Quiet,
    /// One core is taken for ten seconds, from the middle of the first backfill on.
    Competitor,
    /// Somebody else writes to the server's disk, and waits for it, all the time.
    SlowDisk,
}

/// A way to upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// All old instances end, then the new one migrates in one go and serves.
    Recreate,
    /// New instances come before old ones leave; migrations run online.
    Rolling,
}

/// How long the parts of a run take that take no work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pauses {
    /// Load that is in no baseline: connections open, caches and prepared statements fill.
    pub(crate) warm_up: Duration,
    /// Load without an upgrade: what "before" means.
    pub(crate) baseline: Duration,
    /// Load after each upgrade, and after the restart.
    pub(crate) afterwards: Duration,
}

impl Way {
    /// Its name in JSON and on the command line of the reference service.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Way::Recreate => "recreate",
            Way::Rolling => "rolling",
        }
    }

    /// Its name for people.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Way::Recreate => "Recreate, in one go",
            Way::Rolling => "RollingUpdate, Changeover",
        }
    }
}

impl Settings {
    /// Rows of all tables.
    pub(crate) fn population(&self) -> Population {
        Population::of(self.rows)
    }

    /// Streams: one a cluster, of which small tables have few.
    pub(crate) fn streams(&self) -> usize {
        usize::try_from(self.population().clusters).map_or(self.streams, |c| self.streams.min(c))
    }

    /// Whether a mere restart of the same release, as a control, comes before the upgrades: not where many runs
    /// follow each other.
    pub(crate) fn restarts_first(&self) -> bool {
        self.repeat == 1
    }

    /// Short ones where many upgrades follow each other: the baseline is there in each of them.
    pub(crate) fn pauses(&self) -> Pauses {
        let seconds = |warm_up, baseline, afterwards| Pauses {
            warm_up: Duration::from_secs(warm_up),
            baseline: Duration::from_secs(baseline),
            afterwards: Duration::from_secs(afterwards),
        };
        if self.repeat > 1 {
            seconds(1, 3, 1)
        } else {
            // A thousand requests and more at any rate that a laptop can do, so that p99 means something.
            seconds(3, 10, 4)
        }
    }

    /// The bound for everything that works through the tables: generous, since it only ends what
    /// hangs. Ten times what a slow disk takes.
    pub(crate) fn migration_deadline(&self) -> Duration {
        Duration::from_secs(180 + self.rows / 1_000)
    }
}
