//! How many requests per second the service can do: a closed loop on keep-alive connections.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use rand::{SeedableRng, rngs::StdRng};
use tokio::{task::JoinSet, time::timeout_at};

use super::{
    clients::{Failure, KeepAliveClient},
    error::LoadError,
    generator::judge,
    handle::on_own_thread,
    outcome::Outcome,
    workload::Workload,
};

/// Sequence numbers of the measurement begin here, apart from those of any load, so that a workload
/// that makes keys of them makes no key twice.
pub const CAPACITY_FIRST_SEQUENCE: u64 = 1 << 62;

/// The first part is not counted: connections open, caches and prepared statements fill.
const WARM_UP_SHARE: f64 = 0.2;

/// Sends requests as fast as they are answered, `concurrency` at a time, for `duration`, and gives
/// the number of successful requests per second. Their effects (writes) stay and are in no report.
///
/// # Errors
/// [`LoadError::CapacityFailing`] when more than half of the requests fail, `InvalidSpec`,
/// [`LoadError::Start`], [`LoadError::Died`].
pub async fn measure_capacity(
    target: SocketAddr,
    workload: Arc<dyn Workload>,
    concurrency: usize,
    duration: Duration,
) -> Result<f64, LoadError> {
    if concurrency == 0 || duration.is_zero() {
        return Err(LoadError::InvalidSpec { reason: "concurrency and duration must be above 0" });
    }
    let measured = measure(target, workload, concurrency, duration);
    on_own_thread("capacity", measured)?.await.map_err(|_| LoadError::Died)?
}

#[derive(Default)]
struct Tally {
    requests: u64,
    failed: u64,
    first_failure: Option<String>,
    counted: u64,
}

async fn measure(
    target: SocketAddr,
    workload: Arc<dyn Workload>,
    concurrency: usize,
    duration: Duration,
) -> Result<f64, LoadError> {
    let client = Arc::new(KeepAliveClient::new(target, concurrency));
    let begin = Instant::now();
    let count_from = begin + duration.mul_f64(WARM_UP_SHARE);
    let end = begin + duration;
    let mut users = JoinSet::new();
    for user in 0..concurrency as u64 {
        let (client, workload) = (client.clone(), workload.clone());
        users.spawn(async move {
            let mut random = StdRng::seed_from_u64(user);
            let mut tally = Tally::default();
            let mut sequence = CAPACITY_FIRST_SEQUENCE + user;
            while Instant::now() < end {
                let request = workload.next(&mut random, sequence);
                sequence += concurrency as u64;
                let result = match timeout_at(end.into(), client.send(&request)).await {
                    Ok(Ok(answer)) => judge(&*workload, &request, &answer),
                    Ok(Err(failure)) => Err(failure),
                    Err(_) => Err(Failure::new(Outcome::TimedOut, "no answer until the end")),
                };
                tally.add(result, Instant::now() >= count_from);
            }
            tally
        });
    }
    let mut all = Tally::default();
    while let Some(tally) = users.join_next().await {
        all.merge(tally.map_err(|_| LoadError::Died)?);
    }
    if all.failed * 2 > all.requests {
        return Err(LoadError::CapacityFailing {
            requests: all.requests,
            failed: all.failed,
            first: all.first_failure.unwrap_or_default(),
        });
    }
    Ok(all.counted as f64 / (end - count_from).as_secs_f64())
}

impl Tally {
    fn add(&mut self, result: Result<(), Failure>, counts: bool) {
        self.requests += 1;
        match result {
            Ok(()) => self.counted += u64::from(counts),
            Err(failure) => {
                self.failed += 1;
                self.first_failure.get_or_insert(failure.text);
            }
        }
    }

    fn merge(&mut self, other: Tally) {
        self.requests += other.requests;
        self.failed += other.failed;
        self.counted += other.counted;
        if let Some(text) = other.first_failure {
            self.first_failure.get_or_insert(text);
        }
    }
}
