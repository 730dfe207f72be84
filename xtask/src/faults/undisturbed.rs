//! Both courses without any fault: what they end with is what every scenario must end with, and what
//! they pass is where faults can strike.

use super::APP;
use super::Setting;
use super::generate::{self, Observed};
use super::lane::Lane;
use super::migrator::{LONG_LEASE_MS, Migrate, Migrator};
use super::picture::Picture;
use super::shop::{Course, OWNER, SUPERUSER};
use crate::connect::connect;
use anyhow::ensure;
use changeover_verify::{CommitOrder, commit_order};
use std::time::Duration;

/// An undisturbed run takes some two seconds.
const UNDISTURBED_MAX: Duration = Duration::from_secs(120);

/// Runs both courses undisturbed: what they end with, and which points they pass. The oracle must be
/// content with them, and must have seen something.
pub(super) async fn run(lane: &Lane, setting: &mut Setting) -> anyhow::Result<Observed> {
    let mut observed = Observed::new();
    for course in Course::ALL {
        let server = lane.main();
        let database = server.fresh_clone(course.template(), "undisturbed").await?;
        let superuser_url = server.url(SUPERUSER, &database);
        let client = connect(&superuser_url).await?;
        client.batch_execute(&format!("ALTER DATABASE \"{database}\" OWNER TO {OWNER}")).await?;
        let order = CommitOrder::begin(&superuser_url, APP, "undisturbed").await?;
        let name = course.template();
        let mut migrator = Migrator::start(&Migrate {
            program: &setting.program,
            url: &server.url(OWNER, &database),
            folder: &setting.folders.of(course),
            scratch: &setting.scratch,
            name,
            pause_at: None,
            lease_ms: LONG_LEASE_MS,
        })?;
        let status = migrator.end(UNDISTURBED_MAX).await?;
        ensure!(status.success(), "undisturbed, {course}: {status}\n{}", migrator.log());
        generate::observe(&mut observed, course, &migrator.trace()?);
        let history = order.read().await?;
        let labelled = history.transactions.iter().filter(|t| !t.labels.is_empty()).count();
        let found = commit_order::violations(&history);
        ensure!(found.is_empty(), "undisturbed, {course}: {found:?}");
        ensure!(labelled > 0, "undisturbed, {course}: no transaction says its epoch");
        let picture = Picture::take(&superuser_url).await?;
        println!(
            "undisturbed, {course}: {labelled} labelled transactions, {} lines of schema, rows and \
             ledger",
            picture.len()
        );
        setting.expected.insert(course, picture);
        drop(client);
        server.drop_database(&database).await?;
    }
    Ok(observed)
}
