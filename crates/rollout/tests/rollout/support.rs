//! What the integration tests share: the pod program, a workload, specs with short times.

use std::{path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use changeover_rollout::{
    deployment::{Deployment, DeploymentSpec, PodPhase, PodTemplate, Probe, Snapshot},
    load::{Request, Verdict, Workload},
};
use hyper::StatusCode;
use rand::{Rng, rngs::StdRng};
use tokio::time::timeout;
use uuid::Uuid;

/// No state in these tests takes anywhere near this long, on however busy a machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// The program `examples/pod.rs`, which `cargo test` has built.
pub(crate) fn pod_program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let program = test.parent().unwrap().parent().unwrap().join("examples/pod");
    assert!(
        program.exists(),
        "{} is missing; build it with `cargo build -p changeover-rollout --example pod`",
        program.display()
    );
    program
}

/// A pod of this release, which leaves in order with times that fit [`spec`].
pub(crate) fn pod(release: &str) -> PodTemplate {
    PodTemplate::new(release, pod_program()).args([
        "--port",
        "{port}",
        "--name",
        "{pod}@{release}",
        "--answer-ms",
        "5",
        "--propagation-ms",
        "600",
        "--idle-grace-ms",
        "1500",
    ])
}

/// Two pods, probed often.
pub(crate) fn spec() -> DeploymentSpec {
    let probe = |path| Probe::http(path).period(Duration::from_millis(50)).failure_threshold(100);
    DeploymentSpec {
        startup_probe: Some(probe("/startupz")),
        readiness_probe: Some(probe("/readyz").failure_threshold(3)),
        termination_grace: Duration::from_secs(30),
        progress_deadline: DEADLINE,
        ..DeploymentSpec::new("pod", 2)
    }
}

/// Waits for a state.
pub(crate) async fn wait_for(
    deployment: &Deployment,
    what: &str,
    is: impl FnMut(&Snapshot) -> bool,
) {
    let mut board = deployment.watch();
    let reached = timeout(DEADLINE, board.wait_for(is)).await;
    assert!(reached.is_ok(), "never {what}: {:#?}", deployment.snapshot());
}

/// The only pod in this phase, or the first one.
pub(crate) fn first_pod(snapshot: &Snapshot, phase: PodPhase) -> String {
    snapshot.pods.iter().find(|pod| pod.phase == phase).unwrap().name.clone()
}

/// Writes ids and wants them back.
pub(crate) struct Echo;

impl Echo {
    pub(crate) fn workload() -> Arc<dyn Workload> {
        Arc::new(Echo)
    }
}

impl Workload for Echo {
    fn next(&self, random: &mut StdRng, sequence: u64) -> Request {
        if sequence.is_multiple_of(3) {
            let id = Uuid::from_u128(random.random());
            Request::post_json("write", "/echo", id.to_string()).write_id(id)
        } else {
            Request::post_json("read", "/echo", sequence.to_string())
        }
    }

    fn check(&self, request: &Request, status: StatusCode, body: &Bytes) -> Verdict {
        match status {
            StatusCode::OK if *body == request.body => Verdict::Ok,
            StatusCode::OK => Verdict::WrongBody(format!("{body:?} for {:?}", request.body)),
            _ => Verdict::ServerError(format!("{body:?}")),
        }
    }
}
