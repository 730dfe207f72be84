//! Sessions of a service say whose they are, and end when the floor passes their release.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use changeover::{Changeover, Error};
use common::{Database, SERVICE, migrate, until, value};
use tokio_postgres::{Client, NoTls};

const BASE: (&str, &str) = ("0001_base.sql", "CREATE TABLE t (id integer PRIMARY KEY);");
const NEXT: (&str, &str) = ("0002_next.sql", "ALTER TABLE t ADD COLUMN c integer;");

/// A connection of the service with this name.
async fn named(database: &Database, name: &str) -> Client {
    let mut config: tokio_postgres::Config = database.url(SERVICE).parse().unwrap();
    let (client, connection) = config.application_name(name).connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[tokio::test]
async fn below_the_floor_connections_are_refused_and_open_ones_end() {
    let database = Database::new(15).await;
    let one = Changeover::start(database.options("1", &[BASE])).await.unwrap();
    one.wait_until_servable().await.unwrap();
    one.mark_serving().await.unwrap();
    let admission = one.admission();
    let open = named(&database, &admission.application_name()).await;
    admission.admit(&open).await.unwrap();

    let options = database.options("2", &[BASE, NEXT]);
    migrate(options.clone()).await.unwrap();
    // Release 1 counts as gone, though it lives: the worst case.
    let owner = database.connect(common::OWNER).await;
    let gone = "UPDATE changeover.instance SET ttl_ms = 0";
    owner.batch_execute(gone).await.unwrap();
    changeover::operate::finalize(&options, 2, Some("release 1 is gone")).await.unwrap();

    let ended = open.batch_execute("INSERT INTO t VALUES (1)").await.unwrap_err();
    assert!(ended.is_closed() || ended.code().unwrap().code() == "57P01", "{ended}");
    let again = named(&database, &admission.application_name()).await;
    let refused = admission.admit(&again).await.unwrap_err();
    assert!(matches!(refused, Error::BelowFloor { .. }), "{refused}");
    let why = one.wait_until_refused().await;
    assert!(matches!(&*why, Error::BelowFloor { head: 1, floor: 2, .. }), "{why}");
}

/// Admitting and raising the floor conflict: who was admitted before is found, who comes later is
/// refused, and nobody is both admitted and overlooked.
#[tokio::test]
async fn an_admission_waits_for_whoever_raises_the_floor() {
    let database = Database::new(15).await;
    let one = Changeover::start(database.options("1", &[BASE])).await.unwrap();
    one.wait_until_servable().await.unwrap();
    let admission = one.admission();
    // Two, since within a transaction the view of the sessions does not change.
    let (raiser, looker) =
        (database.connect(common::OWNER).await, database.connect(common::OWNER).await);
    raiser.batch_execute("BEGIN; UPDATE changeover.app SET floor = 2").await.unwrap();
    let late = named(&database, &admission.application_name()).await;
    let admitted = tokio::spawn(async move { admission.admit(&late).await });
    until("the admission waits, or was made", || async {
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                        AND query LIKE '%changeover.admit%' AND datname = current_database()";
        admitted.is_finished() || value::<i64>(&looker, waits).await == 1
    })
    .await;
    assert!(!admitted.is_finished(), "admitted by a floor that was being raised");
    raiser.batch_execute("COMMIT").await.unwrap();
    let refused = admitted.await.unwrap().unwrap_err();
    assert_eq!(refused.to_string(), "release 1 (head 1) is below the floor 2 of application shop");
}

/// The same for registering: a floor read without a lock would let an instance in below it.
#[tokio::test]
async fn a_registration_waits_for_whoever_raises_the_floor() {
    let database = Database::new(15).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    // Two, since within a transaction the view of the sessions does not change.
    let (raiser, looker) =
        (database.connect(common::OWNER).await, database.connect(common::OWNER).await);
    raiser.batch_execute("BEGIN; UPDATE changeover.app SET floor = 2").await.unwrap();
    let options = database.options("1", &[BASE]);
    let mut service_only = options.clone();
    service_only.owner_url = None;
    let registered = tokio::spawn(Changeover::start(service_only));
    until("the registration waits, or was made", || async {
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                        AND query LIKE '%changeover.register%' AND datname = current_database()";
        registered.is_finished() || value::<i64>(&looker, waits).await == 1
    })
    .await;
    assert!(!registered.is_finished(), "registered by a floor that was being raised");
    raiser.batch_execute("COMMIT").await.unwrap();
    let Err(refused) = registered.await.unwrap() else { panic!("let in below the floor") };
    assert!(matches!(refused, Error::BelowFloor { .. }), "{refused}");
}

#[tokio::test]
async fn a_session_that_does_not_say_whose_it_is_is_refused() {
    let database = Database::new(15).await;
    let one = Changeover::start(database.options("1", &[BASE])).await.unwrap();
    for name in ["", "shop", "changeover@2/shop/1", "changeover@1/shop2/1", "changeover@1/shop"] {
        let session = named(&database, name).await;
        let refused = one.admission().admit(&session).await.unwrap_err();
        assert_eq!(refused.sqlstate(), Some("CO005"), "`{name}`: {refused}");
    }
    one.leave().await.unwrap();
    let session = named(&database, &one.admission().application_name()).await;
    let refused = one.admission().admit(&session).await.unwrap_err();
    assert_eq!(refused.sqlstate(), Some("CO004"), "{refused}");
}
