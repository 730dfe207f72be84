//! A login that acts as the owner by `ALTER ROLE … SET role`, as secret stores and cloud logins do, was
//! refused, and the advice made no sense.
//!
//! However a session becomes the owner, it adopts, plans and migrates, and what it makes is the owner's.

use super::stage::{SERVICE, SUPERUSER, Stage};

/// A group that owns the tables, and a login that is a member of it. Roles belong to the whole server, so
/// each test has its own.
async fn stage(group: &str, login: &str) -> Stage {
    let stage = Stage::empty().await;
    let database = stage.database();
    stage
        .sql(
            SUPERUSER,
            &format!(
                "CREATE ROLE {group} NOLOGIN; CREATE ROLE {login} LOGIN; GRANT {group} TO {login};
                 GRANT {SERVICE} TO {group};
                 ALTER DATABASE \"{database}\" OWNER TO {group};
                 ALTER SCHEMA public OWNER TO {group};
                 SET ROLE {group}; CREATE TABLE item (id bigserial PRIMARY KEY, a int);
                 INSERT INTO item (a) SELECT generate_series(1, 100);"
            ),
        )
        .await;
    stage.file("0001_base.sql", "CREATE TABLE item (id bigserial PRIMARY KEY, a int);");
    stage
}

/// From adopting to the contract, at that connection string.
async fn upgrades(stage: &Stage, url: &str, group: &str) {
    stage.run_at(url, &["adopt", "--at", "1", "--service-role", SERVICE]).await.ok();
    stage.second("ALTER TABLE item ADD COLUMN b int; UPDATE item SET b = a * 2; CREATE INDEX item_b ON item (b);");
    let migrate = ["migrate", "--service-role", SERVICE];
    stage.run_at(url, &migrate).await.ok();
    stage.run_at(url, &["finalize", "--to", "2", "--yes", "--vouch", "test"]).await.ok();
    stage.run_at(url, &migrate).await.ok();
    let open = "SELECT count(*) FROM changeover.step WHERE state <> 'done'";
    assert_eq!(stage.value(SUPERUSER, open).await, "0");
    let wrong = "SELECT count(*), count(*) FILTER (WHERE b IS DISTINCT FROM a * 2) FROM item";
    assert_eq!(stage.value(SUPERUSER, wrong).await, "100|0");
    let owners = "SELECT DISTINCT relowner::regrole FROM pg_class
                   WHERE relnamespace IN ('public'::regnamespace, 'changeover'::regnamespace)";
    assert_eq!(stage.value(SUPERUSER, owners).await, group);
}

#[tokio::test]
async fn a_login_that_acts_as_the_owner_by_its_setting() {
    let stage = stage("tbl_group", "migrator").await;
    let setting =
        format!("ALTER ROLE migrator IN DATABASE \"{}\" SET role = tbl_group", stage.database());
    stage.sql(SUPERUSER, &setting).await;
    upgrades(&stage, &stage.url("migrator"), "tbl_group").await;
}

#[tokio::test]
async fn a_login_that_acts_as_the_owner_by_its_connection_string() {
    let stage = stage("tbl_group_2", "migrator_2").await;
    let url = format!("{}?options=-c%20role%3Dtbl_group_2", stage.url("migrator_2"));
    upgrades(&stage, &url, "tbl_group_2").await;
}

#[tokio::test]
async fn a_login_that_does_not_act_as_the_owner_is_told_what_it_lacks() {
    let stage = stage("tbl_group_3", "migrator_3").await;
    stage.sql(SUPERUSER, "CREATE ROLE stranger_3 LOGIN").await;
    let ran = stage.run_at(&stage.url("stranger_3"), &["adopt", "--at", "1"]).await;
    assert_ne!(ran.exit_code, Some(0), "{}", ran.all());
    assert!(ran.stderr.contains("role stranger_3 lacks the right CREATE"), "{}", ran.all());
    let ledger = "SELECT count(*) FROM pg_namespace WHERE nspname = 'changeover'";
    assert_eq!(stage.value(SUPERUSER, ledger).await, "0");
}
