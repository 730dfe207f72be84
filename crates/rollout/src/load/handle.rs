//! [`Load`] and [`LoadHandle`]: starting and stopping the generator.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use super::{
    error::LoadError,
    generator::{self, Shared},
    report::LoadReport,
    spec::LoadSpec,
    summary::{Summary, Window},
    workload::Workload,
};

/// Starts loads.
pub struct Load;

/// A load that runs. Dropping it stops the load without a report.
pub struct LoadHandle {
    shared: Arc<Shared>,
    stop: oneshot::Sender<Duration>,
    report: oneshot::Receiver<LoadReport>,
}

/// A load so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadCounts {
    /// Requests that have ended.
    pub ended: u64,
    /// Of these, not successful.
    pub failed: u64,
    /// Requests under way.
    pub in_flight: u64,
}

impl Load {
    /// Starts sending at once, on a thread of its own. Need not be called within a runtime.
    ///
    /// # Errors
    /// [`LoadError::InvalidSpec`], [`LoadError::Start`].
    pub fn start(spec: LoadSpec, workload: Arc<dyn Workload>) -> Result<LoadHandle, LoadError> {
        spec.check()?;
        let shared = Arc::new(Shared::new(spec, workload));
        let (stop, stopped) = oneshot::channel();
        let load = generator::run(shared.clone(), stopped);
        let report = on_own_thread("load", load)?;
        Ok(LoadHandle { shared, stop, report })
    }
}

impl LoadHandle {
    /// When the load began: time 0 of the report.
    pub fn started(&self) -> Instant {
        self.shared.started
    }

    /// What has happened so far, for a progress display.
    pub fn counts(&self) -> LoadCounts {
        let (ended, failed, in_flight) = self.shared.recorder().counts();
        LoadCounts { ended, failed, in_flight }
    }

    /// Figures so far of the requests that were due within the window; what is still under way is in none.
    pub fn summary(&self, window: Window) -> Summary {
        self.shared.recorder().summary(window)
    }

    /// Sends no more requests, waits up to `drain_timeout` for those under way, and gives the
    /// report. What is still under way then is counted as `unfinished`.
    ///
    /// # Errors
    /// [`LoadError::Died`].
    pub async fn stop(self, drain_timeout: Duration) -> Result<LoadReport, LoadError> {
        self.stop.send(drain_timeout).map_err(|_| LoadError::Died)?;
        self.report.await.map_err(|_| LoadError::Died)
    }
}

/// Runs a future to its end on a new thread with a runtime of its own.
pub(super) fn on_own_thread<T: Send + 'static>(
    name: &str,
    future: impl Future<Output = T> + Send + 'static,
) -> Result<oneshot::Receiver<T>, LoadError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(LoadError::Start)?;
    let (sender, receiver) = oneshot::channel();
    let body = move || {
        let result = runtime.block_on(future);
        if sender.send(result).is_err() {
            tracing::debug!("nobody waits for the load's report");
        }
    };
    std::thread::Builder::new().name(name.into()).spawn(body).map_err(LoadError::Start)?;
    Ok(receiver)
}
