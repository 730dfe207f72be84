//! The reference service as a process: how it ends once the floor has passed its release.

use crate::project::{Project, ended};
use changeover_central::roles::{OWNER, SERVICE, create_roles};
use std::time::Duration;

/// The longest that a state is waited for.
const STATE_WAIT: Duration = Duration::from_secs(60);

async fn until(what: &str, client: &tokio_postgres::Client, sql: &str) {
    let deadline = tokio::time::Instant::now() + STATE_WAIT;
    while !client.query_one(sql, &[]).await.unwrap().get::<_, bool>(0) {
        assert!(tokio::time::Instant::now() < deadline, "not reached: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// An instance that lives below the floor ends with code and message, and its connections are dead;
/// started again, it is refused at once.
#[tokio::test]
async fn a_release_below_the_floor_ends_and_says_why() {
    let project = Project::new().await;
    let client = project.client().await;
    create_roles(project.url()).await.unwrap();
    let url = |role: &str| project.url().replace("//postgres@", &format!("//{role}@"));
    let (service, owner) = (url(SERVICE), url(OWNER));
    let serve = [
        ["central", "serve", "--release", "4.8", "--listen", "127.0.0.1:0"].as_slice(),
        &["--database-url", &service, "--owner-url", &owner],
    ]
    .concat();
    let old = project.spawn(&serve);
    until("the ledger is there", &client, "SELECT to_regclass('changeover.instance') IS NOT NULL")
        .await;
    let serves = "SELECT EXISTS (SELECT 1 FROM changeover.instance WHERE state = 'serving')";
    until("4.8 serves", &client, serves).await;

    // 4.8 counts as gone, though it lives: the worst case. Its migrations and those of 4.9 are 208 to
    // 210; the floor is raised by hand.
    client.batch_execute("UPDATE changeover.instance SET ttl_ms = 0").await.unwrap();
    client.batch_execute("UPDATE changeover.app SET floor = 210").await.unwrap();
    let ran = ended(old).await;
    assert_eq!(ran.exit_code, Some(5), "{}", ran.all());
    let why = "release 4.8 may serve no longer: release 4.8 (head 208) is below the floor 210";
    assert!(ran.stderr.contains(why), "{}", ran.all());
    let dead = "SELECT NOT EXISTS (SELECT 1 FROM pg_stat_activity \
                 WHERE application_name LIKE 'changeover@208/%' AND datname = current_database())";
    until("its connections are dead", &client, dead).await;

    let again = project.run(&serve).await;
    assert_eq!(again.exit_code, Some(5), "{}", again.all());
    let why = "release 4.8 (head 208) is below the floor 210 of application central";
    assert!(again.stderr.contains(why), "{}", again.all());
}
