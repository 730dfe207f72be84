//! The upgrade among connections that hold the table's lock for half, and for nine tenths, of their time: there
//! `NOWAIT` alone starves, and each window is felt.

use super::{Act, Args, P99_FACTOR_MAX, ROUNDS_MAX, scene};
use crate::load::Shape;
use changeover_postgres::Server;
use std::time::Duration;

/// Connections whose transactions hold the table's lock, and for how long each: at which share of their time
/// they are busy is a matter of the rate.
const HOLDING: Shape = Shape::Holding { connections: 8, hold: Duration::from_millis(10) };
/// What such a transaction takes in all, on a machine that others use too, in seconds.
const HOLDING_TAKES_S: f64 = 0.0125;
const HOLDING_CONNECTIONS: f64 = 8.0;
/// The shares, in percent.
const BUSY: [u32; 2] = [50, 90];

/// Measures both, beside the same load without DDL.
pub(super) async fn measure(args: &Args, server: &Server) -> anyhow::Result<()> {
    for busy in BUSY {
        among_busy(args, server, busy).await?;
    }
    Ok(())
}

/// The same where each connection holds the table's lock for most of its time.
async fn among_busy(args: &Args, server: &Server, busy: u32) -> anyhow::Result<()> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some hundreds")]
    let rate = (HOLDING_CONNECTIONS * f64::from(busy) / 100.0 / HOLDING_TAKES_S) as u32;
    for _ in 1..=ROUNDS_MAX {
        let quiet = scene(args, (rate, HOLDING), server, Act::Nothing).await?;
        let ours = scene(args, (rate, HOLDING), server, Act::Upgrade).await?;
        let factor = ours.felt.p99_ms / quiet.felt.p99_ms;
        println!(
            "connections busy {busy} % of the time ({rate} tx/s of 10 ms): p50 {:.1} -> {:.1} ms, p99 {:.1} -> \
             {:.1} ms ({factor:.2} times), longest {:.1} -> {:.1} ms, {} failed, took {:.1} s",
            quiet.felt.p50_ms,
            ours.felt.p50_ms,
            quiet.felt.p99_ms,
            ours.felt.p99_ms,
            quiet.felt.max_ms,
            ours.felt.max_ms,
            ours.felt.failed,
            ours.took_s
        );
        if ours.felt.failed == 0 && factor <= P99_FACTOR_MAX {
            return Ok(());
        }
    }
    anyhow::bail!("at {busy} % the upgrade raises p99 more than {P99_FACTOR_MAX} times")
}
