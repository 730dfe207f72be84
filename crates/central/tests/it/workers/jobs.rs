//! A rival's jobs by hand: claimed, and finished in the transaction of their effects.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::rivals::{Rival, Rivals};
use serde_json::Value;

/// A claimed job.
pub(crate) struct Job {
    pub(crate) id: i64,
    pub(crate) version: i32,
    attempt: i32,
    pub(crate) payload: Value,
}

impl Job {
    /// What leaves the database is known by.
    pub(crate) fn key(&self) -> String {
        format!("job-{}", self.id)
    }
}

impl Rival {
    /// Runs a kind of job in these versions of its payload.
    pub(crate) async fn runs_jobs(&self, kind: &str, versions: &[i32]) {
        for version in versions {
            let declare = "SELECT changeover.declare_job_v1($1, $2, $3, 20, 3, false)";
            self.client.query(declare, &[&self.instance, &kind, version]).await.unwrap();
        }
    }

    /// Claims what it can.
    pub(crate) async fn claim(&self) -> Vec<Job> {
        self.client.query("SELECT changeover.tend_jobs_v1($1)", &[&self.instance]).await.unwrap();
        let claim = "SELECT id, version, attempt, payload FROM changeover.claim_v1($1, 10)";
        let rows = self.client.query(claim, &[&self.instance]).await.unwrap();
        rows.iter()
            .map(|row| Job {
                id: row.get(0),
                version: row.get(1),
                attempt: row.get(2),
                payload: row.get(3),
            })
            .collect()
    }

    /// Ends a job and its transaction; says whether that is committed.
    pub(crate) async fn finish(&self, job: &Job) -> bool {
        let (ids, attempts) = (vec![job.id], vec![job.attempt]);
        let finish = "SELECT changeover.finish_v1($1, $2, $3)";
        let finished = self.client.query(finish, &[&self.instance, &ids, &attempts]).await;
        self.client.batch_execute("COMMIT").await.unwrap();
        match finished {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(error.code().unwrap().code(), "CO007", "{error}");
                false
            }
        }
    }

    /// The attempt has failed: tried again at once.
    pub(crate) async fn fail(&self, job: &Job) {
        self.client.batch_execute("ROLLBACK").await.unwrap();
        let fail = "SELECT changeover.fail_v1($1, $2, $3, 'refused', 0)";
        self.client.query(fail, &[&self.instance, &job.id, &job.attempt]).await.unwrap();
    }
}

impl Rivals {
    /// The older one is heard of no more: paused, cut off, or dead.
    pub(crate) async fn older_falls_silent(&self) {
        let silent = "UPDATE changeover.instance SET heartbeat_at = '-infinity' WHERE id = $1";
        self.owner.execute(silent, &[&self.older.instance]).await.unwrap();
    }
}
