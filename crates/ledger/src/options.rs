//! What a service tells the engine: who it is, how to reach the database, and the bounds.
//!
//! The defaults are meant for production; tests shorten the times. Every figure says where it is from.

use crate::error::Error;
pub use crate::pace_options::{Maintenance, Pace, PaceBounds};
use crate::pause::Hook;
use changeover_plan::model::capability::{self, Capability};
use changeover_plan::{Migration, StepId, model::plan::PlanMode};
use std::collections::BTreeSet;
use std::time::Duration;

/// The longest name of an application: with head and release it must fit into the 63 bytes of an
/// `application_name`.
const APP_BYTES_MAX: usize = 32;

/// Who is starting, and with what.
#[derive(Clone)]
pub struct Options {
    /// The application; several may share a database.
    pub app: String,
    /// The release's name, e.g. `4.9`.
    pub release: String,
    /// The migrations that this release knows, sorted; the last one's number is its head.
    pub migrations: Vec<Migration>,
    /// The head of a process that has no migration files and never migrates; else `None`.
    pub known_head: Option<u64>,
    /// The connection of the role that owns the tables: direct, or through a pooler in session mode;
    /// another is refused. `None`: never migrates.
    pub owner_url: Option<String>,
    /// The service's own connection: registers and beats. May go through a pooler in transaction
    /// mode. `None`: the owner's is used.
    pub service_url: Option<String>,
    /// Roles that may register and look, granted when the ledger is made.
    pub service_roles: Vec<String>,
    /// Online, or everything at once because nobody serves.
    pub mode: PlanMode,
    /// The database's tables belong to something else: begin with the first migration.
    pub fresh: bool,
    /// Which release this is when two of them share the background work: the higher one owns it.
    /// `None`: the head. Needed where releases differ without a migration.
    pub generation: Option<i64>,
    /// How many jobs' transactions this process runs at once, each on a connection of its own; one more
    /// looks for jobs.
    pub job_connections: usize,
    /// What this process can do of what steps require: hold the owner's connection, have application code.
    pub abilities: BTreeSet<Capability>,
    /// Leases and heartbeats.
    pub timing: Timing,
    /// How locks are taken.
    pub locks: LockLimits,
    /// How fast what runs long goes.
    pub pace: Pace,
    /// A connection string past every pooler, or through one in session mode, where notifications are
    /// listened for. `None`: what they would tell is polled for.
    pub listen_url: Option<String>,
    /// A foreground run ends after this step, as an operator may ask.
    pub stop_after: Option<StepId>,
    /// Each transaction says in the write-ahead log under which term it was begun, so that logical
    /// decoding can tell. For tests of the fence; costs some 60 bytes a transaction.
    pub label_commits: bool,
    /// What is called at each point between two effects; for tests and for "stop here".
    pub hook: Hook,
}

impl Options {
    /// Options with the defaults.
    pub fn new(
        app: impl Into<String>,
        release: impl Into<String>,
        migrations: Vec<Migration>,
    ) -> Self {
        Self {
            app: app.into(),
            release: release.into(),
            migrations,
            known_head: None,
            owner_url: None,
            service_url: None,
            service_roles: Vec::new(),
            mode: PlanMode::Online,
            fresh: false,
            generation: None,
            job_connections: 4,
            abilities: capability::owner(),
            timing: Timing::default(),
            locks: LockLimits::default(),
            pace: Pace::default(),
            listen_url: None,
            stop_after: None,
            label_commits: false,
            hook: Hook::none(),
        }
    }

    /// The highest migration that this release knows; 0 where it knows none.
    pub fn head(&self) -> u64 {
        let last = || self.migrations.last().map_or(0, |migration| migration.number);
        self.known_head.unwrap_or_else(last)
    }

    /// Which release this is in background work.
    pub fn generation(&self) -> i64 {
        self.generation.unwrap_or_else(|| i64::try_from(self.head()).unwrap_or(i64::MAX))
    }

    /// Fails where the application's name cannot stand in an `application_name`: sessions of its
    /// releases would not be known.
    pub fn check(&self) -> Result<(), Error> {
        let fits = !self.app.is_empty()
            && self.app.len() <= APP_BYTES_MAX
            && self.app.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
        if self.known_head.is_some() && self.owner_url.is_some() {
            let what = "who migrates knows its head from the migrations, not from a number given";
            return Err(Error::Invalid(what.to_owned()));
        }
        if fits {
            return Ok(());
        }
        Err(Error::Invalid(format!(
            "`{}` cannot be an application's name: 1 to {APP_BYTES_MAX} letters, digits, `_`, `-`, `.`",
            self.app
        )))
    }

    /// The front of `application_name`: says the head to the database (design, "writer head").
    pub fn application_name(&self) -> String {
        format!("changeover@{}/{}/{}", self.head(), self.app, self.release)
    }
}

/// Leases and heartbeats. All decided on the database's clock.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// For how long a term is granted. 5 s: the gap that a killed holder leaves.
    pub lease: Duration,
    /// How often an instance says that it lives.
    pub heartbeat: Duration,
    /// After how long without heartbeat an instance counts as gone. Six missed beats.
    pub instance_ttl: Duration,
    /// How often a waiter looks at the ledger. Polling, because a waiter that holds a snapshot
    /// deadlocks with concurrent index builds.
    pub poll: Duration,
    /// How often a failed step is tried again by one holder before it counts as failed.
    pub step_attempts_max: u32,
    /// The pause before the second try of a step; doubles up to 30 s.
    pub retry_pause: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(5),
            heartbeat: Duration::from_secs(2),
            instance_ttl: Duration::from_secs(12),
            poll: Duration::from_millis(200),
            step_attempts_max: 8,
            retry_pause: Duration::from_millis(500),
        }
    }
}

/// How locks that would make others wait are taken; see `lock/` and the measurements named there.
#[derive(Clone, Copy, Debug)]
pub struct LockLimits {
    /// For how long `NOWAIT` alone is tried before windows begin.
    pub nowait_phase: Duration,
    /// The narrowest window in which a lock request may queue.
    pub window_min: Duration,
    /// The widest one in ordinary use; narrower where a statement takes less than a twentieth of it.
    pub window_max: Duration,
    /// The widest one once it has starved; also bounded by the age that transactions here reach.
    pub window_cap: Duration,
    /// After how long it counts as starving.
    pub starving_after: Duration,
    /// When to give up, naming who is in the way.
    pub give_up_after: Duration,
    /// The bound of a catalog change itself, once the locks are held.
    pub statement: Duration,
    /// The bound of what may take hours: index builds, validations.
    pub long_statement: Duration,
}

impl Default for LockLimits {
    fn default() -> Self {
        Self {
            // An upgrade can wait for two seconds; clients behind a window cannot.
            nowait_phase: Duration::from_secs(2),
            // Narrower ones end before a transaction of a few statements does.
            window_min: Duration::from_millis(2),
            window_max: Duration::from_millis(50),
            window_cap: Duration::from_millis(200),
            starving_after: Duration::from_secs(10),
            give_up_after: Duration::from_secs(60),
            statement: Duration::from_secs(5),
            long_statement: Duration::from_secs(24 * 3600),
        }
    }
}
