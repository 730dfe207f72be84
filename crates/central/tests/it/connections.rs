//! Connections that run out: two releases that want more than there are, and a server that is full.

use crate::{client::once, load, stage::Stage, stage::until};
use changeover_central::{
    seed,
    server::Central,
    settings::{Settings, UpgradeMode},
    workload::Mix,
};
use changeover_postgres::Server;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI64, Ordering},
};
use tokio_postgres::Client;

/// What the server has, less the superusers' three and what is left to others.
const ALLOWED: i64 = 100 - 3 - 5;

/// Pages of alerts that wait for a lock, of all instances. Their workers, which read alerts now and then,
/// may wait there, too, and are none of the requests.
const BLOCKED: &str = "SELECT count(*) FROM pg_stat_activity \
    WHERE wait_event_type = 'Lock' AND application_name LIKE 'changeover@%' \
      AND strpos(query, 'SELECT merged.id') > 0";

async fn number(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.expect("it counts").get(0)
}

/// Waits until so many requests have a connection and wait for the lock: all that there are.
async fn until_blocked(client: &Client, count: usize) {
    let count = i64::try_from(count).expect("few");
    until("all connections are in use", async || number(client, BLOCKED).await == count).await;
}

/// The most connections that all instances together had at any moment.
fn watch(observer: Arc<Client>, most: Arc<AtomicI64>, stop: Arc<AtomicBool>) {
    tokio::spawn(async move {
        let sql =
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'changeover@%'";
        while !stop.load(Ordering::Relaxed) {
            most.fetch_max(number(&observer, sql).await, Ordering::Relaxed);
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    });
}

/// What an instance of a release was granted last.
async fn granted(client: &Client, release: &str) -> i64 {
    let sql = format!(
        "SELECT coalesce(max(s.granted), 0)::bigint FROM changeover.connection_share s \
           JOIN changeover.instance i ON i.id = s.instance \
          WHERE i.release = '{release}' AND i.left_at IS NULL"
    );
    number(client, &sql).await
}

async fn start(stage: &Stage, release: &str) -> Central {
    let wanted =
        Settings { pool_connections_max: 90, ..stage.settings(release, UpgradeMode::Changeover) };
    Central::start(wanted).await.expect("it starts")
}

/// Requests that all hold a connection until nobody holds the lock on `alerts`.
fn requests(central: &Central, count: usize) -> Vec<tokio::task::JoinHandle<u16>> {
    let address = central.address();
    (0..count)
        .map(|_| tokio::spawn(async move { once(address, "GET", "/v1/alerts", "").await.status }))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_releases_stay_within_what_the_server_has() {
    let server = tokio::task::spawn_blocking(|| {
        Server::builder().major(15).setting("max_connections", "100").start()
    });
    let server: &'static Server = Box::leak(Box::new(server.await.unwrap().expect("a server")));
    let stage = Stage::empty_on(server, "connections").await;
    let observer = Arc::new(stage.superuser().await);
    let (most, stop) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicBool::new(false)));
    watch(Arc::clone(&observer), Arc::clone(&most), Arc::clone(&stop));

    let old = start(&stage, "4.8").await;
    seed::seed(stage.population, 1, &stage.owner_url(), |_| {}).await.expect("rows are made");
    until("the old one has nearly all", async || granted(&observer, "4.8").await > 60).await;
    let blocker = stage.superuser().await;
    blocker.batch_execute("BEGIN; LOCK TABLE alerts IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let held = old.pool_limit();
    assert!(held > 40, "{held}");
    let in_old = requests(&old, held);
    until_blocked(&observer, held).await;

    // All of these are in use, and yet the new one gets some at once.
    let new = start(&stage, "4.9").await;
    let mix = Mix::new(stage.population);
    let processes = format!(
        "/v1/processes/deployment/{}",
        stage.population.key(changeover_central::population::Kind::Deployment, 0)
    );
    assert_eq!(once(new.address(), "GET", &processes, "").await.status, 200);
    let still_held = usize::try_from(number(&observer, BLOCKED).await).unwrap();
    assert_eq!(still_held, held, "nothing of the old one's was cut");
    blocker.batch_execute("COMMIT").await.unwrap();
    for request in in_old {
        assert_eq!(request.await.unwrap(), 200);
    }
    until("both have the same", async || {
        let shares = [granted(&observer, "4.8").await, granted(&observer, "4.9").await];
        shares[0] == shares[1] && shares[0] > 30
    })
    .await;

    // Both at their limits.
    blocker.batch_execute("BEGIN; LOCK TABLE alerts IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let limits = [old.pool_limit(), new.pool_limit()];
    assert!(limits.iter().all(|limit| *limit > 15), "{limits:?}");
    let (in_old, in_new) = (requests(&old, limits[0]), requests(&new, limits[1]));
    until_blocked(&observer, limits[0] + limits[1]).await;
    blocker.batch_execute("COMMIT").await.unwrap();
    for request in in_old.into_iter().chain(in_new) {
        assert_eq!(request.await.unwrap(), 200);
    }
    let mut acknowledged = 0;
    let ended = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..8)
        .map(|i| tokio::spawn(load::client_until(mix, new.address(), 10 + i, Arc::clone(&ended))))
        .collect();
    old.drain().await;
    until("the share of who left goes to who stays", async || granted(&observer, "4.9").await > 60)
        .await;
    ended.store(true, Ordering::Relaxed);
    for client in clients {
        acknowledged += client.await.expect("no request failed").len();
    }
    assert!(acknowledged > 20, "{acknowledged}");

    // One that is killed keeps its share until it is given up, and no longer.
    let third = start(&stage, "4.9").await;
    until("they share", async || granted(&observer, "4.9").await < 50).await;
    drop(third);
    until("the share of who was killed comes back", async || granted(&observer, "4.9").await > 60)
        .await;
    stop.store(true, Ordering::Relaxed);
    let most = most.load(Ordering::Relaxed);
    assert!((70..=ALLOWED).contains(&most), "at most {most} of {ALLOWED}");
    let log = server.log();
    for refusal in ["too many clients", "connection slots are reserved"] {
        assert!(!log.contains(refusal), "{refusal}");
    }
    new.drain().await;
}

/// Sessions of others, as many as the server still takes.
async fn take_all(url: &str) -> Vec<Client> {
    let mut taken = Vec::new();
    // More than the server can have.
    for _ in 0..100 {
        match tokio_postgres::connect(url, tokio_postgres::NoTls).await {
            Ok((client, connection)) => {
                tokio::spawn(connection);
                taken.push(client);
            }
            Err(error) => {
                let code = error.code().expect("the server answers").code();
                assert_eq!(code, "53300", "{error}");
                return taken;
            }
        }
    }
    panic!("the server is never full");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_server_is_asked_again_until_it_has_room() {
    let server = tokio::task::spawn_blocking(|| {
        Server::builder().major(16).setting("max_connections", "60").start()
    });
    let server: &'static Server = Box::leak(Box::new(server.await.unwrap().expect("a server")));
    let stage = Stage::empty_on(server, "full").await;
    let central = start(&stage, "4.8").await;
    seed::seed(stage.population, 1, &stage.owner_url(), |_| {}).await.expect("rows are made");
    let (observer, blocker) = (stage.superuser().await, stage.superuser().await);
    blocker.batch_execute("BEGIN; LOCK TABLE alerts IN ACCESS EXCLUSIVE MODE").await.unwrap();

    let others = take_all(&stage.service_url()).await;
    let refusals = || server.log().matches("FATAL").count();
    let before = refusals();
    // More than it has open: each needs one of its own.
    let limit = central.pool_limit();
    assert!(limit > 3, "{limit}");
    let waiting = requests(&central, limit);
    until("the server has refused central, too", async || refusals() > before).await;
    drop(others);
    until_blocked(&observer, limit).await;
    blocker.batch_execute("COMMIT").await.unwrap();
    for request in waiting {
        assert_eq!(request.await.unwrap(), 200);
    }
    central.drain().await;
}
