//! Keeps in the ledger that a release was refused, and why, so that `status` shows it to all who did not
//! see its log. Called by the driver, without the term: nothing is decided by it.

use crate::connection::Connection;
use crate::error::Error;
use crate::ledger::record::bigint;
use crate::options::Options;
use changeover_plan::Plan;
use changeover_plan::model::plan::Refusal;
use serde_json::{Value, json};

const RECORD: &str = include_str!("sql/refused.sql");
/// How many refusals are kept of a release; a person reads no more.
const KEPT_MAX: usize = 20;
/// The longest text of one that is kept, in characters.
const CHARACTERS_MAX: usize = 1_000;

/// Keeps the refusals of this release's latest plan.
pub(super) async fn record(
    watch: &Connection,
    options: &Options,
    plan: &Plan,
) -> Result<(), Error> {
    let refusals: Vec<Value> = plan.refusals.iter().take(KEPT_MAX).map(kept).collect();
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    watch
        .client
        .execute(
            RECORD,
            &[
                &options.app,
                &bigint(options.head()),
                &options.release,
                &host.trim(),
                &i32::try_from(std::process::id()).unwrap_or(0),
                &Value::from(refusals),
                &i32::try_from(plan.refusals.len()).unwrap_or(i32::MAX),
            ],
        )
        .await
        .map_err(|source| Error::sql("recording that the release was refused", source))?;
    Ok(())
}

fn kept(refusal: &Refusal) -> Value {
    let cut = |text: &str| text.chars().take(CHARACTERS_MAX).collect::<String>();
    json!({
        "file": refusal.file, "line": refusal.line, "rule": refusal.rule,
        "statement": cut(&refusal.statement), "reason": cut(&refusal.reason),
        "remedy": cut(&refusal.remedy),
    })
}
