//! Sensors' streams: each event stored once, over however many streams; leaving in order, and not.

use crate::{
    client::{Connection, once},
    sensor::{Sensor, cluster, event},
    stage::{Stage, until},
};
use changeover_central::{
    population::Kind,
    route::CutStream,
    route::sensor_stream::ToSensor,
    server::Central,
    settings::DrainTiming,
    writes::{self, WritesFound},
};
use std::time::Duration;
use uuid::Uuid;

/// No propagation: nobody routes here.
const TIMING: DrainTiming = DrainTiming {
    propagation: Duration::from_millis(100),
    idle: Duration::from_millis(200),
    fresh: Duration::from_millis(100),
    ..DrainTiming::DEFAULT
};

/// An instance that leaves with a deadline which no working machine keeps waiting for.
fn patient() -> DrainTiming {
    let patience = Duration::from_secs(60);
    DrainTiming { streams: patience, in_flight: patience, ..TIMING }
}

fn ids(count: u128) -> Vec<Uuid> {
    (1..=count).map(|number| Uuid::from_u128(0xE000_0000 + number)).collect()
}

async fn found(stage: &Stage, ids: &[Uuid]) -> WritesFound {
    writes::count_writes(&stage.owner_url(), ids).await.unwrap()
}

async fn assert_once(stage: &Stage, ids: &[Uuid]) {
    let found = found(stage, ids).await;
    assert_eq!((found.missing, found.doubled, found.unacknowledged), (vec![], vec![], 0));
}

/// How many events were stored for the cluster.
async fn cursor(stage: &Stage, cluster: Uuid) -> i64 {
    let sql = "SELECT last_sequence FROM sensor_streams WHERE cluster_id = $1";
    stage.owner().await.query_one(sql, &[&cluster]).await.unwrap().get(0)
}

#[tokio::test]
async fn every_release_stores_each_event_once_and_says_so() {
    let stage = Stage::seeded("stream").await;
    let cluster = cluster(stage.population, 0);
    let ids = ids(30);
    let mut next = 1_i64;
    for (turn, release) in ["4.8", "4.9", "4.10"].into_iter().enumerate() {
        let central = stage.central(release).await;
        let (mut sensor, epoch, stored_to) = Sensor::opened(central.address(), cluster).await;
        assert_eq!((epoch, stored_to), (turn as i64 + 1, next - 1));
        // The last event of the stream before is sent once more.
        let from = (next - 1).max(1);
        for sequence in from..next + 10 {
            let id = ids[sequence as usize - 1];
            sensor.event(sequence, event(stage.population, id));
        }
        let wanted: Vec<(i64, bool)> =
            (from..next + 10).map(|sequence| (sequence, sequence < next)).collect();
        assert_eq!(sensor.acknowledgements(wanted.len()).await, wanted, "{release}");
        sensor.end();
        assert_eq!(sensor.next().await, None);
        next += 10;
    }
    assert_once(&stage, &ids).await;
}

/// A sensor that listens has nothing to send again: all that it sent until it ended its side is
/// acknowledged before `goAway`, which is the last message of a clean end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_ends_a_stream_after_everything_is_acknowledged() {
    let stage = Stage::seeded("farewell").await;
    let central = stage.central_that_drains(patient()).await;
    let (address, ids) = (central.address(), ids(5_000));
    let (mut sensor, ..) = Sensor::opened(address, cluster(stage.population, 1)).await;
    let mut sent = 0_usize;
    let mut acknowledged = 0_usize;
    let mut draining = None;
    let mut asked = false;
    let mut central = Some(central);
    loop {
        if !asked {
            sensor.event(sent as i64 + 1, event(stage.population, ids[sent]));
            sent += 1;
        }
        if sent == 20 && draining.is_none() {
            draining = Some(tokio::spawn(central.take().unwrap().drain()));
        }
        match sensor.next().await.expect("the last message is goAway") {
            ToSensor::Stored { repeated: false, .. } => acknowledged += 1,
            ToSensor::StopSending(true) => {
                // As a sensor whose events wait in its connection: sent after it was asked.
                for id in &ids[sent..sent + 50] {
                    sent += 1;
                    sensor.event(sent as i64, event(stage.population, *id));
                }
                asked = true;
                sensor.end();
            }
            ToSensor::GoAway(true) => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(sensor.next().await, None, "a clean end");
    assert_eq!(acknowledged, sent);
    let report = draining.expect("it drains").await.unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(report.streams.in_order, 1);
    assert_once(&stage, &ids[..sent]).await;
}

/// A sensor that does not listen and goes on sending: it is sent away in time, and what was not
/// acknowledged comes to the next instance.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sensor_that_goes_on_sending_loses_nothing_either() {
    let stage = Stage::seeded("rude").await;
    let cluster = cluster(stage.population, 0);
    let (old, new) = (stage.central_that_drains(patient()).await, stage.central("4.9").await);
    let ids = ids(4_000);
    let (mut sensor, ..) = Sensor::opened(old.address(), cluster).await;
    let draining = tokio::spawn(old.drain());
    let (mut sent, mut acknowledged) = (0_usize, 0_usize);
    loop {
        // Bounded by the ids; the instance goes away long before they are used up.
        if sent < ids.len() {
            sent += 1;
            sensor.event(sent as i64, event(stage.population, ids[sent - 1]));
        }
        match sensor.next().await.expect("the last message is goAway") {
            ToSensor::Stored { .. } => acknowledged += 1,
            ToSensor::StopSending(true) => {}
            ToSensor::GoAway(true) => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(acknowledged < sent);
    let (mut sensor, _, stored_to) = Sensor::opened(new.address(), cluster).await;
    assert_eq!(stored_to, acknowledged as i64, "what is acknowledged is what is stored");
    for (number, id) in ids.iter().enumerate().take(sent).skip(acknowledged) {
        sensor.event(number as i64 + 1, event(stage.population, *id));
    }
    sensor.acknowledgements(sent - acknowledged).await;
    assert!(draining.await.unwrap().streams.cut.is_empty());
    assert_once(&stage, &ids[..sent]).await;
}

/// The instance dies after the commit and before the acknowledgement.
#[tokio::test]
async fn what_is_sent_again_after_a_cut_is_not_stored_again() {
    let stage = Stage::seeded("resend").await;
    let cluster = cluster(stage.population, 0);
    let (old, new) = (stage.central("4.8").await, stage.central("4.8").await);
    let ids = ids(12);
    let (mut sensor, ..) = Sensor::opened(old.address(), cluster).await;
    for (number, id) in ids[..8].iter().enumerate() {
        sensor.event(number as i64 + 1, event(stage.population, *id));
    }
    until("all are stored", async || cursor(&stage, cluster).await == 8).await;
    drop(old);
    // No acknowledgement was read: all are sent again.
    while let Ok(Some(_)) = sensor.try_next().await {}
    let (mut sensor, ..) = Sensor::opened(new.address(), cluster).await;
    for (number, id) in ids.iter().enumerate() {
        sensor.event(number as i64 + 1, event(stage.population, *id));
    }
    let told = sensor.acknowledgements(12).await;
    assert_eq!(told, (1..=12).map(|sequence| (sequence, sequence <= 8)).collect::<Vec<_>>());
    assert_once(&stage, &ids).await;
}

/// Two instances believe that they hold the stream: the newest one does.
#[tokio::test]
async fn an_older_stream_stores_nothing_once_there_is_a_newer_one() {
    let stage = Stage::seeded("moved").await;
    let cluster = cluster(stage.population, 2);
    let (one, other) = (stage.central("4.8").await, stage.central("4.8").await);
    let ids = ids(3);
    let (mut older, ..) = Sensor::opened(one.address(), cluster).await;
    older.event(1, event(stage.population, ids[0]));
    assert_eq!(older.acknowledgements(1).await, [(1, false)]);
    let (mut newer, epoch, stored_to) = Sensor::opened(other.address(), cluster).await;
    assert_eq!((epoch, stored_to), (2, 1));
    older.event(2, event(stage.population, ids[1]));
    assert_eq!(older.refusal().await, "moved");
    newer.event(2, event(stage.population, ids[1]));
    newer.event(3, event(stage.population, ids[2]));
    newer.acknowledgements(2).await;
    assert_once(&stage, &ids).await;
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_what_came_before_is_stored() {
    let stage = Stage::seeded("refused").await;
    let central = stage.central("4.10").await;
    let ids = ids(3);
    for (number, (broken, code)) in
        [("{\"what\":1}\n", "invalid"), ("{\"heartbeat\":{\"health\":\"fine\"}}\n", "invalid")]
            .into_iter()
            .enumerate()
    {
        let cluster = cluster(stage.population, number as u64);
        let (mut sensor, ..) = Sensor::opened(central.address(), cluster).await;
        sensor.event(1, event(stage.population, ids[number]));
        sensor.write(broken);
        assert_eq!(sensor.refusal().await, code);
        assert_eq!(cursor(&stage, cluster).await, 1);
    }
    let last = cluster(stage.population, 2);
    let (mut sensor, ..) = Sensor::opened(central.address(), last).await;
    sensor.event(2, event(stage.population, ids[2]));
    assert_eq!(sensor.refusal().await, "gap");
    assert_eq!(cursor(&stage, last).await, 0);
    assert_once(&stage, &ids[..2]).await;
}

#[tokio::test]
async fn a_stream_needs_http2_and_a_cluster_that_is_there() {
    let stage = Stage::seeded("who").await;
    let central = stage.central("4.8").await;
    let path = |cluster: Uuid| format!("/v1/sensor/stream?cluster={cluster}");
    let known = path(cluster(stage.population, 0));
    assert_eq!(once(central.address(), "POST", &known, "").await.status, 400);
    let mut http2 = Connection::http2(central.address()).await;
    let unknown = path(Uuid::from_u128(9));
    assert_eq!(http2.send("POST", &unknown, "").await.unwrap().status, 404);
    assert_eq!(http2.send("POST", "/v1/sensor/stream?cluster=x", "").await.unwrap().status, 400);
    assert_eq!(http2.send("POST", &known, "").await.unwrap().status, 200);
}

/// What hangs at the deadline is cut, and the report names it: which sensor with how many events, which
/// request, how many connections.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forced_end_says_what_was_cut() {
    let stage = Stage::seeded("forced").await;
    let short = Duration::from_millis(500);
    let timing = DrainTiming { streams: short, in_flight: short, pool: short, ..TIMING };
    let central: Central = stage.central_that_drains(timing).await;
    let address = central.address();
    let (hanging, idle) = (cluster(stage.population, 0), cluster(stage.population, 1));
    let (mut sensor, epoch, _) = Sensor::opened(address, hanging).await;
    let (mut quiet, ..) = Sensor::opened(address, idle).await;

    let blocker = stage.owner().await;
    blocker
        .batch_execute("BEGIN; LOCK TABLE process_indicators IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    // In one piece: what has not arrived when the first part is being stored is not received.
    sensor.events(1, ids(3).into_iter().map(|id| event(stage.population, id)));
    let path = format!("/v1/processes/deployment/{}", stage.population.key(Kind::Deployment, 0));
    let mut client = Connection::http1(address).await;
    let asked = path.clone();
    let request = tokio::spawn(async move { client.send("GET", &asked, "").await.is_err() });
    let watcher = stage.superuser().await;
    until("both wait", async || {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'
                   AND datname = current_database()";
        watcher.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) >= 2
    })
    .await;
    let polite = tokio::spawn(async move {
        let mut said = Vec::new();
        while let Some(message) = quiet.next().await {
            if message == ToSensor::StopSending(true) {
                quiet.end();
            }
            said.push(message);
        }
        said
    });

    let report = central.drain().await;
    let cut = CutStream { cluster_id: hanging, epoch, events_unacknowledged: 3 };
    assert_eq!(report.streams.cut, [cut]);
    assert_eq!(report.streams.in_order, 1);
    assert_eq!(report.requests.cut, [format!("GET {path}")]);
    assert_eq!(report.requests.connections_cut, 1);
    assert!(!report.is_clean());
    assert!(request.await.unwrap(), "the request was answered");
    assert_eq!(polite.await.unwrap(), [ToSensor::StopSending(true), ToSensor::GoAway(true)]);
    while let Ok(message) = sensor.try_next().await {
        assert!(message.is_some(), "a cut stream must not seem to have ended in order");
    }
    blocker.batch_execute("ROLLBACK").await.unwrap();
    until("nothing is left of it", async || {
        let sql = "SELECT count(*) FROM pg_stat_activity
                   WHERE usename = 'central_service' AND datname = current_database()";
        watcher.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) == 0
    })
    .await;
}
