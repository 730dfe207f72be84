//! The upgrade that is tried: a throw-away database in which an older release stands, and the newer
//! release's options. The three checks run it with a hook of their own.

mod connect;
mod slot;
mod stage;

pub(crate) use connect::connect;
pub(crate) use slot::FirstError;
pub use stage::Stage;

use crate::error::VerifyError;
use changeover::{Hook, Options, Outlook, operate};
use tokio_util::sync::CancellationToken;

/// The operator's words for raising the floor in a trial.
const VOUCHED: &str = "a trial on a throw-away database";

/// An upgrade to be tried.
#[derive(Clone)]
pub struct Trial {
    /// A superuser's connection to the database: sees every backend's locks.
    pub superuser_url: String,
    /// The newer release. `owner_url` must be set; `hook` is replaced.
    pub options: Options,
}

impl Trial {
    /// Runs all of it: expand and online steps, then raises the floor to `floor` and runs the
    /// contract steps that this allows. Fails where a step failed.
    pub async fn run(&self, hook: Hook, floor: u64) -> Result<Outlook, VerifyError> {
        let mut options = self.options.clone();
        options.hook = hook;
        self.migrate(options.clone()).await?;
        operate::finalize(&options, floor, Some(VOUCHED)).await?;
        self.migrate(options).await
    }

    async fn migrate(&self, options: Options) -> Result<Outlook, VerifyError> {
        let outlook = operate::migrate(options, CancellationToken::new()).await?;
        if outlook.failed.is_empty() {
            return Ok(outlook);
        }
        let superuser = connect(&self.superuser_url, "verify", "reading errors").await?;
        let row = superuser
            .query_one(
                "SELECT coalesce(string_agg(id || ': ' || coalesce(error, ''), '; '), '') \
                   FROM changeover.step WHERE state = 'failed' AND app = $1",
                &[&self.options.app],
            )
            .await
            .map_err(VerifyError::sql("reading the errors of steps"))?;
        Err(VerifyError::StepsFailed { steps: row.get(0) })
    }
}
