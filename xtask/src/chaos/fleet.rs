//! The centrals, and what happens to them.
//!
//! As in a rolling update, a central that is to go is replaced first. An instance counts as living for
//! as long as a lease lasts, so that the last one of the highest release may be killed as well: until
//! then its generation would keep the work from older ones.

use super::LEASE;
use super::stage::Stage;
use super::unowned::Away;
use crate::central_process::Central;
use anyhow::Context;
use changeover_central::population::Population;
use changeover_central::workload::Mix;
use changeover_verify::fault_proxy::FaultProxy;
use rand::Rng;
use rand::rngs::StdRng;
use std::fmt;

/// Requests with which each event begins: alerts among them become jobs.
const REQUESTS: usize = 10;

/// What happened.
#[derive(Debug, Default)]
pub(super) struct Happened {
    pub(super) started: u32,
    pub(super) killed: u32,
    pub(super) paused: u32,
    cut: u32,
    hung: u32,
    told: u32,
    requests: u32,
    refused: u32,
}

impl fmt::Display for Happened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} started, {} killed, {} paused, {} cut, {} cut off for longer than the lease, {} told to \
             go; {} requests, {} not answered",
            self.started,
            self.killed,
            self.paused,
            self.cut,
            self.hung,
            self.told,
            self.requests,
            self.refused
        )
    }
}

struct Member {
    central: Central,
    proxy: FaultProxy,
    release: &'static str,
}

pub(super) struct Fleet<'a> {
    stage: &'a Stage,
    members: Vec<Member>,
    away: Away,
    happened: Happened,
    mix: Mix,
    sequence: u64,
}

/// What befalls a central.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Kill,
    Tell,
    Pause,
    Cut,
    Hang,
}

impl<'a> Fleet<'a> {
    pub(super) fn new(stage: &'a Stage) -> Self {
        Self {
            stage,
            members: Vec::new(),
            away: Away::default(),
            happened: Happened::default(),
            mix: Mix::new(Population::of(super::ROWS)),
            sequence: 0,
        }
    }

    /// Which processes cannot work just now.
    pub(super) fn away(&self) -> Away {
        self.away.clone()
    }

    /// Starts one and waits until it is ready.
    pub(super) async fn add(&mut self, release: &'static str) -> anyhow::Result<()> {
        let (mut central, proxy) = self.stage.start(release).await?;
        central.ready().await.with_context(|| format!("a central of {release}"))?;
        self.happened.started += 1;
        self.members.push(Member { central, proxy, release });
        Ok(())
    }

    /// Some requests, then something happens to one central; rather to one that is to be replaced.
    pub(super) async fn event(
        &mut self,
        target: &'static str,
        rng: &mut StdRng,
    ) -> anyhow::Result<()> {
        self.ask(rng).await?;
        let old: Vec<usize> = (0..self.members.len())
            .filter(|&place| self.members[place].release != target)
            .collect();
        let place = match old.len() {
            0 => rng.random_range(0..self.members.len()),
            some => old[rng.random_range(0..some)],
        };
        let fault = match rng.random_range(0..10) {
            0..4 => Fault::Kill,
            4..6 => Fault::Tell,
            6 | 7 => Fault::Pause,
            8 => Fault::Cut,
            _ => Fault::Hang,
        };
        let replaces = matches!(fault, Fault::Kill | Fault::Tell);
        if replaces {
            self.add(target).await?;
        }
        self.befall(place, fault).await
    }

    async fn befall(&mut self, place: usize, fault: Fault) -> anyhow::Result<()> {
        let member = &self.members[place];
        let pid = member.central.pid().context("a central has ended by itself")?;
        match fault {
            Fault::Kill => {
                self.away.add(pid);
                self.members.remove(place).central.kill().await?;
                self.happened.killed += 1;
            }
            Fault::Tell => {
                let member = self.members.remove(place);
                member.central.signal("TERM").await?;
                member.central.wait().await?;
                self.away.add(pid);
                self.happened.told += 1;
            }
            Fault::Pause => {
                self.away.add(pid);
                member.central.signal("STOP").await?;
                tokio::time::sleep(LEASE * 3 / 2).await;
                member.central.signal("CONT").await?;
                self.away.remove(pid);
                self.happened.paused += 1;
            }
            Fault::Cut => {
                member.proxy.cut();
                self.happened.cut += 1;
            }
            Fault::Hang => {
                self.away.add(pid);
                member.proxy.hang();
                tokio::time::sleep(LEASE * 3 / 2).await;
                member.proxy.heal();
                self.away.remove(pid);
                self.happened.hung += 1;
            }
        }
        Ok(())
    }

    /// A request may fail where its central has just been cut off; what is stored is counted at the end.
    async fn ask(&mut self, rng: &mut StdRng) -> anyhow::Result<()> {
        for _ in 0..REQUESTS {
            let place = rng.random_range(0..self.members.len());
            let request = loop {
                self.sequence += 1;
                let request = self.mix.next(rng, self.sequence);
                if request.path == "/v1/sensor/events" {
                    break request;
                }
            };
            let body = request.body.map(|body| body.to_string()).unwrap_or_default();
            self.happened.requests += 1;
            let answer = self.members[place].central.post(&request.path, &body).await;
            self.happened.refused += u32::from(!matches!(answer, Ok(200)));
        }
        Ok(())
    }

    /// All are of this release afterwards.
    pub(super) async fn finish(&mut self, target: &'static str) -> anyhow::Result<()> {
        while let Some(place) = self.members.iter().position(|member| member.release != target) {
            self.add(target).await?;
            self.befall(place, Fault::Tell).await?;
        }
        Ok(())
    }

    /// All are told to go.
    pub(super) async fn end(mut self) -> anyhow::Result<Happened> {
        while !self.members.is_empty() {
            self.befall(0, Fault::Tell).await?;
        }
        Ok(self.happened)
    }
}
