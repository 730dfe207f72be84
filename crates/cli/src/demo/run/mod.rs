//! One run: 4.8 serves under load, is upgraded to 4.9 and to 4.10, and all that was seen is kept.
//!
//! `course.rs` is the order of events; `pods.rs` says what a pod is;
//! `observer/` reads from the database how migrations stand; `journal.rs` notes when what
//! began, `lives.rs` what pods did, `sensors.rs` runs long streams, `record.rs` is what is left at the end.
//!
//! Invariant: the load begins before the first upgrade and ends after the last; all that happens
//! between is in the record, with times counted from the load's start.

mod course;
mod journal;
mod lives;
mod observer;
mod pods;
mod record;
mod sensors;

pub(super) use changeover_central::traffic::{Traffic, WRITES_TO_MIGRATING_TABLES};
pub(super) use course::run;
pub(super) use pods::Pods;
pub(super) use record::{PhaseKind, PhaseSpan, PodSpan, RunRecord, StepRecord, StreamsSeen};
pub(super) use sensors::Sensors;
