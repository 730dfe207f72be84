//! Who may do what with the ledger: table by table, function by function, and between applications.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use changeover::Changeover;
use common::{Database, OWNER, SERVICE, migrate, value};
use tokio_postgres::Client;

const BASE: (&str, &str) = ("0001_base.sql", "CREATE TABLE t (id integer PRIMARY KEY);");
/// The service of another application on the same database.
const OTHER: &str = "rights_other";
/// A role that is nobody's service, and that the owner's default privileges favour.
const STRANGER: &str = "rights_stranger";

/// As written by [`SEEN`]: letters of `SELECT`, `INSERT`, `UPDATE`, `DELETE`, `TRUNCATE`, `USAGE`,
/// `EXECUTE`, or `-`.
const EXPECTED: &str = include_str!("rights/matrix.txt");
const SEEN: &str = include_str!("rights/seen.sql");

/// A database whose owner gives everything that it makes to the stranger and to its service, before there
/// is a ledger.
async fn generous_database(major: u16) -> Database {
    let database = Database::new(major).await;
    let admin = database.connect("postgres").await;
    let roles = format!(
        "DO $$ BEGIN \
           BEGIN CREATE ROLE {OTHER} LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END; \
           BEGIN CREATE ROLE {STRANGER} LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END; \
         END $$"
    );
    admin.batch_execute(&roles).await.unwrap();
    for (kind, role) in ["TABLES", "SEQUENCES", "FUNCTIONS", "SCHEMAS"]
        .into_iter()
        .flat_map(|kind| [STRANGER, SERVICE].into_iter().map(move |role| (kind, role)))
    {
        let give =
            format!("ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT ALL ON {kind} TO {role}");
        admin.batch_execute(&give).await.unwrap();
    }
    database
}

async fn two_applications(database: &Database) {
    migrate(database.options("1", &[BASE])).await.unwrap();
    let mut other = database.options("1", &[("0001_u.sql", "CREATE TABLE u (id integer);")]);
    other.app = "other".to_owned();
    other.service_roles = vec![OTHER.to_owned()];
    migrate(other).await.unwrap();
}

async fn seen(owner: &Client) -> String {
    let mut text = String::new();
    for row in owner.query(SEEN, &[&[SERVICE, OTHER, STRANGER].as_slice()]).await.unwrap() {
        text.push_str(row.get(0));
        text.push('\n');
    }
    text
}

#[tokio::test]
async fn the_ledgers_rights_are_as_written_down() {
    let database = generous_database(15).await;
    two_applications(&database).await;
    let seen = seen(&database.connect(OWNER).await).await;
    assert_eq!(seen, EXPECTED, "as it is:\n{seen}");
}

/// A ledger of an older format ends with the same rights, and its services never lose theirs.
#[tokio::test]
async fn an_older_ledger_ends_with_the_same_rights() {
    let database = generous_database(15).await;
    let owner = database.connect(OWNER).await;
    for sql in [
        include_str!("ledger_format/format_0001.sql"),
        include_str!("ledger_format/functions_0001.sql"),
    ] {
        owner.batch_execute(sql).await.unwrap();
    }
    let gave =
        "SELECT has_function_privilege($1::text, 'changeover.heartbeat(uuid, text)', 'EXECUTE')";
    assert!(owner.query_one(gave, &[&STRANGER]).await.unwrap().get::<_, bool>(0));
    // What the engine of that time did: taken back of tables, granted to the service.
    owner
        .batch_execute(&format!(
            "REVOKE ALL ON ALL TABLES IN SCHEMA changeover FROM {STRANGER}, {SERVICE}; \
             REVOKE ALL ON ALL SEQUENCES IN SCHEMA changeover FROM {STRANGER}, {SERVICE}; \
             REVOKE ALL ON ALL FUNCTIONS IN SCHEMA changeover FROM PUBLIC"
        ))
        .await
        .unwrap();
    two_applications(&database).await;
    assert_eq!(seen(&owner).await, EXPECTED);
}

#[tokio::test]
async fn an_applications_service_can_do_nothing_to_another_one() {
    let database = generous_database(15).await;
    two_applications(&database).await;
    let shop = Changeover::start(database.options("1", &[BASE])).await.unwrap();
    shop.wait_until_servable().await.unwrap();
    let id = shop.instance_id();
    let own = database.connect(SERVICE).await;
    own.batch_execute(&format!("SELECT changeover.join_v1('{id}', 1)")).await.unwrap();
    let stranger = database.connect(OTHER).await;
    stranger.batch_execute("SET application_name = 'changeover@1/shop/1/service'").await.unwrap();
    let calls = [
        "changeover.register(gen_random_uuid(), 'shop', '0', 1, 3600000, 'h', 1)".to_owned(),
        format!("changeover.register('{id}', 'shop', '0', 1, 3600000, 'h', 1)"),
        format!("changeover.heartbeat('{id}', 'serving')"),
        format!("changeover.admit('{id}')"),
        format!("changeover.join_v1('{id}', 1)"),
        "changeover.settle_v1('shop')".to_owned(),
        format!("changeover.declare_worker_v1('{id}', 'w', 1, 1, 1000)"),
        format!("changeover.retire_worker_v1('{id}', 'w')"),
        format!("changeover.worker_news_v1('{id}')"),
        format!("changeover.acquire_v1('{id}', 'w', 1000)"),
        format!("changeover.renew_v1('{id}', 'w', 1, 1000)"),
        format!("changeover.guard_v1('shop', 'w', 1, '{id}')"),
        format!("changeover.transfer_v1('{id}', 'w', 1)"),
        format!("changeover.declare_job_v1('{id}', 'k', 1, 1, 1, false)"),
        "changeover.enqueue_v1('shop', 'k', 1, ARRAY['{}'::jsonb])".to_owned(),
        format!("changeover.claim_v1('{id}', 1, ARRAY['k'], ARRAY[1])"),
        format!("changeover.claim_unread_v1('{id}', 1, ARRAY['k'], ARRAY[1])"),
        format!("changeover.claim_unknown_v1('{id}', 1)"),
        format!("changeover.finish_v1('{id}', ARRAY[1], ARRAY[1])"),
        format!("changeover.fail_v1('{id}', 1, 1, 'x', 1, false)"),
        format!("changeover.unclaim_v1('{id}', ARRAY[1], ARRAY[1])"),
        format!("changeover.mark_v1('{id}', 1, 1)"),
        format!("changeover.set_unknown_v1('{id}', 1, 1, 'x')"),
        format!("changeover.tend_jobs_v1('{id}')"),
        "changeover.requeue_v1('shop', ARRAY[1])".to_owned(),
        format!("changeover.declare_schedule_v1('{id}', 's', '* * * * *', 'UTC', 'latest')"),
        "changeover.prune_work_v1('shop')".to_owned(),
        "changeover.prune_changes_v1('shop', 0)".to_owned(),
        format!("changeover.share_v1('{id}', 1, 1, 1, 1, 1, 1)"),
    ];
    for call in calls {
        let refused = stranger.batch_execute(&format!("SELECT {call}")).await;
        let refused = refused.expect_err(&format!("allowed: {call}"));
        let code = refused.code().unwrap().code().to_owned();
        assert!(matches!(code.as_str(), "42501" | "CO004"), "{call}: {refused:?}");
    }
    // Whatever it says of leaving, the instance is still there.
    stranger.batch_execute(&format!("SELECT changeover.leave('{id}')")).await.unwrap();
    let owner = database.connect(OWNER).await;
    let there = format!("SELECT left_at IS NULL FROM changeover.instance WHERE id = '{id}'");
    assert!(value::<bool>(&owner, &there).await);
    let of_shop = "SELECT count(*) FROM changeover.instance WHERE app = 'shop'";
    assert_eq!(value::<i64>(&owner, of_shop).await, 1, "the floor would be blocked");
    shop.leave().await.unwrap();
}

/// A member of a service's role is its service as well.
#[tokio::test]
async fn a_member_of_a_service_role_may_register() {
    let database = generous_database(15).await;
    two_applications(&database).await;
    let admin = database.connect("postgres").await;
    let member = "rights_member";
    admin
        .batch_execute(&format!(
            "DO $$ BEGIN CREATE ROLE {member} LOGIN IN ROLE {OTHER}; \
             EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        ))
        .await
        .unwrap();
    let client = database.connect(member).await;
    let register = |app: &str| {
        format!("SELECT changeover.register(gen_random_uuid(), '{app}', '1', 1, 1000, 'h', 1)")
    };
    client.batch_execute(&register("other")).await.unwrap();
    let refused = client.batch_execute(&register("shop")).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "42501");
}
