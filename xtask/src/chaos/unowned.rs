//! For how long a worker is without a living owner: sampled, since nobody says so.
//!
//! A worker counts as unowned while nobody holds its lease, or while the process that holds it is dead,
//! paused or cut off, as the chore itself knows; but only while somebody who lives could own it: back
//! at 4.9 nobody can own what came with 4.10. Time that is left out for that is summed up beside it, so
//! that the figure cannot be hollow. A new epoch is a new owner: where that one is struck as well, another
//! stretch begins.

use super::APP;
use anyhow::Context;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_postgres::NoTls;

/// Between two looks.
const PERIOD: Duration = Duration::from_millis(50);

const LOOK: &str = "SELECT w.name, w.epoch,
        CASE WHEN w.holder IS NOT NULL AND w.expires_at > clock_timestamp() THEN i.pid END,
        ARRAY(SELECT ready.pid FROM changeover.worker_candidate c
                JOIN changeover.instance ready ON ready.id = c.instance
               WHERE c.app = w.app AND c.name = w.name AND ready.state = 'serving'
                 AND ready.left_at IS NULL)
   FROM changeover.worker w LEFT JOIN changeover.instance i ON i.id = w.holder
  WHERE w.app = $1 AND w.epoch > 0";

/// Processes that cannot work just now: struck ones will again, gone ones will not. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Away(Arc<Mutex<Sets>>);

#[derive(Debug, Default)]
struct Sets {
    struck: BTreeSet<u32>,
    gone: BTreeSet<u32>,
}

impl Away {
    /// Paused or cut off.
    pub(super) fn add(&self, pid: u32) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).struck.insert(pid);
    }

    /// Works again.
    pub(super) fn remove(&self, pid: u32) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).struck.remove(&pid);
    }

    /// Killed, or gone.
    pub(super) fn gone(&self, pid: u32) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).gone.insert(pid);
    }

    fn has(&self, pid: Option<i32>) -> bool {
        let Some(pid) = pid.and_then(|pid| u32::try_from(pid).ok()) else { return true };
        let sets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sets.struck.contains(&pid) || sets.gone.contains(&pid)
    }

    fn is_struck(&self, pid: Option<i32>) -> bool {
        let pid = pid.and_then(|pid| u32::try_from(pid).ok());
        let sets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pid.is_some_and(|pid| sets.struck.contains(&pid) && !sets.gone.contains(&pid))
    }
}

/// What was seen of one worker.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Watched {
    /// The longest stretch.
    pub(super) longest: Duration,
    /// For how long it had an owner that lives, or somebody who could be.
    pub(super) counted: Duration,
    /// For how long nobody could own it but processes that were struck: left out.
    pub(super) all_struck: Duration,
    /// For how long no process could own it at all: left out.
    pub(super) none_there: Duration,
}

/// Each worker, and how often was looked.
#[derive(Debug, Default)]
pub(super) struct Stretches {
    pub(super) of: BTreeMap<String, Watched>,
    pub(super) looks: u64,
}

pub(super) struct Unowned {
    stop: oneshot::Sender<()>,
    task: JoinHandle<anyhow::Result<Stretches>>,
}

impl Unowned {
    pub(super) async fn begin(url: &str, away: Away) -> anyhow::Result<Self> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        let (stop, mut stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let mut stretches = Stretches::default();
            let mut since: BTreeMap<String, (i64, Instant)> = BTreeMap::new();
            let mut last = Instant::now();
            while tokio::time::timeout(PERIOD, &mut stopped).await.is_err() {
                let rows = client.query(LOOK, &[&APP]).await?;
                stretches.looks += 1;
                let between = std::mem::replace(&mut last, Instant::now()).elapsed();
                for row in rows {
                    let (name, epoch): (String, i64) = (row.get(0), row.get(1));
                    let candidates: Vec<Option<i32>> = row.get(3);
                    let watched = stretches.of.entry(name.clone()).or_default();
                    let is_owned = !away.has(row.get(2));
                    let has_candidate = candidates.iter().any(|pid| !away.has(*pid));
                    if is_owned || !has_candidate {
                        let all_struck = candidates.iter().any(|pid| away.is_struck(*pid));
                        *match (is_owned, all_struck) {
                            (true, _) => &mut watched.counted,
                            (false, true) => &mut watched.all_struck,
                            (false, false) => &mut watched.none_there,
                        } += between;
                        since.remove(&name);
                        continue;
                    }
                    watched.counted += between;
                    let begun = since.entry(name).or_insert((epoch, Instant::now()));
                    if begun.0 != epoch {
                        *begun = (epoch, Instant::now());
                    }
                    watched.longest = watched.longest.max(begun.1.elapsed());
                }
            }
            Ok(stretches)
        });
        Ok(Self { stop, task })
    }

    pub(super) async fn end(self) -> anyhow::Result<Stretches> {
        if self.stop.send(()).is_err() {
            return self.task.await?.context("the sampler has ended by itself");
        }
        self.task.await?
    }
}
