//! Those who take part: started, replaced by the next release or the one before, killed, told to go.
//!
//! As in a rolling update, one that is to go is replaced first. An instance counts as living for as long
//! as a lease lasts, so that the last one of the highest release may be killed as well: until then its
//! generation would keep the work from older ones. Strikes: [`super::strike`].

use super::APP;
use super::happened::Happened;
use super::member::{Member, Part, Program};
use super::refusals::Refusals;
use super::stage::Stage;
use super::unowned::Away;
use anyhow::Context;
use changeover_central::population::Population;
use changeover_central::release::RELEASES;
use changeover_central::workload::Mix;
use futures_util::future::try_join_all;
use rand::Rng;
use rand::rngs::StdRng;
use tokio_postgres::Client;

/// Requests with which each event begins: alerts among them become jobs.
const REQUESTS: usize = 10;
/// Jobs that all languages run, enqueued with each event: more than one process claims at once.
const GREETINGS: i32 = 30;
/// How many are replaced at once.
const REPLACED_MAX: usize = 3;

const ENQUEUE: &str = "INSERT INTO chaos_enqueued
 SELECT changeover.enqueue_v1($1, 'greet', 1,
     ARRAY(SELECT jsonb_build_object('name', 'n' || i) FROM generate_series(1, $2::int) i))";

pub(super) struct Fleet<'a> {
    pub(super) stage: &'a Stage,
    pub(super) client: Client,
    pub(super) members: Vec<Member>,
    pub(super) away: Away,
    pub(super) happened: Happened,
    pub(super) refusals: Refusals,
    mix: Mix,
    sequence: u64,
    serial: u32,
}

impl<'a> Fleet<'a> {
    pub(super) async fn new(stage: &'a Stage) -> anyhow::Result<Self> {
        Ok(Self {
            stage,
            client: stage.client().await?,
            members: Vec::new(),
            away: Away::default(),
            happened: Happened::default(),
            refusals: Refusals::default(),
            mix: Mix::new(Population::of(super::ROWS)),
            sequence: 0,
            serial: 0,
        })
    }

    /// Starts these at once and waits until they are ready.
    pub(super) async fn add(
        &mut self,
        programs: &[Program],
        release: &'static str,
    ) -> anyhow::Result<()> {
        let mut starting = Vec::new();
        for &program in programs {
            self.serial += 1;
            starting.push(self.stage.start(program, release, self.serial).await?);
            self.happened.count(program, "started");
        }
        let stage = self.stage;
        let ready = starting.into_iter().map(|mut member| async move {
            member
                .ready(&stage.client().await?)
                .await
                .with_context(|| format!("{} of {release}", member.name))?;
            anyhow::Ok(member)
        });
        self.members.extend(try_join_all(ready).await?);
        Ok(())
    }

    /// Replaces some that are not of this release; says whether there were any.
    pub(super) async fn roll(
        &mut self,
        target: &'static str,
        rng: &mut StdRng,
    ) -> anyhow::Result<bool> {
        let forth = self.members.iter().any(|member| place(member.release) < place(target));
        let count = rng.random_range(1..=REPLACED_MAX);
        // Schedules are central's: no generation is current for long that has no central.
        let mut old: Vec<usize> = self.old(target);
        old.sort_by_key(|&at| (self.members[at].program == Program::Central) != forth);
        old.truncate(count);
        let programs: Vec<Program> = old.iter().map(|&at| self.members[at].program).collect();
        self.add(&programs, target).await?;
        old.sort_unstable();
        for at in old.iter().rev() {
            let member = self.members.remove(*at);
            let what = if forth { "upgraded" } else { "rolled back" };
            self.happened.count(member.program, what);
            self.dismiss(member, rng.random_range(0..2) == 0).await?;
        }
        Ok(!programs.is_empty())
    }

    fn old(&self, target: &str) -> Vec<usize> {
        (0..self.members.len()).filter(|&at| self.members[at].release != target).collect()
    }

    /// Kills it, or tells it to go and waits for that.
    pub(super) async fn dismiss(&mut self, member: Member, kills: bool) -> anyhow::Result<()> {
        let (pid, program) = (member.pid()?, member.program);
        if kills {
            self.away.gone(pid);
            self.happened.count(program, "killed");
            return member.kill().await;
        }
        member.signal(Part::Agent, "TERM").await?;
        self.happened.count(program, "told to go");
        member.wait().await?;
        self.away.gone(pid);
        Ok(())
    }

    /// A request may fail where its central has just been cut off; what is stored is counted at the end.
    pub(super) async fn ask(&mut self, rng: &mut StdRng) -> anyhow::Result<()> {
        self.refusals.read(&self.stage.server);
        self.enqueue().await?;
        let centrals: Vec<usize> = (0..self.members.len())
            .filter(|&at| self.members[at].program == Program::Central)
            .collect();
        for _ in 0..REQUESTS {
            let at = centrals[rng.random_range(0..centrals.len())];
            let request = loop {
                self.sequence += 1;
                let request = self.mix.next(rng, self.sequence);
                if request.path == "/v1/sensor/events" {
                    break request;
                }
            };
            let body = request.body.map(|body| body.to_string()).unwrap_or_default();
            self.happened.requests += 1;
            let answer = self.members[at].post(&request.path, &body).await;
            self.happened.unanswered += u32::from(!matches!(answer, Ok(200)));
        }
        Ok(())
    }

    /// Jobs that all languages run.
    pub(super) async fn enqueue(&self) -> anyhow::Result<()> {
        self.client.execute(ENQUEUE, &[&APP, &GREETINGS]).await?;
        Ok(())
    }

    /// All are of this release afterwards.
    pub(super) async fn finish(
        &mut self,
        target: &'static str,
        rng: &mut StdRng,
    ) -> anyhow::Result<()> {
        while self.roll(target, rng).await? {}
        Ok(())
    }

    /// All are told to go.
    pub(super) async fn end(mut self) -> anyhow::Result<(Happened, Refusals)> {
        while let Some(member) = self.members.pop() {
            self.dismiss(member, false).await?;
        }
        self.refusals.read(&self.stage.server);
        Ok((self.happened, self.refusals))
    }
}

/// Where a release stands in the order of releases.
fn place(release: &str) -> Option<usize> {
    RELEASES.iter().position(|known| known.name == release)
}
