//! What the guard costs: the same short transaction with it and without it, in turn.

use super::Stage;
use crate::measured::Measured;
use changeover_postgres::Server;
use std::time::Instant;
use uuid::Uuid;

const OWN: &str = "INSERT INTO changeover.worker (app, name, epoch, holder, timeline, expires_at) \
                   VALUES ('bench', 'guard', 7, $1, changeover.timeline(), 'infinity')";
const WORK: &str = "BEGIN; INSERT INTO journal VALUES (7, 'guard', clock_timestamp())";

/// The difference of the medians, in microseconds.
pub(super) async fn cost_us(server: &Server, pairs: u32) -> anyhow::Result<f64> {
    let stage = Stage::new(server, "guard").await?;
    let holder = Uuid::new_v4();
    stage.client.execute(OWN, &[&holder]).await?;
    // As `worker/transaction.rs` of the engine sends it.
    let guarded_commit =
        format!("SELECT changeover.guard_v1('bench', 'guard', 7, '{holder}'); COMMIT");
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for pair in 0..pairs * 2 {
        let guarded = pair % 2 == 0;
        stage.client.batch_execute(WORK).await?;
        let began = Instant::now();
        stage.client.batch_execute(if guarded { &guarded_commit } else { "COMMIT" }).await?;
        let took_us = began.elapsed().as_secs_f64() * 1e6;
        if guarded { &mut with } else { &mut without }.push(took_us);
    }
    let (with, without) = (Measured::new(with)?.median(), Measured::new(without)?.median());
    println!(
        "guard and commit: median {with:.0} us of {pairs}; control, commit alone: {without:.0} us"
    );
    Ok(with - without)
}
