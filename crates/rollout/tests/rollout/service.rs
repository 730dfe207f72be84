//! The forwarder: resets, half close, lateness.

use std::{io::ErrorKind, net::SocketAddr, time::Duration};

use changeover_rollout::service::{Service, ServiceSpec};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};

use crate::support::DEADLINE;

fn start(endpoints: Vec<SocketAddr>) -> (Service, watch::Sender<Vec<SocketAddr>>) {
    let (sender, receiver) = watch::channel(endpoints);
    let spec =
        ServiceSpec { propagation_delay: Duration::from_millis(200), ..ServiceSpec::default() };
    (Service::start(spec, receiver).unwrap(), sender)
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// How the connection ends for a client that waits for an answer.
async fn end_of(mut client: TcpStream) -> Result<usize, ErrorKind> {
    let mut answer = Vec::new();
    let read = timeout(DEADLINE, client.read_to_end(&mut answer)).await.unwrap();
    read.map_err(|error| error.kind())
}

#[tokio::test]
async fn without_an_endpoint_the_client_gets_a_reset() {
    let (service, _truth) = start(Vec::new());
    let client = TcpStream::connect(service.address()).await.unwrap();
    assert_eq!(end_of(client).await, Err(ErrorKind::ConnectionReset));
    let stats = service.stats();
    assert_eq!((stats.accepted, stats.failed_no_endpoint, stats.failed_connect), (1, 1, 0));
}

#[tokio::test]
async fn an_endpoint_that_refuses_is_not_replaced_by_another() {
    let (listener, gone) = listen().await;
    drop(listener);
    let (_alive, address) = listen().await;
    let (service, _truth) = start(vec![gone, address]);
    let client = TcpStream::connect(service.address()).await.unwrap();
    assert_eq!(end_of(client).await, Err(ErrorKind::ConnectionReset));
    assert_eq!(service.stats().failed_connect, 1);
}

#[tokio::test]
async fn bytes_and_half_close_pass_in_both_directions() {
    let (listener, address) = listen().await;
    let (service, _truth) = start(vec![address]);
    // The pod reads until the client's end, and answers only then.
    let pod = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut question = Vec::new();
        connection.read_to_end(&mut question).await.unwrap();
        question.reverse();
        connection.write_all(&question).await.unwrap();
    });
    let question: Vec<u8> = (0..3_000_000_u32).map(|index| (index % 251) as u8).collect();
    let mut client = TcpStream::connect(service.address()).await.unwrap();
    client.write_all(&question).await.unwrap();
    client.shutdown().await.unwrap();
    let mut answer = Vec::new();
    timeout(DEADLINE, client.read_to_end(&mut answer)).await.unwrap().unwrap();
    answer.reverse();
    assert!(answer == question);
    pod.await.unwrap();
}

#[tokio::test]
async fn a_reset_by_the_pod_reaches_the_client() {
    let (listener, address) = listen().await;
    let (service, _truth) = start(vec![address]);
    let mut client = TcpStream::connect(service.address()).await.unwrap();
    client.write_all(b"half a request").await.unwrap();
    let (mut connection, _) = listener.accept().await.unwrap();
    connection.read_exact(&mut [0; 4]).await.unwrap();
    connection.set_zero_linger().unwrap();
    drop(connection);
    assert_eq!(end_of(client).await, Err(ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn a_removed_endpoint_is_used_until_the_news_arrive_and_keeps_its_connections() {
    let (listener, address) = listen().await;
    let (service, truth) = start(vec![address]);
    let mut old = TcpStream::connect(service.address()).await.unwrap();
    let (mut old_in_pod, _) = listener.accept().await.unwrap();
    truth.send_replace(Vec::new());
    assert_eq!(service.known_endpoints(), [address]);
    timeout(DEADLINE, async {
        while !service.known_endpoints().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    let client = TcpStream::connect(service.address()).await.unwrap();
    assert_eq!(end_of(client).await, Err(ErrorKind::ConnectionReset));
    old.write_all(b"still here").await.unwrap();
    let mut text = [0; 10];
    timeout(DEADLINE, old_in_pod.read_exact(&mut text)).await.unwrap().unwrap();
    assert_eq!(&text, b"still here");
}
