//! [`StreamLoad`] and [`StreamLoadHandle`]: starting and stopping long streams.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    sync::{oneshot, watch},
    task::JoinSet,
    time::timeout,
};

use super::{
    report::{Recorder, StreamReport},
    spec::{StreamSpec, StreamWorkload},
};
use crate::load::{clients::LongStreamClient, error::LoadError, handle::on_own_thread};

/// Starts long streams.
pub struct StreamLoad;

/// Long streams that run. Dropping it ends them without a report.
pub struct StreamLoadHandle {
    stop: oneshot::Sender<Duration>,
    report: oneshot::Receiver<StreamReport>,
}

impl StreamLoad {
    /// Opens the streams, on a thread of their own. Need not be called within a runtime.
    ///
    /// # Errors
    /// [`LoadError::InvalidSpec`], [`LoadError::Start`].
    pub fn start(
        spec: StreamSpec,
        workload: Arc<dyn StreamWorkload>,
    ) -> Result<StreamLoadHandle, LoadError> {
        spec.check()?;
        let began = Instant::now();
        let recorder = Recorder::new(began, spec.streams)
            .ok_or(LoadError::InvalidSpec { reason: "times cannot be counted" })?;
        let (stop, stopped) = oneshot::channel();
        let report = on_own_thread("streams", run(spec, workload, began, recorder, stopped))?;
        Ok(StreamLoadHandle { stop, report })
    }
}

impl StreamLoadHandle {
    /// No more events are due; waits up to `drain_timeout` until those that were are acknowledged, ends
    /// the streams, and gives the report.
    ///
    /// # Errors
    /// [`LoadError::Died`].
    pub async fn stop(self, drain_timeout: Duration) -> Result<StreamReport, LoadError> {
        self.stop.send(drain_timeout).map_err(|_| LoadError::Died)?;
        self.report.await.map_err(|_| LoadError::Died)
    }
}

async fn run(
    spec: StreamSpec,
    workload: Arc<dyn StreamWorkload>,
    began: Instant,
    recorder: Recorder,
    stopped: oneshot::Receiver<Duration>,
) -> StreamReport {
    let clients = spec.streams;
    let recorder = Arc::new(Mutex::new(recorder));
    let (stop, seen) = watch::channel(false);
    let (give_up, given_up) = watch::channel(false);
    let mut tasks = JoinSet::new();
    for number in 0..clients {
        let client = LongStreamClient::new(
            number,
            spec.clone(),
            Arc::clone(&workload),
            began,
            Arc::clone(&recorder),
        );
        tasks.spawn(client.run(seen.clone(), given_up.clone()));
    }
    // A handle that was dropped cannot be given a report: stop at once.
    let drain_timeout = stopped.await.unwrap_or(Duration::ZERO);
    stop.send_replace(true);
    let all = async { while tasks.join_next().await.is_some() {} };
    if timeout(drain_timeout, all).await.is_err() {
        give_up.send_replace(true);
        // They only note what is left.
        while tasks.join_next().await.is_some() {}
    }
    let recorder = Arc::try_unwrap(recorder).map(Mutex::into_inner);
    match recorder {
        Ok(recorder) => recorder.unwrap_or_else(PoisonError::into_inner).finish(),
        Err(_) => StreamReport::default(),
    }
}
