//! A database of central for one test, and instances on it.

use changeover_central::{
    database::{self, StatementMode},
    population::Population,
    release::Release,
    roles, seed,
    server::Central,
    settings::{DrainTiming, HealthTiming, POOL_WAITING_MAX, Settings, Trial, UpgradeMode},
    upgrade::in_one_go,
};
use changeover_postgres::{PgBouncer, PgBouncerBuilder, Server};
use std::time::Duration;
use tokio_postgres::Client;

/// A database with central's roles, the tables of 4.8 and some rows.
pub(crate) struct Stage {
    server: &'static Server,
    database: String,
    /// What stands behind the address of owner and service, beginning with `?`.
    parameters: String,
    pub(crate) population: Population,
}

impl Stage {
    /// Roles alone, no tables.
    pub(crate) async fn empty(name: &str) -> Self {
        Self::empty_on(Server::shared(15).expect("PostgreSQL 15 is there"), name).await
    }

    /// The same on a server with settings of its own.
    pub(crate) async fn empty_on(server: &'static Server, name: &str) -> Self {
        Self::empty_by(server, name, String::new()).await
    }

    /// The same, where owner and service come in with more parameters than the superuser.
    pub(crate) async fn empty_by(server: &'static Server, name: &str, parameters: String) -> Self {
        let database = server.fresh_database(name).await.expect("a database can be made");
        let stage = Self { server, database, parameters, population: Population::of(2_000) };
        roles::create_roles(&stage.superuser_url()).await.expect("roles can be made");
        stage
    }

    /// The tables of 4.8, filled.
    pub(crate) async fn seeded(name: &str) -> Self {
        Self::seeded_with(name, Population::of(2_000)).await
    }

    /// The same in another size.
    pub(crate) async fn seeded_with(name: &str, population: Population) -> Self {
        let stage = Self { population, ..Self::empty(name).await };
        in_one_go::migrate(&stage.owner_url(), 208).await.expect("the baseline applies");
        seed::seed(stage.population, 1, &stage.owner_url(), |_| {}).await.expect("rows are made");
        stage
    }

    pub(crate) fn owner_url(&self) -> String {
        self.url(roles::OWNER)
    }

    pub(crate) fn service_url(&self) -> String {
        self.url(roles::SERVICE)
    }

    /// The service's address through a pooler.
    pub(crate) fn pooled_service_url(&self, pooler: &PgBouncer) -> String {
        pooler.url(roles::SERVICE, &self.database)
    }

    /// A pooler in front of the server, not started yet.
    pub(crate) fn pooler(&self) -> PgBouncerBuilder {
        PgBouncer::in_front_of(self.server)
    }

    fn url(&self, user: &str) -> String {
        format!("{}{}", self.server.url(user, &self.database), self.parameters)
    }

    fn superuser_url(&self) -> String {
        format!("{}?sslmode=disable", self.server.url("postgres", &self.database))
    }

    /// A connection of the owner.
    pub(crate) async fn owner(&self) -> Client {
        database::connect(&self.owner_url(), "test", "a test").await.expect("connects")
    }

    /// A connection of the superuser.
    pub(crate) async fn superuser(&self) -> Client {
        database::connect(&self.superuser_url(), "test", "a test").await.expect("connects")
    }

    /// Settings with a short drain.
    pub(crate) fn settings(&self, release: &str, upgrade: UpgradeMode) -> Settings {
        Settings {
            release: Release::named(release).expect("it exists"),
            listen: "127.0.0.1:0".parse().expect("an address"),
            database_url: self.service_url(),
            owner_url: Some(self.owner_url()),
            upgrade,
            pool_connections_max: 4,
            // As patient as a busy machine needs.
            pool_wait: Duration::from_secs(60),
            pool_waiting_max: POOL_WAITING_MAX,
            connection_budget: None,
            listen_url: None,
            statement_mode: StatementMode::Prepared,
            drain: DrainTiming {
                propagation: Duration::from_millis(400),
                idle: Duration::from_millis(800),
                fresh: Duration::from_millis(200),
                in_flight: Duration::from_secs(5),
                ..DrainTiming::DEFAULT
            },
            health: HealthTiming::default(),
            workers: None,
            trial: Trial::default(),
        }
    }

    /// A serving instance on a schema that fits it.
    pub(crate) async fn central(&self, release: &str) -> Central {
        let settings = self.settings(release, UpgradeMode::InOneGo);
        Central::start(settings).await.expect("it starts")
    }

    /// The same, with times of its own for leaving.
    pub(crate) async fn central_that_drains(&self, drain: DrainTiming) -> Central {
        let settings = Settings { drain, ..self.settings("4.9", UpgradeMode::InOneGo) };
        Central::start(settings).await.expect("it starts")
    }
}

/// Waits until the condition holds; the bound is far above what any of them takes, also where other
/// work keeps the machine busy.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(90);
    while !holds().await {
        assert!(tokio::time::Instant::now() < deadline, "never came: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
