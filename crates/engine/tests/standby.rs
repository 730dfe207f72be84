//! The connection leads to a standby: after a failover an old address may.

mod common;

use changeover::operate;
use changeover_postgres::Server;
use common::{Database, OWNER, migrate};

const BASE: (&str, &str) = ("0001_base.sql", "CREATE TABLE t (id integer PRIMARY KEY);");
const NEXT: (&str, &str) = ("0002_next.sql", "ALTER TABLE t ADD COLUMN note text;");

/// A plan says it before anything is tried, a run before anything is changed; both go on once it is promoted.
#[tokio::test]
async fn a_plan_against_a_standby_says_that_it_is_one() {
    let primary = tokio::task::spawn_blocking(|| Server::start(15)).await.unwrap().unwrap();
    let primary: &'static Server = Box::leak(Box::new(primary));
    let database = Database::on(primary).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    let standby = primary.standby().await.unwrap();
    let mut options = database.options("2", &[BASE, NEXT]);
    options.owner_url = Some(standby.url(OWNER, &database.name));

    let plan = operate::plan(&options).await.unwrap();
    let rules: Vec<&str> = plan.refusals.iter().map(|refusal| refusal.rule.as_str()).collect();
    assert_eq!(rules, ["read-only"]);
    assert!(plan.refusals[0].reason.contains("standby"), "{}", plan.refusals[0].reason);
    let error = migrate(options.clone()).await.unwrap_err();
    assert!(changeover::chain(&error).contains("standby"), "{error:?}");

    standby.promote().await.unwrap();
    assert!(operate::plan(&options).await.unwrap().refusals.is_empty());
    migrate(options).await.unwrap();
}
