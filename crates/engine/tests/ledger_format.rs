//! A ledger that an older engine made gets what is missing, while that engine's instances live on it.

mod common;

use changeover::Changeover;
use common::{Database, OWNER, SERVICE, value};

/// As an engine of format 1 has made it, and granted it to the service.
const FORMAT_0001: [&str; 2] = [
    include_str!("ledger_format/format_0001.sql"),
    include_str!("ledger_format/functions_0001.sql"),
];
const GRANTED_THEN: &str = "GRANT USAGE ON SCHEMA changeover TO shop_service; \
    GRANT EXECUTE ON FUNCTION changeover.heartbeat(uuid, text), changeover.standing(text, bigint) \
        TO shop_service; \
    GRANT SELECT ON changeover.event, changeover.step TO shop_service; \
    INSERT INTO changeover.app (app, head) VALUES ('other', 7)";

#[tokio::test]
async fn a_ledger_of_format_1_gets_what_later_formats_add() {
    let database = Database::new(15).await;
    let owner = database.connect(OWNER).await;
    for sql in FORMAT_0001 {
        owner.batch_execute(sql).await.unwrap();
    }
    owner.batch_execute(GRANTED_THEN).await.unwrap();

    // Two at once: the second finds it done.
    let options = database.options("1", &[("0001_t.sql", "CREATE TABLE t (id integer);")]);
    let (one, two) =
        tokio::join!(Changeover::start(options.clone()), Changeover::start(options.clone()),);
    let (one, two) = (one.unwrap(), two.unwrap());
    one.wait_until_servable().await.unwrap();

    assert_eq!(value::<i32>(&owner, "SELECT written FROM changeover.format").await, 3);
    assert_eq!(value::<i32>(&owner, "SELECT min_reader FROM changeover.format").await, 1);
    // What the owner's default privileges gave of the new tables is taken back; what was granted stays.
    let service = database.connect(SERVICE).await;
    service.batch_execute("SELECT * FROM changeover.step").await.unwrap();
    let refused = service.batch_execute("DELETE FROM changeover.job").await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "42501");
    assert_eq!(
        value::<i64>(&owner, "SELECT head FROM changeover.app WHERE app = 'other'").await,
        7
    );
    one.leave().await.unwrap();
    two.leave().await.unwrap();
}
