//! The functions that operators call: what they refuse, who may call them, what they keep.

use super::BASE;
use super::common::{Database, OWNER, SERVICE, migrate, value};
use changeover::Error;
use changeover::control::operator::{Operator, PaceWish};

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let database = Database::new(15).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    let owner = database.connect(OWNER).await;
    let calls = [
        ("pause_v1('nobody')", "CO003"),
        ("resume_v1('nobody')", "CO003"),
        ("set_pace_v1('nobody')", "CO003"),
        ("stop_after_v1('nobody', NULL)", "CO003"),
        ("cancel_step_v1('nobody', 'x')", "CO003"),
        ("stop_after_v1('shop', '0001.9.nothing')", "CO008"),
        ("cancel_step_v1('shop', '0001.9.nothing')", "CO008"),
        ("cancel_step_v1('shop', NULL)", "CO008"),
        ("set_pace_v1('shop', max_share => 0)", "22023"),
        ("set_pace_v1('shop', max_share => 1.1)", "22023"),
        ("set_pace_v1('shop', max_share => 'NaN')", "22023"),
        ("set_pace_v1('shop', min_share => -0.1)", "22023"),
        ("set_pace_v1('shop', max_share => 0.2, min_share => 0.3)", "22023"),
        ("set_pace_v1('shop', probe_factor => 0.9)", "22023"),
        ("set_pace_v1('shop', probe_factor => 'NaN')", "22023"),
        ("set_pace_v1('shop', hours => '22')", "22023"),
        ("set_pace_v1('shop', hours => '24-5')", "22023"),
        ("set_pace_v1('shop', hours => '5-5')", "22023"),
        ("set_pace_v1('shop', hours => '')", "22023"),
        ("set_pace_v1('shop', time_zone => 'Mars/Olympus')", "22023"),
    ];
    for (call, code) in calls {
        let refused = owner.batch_execute(&format!("SELECT changeover.{call}")).await;
        let refused = refused.expect_err(call);
        assert_eq!(refused.code().map(|code| code.code()), Some(code), "{call}: {refused:?}");
    }
    let events = "SELECT count(*) FROM changeover.event WHERE detail LIKE 'by %'";
    assert_eq!(value::<i64>(&owner, events).await, 0);
    // A step that is done stays done.
    let done = "SELECT changeover.cancel_step_v1('shop', (SELECT min(id) FROM changeover.step))";
    assert_eq!(value::<String>(&owner, done).await, "done");
    assert_eq!(value::<i64>(&owner, events).await, 0);
}

#[tokio::test]
async fn the_service_may_look_and_an_operator_may_be_granted_them() {
    let database = Database::new(15).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    let service = database.connect(SERVICE).await;
    let refused = service.batch_execute("SELECT changeover.pause_v1('shop')").await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "42501");
    let owner = database.connect(OWNER).await;
    let grant = format!("GRANT EXECUTE ON FUNCTION changeover.pause_v1(text, text) TO {SERVICE}");
    owner.batch_execute(&grant).await.unwrap();
    service.batch_execute("SELECT changeover.pause_v1('shop', 'now')").await.unwrap();
    let seen = Operator::connect(&database.url(SERVICE), "shop", None).await.unwrap();
    let paused = seen.wishes().await.unwrap().paused.unwrap();
    assert_eq!((paused.by.as_str(), paused.reason.as_deref()), (SERVICE, Some("now")));
}

#[tokio::test]
async fn operators_are_named_and_told_what_is_wrong() {
    let database = Database::new(15).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    let ada = Operator::connect(&database.url(OWNER), "shop", Some("ada@desk")).await.unwrap();
    ada.pause(None).await.unwrap();
    let pace = PaceWish {
        max_share: Some(0.3),
        hours: Some("22-5".to_owned()),
        time_zone: Some("Europe/Berlin".to_owned()),
        ..PaceWish::default()
    };
    ada.set_pace(&pace).await.unwrap();
    let wishes = ada.wishes().await.unwrap();
    assert_eq!(wishes.paused.unwrap().by, "ada@desk");
    let hours = wishes.hours.unwrap();
    assert_eq!((hours.from, hours.to, wishes.max_share), (22, 5, Some(0.3)));
    assert_eq!(wishes.pace_set.unwrap().by, "ada@desk");
    let owner = database.connect(OWNER).await;
    let event: String =
        value(&owner, "SELECT detail FROM changeover.event WHERE kind = 'pace_set'").await;
    assert_eq!(event, "by ada@desk: at most 0.3, hours 22-5 Europe/Berlin");
    ada.resume().await.unwrap();
    assert!(ada.wishes().await.unwrap().paused.is_none());

    let unknown = ada.stop_after(Some("0001.0.skript")).await.unwrap_err();
    assert!(matches!(&unknown, Error::UnknownStep { near, .. } if near[0] == "0001.0.script"));
    let hours = PaceWish { hours: Some("late".to_owned()), ..PaceWish::default() };
    let refused = ada.set_pace(&hours).await.unwrap_err();
    assert!(matches!(refused, Error::Invalid(ref why) if why.contains("not late")), "{refused:?}");
    let nobody = Operator::connect(&database.url(OWNER), "nobody", None).await.err().unwrap();
    assert!(matches!(nobody, Error::UnknownApp { .. }), "{nobody:?}");
}
