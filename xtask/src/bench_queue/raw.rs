//! The limit: rows deleted by batches with SKIP LOCKED, on as many connections as ours has, each batch
//! committed durably. No kinds, no priorities, no retries, no fence.

use super::drained::{connect, until_none_left};
use std::time::Instant;

/// As ours (`Options::job_connections`).
const CONNECTIONS: usize = 4;

pub(super) async fn fill(url: &str, jobs: u32) -> anyhow::Result<()> {
    let client = connect(url).await?;
    client
        .batch_execute(&format!(
            "CREATE TABLE job (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payload jsonb NOT NULL); \
             INSERT INTO job (payload) SELECT jsonb_build_object('id', g) FROM generate_series(1, {jobs}) g"
        ))
        .await?;
    Ok(())
}

pub(super) async fn drain(url: &str) -> anyhow::Result<()> {
    let mut workers = Vec::new();
    let mut clients = Vec::new();
    // As with the others, opening connections counts.
    let began = Instant::now();
    for _ in 0..CONNECTIONS {
        clients.push(connect(url).await?);
    }
    for client in clients {
        workers.push(tokio::spawn(async move {
            let sql = "DELETE FROM job WHERE id = ANY (ARRAY(SELECT id FROM job ORDER BY id LIMIT 500 \
                        FOR UPDATE SKIP LOCKED)) RETURNING id, payload";
            let statement = client.prepare(sql).await?;
            while !client.query(&statement, &[]).await?.is_empty() {}
            Ok::<(), tokio_postgres::Error>(())
        }));
    }
    for worker in workers {
        worker.await??;
    }
    until_none_left(url, began, "SELECT max(id) IS NULL FROM job").await
}
