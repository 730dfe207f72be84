//! Two schedulers, for each of which the same report is due.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::jobs::Job;
use super::rivals::{Guard, Rival, Rivals};
use changeover_central::outside::MailServer;
use changeover_central::worker::report;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::path::PathBuf;
use uuid::Uuid;

const SCHEDULE: &str = "alerts_daily";

struct Outside {
    mail: MailServer,
    folder: PathBuf,
}

impl Outside {
    async fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("reports-{}", Uuid::new_v4()));
        Self { mail: MailServer::start().await.unwrap(), folder }
    }

    /// Makes the report in an open transaction, mail and all.
    async fn make(&self, rival: &Rival, scheduled_at: Timestamp, key: &str) {
        let made = report::read(&rival.client, SCHEDULE, scheduled_at).await.unwrap();
        let file = report::write(&made, &self.folder, key).unwrap();
        report::record(&rival.client, &made, &file).await.unwrap();
        report::send(&made, self.mail.address(), "team@example.com", key).await.unwrap();
    }

    /// Mails by their keys: what a mail server that knows keys delivers.
    fn keys(&self) -> BTreeSet<String> {
        self.mail.mails().into_iter().map(|mail| mail.message_id).collect()
    }

    fn files(&self) -> usize {
        std::fs::read_dir(&self.folder).unwrap().count()
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

fn scheduled_at() -> Timestamp {
    "2026-01-01T06:00:00Z".parse().unwrap()
}

async fn declare(rival: &Rival) {
    rival.runs_jobs("report", &[1]).await;
    let sql = "SELECT changeover.declare_schedule_v1($1, $2, '0 6 * * *', 'UTC', 'latest')";
    rival.client.query(sql, &[&rival.instance, &SCHEDULE]).await.unwrap();
}

/// The time has come: it enqueues the report, if it is the one to do so.
async fn tick(rival: &Rival) -> usize {
    let sql = "SELECT changeover.tick_v1($1, $2, ARRAY[$3::timestamptz], $3, 'report', 1)";
    let due = scheduled_at();
    rival.client.query(sql, &[&rival.instance, &SCHEDULE, &due]).await.unwrap().len()
}

/// Both schedulers find the report due and make what is theirs. Returns how many mails and reports
/// there are.
async fn reports_of_two(guard: Guard) -> (usize, i64) {
    let mut rivals = Rivals::new("report", guard).await;
    let outside = Outside::new().await;
    declare(&rivals.older).await;
    // Due since before the schedule was known, as after a night without a central.
    let overdue = "UPDATE changeover.schedule SET done_until = '2025-01-01'";
    rivals.owner.execute(overdue, &[]).await.unwrap();
    rivals.newer_comes().await;
    declare(&rivals.newer).await;
    let mut enqueued = 0;
    for rival in [&rivals.older, &rivals.newer] {
        if guard == Guard::On {
            enqueued += tick(rival).await;
        }
    }
    for rival in [&rivals.older, &rivals.newer] {
        if guard == Guard::Off {
            // As upstream: the one that finds it due makes it.
            rival.client.batch_execute("BEGIN").await.unwrap();
            outside.make(rival, scheduled_at(), &Uuid::new_v4().to_string()).await;
            rival.client.batch_execute("COMMIT").await.unwrap();
            continue;
        }
        for job in rival.claim().await {
            run(&outside, rival, &job).await;
            assert!(rival.finish(&job).await);
        }
    }
    assert_eq!(enqueued, usize::from(guard == Guard::On));
    assert_eq!(outside.files(), 1, "both write the same file");
    (outside.keys().len(), rivals.count("SELECT count(*) FROM report_runs").await)
}

/// Runs a claimed job up to its finish.
async fn run(outside: &Outside, rival: &Rival, job: &Job) {
    let at: Timestamp = job.payload["scheduledAt"].as_str().unwrap().parse().unwrap();
    assert_eq!((at, &job.payload["schedule"]), (scheduled_at(), &SCHEDULE.into()));
    rival.client.batch_execute("BEGIN").await.unwrap();
    outside.make(rival, at, &job.key()).await;
}

#[tokio::test]
async fn without_the_ticks_there_are_two_mails_and_two_reports() {
    assert_eq!(reports_of_two(Guard::Off).await, (2, 2));
}

#[tokio::test]
async fn with_them_there_is_one_of_each() {
    assert_eq!(reports_of_two(Guard::On).await, (1, 1));
}

/// A process that is paused after the mail and before the commit: the mail is sent again, under the same key,
/// and the report is recorded once.
#[tokio::test]
async fn a_report_whose_maker_was_paused_is_recorded_once() {
    let mut rivals = Rivals::new("report_paused", Guard::On).await;
    let outside = Outside::new().await;
    declare(&rivals.older).await;
    let overdue = "UPDATE changeover.schedule SET done_until = '2025-01-01'";
    rivals.owner.execute(overdue, &[]).await.unwrap();
    assert_eq!(tick(&rivals.older).await, 1);
    let claimed = rivals.older.claim().await;
    run(&outside, &rivals.older, &claimed[0]).await;
    rivals.newer_comes().await;
    declare(&rivals.newer).await;
    rivals.older_falls_silent().await;
    let again = rivals.newer.claim().await;
    run(&outside, &rivals.newer, &again[0]).await;
    assert!(rivals.newer.finish(&again[0]).await);
    assert!(!rivals.older.finish(&claimed[0]).await, "it was taken from it");
    assert_eq!(outside.mail.mails().len(), 2);
    assert_eq!(outside.keys().len(), 1, "the mail server can tell that it is the same");
    assert_eq!(rivals.count("SELECT count(*) FROM report_runs").await, 1);
}
