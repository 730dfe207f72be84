//! The command line: what the program `changeover central …` does.

use crate::{
    client::once,
    stage::{Stage, until},
};
use changeover_central::command::{self, CentralArgs};
use clap::Parser;
use std::net::TcpListener;
use tokio::net::TcpStream;

#[derive(Parser)]
struct Program {
    #[command(flatten)]
    central: CentralArgs,
}

fn parse(arguments: &[&str]) -> CentralArgs {
    Program::try_parse_from([&["central"], arguments].concat()).expect("arguments").central
}

#[tokio::test]
async fn seed_then_serve_until_sigterm() {
    let stage = Stage::empty("command").await;
    let (owner, service) = (stage.owner_url(), stage.service_url());
    let seed = parse(&["seed", "--owner-url", &owner, "--rows", "1000", "--baseline"]);
    command::run(seed).await.expect("it seeds");

    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let serve = parse(&[
        "serve",
        "--release",
        "4.9",
        "--listen",
        &address.to_string(),
        "--database-url",
        &service,
        "--owner-url",
        &owner,
        "--upgrade",
        "in-one-go",
        "--propagation-ms",
        "300",
        "--idle-ms",
        "300",
    ]);
    let running = tokio::spawn(command::run(serve));
    until("it listens", async || TcpStream::connect(address).await.is_ok()).await;
    until("it is ready", async || once(address, "GET", "/readyz", "").await.status == 200).await;

    // Safe for this process: the one that listens has its signal handlers installed.
    let pid = std::process::id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    until("it is not ready", async || once(address, "GET", "/readyz", "").await.status == 503)
        .await;
    assert_eq!(once(address, "GET", "/v1/ping", "").await.status, 200);
    running.await.unwrap().expect("it leaves");
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn an_unknown_release_is_refused_by_name() {
    // As a container has it: the file is there, and empty.
    let left = std::env::temp_dir().join(format!("central-termination-{}", std::process::id()));
    std::fs::write(&left, "").unwrap();
    let nobody = "postgres://nobody@localhost/x";
    let path = left.to_str().unwrap();
    let serve =
        parse(&["serve", "--release", "5.0", "--database-url", nobody, "--termination-log", path]);
    let error = command::run(serve).await.expect_err("there is no 5.0");
    insta::assert_snapshot!(error, @"release `5.0` is unknown; there are 4.8, 4.9, 4.10");
    let message = std::fs::read_to_string(&left).unwrap();
    std::fs::remove_file(&left).unwrap();
    assert_eq!(message, error.to_string(), "what `kubectl describe pod` shows");
}
