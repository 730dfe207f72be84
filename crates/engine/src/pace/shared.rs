//! What the pacer, the governor, the prober and the looker of one holder tell each other.
//!
//! Locks are held for moments and over no await.

use super::controller::Course;
use super::limits::Limits;
use super::look::Look;
use super::window::Window;
use crate::options::Pace;
use changeover_plan::{Step, StepId};
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::watch;

/// Probes that are looked at: at forty a second, those of one and a half seconds.
const PROBES: usize = 60;

/// Locks; a thread that has died holding one leaves values that are each whole.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All of it.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) pace: Pace,
    pub(super) limits: Mutex<Limits>,
    /// What the governor has decided.
    pub(super) standing: watch::Sender<Standing>,
    /// Whether the pacer's step rests now.
    pub(super) is_resting: AtomicBool,
    pub(super) probes: Mutex<Probes>,
    pub(super) seen: Mutex<Option<(Instant, Look)>>,
    /// The statistics cannot be read by this role at all: they are left out.
    pub(super) is_blind: AtomicBool,
    pub(super) subject: Mutex<Option<Subject>>,
}

impl Shared {
    pub(super) fn new(pace: Pace) -> Self {
        let limits = Limits::of(&pace);
        let course = Course { share: limits.max_share, batch: pace.batch_target };
        let (statements, commits) = (Window::new(PROBES), Window::new(PROBES));
        Self {
            pace,
            limits: Mutex::new(limits),
            standing: watch::Sender::new(Standing::new(course)),
            is_resting: AtomicBool::new(false),
            probes: Mutex::new(Probes { statements, commits, failed: None }),
            seen: Mutex::new(None),
            is_blind: AtomicBool::new(false),
            subject: Mutex::new(None),
        }
    }
}

/// What the governor has decided.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Standing {
    pub(super) course: Course,
    /// Nothing is to be worked until it is known what it is like without us.
    pub(super) hold: bool,
    /// Whether probes are sent: not while nobody else is at work.
    pub(super) is_probed: bool,
    pub(super) has_company: bool,
    /// Whether what cannot be slowed down may begin.
    pub(super) allows_long: bool,
    /// The input that holds it back, and what it says.
    pub(super) limited: Option<(&'static str, String)>,
}

impl Standing {
    pub(super) fn new(course: Course) -> Self {
        Self {
            course,
            hold: false,
            is_probed: false,
            has_company: false,
            allows_long: false,
            limited: None,
        }
    }
}

/// How long probes took lately.
#[derive(Debug)]
pub(super) struct Probes {
    pub(super) statements: Window,
    pub(super) commits: Window,
    /// Why they get no answer.
    pub(super) failed: Option<String>,
}

impl Probes {
    pub(super) fn clear(&mut self) {
        self.statements.clear();
        self.commits.clear();
    }
}

/// What runs.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) step: StepId,
    /// The tables it works on, quoted.
    pub(super) tables: Vec<String>,
}

impl Subject {
    pub(super) fn of(step: &Step) -> Self {
        let tables = step.locks.iter().map(|lock| lock.relation.to_string()).collect();
        Self { step: step.id.clone(), tables }
    }
}
