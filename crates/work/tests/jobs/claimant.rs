//! An instance by hand: calls the ledger's functions one by one, so that a test can stop it at any point
//! of a job. Another language's runtime would do the same.

use crate::common::SERVICE;
use crate::stage::Stage;
use tokio_postgres::{Client, Error};
use uuid::Uuid;

pub(crate) struct Claimant {
    pub(crate) client: Client,
    pub(crate) id: Uuid,
}

/// What it has claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) job: i64,
    pub(crate) attempt: i32,
}

impl Claimant {
    /// Registered, serving, and declared for a kind in these versions.
    pub(crate) async fn new(stage: &Stage, generation: i64, kind: &str, versions: &[i32]) -> Self {
        let client = stage.database.connect(SERVICE).await;
        let claimant = Self { client, id: Uuid::new_v4() };
        let id = claimant.id;
        claimant
            .client
            .batch_execute(&format!(
                "SELECT changeover.register('{id}', 'shop', '{generation}', 1, 60000, 'test', 1); \
                 SELECT changeover.heartbeat('{id}', 'serving'); \
                 SELECT changeover.join_v1('{id}', {generation}); \
                 SELECT changeover.settle_v1('shop')"
            ))
            .await
            .unwrap();
        for version in versions {
            claimant
                .client
                .batch_execute(&format!(
                    "SELECT changeover.declare_job_v1('{id}', '{kind}', {version}, 20, 3, false)"
                ))
                .await
                .unwrap();
        }
        claimant
    }

    pub(crate) async fn claim(&self, at_most: i32) -> Vec<Claim> {
        let sql = "SELECT id, attempt FROM changeover.claim_v1($1, $2) ORDER BY id";
        let rows = self.client.query(sql, &[&self.id, &at_most]).await.unwrap();
        rows.iter().map(|row| Claim { job: row.get(0), attempt: row.get(1) }).collect()
    }

    pub(crate) async fn begin_with_effect(&self, claim: &Claim) {
        self.client.batch_execute("BEGIN").await.unwrap();
        self.client
            .execute(
                "INSERT INTO effects VALUES ($1, $2, 'by hand')",
                &[&claim.job, &claim.attempt],
            )
            .await
            .unwrap();
    }

    pub(crate) async fn finish(&self, claim: &Claim) -> Result<(), Error> {
        self.client
            .execute(
                "SELECT changeover.finish_v1($1, ARRAY[$2::bigint], ARRAY[$3::integer])",
                &[&self.id, &claim.job, &claim.attempt],
            )
            .await
            .map(|_| ())
    }

    /// In one call.
    pub(crate) async fn finish_all(&self, claims: &[Claim]) -> Result<(), Error> {
        let jobs: Vec<i64> = claims.iter().map(|claim| claim.job).collect();
        let attempts: Vec<i32> = claims.iter().map(|claim| claim.attempt).collect();
        let sql = "SELECT changeover.finish_v1($1, $2, $3)";
        self.client.execute(sql, &[&self.id, &jobs, &attempts]).await.map(|_| ())
    }

    /// Not done, and counts as no failure.
    pub(crate) async fn give_back(&self, claim: &Claim) {
        let sql = "SELECT changeover.unclaim_v1($1, ARRAY[$2::bigint], ARRAY[$3::integer])";
        self.client.execute(sql, &[&self.id, &claim.job, &claim.attempt]).await.unwrap();
    }

    pub(crate) async fn commit(&self) {
        self.client.batch_execute("COMMIT").await.unwrap();
    }

    pub(crate) async fn tend(&self) {
        self.client.execute("SELECT changeover.tend_jobs_v1($1)", &[&self.id]).await.unwrap();
    }

    /// From now on it counts as dead, whatever it does.
    pub(crate) async fn counts_as_dead(&self, stage: &Stage) {
        stage
            .owner
            .execute(
                "UPDATE changeover.instance SET heartbeat_at = '-infinity' WHERE id = $1",
                &[&self.id],
            )
            .await
            .unwrap();
    }

    pub(crate) async fn beat(&self) {
        self.client
            .execute("SELECT changeover.heartbeat($1, 'serving')", &[&self.id])
            .await
            .unwrap();
    }
}

/// The SQLSTATE of a refusal.
pub(crate) fn sqlstate(error: &Error) -> &str {
    error.code().unwrap().code()
}
