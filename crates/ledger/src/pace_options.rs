//! How fast what runs long goes, as a service or an operator wants it: backfills, checks, builds.
//!
//! Read by the engine's `pace/`, `backfill/` and `step/`. What may be changed while a step runs (shares, the
//! probe's factor) are defaults here; the ledger's row `changeover.control` goes before them.

use std::time::Duration;

/// How fast what runs long goes.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The time that one batch should take while nobody else is at work, or at a fixed rest. 50 ms: longer ones
    /// gain nothing measurable, and its row locks make writers wait.
    pub batch_target: Duration,
    /// The same while others are at work. 8 ms: a batch's length is what the slowest of a thousand statements
    /// feels (50 ms batches made a p99.9 of 90 ms, 20 ms one of 46), and below that commits take most of it.
    pub batch_target_shared: Duration,
    /// The shortest that a batch may be made once resting alone doesn't suffice.
    pub batch_target_min: Duration,
    /// Rows in the first batch.
    pub batch_rows_first: u32,
    /// The largest batch.
    pub batch_rows_max: u32,
    /// Always rest after a batch for so many times the time that it took; 1.0 leaves half of the time to others.
    /// `None`: the controller decides.
    pub rest_ratio: Option<f64>,
    /// The share of the time that is worked at most, 0 to 1.
    pub max_share: f64,
    /// The share that is worked at least, whatever the inputs say: an upgrade comes to its end. 0: it may stand
    /// still, and goes on once they have recovered.
    pub min_share: f64,
    /// By which factor the probe's p95 may grow over what it was without us.
    pub probe_factor: f64,
    /// From where on the other inputs hold it back.
    pub bounds: PaceBounds,
    /// What builds and validations may take.
    pub maintenance: Maintenance,
    /// The wait for one row lock before the range is done again without the locked rows. Below
    /// `deadlock_timeout` (1 s by default), so that we never are part of a detected deadlock.
    pub row_lock_wait: Duration,
    /// How many connections go through a table at once. More than 1 is for when time is short and cores are
    /// free: each holds row locks for as long as its batch takes.
    pub parallel: u32,
    /// How many rows may be parked before the step stops: more is a wrong expression, not bad rows.
    pub parked_rows_max: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            batch_target: Duration::from_millis(50),
            batch_target_shared: Duration::from_millis(8),
            batch_target_min: Duration::from_millis(4),
            batch_rows_first: 500,
            batch_rows_max: 20_000,
            rest_ratio: None,
            max_share: 1.0,
            min_share: 0.02,
            probe_factor: 1.3,
            bounds: PaceBounds::default(),
            maintenance: Maintenance::default(),
            row_lock_wait: Duration::from_millis(100),
            parallel: 1,
            parked_rows_max: 10_000,
        }
    }
}

/// From where on each input holds back what runs long.
#[derive(Clone, Copy, Debug)]
pub struct PaceBounds {
    /// Processors of the server, which SQL doesn't tell. Sessions at work beyond four times as many hold back;
    /// `None`: only those that wait for locks do.
    pub cores: Option<u32>,
    /// Sessions that wait for locks or for the server's own latches, beyond those that did before the step.
    pub waiting_sessions: u32,
    /// By how much a standby may get further behind than it was before the step. 64 MB: four files of WAL, some
    /// seconds of replay.
    pub replica_lag_bytes: u64,
    /// The same in time.
    pub replica_lag: Duration,
    /// WAL that a replication slot may hold back where the server has no `max_slot_wal_keep_size`; half of that
    /// where it has.
    pub slot_wal_bytes: u64,
    /// WAL that may be written a second, by all; `None`: as much as there is. It does harm only by what follows
    /// from it, which the other inputs see.
    pub wal_bytes_per_second: Option<u64>,
    /// WAL that may wait for being archived.
    pub archive_backlog_bytes: u64,
    /// By which factor the latency that services report may grow over what it was before the step.
    pub reported_factor: f64,
}

impl Default for PaceBounds {
    fn default() -> Self {
        Self {
            cores: None,
            waiting_sessions: 4,
            replica_lag_bytes: 64 << 20,
            replica_lag: Duration::from_secs(5),
            slot_wal_bytes: 4 << 30,
            wal_bytes_per_second: None,
            archive_backlog_bytes: 1 << 30,
            reported_factor: 1.3,
        }
    }
}

/// What builds and validations may take, since nothing slows them down once they run.
#[derive(Clone, Copy, Debug)]
pub struct Maintenance {
    /// For how long one waits for the inputs to be within their bounds before it begins all the same.
    pub wait_max: Duration,
    /// Processes that help a build. `None`: none while others are at work, else what the server's settings say.
    pub workers: Option<u32>,
    /// `maintenance_work_mem` in megabytes; `None`: as the server has it.
    pub memory_mb: Option<u32>,
}

impl Default for Maintenance {
    fn default() -> Self {
        Self { wait_max: Duration::from_secs(600), workers: None, memory_mb: None }
    }
}
