//! Server, clients and backfill as a queue: its answers get slower by what is worked beside them.
//!
//! One server of capacity 1 with a client load ρ; a backfill of share s while its batch of length b runs takes
//! a fifth of the capacity more. The probe's time is that of a client: base / (1 − ρ) without us, and by chance
//! within a batch, the queue at the load of both and an eighth of b for its row locks and its burst of WAL. Deterministic: numbers by a fixed sequence.

use super::controller::reach;
use crate::pace::controller::{Controller, Course};
use crate::pace::window::Window;
use std::time::Duration;

/// One look: four probes.
const LOOK: Duration = Duration::from_millis(100);
/// What a batch takes of the server while it runs.
const BATCH_LOAD: f64 = 0.2;
const SERVICE_MS: f64 = 1.0;

struct Server {
    seed: u64,
    /// Load of the clients, 0 to 1.
    clients: f64,
}

impl Server {
    /// Between 0 and 1, the same sequence in every run.
    fn chance(&mut self) -> f64 {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(self.seed >> 33).unwrap()) / f64::from(1_u32 << 31)
    }

    fn probe(&mut self, course: Course) -> Duration {
        let within_batch = self.chance() < course.share;
        let load = self.clients + if within_batch { BATCH_LOAD } else { 0.0 };
        // Exponential, as in the simplest of queues; above 0.97 it would take longer than a look.
        let mean = SERVICE_MS / (1.0 - load.min(0.97));
        let behind = if within_batch { course.batch.as_secs_f64() * 125.0 } else { 0.0 };
        let taken = mean * -(1.0 - self.chance()).ln().min(0.0) + behind;
        Duration::from_secs_f64(taken.max(0.1) / 1000.0)
    }
}

struct Run {
    server: Server,
    controller: Controller,
    window: Window,
    bound: Duration,
}

impl Run {
    fn new(clients: f64) -> Self {
        let mut server = Server { seed: 7, clients };
        let idle = Course { share: 0.0, batch: Duration::from_millis(8) };
        let mut base = Window::new(400);
        (0..400).for_each(|_| base.add(server.probe(idle)));
        let bound = base.p95().unwrap().mul_f64(1.3) + Duration::from_millis(1);
        Self { server, controller: Controller::new(), window: Window::new(60), bound }
    }

    /// The shares of so many looks.
    fn looks(&mut self, looks: usize) -> Vec<f64> {
        let reach = reach(1.0, 0.02);
        let one = |_| {
            let course = self.controller.course(&reach);
            (0..4).for_each(|_| {
                let probe = self.server.probe(course);
                self.window.add(probe);
            });
            let worst = self.window.p95().unwrap().as_secs_f64() / self.bound.as_secs_f64();
            self.controller.observe(worst, LOOK, &reach);
            course.share
        };
        (0..looks).map(one).collect()
    }

    /// p95 of what clients feel at the share that it has found.
    fn felt(&mut self, looks: usize) -> f64 {
        let mut all = Window::new(looks * 4);
        let reach = reach(1.0, 0.02);
        for _ in 0..looks {
            self.looks(1);
            let course = self.controller.course(&reach);
            (0..4).for_each(|_| all.add(self.server.probe(course)));
        }
        all.p95().unwrap().as_secs_f64() / self.bound.as_secs_f64()
    }
}

fn mean(shares: &[f64]) -> f64 {
    shares.iter().sum::<f64>() / f64::from(u32::try_from(shares.len()).unwrap())
}

#[test]
fn converges_within_the_bound_at_every_load() {
    for clients in [0.15, 0.33, 0.5, 0.7] {
        let mut run = Run::new(clients);
        run.looks(100);
        let felt = run.felt(400);
        assert!(felt <= 1.1, "at {clients}: {felt} of the bound");
    }
}

#[test]
fn the_more_clients_the_slower_but_never_for_good() {
    let mut last = 1.1;
    for clients in [0.05, 0.5, 0.8] {
        let mut run = Run::new(clients);
        run.looks(100);
        let share = mean(&run.looks(400));
        assert!(share < last && share > 0.02, "{share} at {clients}, {last} before");
        last = share;
    }
}

#[test]
fn gives_way_to_a_competitor_and_comes_back() {
    let mut run = Run::new(0.3);
    run.looks(100);
    let before = mean(&run.looks(200));
    run.server.clients = 0.8;
    run.looks(20);
    let during = mean(&run.looks(80));
    assert!(during < 0.05, "{during}");
    run.server.clients = 0.3;
    run.looks(60);
    let after = mean(&run.looks(200));
    assert!(after > before * 0.6, "{before} before, {after} after");
}
