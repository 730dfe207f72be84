//! Two centrals with all their workers, through a hand-over: each works as if there were one.

#![expect(clippy::unwrap_used, reason = "tests")]

use crate::{
    load,
    stage::{Stage, until},
};
use changeover_central::{
    outside::{MailServer, WebhookReceiver},
    seed,
    server::Central,
    settings::{Settings, UpgradeMode},
    worker::WorkerSettings,
    worker::report::ReportSettings,
    worker::settings::ReportSchedule,
    workload::Mix,
};
use std::{collections::BTreeSet, path::PathBuf, time::Duration};
use tokio_postgres::Client;

struct World {
    stage: Stage,
    mail: MailServer,
    webhooks: WebhookReceiver,
    folder: PathBuf,
}

impl Drop for World {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

impl World {
    async fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("together-{}", uuid::Uuid::new_v4()));
        for release in ["4.9", "4.10"] {
            let mount = folder.join(release);
            std::fs::create_dir_all(&mount).unwrap();
            let policy = format!(
                r#"{{"kind": "policy", "name": "of {release}", "severity": "LOW",
                    "lifecycleStage": "DEPLOY", "payload": {{}}}}"#
            );
            std::fs::write(mount.join("policy.json"), policy).unwrap();
        }
        Self {
            stage: Stage::empty("together").await,
            mail: MailServer::start().await.unwrap(),
            webhooks: WebhookReceiver::start().await.unwrap(),
            folder,
        }
    }

    async fn start(&self, release: &str) -> Central {
        let to = ReportSettings {
            folder: self.folder.join("reports"),
            smtp: Some(self.mail.address()),
            recipient: "team@example.com".to_owned(),
        };
        let workers = WorkerSettings {
            declarative: Some(self.folder.join(release)),
            reports: Some(ReportSchedule { cron: "* * * * * *".to_owned(), to }),
            pause_max: Some(Duration::from_millis(50)),
            ..WorkerSettings::default()
        };
        let settings = self.stage.settings(release, UpgradeMode::Changeover);
        Central::start(Settings { workers: Some(workers), ..settings }).await.expect("it starts")
    }

    /// Asks the API for alerts until a notifier was told of one.
    async fn alerts_are_told(&self, central: &Central, seed: u64) {
        let before = self.webhooks.received().len();
        let mix = Mix::new(self.stage.population);
        load::client(mix, central.address(), seed, 60).await;
        until("an alert is told", async || self.webhooks.received().len() > before).await;
    }
}

async fn count(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

const NOT_OF: &str = "SELECT count(*) FROM changeover.worker WHERE app = 'central'
    AND (holder IS NULL OR holder_gen <> $1)";

async fn all_owned_by(client: &Client, generation: i64) {
    until("every worker is owned by the release", async || {
        client.query_one(NOT_OF, &[&generation]).await.unwrap().get::<_, i64>(0) == 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_upgrade_hands_every_worker_over() {
    let world = World::new().await;
    let older = world.start("4.9").await;
    let owner = world.stage.owner().await;
    seed::seed(world.stage.population, 1, &world.stage.owner_url(), |_| {}).await.unwrap();
    let pager = "INSERT INTO notifiers VALUES (gen_random_uuid(), 'pager', $1, false, '{}')";
    owner.execute(pager, &[&world.webhooks.endpoint()]).await.unwrap();
    all_owned_by(&owner, 210).await;
    world.alerts_are_told(&older, 1).await;
    let declared = "SELECT count(*) FROM declared_policies WHERE name = 'of 4.9'";
    until("4.9's mount is applied", async || count(&owner, declared).await == 1).await;

    let newer = world.start("4.10").await;
    all_owned_by(&owner, 213).await;
    world.alerts_are_told(&older, 2).await;
    let swapped = "SELECT count(*) FROM declared_policies WHERE name = 'of 4.10'
        AND NOT EXISTS (SELECT 1 FROM policies WHERE name = 'of 4.9')";
    until("4.10's mount is applied", async || count(&owner, swapped).await == 1).await;
    let report = older.drain().await;
    assert!(report.workers.cut.is_empty(), "{report:?}");
    assert_eq!(count(&owner, swapped).await, 1, "4.9 has not undone it");
    world.alerts_are_told(&newer, 3).await;
    let second = world.webhooks.received();
    assert!(second.iter().any(|call| call.body.contains("notifierIds")), "the second version");
    until("risks are 4.10's", async || {
        count(&owner, "SELECT count(*) FROM risks WHERE release <> '4.10'").await == 0
            && count(&owner, "SELECT count(*) FROM risks").await > 0
    })
    .await;
    let summed = "SELECT count(*) FROM enforcement_summary";
    until("enforcements are summed up", async || count(&owner, summed).await > 0).await;

    let report = newer.drain().await;
    assert!(report.workers.cut.is_empty(), "{report:?}");
    once(&world, &owner).await;
}

/// Everything was done once.
async fn once(world: &World, owner: &Client) {
    let twice = "SELECT count(*) FROM (SELECT FROM report_runs GROUP BY schedule, scheduled_at
        HAVING count(*) > 1) AS twice";
    assert_eq!(count(owner, twice).await, 0);
    let differ = "SELECT count(*) FROM (SELECT FROM changeover.tick t
        FULL JOIN report_runs r ON r.scheduled_at = t.scheduled_at AND r.schedule = t.name
        WHERE (r.id IS NULL AND NOT EXISTS (SELECT FROM changeover.job j WHERE j.id = t.job))
           OR t.job IS NULL) AS differ";
    assert_eq!(count(owner, differ).await, 0, "a tick without its report, or the other way round");
    let runs = count(owner, "SELECT count(*) FROM report_runs").await;
    let mails = world.mail.mails();
    let keys: BTreeSet<_> = mails.iter().map(|mail| &mail.message_id).collect();
    assert!(runs > 0);
    assert_eq!((mails.len(), keys.len()), (keys.len(), usize::try_from(runs).unwrap()));
    let told = count(owner, "SELECT count(*) FROM notifications").await;
    let calls = world.webhooks.received();
    let keys: BTreeSet<_> = calls.iter().map(|call| &call.key).collect();
    assert_eq!((calls.len(), keys.len()), (keys.len(), usize::try_from(told).unwrap()));
}
