//! The life of an instance from registering to leaving.
//!
//! Registered, it joins and polls; once the release may serve, the process is started (or told its
//! instance's id by a file) and the instance is serving. Any of five things ends that: a signal, `POST
//! /drain`, the floor that passes the release, the end of the process, a failed upgrade. What comes then
//! is in [`super::leaving`].

use super::child::Child;
use super::http;
use super::leaving::{self, Why};
use super::life::{Life, Plan, ended, within};
use super::poll;
use super::signals::{Asked, Signals};
use super::state::{Stage, State};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use changeover::Changeover;
use changeover_work::Sidecar;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Lives, and says how the agent ends: with the code of the process where there was one.
pub(crate) async fn run(plan: Plan) -> Result<std::process::ExitCode, Failure> {
    let mut signals = Signals::install()?;
    let upgrade = tokio::select! {
        started = Changeover::start(plan.options.clone()) => started?,
        () = signals.stop() => return Ok(ExitCode::Stopped.into()),
    };
    let sidecar = Arc::new(Sidecar::new(upgrade.instance()));
    let state = watch::Sender::new(first_state(&plan, &upgrade));
    let stop = CancellationToken::new();
    let polls =
        tokio::spawn(poll::run(Arc::clone(&sidecar), plan.poll, state.clone(), stop.clone()));
    let drain = CancellationToken::new();
    let mut life = Life { plan, upgrade, sidecar, state, signals, drain };
    let ended = life.live().await;
    stop.cancel();
    life.leave().await;
    if polls.await.is_err() {
        tracing::warn!("the polls have ended by a fault");
    }
    ended
}

fn first_state(plan: &Plan, upgrade: &Changeover) -> State {
    State {
        instance: upgrade.instance_id(),
        app: plan.options.app.clone(),
        release: plan.options.release.clone(),
        head: plan.options.head(),
        generation: plan.options.generation(),
        stage: Stage::Waiting,
        child_pid: None,
        poll_error: None,
    }
}

impl Life {
    async fn live(&mut self) -> Result<std::process::ExitCode, Failure> {
        let instance = self.upgrade.instance_id();
        tracing::info!(%instance, app = self.plan.options.app, release = self.plan.options.release,
            head = self.plan.options.head(), generation = self.plan.options.generation(), "registered");
        if let Some(address) = self.plan.listen {
            let health = self.upgrade.health();
            let (state, drain) = (self.state.clone(), self.drain.clone());
            let address = http::serve(address, health, state, drain).await?;
            tracing::info!(%address, "answering probes");
        }
        // The process declares what it can do as soon as it runs: the ledger must know the member.
        self.sidecar.join().await?;
        if !self.plan.at_once && !self.until_servable().await? {
            tracing::info!("told to stop before the release could serve");
            return Ok(ExitCode::Stopped.into());
        }
        let mut child = self.start()?;
        let why = self.serve(child.as_mut()).await.unwrap_or_else(Why::Failed);
        let ended = leaving::drain(self, child.as_mut(), why).await;
        self.remove_file();
        ended
    }

    /// Waits until the release may serve; false: told to stop before.
    async fn until_servable(&mut self) -> Result<bool, Failure> {
        tokio::select! {
            servable = self.upgrade.wait_until_servable() => {
                servable?;
                Ok(true)
            }
            () = self.drain.cancelled() => Ok(false),
            () = self.signals.stop() => Ok(false),
        }
    }

    fn start(&self) -> Result<Option<Child>, Failure> {
        let instance = self.upgrade.instance_id().to_string();
        if let Some(file) = &self.plan.instance_file {
            // By a rename, so that nobody reads half of it.
            let beside = file.with_extension("new");
            std::fs::write(&beside, format!("{instance}\n"))
                .and_then(|()| std::fs::rename(&beside, file))
                .map_err(|error| Failure::new("the instance's file cannot be written", error))?;
        }
        if self.plan.program.is_empty() {
            return Ok(None);
        }
        let child = Child::start(
            &self.plan.program,
            &[
                ("CHANGEOVER_INSTANCE", instance),
                ("CHANGEOVER_APP", self.plan.options.app.clone()),
                ("CHANGEOVER_GENERATION", self.plan.options.generation().to_string()),
                // Drivers that follow libpq name their sessions by it: so the database knows who writes.
                ("PGAPPNAME", self.upgrade.admission().application_name()),
            ],
        )?;
        self.state.send_modify(|state| state.child_pid = Some(child.pid()));
        tracing::info!(pid = child.pid(), "process started");
        Ok(Some(child))
    }

    /// Serves until something ends it.
    async fn serve(&mut self, mut child: Option<&mut Child>) -> Result<Why, Failure> {
        within("saying that the instance serves", self.upgrade.mark_serving()).await?;
        self.state.send_modify(|state| state.stage = Stage::Serving);
        tracing::info!("serving");
        // At once: this instance may be what a new generation waits for.
        self.settle().await;
        loop {
            tokio::select! {
                code = ended(child.as_deref_mut()) => return Ok(Why::Ended(code)),
                error = self.upgrade.wait_until_refused() => return Ok(Why::Refused(error)),
                () = self.drain.cancelled() => return Ok(Why::Asked),
                asked = self.signals.next() => match asked {
                    Asked::Stop => return Ok(Why::Asked),
                    Asked::PassOn(signal) => if let Some(child) = &child {
                        child.send(signal);
                    }
                },
            }
        }
    }

    async fn leave(&self) {
        match tokio::time::timeout(leaving::LEAVE_WAIT, self.upgrade.leave()).await {
            Ok(Ok(())) => tracing::info!("left"),
            Ok(Err(error)) => {
                let error = changeover::chain(&error);
                tracing::warn!(
                    error,
                    "not left; the instance counts as gone when its beats stay away"
                );
            }
            Err(_elapsed) => tracing::warn!("leaving took too long; it counts as gone by itself"),
        }
    }

    fn remove_file(&self) {
        if let Some(file) = &self.plan.instance_file
            && let Err(error) = std::fs::remove_file(file)
        {
            tracing::warn!(
                error = changeover::chain(&error),
                "the instance's file was not removed"
            );
        }
    }
}
