//! One scenario's world: its database, process A at its pause, and what a fault has made of it.

use super::APP;
use super::Setting;
use super::fault::Fault;
use super::generate::Scenario;
use super::hold;
use super::lane::Lane;
use super::migrator::{Migrate, Migrator, Place};
use super::shop::{OWNER, SUPERUSER};
use super::standby_slots::drop_standby_slots;
use crate::connect::connect;
use anyhow::{Context as _, bail};
use changeover_postgres::Server;
use changeover_verify::{CommitOrder, FaultProxy, commit_order};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// How long A may take to its pause: a whole undisturbed run takes some two seconds. A machine that
/// does nothing else gets there long before; on a busy one the lease is made longer, and tried again.
const PAUSE_WAIT: Duration = Duration::from_secs(15);
/// A run that comes this quickly to its pause has not lost its term on the way.
const QUICK: Duration = Duration::from_secs(4);

const TERM: &str =
    "SELECT epoch, timeline = changeover.timeline() FROM changeover.term WHERE app = $1";

/// What a scenario runs in.
pub(super) struct World<'a> {
    pub(super) setting: &'a Setting,
    pub(super) scenario: &'a Scenario,
    /// Where the database is made.
    pub(super) server: &'a Server,
    pub(super) database: String,
    pub(super) folder: PathBuf,
    pub(super) scratch: PathBuf,
    /// Between A and the server.
    pub(super) proxy: FaultProxy,
    pub(super) a: Migrator,
    /// Where A is paused.
    pub(super) place: Place,
    /// Follows `server`; made for promotions only.
    pub(super) standby: Option<Server>,
    /// Whether the standby is the primary that counts.
    pub(super) promoted: bool,
    /// Holds A in mid-build, where that is the place.
    pub(super) holds: Option<Client>,
    /// Those who take connections away.
    pub(super) crowd: Vec<Client>,
    /// Up to where the server's log was written when the fault struck.
    pub(super) log_mark: usize,
    /// Whether A was seen to meet the fault, where that can be seen.
    pub(super) met: bool,
    pub(super) order: Option<CommitOrder>,
    /// What did not hold.
    pub(super) faults: Vec<String>,
    /// Transactions whose place in the order of commits was judged.
    pub(super) judged: usize,
    /// Everybody's lease.
    pub(super) lease_ms: u32,
}

impl<'a> World<'a> {
    /// Makes the database, and brings A to its pause; with a longer lease where it does not come there.
    pub(super) async fn make(
        setting: &'a Setting,
        lane: &'a Lane,
        scenario: &'a Scenario,
        scratch: &Path,
    ) -> anyhow::Result<Self> {
        // Bounded by the longest lease.
        loop {
            match Self::try_make(setting, lane, scenario, scratch).await? {
                Ok(world) => return Ok(world),
                Err(_) if lane.too_busy() => {}
                Err(log) => bail!("A did not come to its pause within {PAUSE_WAIT:?}\n{log}"),
            }
        }
    }

    /// The inner error is what A has printed: it did not come to its pause in time.
    async fn try_make(
        setting: &'a Setting,
        lane: &'a Lane,
        scenario: &'a Scenario,
        scratch: &Path,
    ) -> anyhow::Result<Result<Self, String>> {
        let template = scenario.course.template();
        let (server, database) = if scenario.fault == Fault::DiskFull {
            let server = lane.cramped(&setting.program, &setting.folders).await?;
            let database = format!("faults_{}", scenario.seed.index);
            server.create_database_on_small_disk(template, &database).await?;
            (server, database)
        } else {
            (lane.main(), lane.main().fresh_clone(template, "faults").await?)
        };
        own(server, &database).await?;
        let standby = match scenario.fault {
            Fault::Promote => Some(server.standby().await?),
            _ => None,
        };
        let url = server.url(SUPERUSER, &database);
        let slot = format!("faults_{}", scenario.seed.index);
        let order = CommitOrder::begin(&url, APP, &slot).await?;
        let proxy = FaultProxy::start(server.port()).await?;
        let folder = setting.folders.of(scenario.course);
        let own_url = format!("postgres://{OWNER}@127.0.0.1:{}/{database}", proxy.port());
        let (at, lease_ms) = (scenario.pause_at(), lane.lease_ms());
        let mut a = Migrator::start(&Migrate {
            program: &setting.program,
            url: &own_url,
            folder: &folder,
            scratch,
            name: "a",
            pause_at: Some(&at),
            lease_ms,
        })?;
        let began = Instant::now();
        let place = a.paused(PAUSE_WAIT).await.context("A")?;
        let holds = match &place {
            Some(_) if scenario.builds() => hold::in_build(&url, &a, PAUSE_WAIT).await?,
            _ => None,
        };
        let Some(place) = place.filter(|_| holds.is_some() || !scenario.builds()) else {
            let log = a.log();
            drop((a, proxy, order));
            end(server, &database, standby).await?;
            return Ok(Err(log));
        };
        if began.elapsed() < QUICK {
            lane.quick_enough();
        }
        Ok(Ok(Self {
            setting,
            scenario,
            server,
            database,
            folder,
            scratch: scratch.to_owned(),
            proxy,
            a,
            place,
            standby,
            promoted: false,
            holds,
            crowd: Vec::new(),
            log_mark: 0,
            met: false,
            order: Some(order),
            faults: Vec::new(),
            judged: 0,
            lease_ms,
        }))
    }

    /// The primary that counts.
    pub(super) fn survivor(&self) -> &Server {
        self.standby.as_ref().filter(|_| self.promoted).unwrap_or(self.server)
    }

    /// Ends A's pause, and what holds it.
    pub(super) fn go_on(&mut self) -> anyhow::Result<()> {
        self.holds = None;
        self.a.go_on()
    }

    /// The database on it, as a role.
    pub(super) fn url(&self, role: &str) -> String {
        self.survivor().url(role, &self.database)
    }

    /// Starts a process beside A that nothing is between and the server.
    pub(super) fn start(&self, name: &str, pause_at: Option<&str>) -> anyhow::Result<Migrator> {
        Migrator::start(&Migrate {
            program: &self.setting.program,
            url: &self.url(OWNER),
            folder: &self.folder,
            scratch: &self.scratch,
            name,
            pause_at,
            lease_ms: self.lease_ms,
        })
    }

    /// Reads the order of commits so far and judges it.
    pub(super) async fn judge(&mut self) -> anyhow::Result<()> {
        let history = self.order.take().context("nothing was recorded")?.read().await?;
        let labelled = history.transactions.iter().filter(|t| !t.labels.is_empty()).count();
        self.judged += labelled;
        let found = commit_order::violations(&history);
        self.faults.extend(found.iter().map(ToString::to_string));
        if self.promoted && labelled > 0 {
            self.judge_timeline(history.epoch).await?;
        }
        Ok(())
    }

    /// The one that worked on the new primary was granted his term there, and a higher one than it had.
    async fn judge_timeline(&mut self, epoch_before: i64) -> anyhow::Result<()> {
        let client = connect(&self.url(SUPERUSER)).await?;
        let row = client.query_one(TERM, &[&APP]).await?;
        let (epoch, own): (i64, bool) = (row.get(0), row.get(1));
        if !own || epoch <= epoch_before {
            self.faults.push(format!(
                "worked on the new primary under epoch {epoch} (it came with {epoch_before}), granted \
                 on its timeline: {own}"
            ));
        }
        Ok(())
    }

    /// Takes everything away again. What still runs is killed.
    pub(super) async fn end(self) -> anyhow::Result<()> {
        let Self { server, database, a, standby, holds, crowd, order, .. } = self;
        drop((a, holds, crowd, order));
        end(server, &database, standby).await
    }
}

async fn end(server: &Server, database: &str, standby: Option<Server>) -> anyhow::Result<()> {
    if let Some(standby) = standby {
        tokio::task::block_in_place(|| standby.stop())?;
        drop_standby_slots(server).await?;
    }
    Ok(server.drop_database(database).await?)
}

/// The copy belongs to who owned the template's objects, not the database: that is the superuser's.
async fn own(server: &Server, database: &str) -> anyhow::Result<()> {
    let admin = connect(&server.url(SUPERUSER, SUPERUSER)).await?;
    Ok(admin.batch_execute(&format!("ALTER DATABASE \"{database}\" OWNER TO {OWNER}")).await?)
}
