//! Upgrades under load: what the four kinds of client see of a good and of a bad way of leaving.

use std::{
    collections::{BTreeSet, HashSet},
    time::Duration,
};

use crate::support::{DEADLINE, Echo, pod, spec, wait_for};
use changeover_rollout::{
    deployment::{Deployment, DeploymentError, Event, EventKind, PodPhase, PodTemplate, Strategy},
    load::{ClientKind, Load, LoadHandle, LoadReport, LoadSpec, Outcome},
    service::{Service, ServiceSpec},
};

/// All four kinds of client against a service that hears of changes 300 ms late. The interval of the
/// idle clients is well below the pods' idle grace.
fn start_load(service: &Service) -> LoadHandle {
    let spec = LoadSpec {
        idle_interval: Duration::from_millis(400),
        ..LoadSpec::new(service.address(), 200.0).seed(1)
    };
    Load::start(spec, Echo::workload()).unwrap()
}

async fn start_service(deployment: &Deployment) -> Service {
    let spec =
        ServiceSpec { propagation_delay: Duration::from_millis(300), ..ServiceSpec::default() };
    let service = Service::start(spec, deployment.endpoints()).unwrap();
    tokio::time::timeout(DEADLINE, async {
        while service.known_endpoints().len() < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .unwrap();
    service
}

/// Waits until the load has sent so many more requests.
async fn let_pass(load: &LoadHandle, requests: u64) {
    let until = load.counts().ended + requests;
    tokio::time::timeout(DEADLINE, async {
        while load.counts().ended < until {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .unwrap();
}

/// Upgrades from `old` to `new` under load.
async fn upgrade(
    strategy: Strategy,
    old: PodTemplate,
    new: PodTemplate,
) -> (LoadReport, Vec<Event>) {
    let mut spec = spec();
    spec.strategy = strategy;
    let deployment = Deployment::start(spec, old).unwrap();
    deployment.wait_complete().await.unwrap();
    let service = start_service(&deployment).await;
    let load = start_load(&service);
    let_pass(&load, 100).await;
    deployment.rollout(new).await.unwrap();
    deployment.wait_terminated().await.unwrap();
    let_pass(&load, 100).await;
    let report = load.stop(DEADLINE).await.unwrap();
    deployment.shutdown().await.unwrap();
    (report, deployment.events())
}

const ROLLING: Strategy = Strategy::RollingUpdate { max_surge: 1, max_unavailable: 0 };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_update_of_pods_that_drain_loses_nothing() {
    let (report, events) = upgrade(ROLLING, pod("v1"), pod("v2")).await;
    let summary = report.summary(report.whole());
    assert_eq!(summary.failed, 0, "{:#?}", report.failures);
    assert_eq!(summary.requests, report.samples.len() as u64);
    for kind in [ClientKind::PerRequest, ClientKind::KeepAlive, ClientKind::Idle, ClientKind::Http2]
    {
        assert!(summary.requests_by_client[&kind] > 0, "{kind:?}");
    }
    let distinct: HashSet<_> = report.acknowledged.iter().collect();
    assert_eq!(distinct.len(), report.acknowledged.len());
    assert!(report.unacknowledged.is_empty());
    assert_bounds(&events);
}

/// From the first moment at which two pods were ready, never fewer than two were, and never were
/// there more than three that were not terminating.
fn assert_bounds(events: &[Event]) {
    let (mut ready, mut live) = (BTreeSet::new(), BTreeSet::new());
    let mut was_complete = false;
    for event in events {
        match (event.kind, &event.pod) {
            (EventKind::PodCreated, Some(pod)) => _ = live.insert(pod),
            (EventKind::PodReady, Some(pod)) => _ = ready.insert(pod),
            (EventKind::PodTerminating | EventKind::PodNotReady, Some(pod)) => {
                live.remove(pod);
                ready.remove(pod);
            }
            (EventKind::RolloutComplete, _) if was_complete => return,
            (EventKind::RolloutComplete, _) => was_complete = true,
            _ => {}
        }
        assert!(live.len() <= 3, "{event:?}: {live:?}");
        assert!(!was_complete || ready.len() >= 2, "{event:?}: {ready:?}");
    }
    panic!("the second rollout was never complete");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pods_that_do_not_drain_lose_requests() {
    let (report, _) =
        upgrade(ROLLING, pod("v1").args(["--no-drain"]), pod("v2").args(["--no-drain"])).await;
    let summary = report.summary(report.whole());
    assert!(summary.failed > 0);
    assert_eq!(
        summary.failed as usize,
        report.samples.iter().filter(|s| !s.outcome.is_ok()).count()
    );
    assert!(!report.failures.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recreate_is_an_outage() {
    let (report, events) = upgrade(Strategy::Recreate, pod("v1"), pod("v2")).await;
    let summary = report.summary(report.whole());
    let before = report.samples.iter().position(|sample| !sample.outcome.is_ok());
    assert!(before.is_some(), "nothing failed");
    let kinds: Vec<_> = summary.failed_by_outcome.keys().collect();
    assert!(
        kinds.iter().all(|kind| matches!(kind, Outcome::Refused | Outcome::Reset)),
        "{kinds:?}"
    );
    let last_gone = events
        .iter()
        .rposition(|event| event.kind == EventKind::PodGone && event.release == "v1")
        .unwrap();
    let first_new = events
        .iter()
        .position(|event| event.kind == EventKind::PodCreated && event.release == "v2")
        .unwrap();
    assert!(last_gone < first_new, "{events:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_that_never_gets_ready_leaves_the_old_one_serving() {
    let mut spec = spec();
    spec.progress_deadline = Duration::from_secs(2);
    let deployment = Deployment::start(spec, pod("v1")).unwrap();
    deployment.wait_complete().await.unwrap();
    let service = start_service(&deployment).await;
    let load = start_load(&service);
    let_pass(&load, 50).await;

    let error = deployment.rollout(pod("v2").args(["--never-ready"])).await.unwrap_err();
    assert!(
        matches!(&error, DeploymentError::ProgressDeadlineExceeded { release, .. } if release == "v2"),
        "{error}"
    );
    let snapshot = deployment.snapshot();
    assert_eq!(snapshot.count("v1", PodPhase::Ready), 2);
    assert_eq!(snapshot.count("v2", PodPhase::Running), 1);
    let_pass(&load, 50).await;

    let outcome = deployment.rollback().await.unwrap();
    assert_eq!(outcome.release, "v1");
    wait_for(&deployment, "rid of v2", |snapshot| {
        snapshot.pods.len() == 2 && snapshot.count("v1", PodPhase::Ready) == 2
    })
    .await;
    let report = load.stop(DEADLINE).await.unwrap();
    assert_eq!(report.summary(report.whole()).failed, 0, "{:#?}", report.failures);
}
