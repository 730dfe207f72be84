//! What an operator does without a service: plan, migrate, adopt, finalize. Used by the CLI.

use crate::connection::{Connection, Fitness, Purpose, pooler};
use crate::driver::{Driver, Outlook, Until, Upgrade, plan_pending};
use crate::error::Error;
use crate::floor;
use crate::hold::{hold, owner_url};
use crate::ledger::{bootstrap, record, state};
use crate::options::Options;
use changeover_plan::{Migration, Plan};
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Plans what is pending and changes nothing, not even the ledger.
pub async fn plan(options: &Options) -> Result<Plan, Error> {
    let mut watch = open_owner(options).await?;
    if bootstrap::format(&watch).await?.is_some() {
        bootstrap::require(&watch).await?;
        return plan_pending(&mut watch, options).await;
    }
    crate::driver::plan_without_ledger(&mut watch, options).await
}

/// Does everything that may be done, in the foreground: plans, runs all steps that nothing holds
/// back, raises the floor as far as it may rise by itself. Says what is left.
pub async fn migrate(options: Options, stop: CancellationToken) -> Result<Outlook, Error> {
    let mut owner = open_owner(&options).await?;
    bootstrap::ensure(&mut owner, &options.app, &options.service_roles).await?;
    crate::history::check(&owner, &options).await?;
    drop(owner);
    let owner_url = owner_url(&options)?.to_owned();
    let (upgrade, _) = watch::channel(Upgrade::Waiting("starting".to_owned()));
    let driver = Driver {
        options: Arc::new(options),
        owner_url,
        holder: Uuid::new_v4(),
        stop,
        upgrade,
        until: Until::Idle,
    };
    driver.run().await
}

/// Takes over an existing database: enters all migrations up to `at` as applied, running nothing.
pub async fn adopt(options: &Options, at: u64) -> Result<Vec<Migration>, Error> {
    if !options.migrations.iter().any(|migration| migration.number == at) {
        return Err(Error::Invalid(format!("no migration has the number {at}")));
    }
    let mut watch = open_owner(options).await?;
    bootstrap::ensure(&mut watch, &options.app, &options.service_roles).await?;
    let standing = state::standing(&watch.client, &options.app).await?.ok_or(Error::NoLedger)?;
    if let Some(head) = standing.head {
        return Err(Error::Invalid(format!(
            "application {} is in the ledger already, up to migration {head}",
            options.app
        )));
    }
    let adopted: Vec<Migration> =
        options.migrations.iter().filter(|migration| migration.number <= at).cloned().collect();
    let (term, mut worker) = hold(options, &watch).await?;
    let transaction = worker.begin().await?;
    record::adopt(&transaction, &options.app, &adopted, at).await?;
    transaction.commit().await?;
    drop(worker);
    term.release(&watch).await?;
    Ok(adopted)
}

/// Raises the floor by hand. `vouched` are the operator's words for older releases that do not
/// register. Contract steps that it allows are run by the next `migrate` or by a running instance.
pub async fn finalize(options: &Options, to: u64, vouched: Option<&str>) -> Result<(), Error> {
    let watch = open_owner(options).await?;
    bootstrap::require(&watch).await?;
    Fitness::ask(&watch).await?.require_writable()?;
    let Some(standing) = state::standing(&watch.client, &options.app).await? else {
        return Err(bootstrap::unknown_app(&watch, &options.app).await);
    };
    let head = standing.head.unwrap_or(0);
    if options.head() < to {
        return Err(Error::Invalid(format!(
            "the floor cannot be raised to {to}: the folder has migrations up to {} only, so \
             it cannot be known what would be fenced off",
            options.head()
        )));
    }
    if to > head {
        return Err(Error::Invalid(format!(
            "the floor cannot be raised to {to}: the ledger's head is {head}"
        )));
    }
    let (term, mut worker) = hold(options, &watch).await?;
    let outcome = floor::raise(&mut worker, &options.app, to, vouched).await;
    drop(worker);
    term.release(&watch).await?;
    outcome
}

pub(crate) async fn open_owner(options: &Options) -> Result<Connection, Error> {
    options.check()?;
    pooler::open_owner(owner_url(options)?, &options.application_name(), Purpose::Watch).await
}
