//! The kubelet's part: restarts, probes, signals, the end of pods.

use std::time::Duration;

use crate::support::{DEADLINE, first_pod, pod, spec, wait_for};
use changeover_rollout::deployment::{
    Backoff, Deployment, DeploymentSpec, EventKind, PodPhase, PodSignal, PodTemplate, Probe,
    Strategy,
};
use rustix::process::{Pid, test_kill_process};

fn one_pod() -> DeploymentSpec {
    DeploymentSpec {
        replicas: 1,
        restart_backoff: Backoff {
            first: Duration::from_millis(10),
            max: Duration::from_millis(50),
        },
        ..spec()
    }
}

#[tokio::test]
async fn a_pod_that_dies_is_started_again() {
    let deployment = Deployment::start(one_pod(), pod("v1")).unwrap();
    deployment.wait_complete().await.unwrap();
    let name = first_pod(&deployment.snapshot(), PodPhase::Ready);
    deployment.kill(&name, PodSignal::Kill).unwrap();
    wait_for(&deployment, "ready again", |snapshot| {
        snapshot.pod(&name).is_some_and(|pod| pod.restarts == 1 && pod.phase == PodPhase::Ready)
    })
    .await;
    let events = deployment.events();
    let failed = events.iter().find(|event| event.kind == EventKind::PodFailed).unwrap();
    insta::assert_snapshot!(failed.text, @"process ended: signal: 9 (SIGKILL)");
}

#[tokio::test]
async fn a_frozen_pod_is_no_endpoint_until_it_goes_on() {
    let mut spec = one_pod();
    let readiness = spec.readiness_probe.as_mut().unwrap();
    readiness.timeout = Duration::from_millis(100);
    let deployment = Deployment::start(spec, pod("v1")).unwrap();
    deployment.wait_complete().await.unwrap();
    let mut endpoints = deployment.endpoints();
    assert_eq!(endpoints.borrow_and_update().len(), 1);
    let name = first_pod(&deployment.snapshot(), PodPhase::Ready);
    deployment.kill(&name, PodSignal::Stop).unwrap();
    tokio::time::timeout(DEADLINE, endpoints.wait_for(Vec::is_empty)).await.unwrap().unwrap();
    deployment.kill(&name, PodSignal::Continue).unwrap();
    tokio::time::timeout(DEADLINE, endpoints.wait_for(|all| all.len() == 1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(deployment.snapshot().pod(&name).unwrap().restarts, 0);
}

#[tokio::test]
async fn a_pod_that_fails_its_startup_probe_is_restarted_and_never_ready() {
    let mut spec = one_pod();
    spec.startup_probe =
        Some(Probe::http("/startupz").period(Duration::from_millis(10)).failure_threshold(5));
    let template = pod("v1").args(["--never-started", "--no-drain"]);
    let deployment = Deployment::start(spec, template).unwrap();
    wait_for(&deployment, "restarted twice", |snapshot| {
        snapshot.pods.first().is_some_and(|pod| pod.restarts >= 2)
    })
    .await;
    let events = deployment.events();
    assert!(events.iter().all(|event| event.kind != EventKind::PodReady));
    let failed = events.iter().find(|event| event.kind == EventKind::PodFailed).unwrap();
    assert!(failed.text.starts_with("startup probe failed 5 times: "), "{}", failed.text);
}

#[tokio::test]
async fn the_error_of_a_release_that_cannot_start_quotes_its_output() {
    let mut spec = one_pod();
    spec.progress_deadline = Duration::from_secs(1);
    let deployment = Deployment::start(spec, pod("v1").args(["--fail"])).unwrap();
    let error = deployment.wait_complete().await.unwrap_err().to_string();
    assert!(error.contains("told to fail"), "{error}");
    assert!(error.contains("progress deadline exceeded: release `v1`"), "{error}");

    let missing = PodTemplate::new("v2", "/does/not/exist");
    let error = deployment.rollout(missing).await.unwrap_err();
    assert!(error.to_string().contains("release `v2`"), "{error}");
    let events = deployment.events();
    let failed =
        events.iter().rfind(|event| event.release == "v2" && event.kind == EventKind::PodFailed);
    insta::assert_snapshot!(
        failed.unwrap().text,
        @"could not start `/does/not/exist`: No such file or directory (os error 2)"
    );
}

#[tokio::test]
async fn a_pod_that_ignores_sigterm_is_killed_after_its_grace() {
    let mut spec = one_pod();
    spec.termination_grace = Duration::from_millis(300);
    let deployment = Deployment::start(spec, pod("v1").args(["--ignore-sigterm"])).unwrap();
    deployment.wait_complete().await.unwrap();
    deployment.shutdown().await.unwrap();
    let kinds: Vec<_> = deployment.events().iter().map(|event| event.kind).collect();
    use EventKind::{PodGone, PodKilled, PodSignalled, PodTerminating};
    assert!(kinds.ends_with(&[PodTerminating, PodSignalled, PodKilled, PodGone]), "{kinds:?}");
}

#[tokio::test]
async fn sigterm_comes_after_pre_stop_while_the_endpoint_goes_at_once() {
    let mut spec = one_pod();
    spec.pre_stop = Duration::from_millis(300);
    let deployment = Deployment::start(spec, pod("v1").args(["--no-drain"])).unwrap();
    deployment.wait_complete().await.unwrap();
    deployment.shutdown().await.unwrap();
    assert!(deployment.endpoints().borrow().is_empty());
    let events = deployment.events();
    let at = |kind| events.iter().find(|event| event.kind == kind).unwrap().at;
    let pre_stop = at(EventKind::PodSignalled) - at(EventKind::PodTerminating);
    assert!(pre_stop >= Duration::from_millis(300), "{pre_stop:?}");
}

#[tokio::test]
async fn no_pod_outlives_its_deployment() {
    let deployment = Deployment::start(spec(), pod("v1").args(["--ignore-sigterm"])).unwrap();
    deployment.wait_complete().await.unwrap();
    let pids: Vec<u32> = deployment.snapshot().pods.iter().filter_map(|pod| pod.pid).collect();
    assert_eq!(pids.len(), 2);
    drop(deployment);
    let is_alive = |pid: &u32| {
        let pid = Pid::from_raw(i32::try_from(*pid).unwrap()).unwrap();
        test_kill_process(pid).is_ok()
    };
    tokio::time::timeout(DEADLINE, async {
        while pids.iter().any(is_alive) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("the pods are still there");
}

#[tokio::test]
async fn output_goes_to_a_file_a_pod() {
    let directory = tempfile::tempdir().unwrap();
    let mut spec = one_pod();
    spec.log_directory = Some(directory.path().into());
    let deployment = Deployment::start(spec, pod("v1").args(["--fail"])).unwrap();
    wait_for(&deployment, "restarted", |snapshot| {
        snapshot.pods.first().is_some_and(|pod| pod.restarts >= 1)
    })
    .await;
    let log = directory.path().join("pod-1.log");
    tokio::time::timeout(DEADLINE, async {
        while !std::fs::read_to_string(&log).is_ok_and(|text| text.contains("told to fail")) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("the log lacks the output");
}

#[tokio::test]
async fn an_old_pod_stays_until_the_new_one_has_been_ready_for_min_ready() {
    let mut spec = one_pod();
    spec.min_ready = Duration::from_millis(400);
    let deployment = Deployment::start(spec, pod("v1")).unwrap();
    deployment.wait_complete().await.unwrap();
    deployment.rollout(pod("v2")).await.unwrap();
    let events = deployment.events();
    let at = |kind, release| {
        let mut of_release = events.iter().filter(|event| event.release == release);
        of_release.find(|event| event.kind == kind).unwrap().at
    };
    let kept = at(EventKind::PodTerminating, "v1") - at(EventKind::PodReady, "v2");
    assert!(kept >= Duration::from_millis(400), "{kept:?}");
}

#[tokio::test]
async fn what_cannot_work_is_refused() {
    let mut spec = one_pod();
    spec.strategy = Strategy::RollingUpdate { max_surge: 0, max_unavailable: 0 };
    let error = Deployment::start(spec, pod("v1")).err().unwrap();
    insta::assert_snapshot!(
        error,
        @"invalid deployment: max_surge and max_unavailable are both 0, so no pod could be replaced"
    );
    let deployment = Deployment::start(one_pod(), pod("v1")).unwrap();
    let error = deployment.rollback().await.unwrap_err();
    insta::assert_snapshot!(error, @"there is no earlier release to roll back to");
    let error = deployment.kill("nobody", PodSignal::Kill).unwrap_err();
    insta::assert_snapshot!(error, @"no running pod is named `nobody`");
}
