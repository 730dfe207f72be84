//! The mix of requests against each release: every answer is right, every write is there once.

use crate::{client::Connection, stage::Stage};
use changeover_central::{workload::Mix, writes};
use rand::{SeedableRng, rngs::StdRng};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use uuid::Uuid;

/// Sends `count` requests over one connection; gives the writes that were acknowledged.
pub(crate) async fn client(mix: Mix, address: SocketAddr, seed: u64, count: u64) -> Vec<Uuid> {
    send(mix, address, seed, |sequence| sequence < count).await
}

/// Sends requests over one connection until it is told to stop.
pub(crate) async fn client_until(
    mix: Mix,
    address: SocketAddr,
    seed: u64,
    stop: Arc<AtomicBool>,
) -> Vec<Uuid> {
    send(mix, address, seed, move |_| !stop.load(Ordering::Relaxed)).await
}

async fn send(
    mix: Mix,
    address: SocketAddr,
    seed: u64,
    goes_on: impl Fn(u64) -> bool,
) -> Vec<Uuid> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut connection = Connection::http1(address).await;
    let mut acknowledged = Vec::new();
    for sequence in (0..).take_while(|sequence| goes_on(*sequence)) {
        let request = mix.next(&mut rng, seed * 1_000_000 + sequence);
        let answer = connection.mix(&request).await.expect("an answer");
        Mix::check(&request, answer.status, &answer.body)
            .unwrap_or_else(|problem| panic!("{}: {problem}", request.name));
        acknowledged.extend(request.write_ids);
    }
    acknowledged
}

#[tokio::test]
async fn every_answer_is_right_and_every_write_is_there_once() {
    let stage = Stage::seeded("load").await;
    let mix = Mix::new(stage.population);
    let mut acknowledged = Vec::new();
    for (seed, release) in [(1, "4.8"), (2, "4.9"), (3, "4.10")] {
        let central = stage.central(release).await;
        let clients =
            (0..4).map(|i| tokio::spawn(client(mix, central.address(), seed * 10 + i, 100)));
        for client in clients.collect::<Vec<_>>() {
            acknowledged.extend(client.await.expect("no panic"));
        }
    }
    assert!(acknowledged.len() > 1_000, "{}", acknowledged.len());
    let found = writes::count_writes(&stage.owner_url(), &acknowledged).await.unwrap();
    assert_eq!((found.missing, found.doubled), (vec![], vec![]));
    assert_eq!(found.unacknowledged, 0);
}

/// An answer of the wrong content must not pass as right.
#[tokio::test]
async fn a_wrong_answer_is_noticed() {
    let stage = Stage::seeded("wrong").await;
    let central = stage.central("4.8").await;
    let mix = Mix::new(stage.population);
    let mut rng = StdRng::seed_from_u64(1);
    let mut connection = Connection::http1(central.address()).await;
    let one = (0..).map(|i| mix.next(&mut rng, i)).find(|r| r.write_ids.len() > 1).unwrap();
    let other = (0..).map(|i| mix.next(&mut rng, i)).find(|r| r.write_ids.len() > 1).unwrap();
    let answer = connection.mix(&one).await.expect("an answer");
    assert_eq!(Mix::check(&one, answer.status, &answer.body), Ok(()));
    assert!(Mix::check(&other, answer.status, &answer.body).is_err());
    assert!(Mix::check(&one, 500, &answer.body).is_err());
    assert!(Mix::check(&one, 200, b"<html>").is_err());
}
