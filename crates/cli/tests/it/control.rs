//! `changeover pause`, `resume`, `pace`, `stop`, `cancel`, as an operator types them.

use crate::project::{Project, TOTAL, ended, filters};
use changeover_central::roles::{OWNER, SERVICE, create_roles};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Child;
use tokio_postgres::Client;

/// The longest that a state is waited for; far above what any of them takes.
const STATE_WAIT: Duration = Duration::from_secs(120);
const ROWS: u32 = 1500;
/// One row a batch, and a rest that makes it last.
const SLOWLY: [&str; 7] = ["migrate", "--batch-rows", "1", "--rest", "5", "--lease-ms", "2000"];

async fn until(client: &Client, what: &str, condition: &str) {
    let deadline = tokio::time::Instant::now() + STATE_WAIT;
    let sql = format!("SELECT coalesce(({condition}), false)");
    while !client.query_one(&sql, &[]).await.unwrap().get::<_, bool>(0) {
        assert!(tokio::time::Instant::now() < deadline, "not reached: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

const FILLED: &str = "SELECT coalesce(sum(p.done), 0)::bigint FROM changeover.progress p \
      JOIN changeover.step s ON s.app = p.app AND s.id = p.step WHERE s.kind = 'backfill'";

async fn filled(client: &Client) -> i64 {
    client.query_one(FILLED, &[]).await.unwrap().get(0)
}

/// Waits until no row is filled between two renewals of the term; from then on none is over eight more.
async fn stands_still(client: &Client) {
    let mut before = -1;
    while filled(client).await != before {
        before = filled(client).await;
        renewed(client, 2).await;
    }
    renewed(client, 8).await;
    assert_eq!(filled(client).await, before, "rows are filled while paused");
}

async fn renewed(client: &Client, times: u32) {
    for _ in 0..times {
        let sql = "SELECT coalesce(max(expires_at), 'epoch')::text FROM changeover.term \
                    WHERE holder IS NOT NULL";
        let expiry: String = client.query_one(sql, &[]).await.unwrap().get(0);
        let renewed = format!(
            "SELECT bool_or(expires_at::text <> '{expiry}') FROM changeover.term \
              WHERE holder IS NOT NULL AND isfinite(expires_at)"
        );
        until(client, "the term is renewed", &renewed).await;
    }
}

fn settings() -> (insta::internals::SettingsBindDropGuard, insta::internals::SettingsBindDropGuard)
{
    let outer = filters();
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"\d{4}-\d\d-\d\d \d\d:\d\d( UTC)?|since \d\d:\d\d", "[when]");
    settings.add_filter(r"\d+ %  \d+ of 1,500 rows.*", "[progress]");
    settings.add_filter(r"[█░]{10}", "[bar]");
    (outer, settings.bind_to_scope())
}

/// Of the screen, what is about the upgrade: the lines before the instances, and the backfill's.
fn told(screen: &str) -> String {
    let about = |line: &&str| !line.is_empty();
    let head: Vec<&str> = screen.lines().take_while(about).collect();
    let step = screen.lines().find(|line| line.contains("0002.2.backfill")).unwrap_or_default();
    format!("{}\n{step}", head.join("\n"))
}

#[tokio::test]
async fn a_pause_holds_across_the_death_of_the_holder() {
    let _bound = settings();
    let project = Project::with_orders(ROWS).await.file("0002_total.sql", TOTAL);
    let client = project.client().await;
    let mut first = project.spawn(&SLOWLY);
    until(&client, "the backfill is under way", &format!("SELECT ({FILLED}) > 3")).await;
    let paused = project.run(&["pause", "--reason", "month end"]).await.ok();
    insta::assert_snapshot!(paused.all(), @r"
    Nothing more begins, and batches wait.
    paused by ada [when]: month end; `changeover resume` goes on
    --- stderr
    --- exit 0
    ");
    stands_still(&client).await;
    insta::assert_snapshot!(told(&project.run(&["status"]).await.stdout), @r"
    default  head 2, floor 1, 2 migrations
    term 2 is held by release changeover-0.1.0: it migrates now
    paused by ada [when]: month end; `changeover resume` goes on
      ▶ 0002.2.backfill  backfill orders.total                                paused
    ");
    let json = project.run(&["status", "--json"]).await.ok().json();
    assert_eq!(json["control"]["paused"]["reason"], "month end");

    first.kill().await.unwrap();
    let second = project.spawn(&["migrate", "--lease-ms", "2000"]);
    until(
        &client,
        "another one holds the term",
        "SELECT bool_or(holder IS NOT NULL AND epoch > 2) FROM changeover.term",
    )
    .await;
    stands_still(&client).await;
    assert!(filled(&client).await < i64::from(ROWS));
    insta::assert_snapshot!(project.run(&["resume"]).await.ok().stdout, @"It goes on.");
    ended(second).await.ok();
    assert_eq!(filled(&client).await, i64::from(ROWS), "each row was worked once");
    assert_eq!(project.run(&["resume"]).await.ok().stdout, "It was not paused.\n");
}

#[tokio::test]
async fn the_pace_is_set_bit_by_bit() {
    let _bound = settings();
    let project = Project::with_orders(1).await;
    let set = ["pace", "--max-share", "0.3", "--hours", "22-5", "--time-zone", "Asia/Tokyo"];
    project.run(&set).await.ok();
    let ran = project.run(&["pace", "--min-share", "0", "--probe-factor", "1.5", "--hours", "any"]);
    insta::assert_snapshot!(ran.await.ok().stdout, @r"
    max-share     0.3
    min-share     0
    probe-factor  1.5
    hours         any
    set by ada at [when]
    ");
    let json = project.run(&["pace", "--max-share", "default", "--json"]).await.ok().json();
    assert_eq!(
        (&json["control"]["max_share"], &json["control"]["min_share"]),
        (&().into(), &0.0.into())
    );
    insta::assert_snapshot!(project.run(&["pace", "--reset"]).await.ok().stdout, @r"
    max-share     as by default
    min-share     as by default
    probe-factor  as by default
    hours         any
    set by ada at [when]
    ");
}

#[tokio::test]
async fn where_to_stop_and_what_not_to_run_are_said_in_the_status() {
    let _bound = settings();
    let project = Project::with_orders(10).await.file("0002_total.sql", TOTAL);
    project.run(&["migrate", "--stop-after", "0002.1.add_column"]).await.ok();
    insta::assert_snapshot!(project.run(&["stop", "--after", "0002.2.sync"]).await.ok().stdout, @r"
    Nothing begins once 0002.2.sync is done.
    stops after 0002.2.sync by ada [when]; `changeover stop --cancel` goes on
    ");
    insta::assert_snapshot!(project.run(&["migrate"]).await.ok().stdout, @r"
    1 step done: default is at migration 2.
    Stopped after step 0002.2.sync, as asked. `changeover stop --cancel` takes that
    back, and nothing begins before, here or in an instance of the service.
    ");
    insta::assert_snapshot!(project.run(&["cancel", "0002.3.index"]).await.ok().stdout, @r"
    0002.3.index does not run now, and will not begin.
    stops after 0002.2.sync by ada [when]; `changeover stop --cancel` goes on
    cancelled: 0002.3.index by ada [when]; `changeover resume` begins it again
    ");
    insta::assert_snapshot!(project.run(&["stop", "--cancel"]).await.ok().stdout, @r"
    It stops nowhere.
    cancelled: 0002.3.index by ada [when]; `changeover resume` begins it again
    ");
    let ran = project.run(&["migrate"]).await.ok().stdout;
    assert!(ran.contains("\nStep 0002.3.index waits: cancelled by ada since "), "{ran}");
    let status = project.run(&["status"]).await.ok().stdout;
    let line = status.lines().find(|line| line.contains("0002.3.index  build")).unwrap();
    assert!(line.ends_with(" cancelled"), "{line}");
    assert_eq!(
        project.run(&["cancel", "0002.2.backfill"]).await.ok().stdout.lines().next(),
        Some("0002.2.backfill is done already: nothing was cancelled.")
    );
    project.run(&["resume"]).await.ok();
    project.run(&["migrate"]).await.ok();
    assert_eq!(filled(&project.client().await).await, 10);
}

#[tokio::test]
async fn mistakes_are_told_with_what_was_meant() {
    let _bound = settings();
    let project = Project::with_orders(1).await.file("0002_total.sql", TOTAL);
    project.run(&["migrate"]).await.ok();
    insta::assert_snapshot!(project.run(&["stop", "--after", "0002.2.backfil"]).await.all(), @r"
    --- stderr
    error: there is no step 0002.2.backfil; near it: 0002.2.backfill, 0002.2.sync, 0002.2.check
      what to do: `changeover status` shows the steps
    --- exit 2
    ");
    insta::assert_snapshot!(project.run(&["pace", "--hours", "late"]).await.all(), @r"
    --- stderr
    error: hours are two different full hours, such as 22-5, and not late
    --- exit 2
    ");
    insta::assert_snapshot!(project.run(&["pace", "--max-share", "0"]).await.all(), @r"
    --- stderr
    error: shares are between 0 and 1 and the least is not above the most; a factor is at least 1
    --- exit 2
    ");
    insta::assert_snapshot!(project.run(&["pause", "--app", "shopp"]).await.all(), @r"
    --- stderr
    error: the ledger of this database has no application shopp; it has default
      what to do: name one of these with --app, CHANGEOVER_APP or `app` in changeover.toml; a new one begins with `changeover migrate` or `changeover adopt`
    --- exit 9
    ");
}

/// Central's processes on one database: each at an address of its own.
struct Fleet {
    project: Project,
    owner: String,
    service: String,
}

impl Fleet {
    async fn new() -> Self {
        let project = Project::new().await;
        create_roles(project.url()).await.unwrap();
        let url = |role: &str| project.url().replace("//postgres@", &format!("//{role}@"));
        let (owner, service) = (url(OWNER), url(SERVICE));
        Self { project, owner, service }
    }

    /// Rows in the tables that the first release has made.
    async fn seed(&self) {
        let seed = ["central", "seed", "--owner-url", &self.owner, "--rows", "3000"];
        self.project.run(&seed).await.ok();
    }

    fn serve(&self, release: &str, more: &[&str]) -> (Child, SocketAddr) {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let listen = address.to_string();
        let serve = [
            ["central", "serve", "--release", release, "--listen", &listen].as_slice(),
            &["--database-url", &self.service, "--owner-url", &self.owner, "--lease-ms", "2000"],
            more,
        ]
        .concat();
        (self.project.spawn_quietly(&serve), address)
    }
}

/// The answer to one request.
async fn get(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: central\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// Asks again and again; how many answers came, all of them good.
async fn clients(address: SocketAddr, stop: Arc<AtomicBool>) -> u32 {
    let mut answers = 0;
    while !stop.load(Ordering::Relaxed) {
        let answer = get(address, "/v1/alerts").await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        answers += 1;
    }
    answers
}

/// A backfill that runs inside the service, under load, through the program: paused across a SIGKILL of its
/// holder, resumed, and complete.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_holds_inside_a_service_whose_holder_is_killed() {
    let fleet = Fleet::new().await;
    let client = fleet.project.client().await;
    let (mut old, address) = fleet.serve("4.8", &[]);
    let serves = "SELECT EXISTS (SELECT 1 FROM changeover.instance WHERE state = 'serving')";
    until(&client, "the ledger is there", "SELECT to_regclass('changeover.step') IS NOT NULL")
        .await;
    until(&client, "4.8 serves", serves).await;
    fleet.seed().await;
    let stop = Arc::new(AtomicBool::new(false));
    let load = tokio::spawn(clients(address, Arc::clone(&stop)));

    let (mut first, _) = fleet.serve("4.9", &["--batch-rows", "1"]);
    until(&client, "the backfill is under way", &format!("SELECT ({FILLED}) > 3")).await;
    let paused =
        fleet.project.run(&["pause", "--app", "central", "--reason", "clients first"]).await;
    assert!(paused.ok().stdout.contains("paused by ada since"));
    stands_still(&client).await;
    let before = filled(&client).await;
    let epoch = "SELECT epoch FROM changeover.term WHERE app = 'central'";
    let killed: i64 = client.query_one(epoch, &[]).await.unwrap().get(0);
    first.kill().await.unwrap();
    let (mut second, ready) = fleet.serve("4.9", &[]);
    let taken =
        format!("SELECT bool_or(holder IS NOT NULL AND epoch > {killed}) FROM changeover.term");
    until(&client, "another one holds the term", &taken).await;
    stands_still(&client).await;
    assert!(filled(&client).await - before <= 1, "rows were filled while paused");
    // What it needs was there before the pause, so it serves.
    until(&client, "4.9 serves", "SELECT EXISTS (SELECT 1 FROM changeover.instance \
           WHERE state = 'serving' AND head > 208 AND heartbeat_at > clock_timestamp() - interval '3 s')")
        .await;
    assert!(get(ready, "/readyz").await.unwrap().starts_with("HTTP/1.1 200"));
    fleet.project.run(&["resume", "--app", "central"]).await.ok();
    let open = "SELECT NOT EXISTS (SELECT 1 FROM changeover.step WHERE state <> 'done' AND phase = 'online')";
    until(&client, "everything online is done", open).await;
    stop.store(true, Ordering::Relaxed);
    assert!(load.await.unwrap() > 20, "hardly anybody asked");
    old.kill().await.unwrap();
    second.kill().await.unwrap();
}
