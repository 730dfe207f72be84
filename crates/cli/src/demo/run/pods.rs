//! What a pod of the reference service is, and the service in front of the pods.
//!
//! A pod's program is this program itself; the connections go into its environment, so that they
//! stand in no list of processes.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::Context;
use changeover::operate;
use changeover_central::{migration, release::r4_8, roles::SERVICE, upgrade::online::APP};
use changeover_rollout::{
    deployment::{
        Deployment, DeploymentSpec, EventKind, PodTemplate, Probe, RolloutOutcome, Strategy,
    },
    service::{Service, ServiceSpec},
};

use crate::demo::{
    progress::Progress,
    settings::{RELEASES, Settings, Way},
    stage::Database,
};

/// A pod counts as available once it has been ready for so long: one that falls over at its first
/// requests must not take an old one's place.
const MIN_READY: Duration = Duration::from_secs(1);

/// The running service.
pub(crate) struct Pods<'a> {
    pub(crate) deployment: Deployment,
    service: Service,
    template: PodTemplate,
    progress: &'a Progress,
}

/// Does this and says meanwhile which pods have failed, and why: they are started again until the
/// deadline, and nobody should wait for that in the dark.
async fn telling<T>(
    deployment: &Deployment,
    tell: impl Fn(&str),
    work: impl Future<Output = T>,
) -> T {
    let mut board = deployment.watch();
    let mut told = Instant::now();
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            // Disabled where the Deployment has ended: so will the work.
            Ok(()) = board.changed() => {}
        }
        for event in deployment.events() {
            if event.kind == EventKind::PodFailed && event.at > told {
                told = event.at;
                let (pod, release) = (event.pod.as_deref().unwrap_or("a pod"), &event.release);
                tell(&format!("{pod} of {release} is started again: {}", event.text));
            }
        }
    }
}

/// The arguments that tell a pod how to run migrations and how to leave.
fn release_args(way: Way, settings: &Settings) -> Vec<String> {
    let mut args = match way {
        Way::Recreate => vec!["--upgrade", "in-one-go"],
        Way::Rolling => vec!["--upgrade", "changeover"],
    };
    if !settings.drain && way == Way::Rolling {
        args.push("--no-drain");
    }
    let mut args: Vec<String> = args.into_iter().map(str::to_owned).collect();
    if let Some(ratio) = settings.rest_ratio {
        args.extend(["--rest-ratio".to_owned(), ratio.to_string()]);
    }
    if let Some(wait_ms) = settings.pool_wait_ms {
        args.extend(["--pool-wait-ms".to_owned(), wait_ms.to_string()]);
    }
    args
}

impl<'a> Pods<'a> {
    /// Starts release 4.8 on tables of 4.8 and waits until it serves.
    ///
    /// # Errors
    /// When the ledger cannot take the tables over, or a pod does not become ready.
    pub(crate) async fn start(
        way: Way,
        database: &Database,
        settings: &Settings,
        progress: &'a Progress,
    ) -> anyhow::Result<Pods<'a>> {
        if way == Way::Rolling {
            adopt(database).await?;
        }
        let program = std::env::current_exe().context("finding this program's own file")?;
        let template = PodTemplate::new(RELEASES[0], program)
            .args(["central", "serve", "--release", "{release}"])
            .args(["--listen", "127.0.0.1:{port}", "--end-with-input"])
            .args(release_args(way, settings))
            .env("CENTRAL_DATABASE_URL", &database.service_url)
            .env("CENTRAL_OWNER_URL", &database.owner_url);
        let mut spec = DeploymentSpec::new("central", settings.replicas);
        spec.strategy = match way {
            Way::Recreate => Strategy::Recreate,
            Way::Rolling => Strategy::RollingUpdate { max_surge: 1, max_unavailable: 0 },
        };
        spec.min_ready = MIN_READY;
        spec.readiness_probe = Some(Probe::http("/readyz"));
        spec.progress_deadline = settings.migration_deadline();
        spec.log_directory.clone_from(&settings.logs);
        let deployment = Deployment::start(spec, template.clone())?;
        telling(&deployment, |text| progress.warn(text), deployment.wait_complete())
            .await
            .context("starting release 4.8")?;
        let service = Service::start(ServiceSpec::default(), deployment.endpoints())
            .context("opening the service's port")?;
        Ok(Pods { deployment, service, template, progress })
    }

    /// Where clients connect.
    pub(crate) fn address(&self) -> SocketAddr {
        self.service.address()
    }

    /// Replaces all pods by pods of this release, until the last old one is gone.
    ///
    /// # Errors
    /// When a pod does not become ready, or one does not end.
    pub(crate) async fn roll_out(&self, release: &str) -> anyhow::Result<RolloutOutcome> {
        let mut template = self.template.clone();
        release.clone_into(&mut template.release);
        self.replace(template, "rolling out").await
    }

    async fn replace(
        &self,
        template: PodTemplate,
        doing: &'static str,
    ) -> anyhow::Result<RolloutOutcome> {
        let release = template.release.clone();
        let rollout = self.deployment.rollout(template);
        let outcome = telling(&self.deployment, |text| self.progress.warn(text), rollout).await;
        let outcome = outcome.with_context(|| format!("{doing} release {release}"))?;
        self.deployment.wait_terminated().await?;
        Ok(outcome)
    }

    /// Replaces all pods by pods of the release that they run, as `kubectl rollout restart` does.
    ///
    /// # Errors
    /// When a pod does not become ready, or one does not end.
    pub(crate) async fn restart(&self) -> anyhow::Result<RolloutOutcome> {
        let template = self.template.clone().env("CENTRAL_RESTARTED", "1");
        self.replace(template, "restarting").await
    }

    /// Ends all pods.
    ///
    /// # Errors
    /// When one does not end; it is killed then.
    pub(crate) async fn end(self) -> anyhow::Result<()> {
        self.deployment.shutdown().await.context("ending the service")
    }
}

/// Enters what is there into the ledger, as one does with a database that exists already.
async fn adopt(database: &Database) -> anyhow::Result<()> {
    let head = r4_8::RELEASE.head;
    let files = migration::migrations_up_to(head);
    let migrations = changeover_plan::source::read(&files).context("reading the migrations")?;
    let mut options = changeover::Options::new(APP, r4_8::RELEASE.name, migrations);
    options.owner_url = Some(database.owner_url.clone());
    options.service_roles = vec![SERVICE.to_owned()];
    operate::adopt(&options, head).await.context("taking over the database")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[tokio::test]
    async fn a_pod_that_cannot_start_is_told_of_at_once() {
        let mut spec = DeploymentSpec::new("broken", 1);
        spec.restart_backoff.first = Duration::from_millis(1);
        let template = PodTemplate::new("1", "false");
        let deployment = Deployment::start(spec, template).expect("it starts");
        let told = RefCell::new(Vec::new());
        let enough = async {
            while told.borrow().len() < 2 {
                tokio::task::yield_now().await;
            }
        };
        let telling = telling(&deployment, |text| told.borrow_mut().push(text.to_owned()), enough);
        tokio::time::timeout(Duration::from_secs(20), telling).await.expect("it is told");
        let told = told.into_inner();
        assert!(told[0].contains("of 1 is started again: "), "{told:?}");
        assert!(told[0].contains("exit status: 1"), "{told:?}");
    }
}
