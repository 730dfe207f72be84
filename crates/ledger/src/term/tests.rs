//! The fence itself, on a real server: each test fails when one part of it is taken out.
//!
//! `cargo xtask mutants` takes them out one by one. In here since the types are the crate's own.

use super::{GuardedConnection, Term};
use crate::bootstrap;
use crate::connection::{self, Connection, Purpose};
use crate::error::Error;
use crate::options::Options;
use changeover_postgres::Server;
use std::time::Duration;
use tokio_postgres::Client;
use uuid::Uuid;

const ACQUIRE: &str = include_str!("sql/acquire.sql");
const RENEW: &str = include_str!("sql/renew.sql");
const TRANSFER: &str = include_str!("sql/transfer.sql");
const ASK: &str = include_str!("sql/ask.sql");
const GUARD: &str = "SELECT changeover.guard('shop', $1, $2)";
const LEASE_MS: i64 = 60_000;
const EXPIRE: &str = "UPDATE changeover.term SET expires_at = '-infinity'";
/// A term is renewed once a third of its lease: twice in a row is no accident.
const TRIES_MAX: u32 = 10;

/// A database with a ledger, and a table of the user's.
struct Stage {
    options: Options,
    watch: Connection,
}

impl Stage {
    async fn new() -> Self {
        let server =
            tokio::task::spawn_blocking(|| Server::shared(15)).await.unwrap().expect("a server");
        let name = server.fresh_database("term").await.expect("a database");
        let mut options = Options::new("shop", "1", Vec::new());
        options.owner_url = Some(server.url("postgres", &name));
        options.timing.lease = Duration::from_secs(60);
        let mut watch = open(&options, Purpose::Watch).await;
        bootstrap::ensure(&mut watch, "shop", &[]).await.unwrap();
        watch.client.batch_execute("CREATE TABLE t (v integer)").await.unwrap();
        Self { options, watch }
    }

    fn url(&self) -> &str {
        self.options.owner_url.as_deref().unwrap()
    }

    async fn term(&self) -> Result<Option<Term>, Error> {
        Term::try_acquire(&self.watch, &self.options, self.url(), Uuid::new_v4()).await
    }

    async fn client(&self) -> Connection {
        open(&self.options, Purpose::Watch).await
    }

    /// The next term, as it is granted once this one has expired.
    async fn next_term(&self) -> Term {
        // A renewal may come in between.
        for _ in 0..TRIES_MAX {
            self.watch.client.batch_execute(EXPIRE).await.unwrap();
            if let Some(term) = self.term().await.unwrap() {
                return term;
            }
        }
        panic!("it does not expire");
    }

    async fn count(&self, sql: &str) -> i64 {
        self.watch.client.query_one(sql, &[]).await.unwrap().get(0)
    }
}

async fn open(options: &Options, purpose: Purpose) -> Connection {
    let url = options.owner_url.as_deref().unwrap();
    connection::open(url, &options.application_name(), purpose).await.unwrap()
}

async fn acquire(client: &Client, holder: Uuid) -> Option<i64> {
    let row = client.query_opt(ACQUIRE, &[&"shop", &holder, &"1", &LEASE_MS]).await.unwrap();
    row.map(|row| row.get(0))
}

/// Grants the next term by hand, the last one having expired; a renewal may come in between.
async fn grant(client: &Client) -> i64 {
    for _ in 0..TRIES_MAX {
        client.batch_execute(EXPIRE).await.unwrap();
        if let Some(epoch) = acquire(client, Uuid::new_v4()).await {
            return epoch;
        }
    }
    panic!("it does not expire");
}

async fn until(what: &str, mut reached: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while !reached().await {
        assert!(tokio::time::Instant::now() < deadline, "not reached: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A transaction that has passed the guard and not yet committed holds back the next grant: else it
/// could commit after that. Needs the lock of the guard *and* the unique key that it conflicts with.
#[tokio::test]
async fn a_grant_waits_for_whoever_has_passed_the_guard() {
    let stage = Stage::new().await;
    let term = stage.term().await.unwrap().expect("nobody holds it");
    let mut worker = GuardedConnection::open(&stage.options, stage.url(), &term).await.unwrap();
    let transaction = worker.begin().await.unwrap();
    transaction.guard_early().await.unwrap();
    transaction.client().batch_execute("INSERT INTO t VALUES (1)").await.unwrap();

    let other = stage.client().await;
    other
        .client
        .batch_execute("SET lock_timeout = 0; SET statement_timeout = '60s'")
        .await
        .unwrap();
    let pid: i32 = other.client.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
    let grant = tokio::spawn(async move { grant(&other.client).await });
    until("the grant waits, or was made", async || {
        let waits = "SELECT cardinality(pg_blocking_pids($1)) > 0";
        let row = stage.watch.client.query_one(waits, &[&pid]).await.unwrap();
        row.get(0) || grant.is_finished()
    })
    .await;
    assert!(!grant.is_finished(), "granted while a guarded transaction was open");
    transaction.commit().await.unwrap();
    assert_eq!(grant.await.unwrap(), term.claim().epoch + 1);
    assert_eq!(stage.count("SELECT count(*) FROM t").await, 1);
}

#[tokio::test]
async fn a_commit_after_the_next_grant_is_refused() {
    let stage = Stage::new().await;
    let term = stage.term().await.unwrap().expect("nobody holds it");
    let mut worker = GuardedConnection::open(&stage.options, stage.url(), &term).await.unwrap();
    let transaction = worker.begin().await.unwrap();
    transaction.client().batch_execute("INSERT INTO t VALUES (1)").await.unwrap();
    // By hand: `Term::try_acquire` would end the backend first, and this is about the guard alone.
    grant(&stage.client().await.client).await;
    let refused = transaction.commit().await;
    assert!(matches!(refused, Err(Error::TermLost)), "{refused:?}");
    assert_eq!(stage.count("SELECT count(*) FROM t").await, 0);
    assert!(matches!(
        GuardedConnection::open(&stage.options, stage.url(), &term).await.map(|_| ()),
        Err(Error::TermLost)
    ));
}

/// On this side as on the server's: the rest of the transaction must not be there without it.
#[tokio::test]
async fn a_last_statement_that_fails_takes_the_transaction_with_it() {
    let stage = Stage::new().await;
    let term = stage.term().await.unwrap().expect("a term");
    let mut worker = GuardedConnection::open(&stage.options, stage.url(), &term).await.unwrap();
    let transaction = worker.begin().await.unwrap();
    transaction.client().batch_execute("INSERT INTO t VALUES (1)").await.unwrap();
    let unsent = async |_: &Client| Err(Error::Stopped);
    let error = transaction.commit_with(unsent, async |_| ()).await.unwrap_err();
    assert!(matches!(error, Error::Stopped), "{error:?}");

    let transaction = worker.begin().await.unwrap();
    transaction.client().batch_execute("INSERT INTO t VALUES (2)").await.unwrap();
    let refused = async |client: &Client| {
        let sql = |source| Error::sql("dividing", source);
        client.batch_execute("SELECT 1 / 0").await.map_err(sql)
    };
    let error = transaction.commit_with(refused, async |_| ()).await.unwrap_err();
    assert_eq!(error.sqlstate(), Some("22012"), "{error:?}");
    worker.begin().await.unwrap().commit().await.unwrap();
    assert_eq!(stage.count("SELECT count(*) FROM t").await, 0);
}

#[tokio::test]
async fn a_successor_ends_what_its_predecessor_left_running() {
    let stage = Stage::new().await;
    let term = stage.term().await.unwrap().expect("nobody holds it");
    let worker = GuardedConnection::open(&stage.options, stage.url(), &term).await.unwrap();
    let pid = worker.pid();
    let endless = tokio::spawn(async move {
        worker.unguarded().batch_execute("SET statement_timeout = 0; SELECT pg_sleep(600)").await
    });
    let running = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE pid = {pid} AND query LIKE '%pg_sleep%'"
    );
    until("it runs", async || stage.count(&running).await == 1).await;
    let next = stage.next_term().await;
    assert_eq!(next.claim().epoch, term.claim().epoch + 1);
    assert_eq!(stage.count(&running).await, 0, "the next term began while the old backend worked");
    endless.await.unwrap().unwrap_err();
}

#[tokio::test]
async fn a_login_that_acts_as_another_role_ends_its_own_sessions() {
    let mut stage = Stage::new().await;
    // The sessions are the login's, and to the role that it acts as they are somebody else's.
    let roles = "DO $$ BEGIN CREATE ROLE term_group; CREATE ROLE term_login LOGIN; \
                   GRANT term_group TO term_login; \
                 EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$; \
                 GRANT ALL ON SCHEMA changeover TO term_group; \
                 GRANT ALL ON ALL TABLES IN SCHEMA changeover TO term_group; \
                 GRANT ALL ON ALL FUNCTIONS IN SCHEMA changeover TO term_group; \
                 ALTER ROLE term_login SET role = term_group";
    stage.watch.client.batch_execute(roles).await.unwrap();
    let admin = stage.url().to_owned();
    stage.options.owner_url = Some(admin.replacen("postgres@", "term_login@", 1));
    let superuser = std::mem::replace(&mut stage.watch, open(&stage.options, Purpose::Watch).await);
    let term = stage.term().await.unwrap().expect("nobody holds it");
    let worker = GuardedConnection::open(&stage.options, stage.url(), &term).await.unwrap();
    let pid = worker.pid();
    let role = worker.reader().query("SELECT current_user::text, session_user::text", &[]).await;
    let role = role.unwrap();
    assert_eq!(role[0].get::<_, String>(0), "term_group", "back to what it acts as");
    assert_eq!(role[0].get::<_, String>(1), "term_login");
    let next = stage.next_term().await;
    assert_eq!(next.claim().epoch, term.claim().epoch + 1);
    let left = superuser
        .client
        .query_one("SELECT count(*) FROM pg_stat_activity WHERE pid = $1", &[&pid])
        .await
        .unwrap();
    assert_eq!(left.get::<_, i64>(0), 0, "the predecessor's session is still there");
}

#[tokio::test]
async fn without_its_key_the_fence_is_not_trusted() {
    let stage = Stage::new().await;
    let drop_key = "ALTER TABLE changeover.term DROP CONSTRAINT term_app_epoch";
    stage.watch.client.batch_execute(drop_key).await.unwrap();
    let error = stage.term().await.map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("unique key (app, epoch)"), "{error}");
    let mut again = stage.client().await;
    let error = bootstrap::ensure(&mut again, "shop", &[]).await.unwrap_err().to_string();
    assert!(error.contains("unique key (app, epoch)"), "{error}");
}

#[tokio::test]
async fn what_gets_past_the_types_is_refused_by_the_server() {
    let stage = Stage::new().await;
    let term = stage.term().await.unwrap().expect("nobody holds it");
    let mut worker = GuardedConnection::open(&stage.options, stage.url(), &term).await.unwrap();
    let error = worker.reader().query("INSERT INTO t VALUES (1)", &[]).await.unwrap_err();
    assert_eq!(error.code().unwrap().code(), "25006", "{error}");
    let transaction = worker.begin().await.unwrap();
    transaction.client().batch_execute("INSERT INTO t VALUES (1)").await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(stage.count("SELECT count(*) FROM t").await, 1);
}

#[tokio::test]
async fn a_term_of_another_timeline_is_nobodys() {
    let stage = Stage::new().await;
    let term = stage.term().await.unwrap().expect("nobody holds it");
    let mut worker = GuardedConnection::open(&stage.options, stage.url(), &term).await.unwrap();
    let transaction = worker.begin().await.unwrap();
    // What a promoted standby would show: the row as it was granted, and a timeline that has moved on.
    stage.watch.client.batch_execute("UPDATE changeover.term SET timeline = 77").await.unwrap();
    let refused = transaction.commit().await;
    assert!(matches!(refused, Err(Error::TermLost)), "{refused:?}");
    let (claim, client) = (term.claim(), &stage.watch.client);
    let renewed =
        client.execute(RENEW, &[&claim.app, &claim.epoch, &claim.holder, &LEASE_MS, &0_i64]).await;
    assert_eq!(renewed.unwrap(), 0);
    let next = stage.term().await.unwrap().expect("unexpired, but of another timeline");
    assert_eq!(next.claim().epoch, claim.epoch + 1);
}

/// Handed over to the one with the highest head of those who wait, and to nobody else.
#[tokio::test]
async fn a_term_is_handed_over_to_who_waits() {
    let stage = Stage::new().await;
    let client = &stage.watch.client;
    let term = stage.term().await.unwrap().expect("nobody holds it");
    let epoch = term.claim().epoch;
    let (older, newer, other) = (Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4());
    for (waiter, head) in [(older, 1_i64), (newer, 2)] {
        assert_eq!(acquire(client, waiter).await, None);
        client.execute(ASK, &[&"shop", &waiter, &head]).await.unwrap();
    }
    term.release(&stage.watch).await.unwrap();
    assert_eq!(acquire(client, other).await, None, "it is for the one who was named");
    assert_eq!(acquire(client, older).await, None);
    assert_eq!(acquire(client, newer).await, Some(epoch + 2));
    let stale = client.query_opt(TRANSFER, &[&"shop", &epoch, &other, &LEASE_MS]).await.unwrap();
    assert!(stale.is_none(), "handed over by somebody who does not hold it");
    let guarded = client.execute(GUARD, &[&(epoch + 1), &newer]).await.unwrap_err();
    assert_eq!(guarded.code().unwrap().code(), "CO002");
}
