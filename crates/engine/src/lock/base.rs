//! What a transaction on these relations takes here at this moment: how wide windows may be follows from it.
//!
//! Called once a lock request, after `NOWAIT` has not been enough. SQL: `sql/ages.sql`. Where the ages of others
//! may not be seen, round trips alone count.

use crate::error::Error;
use changeover_plan::{LockMode, QualifiedName};
use std::time::{Duration, Instant};
use tokio_postgres::Client;

const AGES: &str = include_str!("sql/ages.sql");

/// How often is looked. Each look is a few milliseconds from the last: some ten transactions are seen on a busy
/// table.
const LOOKS: usize = 8;
/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(3);
/// How many round trips a transaction of a few statements takes, with what the client does between them.
const ROUND_TRIPS: u32 = 10;

/// The longer of two: some round trips, as they are now; and twice the median of how long the transactions seen
/// have run, since one is seen in its middle. Those older than `longest` outlast every window and don't count.
pub(super) async fn latency(
    client: &Client,
    wanted: &[(&QualifiedName, LockMode)],
    longest: Duration,
) -> Result<Duration, Error> {
    let names: Vec<String> = wanted.iter().map(|(name, _)| name.to_string()).collect();
    let sql = |source| Error::sql("measuring how long transactions take", source);
    let statement = client.prepare(AGES).await.map_err(sql)?;
    let mut ages_ms: Vec<f64> = Vec::new();
    let mut trips = Vec::with_capacity(LOOKS);
    for _ in 0..LOOKS {
        tokio::time::sleep(PAUSE).await;
        let began = Instant::now();
        client.batch_execute("SELECT 1").await.map_err(sql)?;
        trips.push(began.elapsed());
        let rows = client.query(&statement, &[&names]).await.map_err(sql)?;
        ages_ms.extend(rows.iter().map(|row| row.get::<_, f64>(0)));
    }
    Ok(of(trips, ages_ms, longest))
}

fn of(mut trips: Vec<Duration>, mut ages_ms: Vec<f64>, longest: Duration) -> Duration {
    trips.sort_unstable();
    ages_ms.retain(|age_ms| (0.0..=longest.as_secs_f64() * 1000.0).contains(age_ms));
    ages_ms.sort_unstable_by(f64::total_cmp);
    let trip = trips.get(trips.len() / 2).copied().unwrap_or_default();
    let age_ms = ages_ms.get(ages_ms.len() / 2).copied().unwrap_or_default();
    let age = Duration::try_from_secs_f64(2.0 * age_ms / 1000.0).unwrap_or_default();
    (trip * ROUND_TRIPS).max(age)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_long_reader_is_not_the_latency() {
        let of = |trips, ages| of(trips, ages, Duration::from_millis(50));
        let trips = || vec![Duration::from_micros(300); LOOKS];
        assert_eq!(of(trips(), vec![]), Duration::from_millis(3));
        assert_eq!(of(trips(), vec![3_000.0; 9]), Duration::from_millis(3));
        let busy = vec![5.0, 4.0, 3_000.0, 6.0, 3_000.0, 3_000.0, 2.0, -1.0];
        assert_eq!(of(trips(), busy), Duration::from_millis(10));
        assert_eq!(of(vec![], vec![f64::NAN, -3.0]), Duration::ZERO);
    }
}
