//! `changeover jobs`.

use crate::project::{Project, filters};

/// A queue as two releases leave it behind.
const QUEUE: &str = "
    SELECT changeover.register('00000000-0000-0000-0000-000000000001', 'default', '1', 1, 60000, 'h', 1);
    SELECT changeover.heartbeat('00000000-0000-0000-0000-000000000001', 'serving');
    SELECT changeover.join_v1('00000000-0000-0000-0000-000000000001', 2);
    SELECT changeover.settle_v1('default');
    SELECT changeover.declare_job_v1('00000000-0000-0000-0000-000000000001', 'mail', 1, 20, 3, true);
    SELECT changeover.declare_job_v1('00000000-0000-0000-0000-000000000001', 'mail', 2, 20, 3, true);
    SELECT changeover.declare_job_v1('00000000-0000-0000-0000-000000000001', 'report', 1, 20, 3, false);
    UPDATE changeover.job_kind SET since_gen = 1 WHERE version = 1;
    SELECT changeover.enqueue_v1('default', 'mail', 1, array_agg('{}'::jsonb)) FROM generate_series(1, 1200);
    SELECT changeover.enqueue_v1('default', 'mail', 2, ARRAY['{}', '{}']::jsonb[]);
    SELECT changeover.enqueue_v1('default', 'report', 1, ARRAY['{}', '{}']::jsonb[]);
    UPDATE changeover.job SET shelf = 'dead', failures = 20, error = 'the server answered: 550 no such mailbox'
     WHERE id = 7;
    UPDATE changeover.job SET shelf = 'unknown', called_at = now(), crashes = 1,
           error = 'its process ended after the call and before the answer was kept' WHERE id = 8;
    UPDATE changeover.job SET enqueued_at = clock_timestamp() - interval '125 minutes';";

#[tokio::test]
async fn the_queue_is_shown_and_the_dead_are_put_back() {
    let _filters = filters();
    let project = Project::with_orders(1).await;
    insta::assert_snapshot!(project.run(&["jobs"]).await.all(), @r"
    No jobs.
    --- stderr
    --- exit 0
    ");
    project.sql(QUEUE).await;
    // Whoever ran reports is gone.
    project
        .sql(
            "DELETE FROM changeover.job_consumer c USING changeover.job_kind k
              WHERE k.id = c.kind_id AND k.kind = 'report'",
        )
        .await;
    insta::assert_snapshot!(project.run(&["jobs"]).await.all(), @r"
    kind    version  state            jobs  oldest      run by
    mail          1  dead                1  2 h 05 min  1
    mail          1  unknown             1  2 h 05 min  1
    mail          1  waiting         1,198  2 h 05 min  1
    mail          2  waiting             2  2 h 05 min  1
    report        1  waiting             2  2 h 05 min  nobody
    Nobody can run report version 1: no instance that serves and is heard of has a
    handler for it.
    --- stderr
    --- exit 0
    ");
    insta::assert_snapshot!(project.run(&["jobs", "dead"]).await.all(), @r"
    7  mail version 1: dead, 20 failures, 0 crashes
        the server answered: 550 no such mailbox
    8  mail version 1: unknown, 0 failures, 1 crash
        its process ended after the call and before the answer was kept
    Next: `changeover jobs requeue ID…` once the cause is mended.
    --- stderr
    --- exit 0
    ");
    insta::assert_snapshot!(project.run(&["jobs", "requeue", "7", "9"]).await.all(), @r"
    1 job was put back. 1 was not: not there, neither given up nor of unknown
    outcome, or another job has the same unique key by now.
    --- stderr
    --- exit 0
    ");
    insta::assert_snapshot!(project.run(&["jobs", "requeue", "--kind", "mail"]).await.all(), @r"
    0 jobs were put back.
    --- stderr
    --- exit 0
    ");
    let requeued = project.run(&["jobs", "requeue", "8", "--json"]).await.ok().json();
    assert_eq!(requeued, serde_json::json!({ "requeued": 1 }));
    insta::assert_snapshot!(project.run(&["jobs", "dead", "--kind", "mail"]).await.all(), @r"
    No job was given up, and none is of unknown outcome.
    --- stderr
    --- exit 0
    ");
    assert_eq!(project.run(&["jobs", "requeue"]).await.exit_code, Some(2), "which ones?");
    let counts = project.run(&["jobs", "--json"]).await.ok().json();
    assert_eq!(counts[0]["jobs"], 1200);
    assert_eq!(counts[0]["instances"], 1);
}

#[tokio::test]
async fn going_back_is_asked_for_before() {
    let _filters = filters();
    let project = Project::with_orders(1).await;
    project.sql(QUEUE).await;
    insta::assert_snapshot!(project.run(&["jobs", "check-rollback", "--to", "1"]).await.all(), @r"
    Generation 1 could not run:
      2 jobs of mail version 2
    Gone back to, it leaves them as they are, parked, until a release that can run
    them is back. To have none, let the newer release finish them before.
    --- stderr
    --- exit 11
    ");
    let beyond = project.run(&["jobs", "check-rollback", "--to", "1", "--json"]).await;
    assert_eq!(beyond.exit_code, Some(11));
    assert_eq!(
        beyond.json(),
        serde_json::json!({ "generation": 1, "beyond": [{ "kind": "mail", "version": 2, "jobs": 2 }] })
    );
    insta::assert_snapshot!(project.run(&["jobs", "check-rollback", "--to", "2"]).await.all(), @r"
    Generation 2 could run everything that is enqueued.
    --- stderr
    --- exit 0
    ");
}
