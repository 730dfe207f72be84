//! What else goes on on the machine while the demo runs, as `cargo xtask bench-pace` asks for it.
//!
//! Started by `run/course.rs` with the load; what it began ends when it is dropped, at the latest after
//! [`COMPETES_FOR`] or with the run.

use std::{
    io::{Seek, SeekFrom, Write},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use changeover_central::{database, upgrade::online::APP};

use super::{settings::Company, stage::Database};

/// For how long the competitor takes a core.
const COMPETES_FOR: Duration = Duration::from_secs(10);
/// How often is looked whether a backfill is in its middle: the smallest takes a second.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// What is written to the disk before it is waited for: as much as a checkpoint writes at once.
const WRITTEN_AT_ONCE: usize = 8 << 20;
/// The file that is written grows no larger.
const FILE_BYTES_MAX: u64 = 256 << 20;

const IS_IN_THE_MIDDLE: &str = include_str!("company.sql");

/// Company that has begun.
pub(crate) struct Kept {
    stop: Arc<AtomicBool>,
    task: Option<tokio::task::JoinHandle<()>>,
}

impl Company {
    /// Begins.
    pub(crate) fn start(self, database: &Database) -> Kept {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let task = match self {
            Company::Quiet => None,
            Company::Competitor => {
                let owner_url = database.owner_url.clone();
                Some(tokio::spawn(async move {
                    if let Err(error) = middle_of_a_backfill(&owner_url, &told).await {
                        tracing::warn!(error = format!("{error:#}"), "no competitor");
                        return;
                    }
                    std::thread::spawn(move || take_a_core(&told));
                }))
            }
            Company::SlowDisk => {
                let data_dir = database.data_dir.clone();
                std::thread::spawn(move || {
                    if let Err(error) = keep_the_disk_busy(data_dir, &told) {
                        tracing::warn!(
                            error = changeover::chain(&error),
                            "the disk is not slow any more"
                        );
                    }
                });
                None
            }
        };
        Kept { stop, task }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// Ends with the run at the latest, since that drops it.
async fn middle_of_a_backfill(owner_url: &str, stop: &AtomicBool) -> anyhow::Result<()> {
    let client = database::connect(owner_url, "demo", "waiting for a backfill").await?;
    while !stop.load(Ordering::Relaxed) {
        if client.query_one(IS_IN_THE_MIDDLE, &[&APP]).await?.try_get(0)? {
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}

fn take_a_core(stop: &AtomicBool) {
    let until = Instant::now() + COMPETES_FOR;
    while Instant::now() < until && !stop.load(Ordering::Relaxed) {
        std::hint::spin_loop();
    }
}

fn keep_the_disk_busy(data_dir: PathBuf, stop: &AtomicBool) -> std::io::Result<()> {
    // In the server's own folder, which goes with it.
    let mut file = std::fs::File::create(data_dir.with_file_name("company"))?;
    let block = vec![0x5a_u8; WRITTEN_AT_ONCE];
    while !stop.load(Ordering::Relaxed) {
        file.write_all(&block)?;
        file.sync_data()?;
        if file.stream_position()? >= FILE_BYTES_MAX {
            file.seek(SeekFrom::Start(0))?;
        }
    }
    Ok(())
}
