//! A singleton worker that wanders between Python and Node, and one that is paused.

use super::stage::Stage;

/// No epoch of the tally was told by two, and none after a later one: what the guard is for.
async fn assert_told_in_order(stage: &Stage) {
    let rows = stage
        .rows(
            "SELECT epoch, count(DISTINCT told_by), min(id), max(id) FROM tally GROUP BY epoch \
             ORDER BY epoch",
        )
        .await;
    let mut last_id = 0_i64;
    for row in &rows {
        let (epoch, tellers, first, last): (i64, i64, i64, i64) =
            (row.get(0), row.get(1), row.get(2), row.get(3));
        assert_eq!(tellers, 1, "epoch {epoch} was told by {tellers}");
        assert!(first > last_id, "epoch {epoch} was told before the one before it had ended");
        last_id = last;
    }
    assert!(!rows.is_empty());
}

#[tokio::test]
async fn from_python_to_a_newer_node_and_back() {
    let stage = Stage::new().await;
    let mut python = stage.python("1", &[]).await;
    stage.until_owned_by(&python).await;
    let mut node = stage.node("2", &[]).await;
    stage.until_owned_by(&node).await;
    python.says("handed over tally").await;
    assert_eq!(stage.number("SELECT gen FROM changeover.generation").await, 2);

    // Both run jobs meanwhile, each once.
    stage.enqueue(80, 5).await;
    stage.until("(SELECT count(*) FROM changeover.job) = 0").await;
    let greeters = stage.number("SELECT count(DISTINCT greeted_by) FROM greeting").await;
    assert_eq!(greeters, 2, "{}\n{}", python.said(), node.said());
    assert_eq!(stage.number("SELECT count(*) FROM greeting").await, 80);
    assert_eq!(stage.number("SELECT count(DISTINCT job) FROM greeting").await, 80);

    assert_eq!(node.terminate().await, Some(0), "{}", node.said());
    assert!(node.said().contains("handed over tally"), "{}", node.said());
    stage.until_owned_by(&python).await;
    assert_eq!(stage.number("SELECT gen FROM changeover.generation").await, 1);
    assert_eq!(python.terminate().await, Some(0), "{}", python.said());
    assert_told_in_order(&stage).await;
    let taken = "SELECT count(*) FROM changeover.event WHERE kind = 'worker_taken'";
    assert_eq!(stage.number(taken).await, 0, "a hand-over was not made in time");
}

#[tokio::test]
async fn a_paused_owner_is_fenced_and_goes_on_as_one_of_the_others() {
    let stage = Stage::new().await;
    let mut owner = stage.python("1", &[("WORK_MS", "1200")]).await;
    stage.until_owned_by(&owner).await;
    let mut other = stage.python("1", &[]).await;
    other.probe("/readyz", 200).await;
    // Paused between its renewal and the transaction of its turn: it has seen nothing to stop for.
    let expires = "SELECT (extract(epoch FROM expires_at) * 1000)::bigint FROM changeover.worker";
    let before = stage.number(expires).await;
    stage
        .until(&format!(
            "(SELECT extract(epoch FROM expires_at) * 1000 > {before} + 100 FROM changeover.worker)"
        ))
        .await;
    owner.signal_process("STOP").await;
    stage.until_owned_by(&other).await;
    owner.signal_process("CONT").await;
    owner.says("fenced CO002").await;
    assert_told_in_order(&stage).await;
    // It goes on: it takes over again when its turn comes.
    assert_eq!(other.terminate().await, Some(0), "{}", other.said());
    stage.until_owned_by(&owner).await;
    assert_eq!(owner.terminate().await, Some(0), "{}", owner.said());
    assert_told_in_order(&stage).await;
}

#[tokio::test]
async fn a_worker_whose_process_dies_is_handed_over_by_its_agent() {
    let stage = Stage::new().await;
    let mut owner = stage.python("1", &[]).await;
    stage.until_owned_by(&owner).await;
    let mut other = stage.node("1", &[]).await;
    other.probe("/readyz", 200).await;
    owner.signal_process("KILL").await;
    assert_eq!(owner.ended().await, Some(137), "{}", owner.said());
    assert!(owner.said().contains("were not handed over by the process"), "{}", owner.said());
    // Not by its lease, which has not run out: the row says when it was given away.
    let given = "SELECT count(*) FROM changeover.worker WHERE released_at IS NOT NULL";
    assert_eq!(stage.number(given).await, 1);
    stage.until_owned_by(&other).await;
    assert_eq!(other.terminate().await, Some(0), "{}", other.said());
    assert_told_in_order(&stage).await;
}

#[tokio::test]
async fn behind_a_pooler_that_shares_sessions_polling_does() {
    let stage = Stage::new().await;
    let (_pooler, url) = stage.pooled().await;
    let pooled = [("DATABASE_URL", url.as_str())];
    let mut python = stage.python("1", &pooled).await;
    stage.until_owned_by(&python).await;
    let mut node = stage.node("2", &pooled).await;
    stage.until_owned_by(&node).await;
    stage.enqueue(40, 5).await;
    stage.until("(SELECT count(*) FROM changeover.job) = 0").await;
    assert_eq!(stage.number("SELECT count(*) FROM greeting").await, 40);
    assert_eq!(stage.number("SELECT count(DISTINCT job) FROM greeting").await, 40);
    assert_eq!(node.terminate().await, Some(0), "{}", node.said());
    stage.until_owned_by(&python).await;
    assert_eq!(python.terminate().await, Some(0), "{}", python.said());
    assert_told_in_order(&stage).await;
}
