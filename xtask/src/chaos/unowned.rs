//! For how long a worker is without a living owner: sampled, since nobody says so.
//!
//! A worker counts as unowned while nobody holds its lease, or while the process that holds it is dead,
//! paused or cut off, as the chore itself knows; but only while somebody who lives could own it: back
//! at 4.9 nobody can own what came with 4.10. A new epoch is a new owner: where that one is struck as well,
//! another stretch begins.

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

/// Processes that cannot work just now. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Away(Arc<Mutex<BTreeSet<u32>>>);

impl Away {
    pub(super) fn add(&self, pid: u32) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(pid);
    }

    pub(super) fn remove(&self, pid: u32) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&pid);
    }

    fn has(&self, pid: Option<i32>) -> bool {
        let Some(pid) = pid.and_then(|pid| u32::try_from(pid).ok()) else { return true };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&pid)
    }
}

/// The longest stretch of each worker, and how often was looked.
#[derive(Debug, Default)]
pub(super) struct Stretches {
    pub(super) longest: BTreeMap<String, Duration>,
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
            while tokio::time::timeout(PERIOD, &mut stopped).await.is_err() {
                let rows = client.query(LOOK, &[&APP]).await?;
                stretches.looks += 1;
                for row in rows {
                    let (name, epoch): (String, i64) = (row.get(0), row.get(1));
                    let candidates: Vec<Option<i32>> = row.get(3);
                    let has_candidate = candidates.iter().any(|pid| !away.has(*pid));
                    if !away.has(row.get(2)) || !has_candidate {
                        since.remove(&name);
                        continue;
                    }
                    let begun = since.entry(name.clone()).or_insert((epoch, Instant::now()));
                    if begun.0 != epoch {
                        *begun = (epoch, Instant::now());
                    }
                    let longest = stretches.longest.entry(name).or_default();
                    *longest = (*longest).max(begun.1.elapsed());
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
