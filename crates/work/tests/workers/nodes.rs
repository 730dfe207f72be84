//! What processes make of it: hand-overs, deaths, pauses, drains, with real connections.

use crate::common::{SERVICE, until, value};
use crate::stage::{
    Counter, NAME, Node, ONE, TWO, database, epoch, owner_gen, regressions, until_works,
};
use changeover::status::StatusReader;
use changeover::{Changeover, Error, operate};
use changeover_postgres::PgBouncer;
use changeover_work::{BackgroundBuilder, BoxFuture, SingletonWorker, Tenure, WorkError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, Notify};

const TAKE: &str = "UPDATE changeover.worker SET epoch = epoch + 1, holder = gen_random_uuid(), \
                    expires_at = clock_timestamp() + interval '1 hour'";
const GIVE: &str = "UPDATE changeover.worker SET epoch = epoch + 1, holder = NULL";
const SLEEPERS: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                        AND state = 'active' AND query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()";

#[tokio::test(flavor = "multi_thread")]
async fn handed_over_to_the_new_release_and_back() {
    for major in [15, 17] {
        let (database, admin) = database(major).await;
        let old = Node::steady(&database, 1).await;
        until_works(&admin, 1).await;
        let new = Node::steady(&database, 2).await;
        until_works(&admin, 2).await;
        // The way back: the new ones go, the old one is still there.
        let report = new.leave().await;
        assert_eq!(report.handed_over, [NAME]);
        assert!(report.is_clean());
        until_works(&admin, 1).await;
        let again = Node::steady(&database, 2).await;
        until_works(&admin, 2).await;
        assert!(old.leave().await.handed_over.is_empty(), "it owned nothing");
        assert_eq!(again.leave().await.given_back, [NAME], "nobody is left");
        assert_eq!(owner_gen(&admin).await, 0);
        assert_eq!(regressions(&admin).await, 0);
    }
}

/// Nodes come, go and die, and leases end before their time: what is counted is never counted under an
/// epoch that is over.
#[tokio::test(flavor = "multi_thread")]
async fn one_owner_at_a_time_whatever_happens() {
    for major in [15, 17] {
        let (database, admin) = database(major).await;
        let mut nodes = Vec::new();
        for generation in [1, 1, 2] {
            nodes.push(Node::counting(&database, generation).await);
        }
        for round in 0..30_i64 {
            let seen = epoch(&admin).await;
            match round % 3 {
                0 => admin.batch_execute("UPDATE changeover.worker SET expires_at = '-infinity'"),
                1 => admin.batch_execute(GIVE),
                _ => admin.batch_execute(
                    "UPDATE changeover.worker SET successor = NULL, handover_by = NULL, \
                        expires_at = clock_timestamp() - interval '1 ms'",
                ),
            }
            .await
            .unwrap();
            if round % 10 == 9 {
                nodes.remove(0).die();
                nodes.push(Node::counting(&database, 1 + round % 2).await);
            }
            if round % 3 == 1 {
                let next = format!("SELECT max(epoch) > {seen} FROM counter");
                until("somebody works on", async || value::<bool>(&admin, &next).await).await;
            }
        }
        until_works(&admin, 2).await;
        assert_eq!(regressions(&admin).await, 0);
        for node in nodes {
            node.leave().await;
        }
    }
}

/// Not an instance's time to live, a lease is what a dead owner costs; also where only an older
/// release is left.
#[tokio::test(flavor = "multi_thread")]
async fn taken_over_when_the_owner_dies() {
    let (database, admin) = database(15).await;
    let survivor = Node::counting(&database, 1).await;
    let same = Node::counting(&database, 1).await;
    let new = Node::counting(&database, 2).await;
    until_works(&admin, 2).await;
    let before = epoch(&admin).await;
    new.die();
    until_works(&admin, 1).await;
    assert!(epoch(&admin).await > before);
    same.die();
    until_works(&admin, 1).await;
    assert_eq!(regressions(&admin).await, 0);
    survivor.leave().await;
}

/// Lets a unit of work stand still in its transaction until told to go on.
struct Gated {
    begun: Arc<Notify>,
    go_on: Arc<Notify>,
    outcome: Arc<Mutex<Option<Result<(), Error>>>>,
}

impl SingletonWorker for Gated {
    fn name(&self) -> &str {
        NAME
    }

    fn pause(&self) -> Duration {
        Duration::from_secs(3600)
    }

    fn turn<'a>(&'a self, tenure: &'a mut Tenure) -> BoxFuture<'a, Result<(), WorkError>> {
        Box::pin(async move {
            let transaction = tenure.begin().await?;
            transaction.client().batch_execute("UPDATE counter SET value = 1000").await?;
            self.begun.notify_one();
            self.go_on.notified().await;
            *self.outcome.lock().await = Some(transaction.commit().await);
            self.begun.notify_one();
            Ok(())
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_owner_that_wakes_up_changes_nothing() {
    for major in [15, 17] {
        let (database, admin) = database(major).await;
        let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let outcome = Arc::new(Mutex::new(None));
        let gated = Gated {
            begun: Arc::clone(&begun),
            go_on: Arc::clone(&go_on),
            outcome: Arc::clone(&outcome),
        };
        let mut options = database.options("1", &[ONE]);
        // Renewed so seldom that it does not learn of the takeover before it commits.
        options.timing.lease = Duration::from_secs(60);
        let node = Node::start(options, |background| background.singleton(gated)).await;
        begun.notified().await;
        admin.batch_execute(TAKE).await.unwrap();
        go_on.notify_one();
        begun.notified().await;
        let outcome = outcome.lock().await.take().unwrap();
        assert!(matches!(outcome, Err(Error::TenureLost { .. })), "{outcome:?}");
        assert_eq!(value::<i64>(&admin, "SELECT value FROM counter").await, 0);
        node.die();
    }
}

/// Sleeps for ever at the server, and never looks whether it is asked to stop.
struct Endless;

impl SingletonWorker for Endless {
    fn name(&self) -> &str {
        NAME
    }

    fn pause(&self) -> Duration {
        Duration::from_millis(10)
    }

    fn turn<'a>(&'a self, tenure: &'a mut Tenure) -> BoxFuture<'a, Result<(), WorkError>> {
        Box::pin(async move {
            let transaction = tenure.begin().await?;
            let endless = "SET LOCAL statement_timeout = 0; SELECT pg_sleep(600)";
            transaction.client().batch_execute(endless).await?;
            transaction.commit().await?;
            Ok(())
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_tenure_ends_its_statement_at_the_server() {
    let (database, admin) = database(15).await;
    let options = database.options("1", &[ONE]);
    let node = Node::start(options, |background| background.singleton(Endless)).await;
    until("it sleeps", async || value::<i64>(&admin, SLEEPERS).await == 1).await;
    // That one, and not any: nobody has the name of the new holder, so the next one may begin at once.
    let begun =
        value::<String>(&admin, &SLEEPERS.replace("count(*)", "max(xact_start)::text")).await;
    let still = format!("{SLEEPERS} AND xact_start = '{begun}'");
    admin.batch_execute(TAKE).await.unwrap();
    until("it was ended", async || value::<i64>(&admin, &still).await == 0).await;
    // And it takes it up again when it may.
    admin.batch_execute(GIVE).await.unwrap();
    until("it sleeps again", async || value::<i64>(&admin, SLEEPERS).await == 1).await;
    node.die();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_end_in_time_is_cut_and_handed_over() {
    let (database, admin) = database(15).await;
    let options = database.options("1", &[ONE]);
    let node = Node::start(options, |background| background.singleton(Endless)).await;
    until("it sleeps", async || value::<i64>(&admin, SLEEPERS).await == 1).await;
    let mut options = database.options("1", &[ONE]);
    options.generation = Some(1);
    let other = Node::counting(&database, 1).await;
    node.upgrade.drain().await.unwrap();
    let report = node.background.drain(Duration::from_millis(100)).await;
    assert_eq!(report.cut, [NAME]);
    assert_eq!(report.handed_over, [NAME]);
    assert!(!report.is_clean());
    assert_eq!(value::<i64>(&admin, SLEEPERS).await, 0);
    until_works(&admin, 1).await;
    node.upgrade.leave().await.unwrap();
    other.leave().await;
}

/// A unit that has begun ends, and no other is begun.
struct Slow(Arc<Notify>);

impl SingletonWorker for Slow {
    fn name(&self) -> &str {
        NAME
    }

    fn pause(&self) -> Duration {
        Duration::ZERO
    }

    fn turn<'a>(&'a self, tenure: &'a mut Tenure) -> BoxFuture<'a, Result<(), WorkError>> {
        Box::pin(async move {
            let asked = tenure.asked_to_stop().clone();
            let transaction = tenure.begin().await?;
            transaction.client().batch_execute("UPDATE counter SET value = value + 1").await?;
            self.0.notify_one();
            asked.cancelled().await;
            transaction.commit().await?;
            Ok(())
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_was_begun_ends_before_the_hand_over() {
    let (database, admin) = database(15).await;
    let begun = Arc::new(Notify::new());
    let slow = Slow(Arc::clone(&begun));
    let mut options = database.options("1", &[ONE]);
    // Idle in its transaction for as long as the other takes to start.
    options.timing.lease = Duration::from_secs(60);
    let old = Node::start(options, |background| background.singleton(slow)).await;
    begun.notified().await;
    let new = Node::counting(&database, 2).await;
    until_works(&admin, 2).await;
    assert!(value::<i64>(&admin, "SELECT value FROM counter").await > 1, "both have counted");
    let failed = "SELECT count(*) FROM changeover.event WHERE kind = 'worker_taken'";
    assert_eq!(value::<i64>(&admin, failed).await, 0, "nobody was done without");
    old.leave().await;
    new.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_floor_that_leaves_a_worker_without_an_owner_is_refused() {
    let (database, admin) = database(15).await;
    let old = Node::start(database.options("1", &[ONE]), |background| {
        background.singleton(Counter::of("1"))
    })
    .await;
    until_works(&admin, 1).await;
    // Forgets the worker, and does not say that it does without it.
    let forgetful = Node::start(database.options("2", &[ONE, TWO]), |background| background).await;
    assert_eq!(owner_gen(&admin).await, 1, "the older release goes on with it");
    old.leave().await;
    let options = database.options("2", &[ONE, TWO]);
    let refused = operate::finalize(&options, 2, None).await.unwrap_err();
    assert!(matches!(&refused, Error::WorkersUnowned { workers, .. } if workers == &[NAME]));
    assert!(refused.remedy().unwrap().contains("retired"), "{refused}");
    assert_eq!(value::<i64>(&admin, "SELECT floor FROM changeover.app").await, 1);
    let says_so =
        Node::start(database.options("2", &[ONE, TWO]), |background| background.retired(NAME))
            .await;
    operate::finalize(&options, 2, None).await.unwrap();
    assert_eq!(value::<i64>(&admin, "SELECT floor FROM changeover.app").await, 2);
    forgetful.leave().await;
    says_so.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_the_new_release_retires_stays_with_the_old_one() {
    let (database, admin) = database(15).await;
    let old = Node::counting(&database, 1).await;
    let mut options = database.options("2", &[ONE]);
    options.generation = Some(2);
    let new = Node::start(options, |background| background.retired(NAME)).await;
    until_works(&admin, 1).await;
    let held = epoch(&admin).await;
    until("the new one has looked around", async || {
        value::<bool>(&admin, "SELECT gen = 2 FROM changeover.generation").await
    })
    .await;
    assert_eq!(epoch(&admin).await, held);
    assert_eq!(old.leave().await.given_back, [NAME]);
    new.leave().await;
}

/// What the new release writes, the old one could not go on with: so the old one keeps the worker until
/// somebody has cut the way back.
#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_bars_the_way_back_waits_for_the_floor() {
    let (database, admin) = database(15).await;
    let old = Node::start(database.options("1", &[ONE]), |background| {
        background.singleton(Counter::of("1"))
    })
    .await;
    until_works(&admin, 1).await;
    let barring = Counter { release: "2".to_owned(), owner_from: 2 };
    let options = database.options("2", &[ONE, TWO]);
    let new = Node::start(options.clone(), |background| background.singleton(barring)).await;
    let refused = "SELECT refused IS NOT NULL FROM changeover.worker";
    until("it is refused", async || value::<bool>(&admin, refused).await).await;
    until_works(&admin, 1).await;
    let reader = StatusReader::connect(&database.url(SERVICE), "shop").await.unwrap();
    let workers = reader.read().await.unwrap().workers;
    assert!(workers[0].refused.as_ref().unwrap().contains("may still come back"));
    old.leave().await;
    operate::finalize(&options, 2, None).await.unwrap();
    until_works(&admin, 2).await;
    assert_eq!(regressions(&admin).await, 0);
    new.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_their_key_workers_are_not_started() {
    let (database, admin) = database(15).await;
    admin
        .batch_execute("ALTER TABLE changeover.worker DROP CONSTRAINT worker_epoch")
        .await
        .unwrap();
    let upgrade = Changeover::start(database.options("1", &[ONE])).await.unwrap();
    let refused =
        BackgroundBuilder::new(upgrade.instance()).singleton(Counter::of("1")).start().await;
    let refused = refused.map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("changeover.worker is not as it should be"), "{refused}");
    let twice = BackgroundBuilder::new(upgrade.instance())
        .singleton(Counter::of("1"))
        .retired(NAME)
        .start()
        .await;
    assert!(twice.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_was_given_up_joins_again() {
    let (database, admin) = database(15).await;
    let node = Node::counting(&database, 1).await;
    until_works(&admin, 1).await;
    // As somebody does who cleans up what seems dead.
    admin
        .batch_execute(
            "DELETE FROM changeover.worker_candidate; DELETE FROM changeover.member; \
             UPDATE changeover.worker SET epoch = epoch + 1, holder = NULL; \
             UPDATE changeover.instance SET state = 'left', left_at = clock_timestamp()",
        )
        .await
        .unwrap();
    until_works(&admin, 1).await;
    node.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_pooler_in_transaction_mode() {
    for major in [15, 17] {
        let (database, admin) = database(major).await;
        let builder = PgBouncer::in_front_of(database.server).pool_size(3);
        let pooler = tokio::task::spawn_blocking(|| builder.start()).await.unwrap().unwrap();
        let node = async |generation: i64| {
            let release = generation.to_string();
            let mut options = database.options(&release, &[ONE]);
            options.generation = Some(generation);
            options.service_url = Some(pooler.url(SERVICE, &database.name));
            // No direct connection at all: no LISTEN.
            options.owner_url = None;
            Node::start(options, |background| background.singleton(Counter::of(&release))).await
        };
        let old = node(1).await;
        until_works(&admin, 1).await;
        let new = node(2).await;
        until_works(&admin, 2).await;
        assert_eq!(new.leave().await.handed_over, [NAME]);
        until_works(&admin, 1).await;
        let listening = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                         AND query ILIKE 'LISTEN%'";
        assert_eq!(value::<i64>(&admin, listening).await, 0);
        old.leave().await;
        assert_eq!(regressions(&admin).await, 0);
    }
}
