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
    UPDATE changeover.job SET enqueued_at = clock_timestamp() - interval '125 s';";

#[tokio::test]
async fn the_queue_is_shown_and_the_dead_are_put_back() {
    let _filters = filters();
    let project = Project::with_orders(1).await;
    insta::assert_snapshot!(project.run(&["jobs"]).await.all(), @"");
    project.sql(QUEUE).await;
    insta::assert_snapshot!(project.run(&["jobs"]).await.all(), @"");
    insta::assert_snapshot!(project.run(&["jobs", "dead"]).await.all(), @"");
    insta::assert_snapshot!(project.run(&["jobs", "requeue", "7", "9"]).await.all(), @"");
    insta::assert_snapshot!(project.run(&["jobs", "requeue", "--kind", "mail"]).await.all(), @"");
    insta::assert_snapshot!(project.run(&["jobs", "requeue", "8", "--json"]).await.all(), @"");
    insta::assert_snapshot!(project.run(&["jobs", "dead", "--kind", "mail"]).await.all(), @"");
    insta::assert_snapshot!(project.run(&["jobs", "requeue"]).await.all(), @"");
    let counts = project.run(&["jobs", "--json"]).await.ok().json();
    assert_eq!(counts[0]["jobs"], 1200);
}

#[tokio::test]
async fn going_back_is_asked_for_before() {
    let _filters = filters();
    let project = Project::with_orders(1).await;
    project.sql(QUEUE).await;
    insta::assert_snapshot!(project.run(&["jobs", "check-rollback", "--to", "1"]).await.all(), @"");
    insta::assert_snapshot!(project.run(&["jobs", "check-rollback", "--to", "1", "--json"]).await.all(), @"");
    insta::assert_snapshot!(project.run(&["jobs", "check-rollback", "--to", "2"]).await.all(), @"");
}
