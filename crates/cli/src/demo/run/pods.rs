//! What a pod of the reference service is, and the service in front of the pods.
//!
//! A pod's program is this program itself; the connections go into its environment, so that they
//! stand in no list of processes.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context;
use changeover::operate;
use changeover_central::{migration, release::r4_8, roles::SERVICE, upgrade::online::APP};
use changeover_rollout::{
    deployment::{Deployment, DeploymentSpec, PodTemplate, Probe, RolloutOutcome, Strategy},
    service::{Service, ServiceSpec},
};

use crate::demo::{
    settings::{RELEASES, Settings, Way},
    stage::Database,
};

/// A pod counts as available once it has been ready for so long: one that falls over at its first
/// requests must not take an old one's place.
const MIN_READY: Duration = Duration::from_secs(1);

/// The running service.
pub(crate) struct Pods {
    pub(crate) deployment: Deployment,
    service: Service,
    template: PodTemplate,
}

/// The arguments that tell a pod how to run migrations and how to leave.
fn release_args(way: Way, settings: &Settings) -> Vec<&'static str> {
    let mut args = match way {
        Way::Recreate => vec!["--upgrade", "in-one-go"],
        Way::Rolling => vec!["--upgrade", "changeover"],
    };
    if !settings.drain && way == Way::Rolling {
        args.push("--no-drain");
    }
    args
}

impl Pods {
    /// Starts release 4.8 on tables of 4.8 and waits until it serves.
    ///
    /// # Errors
    /// When the ledger cannot take the tables over, or a pod does not become ready.
    pub(crate) async fn start(
        way: Way,
        database: &Database,
        settings: &Settings,
    ) -> anyhow::Result<Pods> {
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
        deployment.wait_complete().await.context("starting release 4.8")?;
        let service = Service::start(ServiceSpec::default(), deployment.endpoints())
            .context("opening the service's port")?;
        Ok(Pods { deployment, service, template })
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
        let outcome = self.deployment.rollout(template).await;
        let outcome = outcome.with_context(|| format!("rolling out release {release}"))?;
        self.deployment.wait_terminated().await?;
        Ok(outcome)
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
