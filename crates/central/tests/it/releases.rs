//! Each release's statements and migrations against a real schema.

use crate::stage::Stage;
use changeover_central::{
    migration,
    release::{CorpusStatement, RELEASES, Release},
    upgrade::in_one_go,
};
use tokio_postgres::Client;

/// Runs every set of values of a statement in a transaction that is rolled back.
async fn run(client: &Client, statement: &CorpusStatement) {
    let types: Vec<_> = statement.parameters[0].iter().map(|value| value.type_sql).collect();
    let types = if types.is_empty() { String::new() } else { format!("({})", types.join(", ")) };
    client
        .batch_execute(&format!("PREPARE s {types} AS {}", statement.sql))
        .await
        .unwrap_or_else(|error| panic!("{}: {error:?}", statement.name));
    for set in &statement.parameters {
        let values: Vec<_> = set
            .iter()
            .map(|value| match &value.text {
                Some(text) => format!("'{}'", text.replace('\'', "''")),
                None => "NULL".to_owned(),
            })
            .collect();
        let values =
            if values.is_empty() { String::new() } else { format!("({})", values.join(", ")) };
        client
            .batch_execute(&format!("BEGIN; EXECUTE s {values}; ROLLBACK"))
            .await
            .unwrap_or_else(|error| panic!("{}: {error:?}", statement.name));
    }
    client.batch_execute("DEALLOCATE s").await.expect("it was prepared");
}

#[tokio::test]
async fn every_statement_runs_on_the_schema_of_its_release() {
    let stage = Stage::seeded("statements").await;
    let client = changeover_central::database::connect(&stage.service_url(), "test", "a test")
        .await
        .expect("connects");
    for release in RELEASES {
        in_one_go::migrate(&stage.owner_url(), release.head).await.expect("it migrates");
        for statement in release.corpus() {
            run(&client, &statement).await;
        }
    }
}

#[tokio::test]
async fn an_older_release_does_not_run_once_its_column_is_gone() {
    let stage = Stage::seeded("gone").await;
    in_one_go::migrate(&stage.owner_url(), 213).await.expect("it migrates");
    let client = stage.owner().await;
    let error =
        client.prepare(Release::named("4.8").unwrap().statements.indicators_insert.sql).await;
    assert!(error.is_err(), "4.8 writes legacy_start, which is gone");
}

#[tokio::test]
async fn migrations_fill_the_columns_from_the_payload() {
    let stage = Stage::seeded("filled").await;
    in_one_go::migrate(&stage.owner_url(), 213).await.expect("it migrates");
    let row = stage
        .owner()
        .await
        .query_one(
            "SELECT
                (SELECT count(*) FROM process_indicators WHERE container_start_time IS NULL),
                (SELECT count(*) FROM network_flows WHERE updated_at IS DISTINCT FROM last_seen_at),
                (SELECT count(*) FROM alerts WHERE enforcement_count > 0)",
            &[],
        )
        .await
        .expect("it counts");
    let counts: [i64; 3] = [row.get(0), row.get(1), row.get(2)];
    // One indicator in a hundred has no start; two alerts in three were enforced, one of eleven of
    // those zero times.
    assert_eq!(counts[..2], [20, 0]);
    assert!((250..334).contains(&counts[2]), "{counts:?}");
}

#[tokio::test]
async fn migrating_twice_changes_nothing() {
    let stage = Stage::empty("twice").await;
    for _ in 0..2 {
        in_one_go::migrate(&stage.owner_url(), 213).await.expect("it migrates");
    }
    // An older release on a newer schema leaves it alone.
    in_one_go::migrate(&stage.owner_url(), 208).await.expect("nothing to do");
    let row = stage.owner().await.query_one("SELECT seqnum FROM versions", &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 213);
}

#[test]
fn a_release_knows_nothing_above_its_head() {
    for release in RELEASES {
        let migrations = migration::numbered_migrations_up_to(release.head);
        assert_eq!(migrations.last().map(|(number, _, _)| *number), Some(release.head));
        for (number, file, _) in migrations {
            assert!(file.starts_with(&format!("{number:04}_")), "{file}");
        }
    }
}
