//! Schedules as a part of the background work: looks at every poll whether something is due.
//!
//! The database's clock says what time it is. Where another generation's statement of a schedule stands
//! in the ledger and it is our turn, ours is put there.

use super::cron::{CAUGHT_UP_MAX, Timetable};
use super::{CatchUp, Schedule};
use crate::error::{Error, chain};
use crate::generation::{DrainReport, Member, Part, Topic};
use changeover_ledger::text::text;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use std::collections::HashSet;
use std::sync::Arc;
use tokio::time::Instant;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use tokio_util::sync::CancellationToken;

const LOOK: &str = include_str!("sql/look.sql");
const DECLARE: &str = "SELECT changeover.declare_schedule_v1($1, $2, $3, $4, $5)";
const TICK: &str = "SELECT * FROM changeover.tick_v1($1, $2, $3, $4, $5, $6)";

pub(crate) struct Schedules(Arc<Inner>);

struct Inner {
    member: Member,
    entries: Vec<(Schedule, Timetable)>,
    draining: CancellationToken,
}

impl Schedules {
    /// Fails where two schedules have one name, or one cannot be computed.
    pub(crate) fn new(member: Member, schedules: Vec<Schedule>) -> Result<Self, Error> {
        let mut names = HashSet::new();
        let mut entries = Vec::new();
        for schedule in schedules {
            if !names.insert(schedule.name.clone()) {
                let name = schedule.name;
                return Err(Error::Invalid(format!("two schedules have the name `{name}`")));
            }
            let timetable = Timetable::new(&schedule)?;
            entries.push((schedule, timetable));
        }
        Ok(Self(Arc::new(Inner { member, entries, draining: CancellationToken::new() })))
    }
}

impl Part for Schedules {
    fn declare(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            for (schedule, _) in &self.0.entries {
                self.0.declare(schedule).await?;
            }
            Ok(())
        })
    }

    fn start(&self) {
        if !self.0.entries.is_empty() {
            tokio::spawn(Arc::clone(&self.0).run());
        }
    }

    fn drain(&self, _until: Instant) -> BoxFuture<'_, DrainReport> {
        self.0.draining.cancel();
        Box::pin(async { DrainReport::default() })
    }
}

impl Inner {
    /// Ends with the member, or when it drains.
    async fn run(self: Arc<Self>) {
        // Woken at every poll of the member.
        let mut wakes = self.member.wakes(Topic::Worker);
        loop {
            if let Err(error) = self.look().await {
                tracing::warn!(error = chain(&error), "schedules not looked at; trying again");
            }
            tokio::select! {
                () = self.draining.cancelled() => return,
                () = self.member.stopped().cancelled() => return,
                changed = wakes.changed() => if changed.is_err() { return },
            }
        }
    }

    async fn look(&self) -> Result<(), Error> {
        let names: Vec<&str> = self.entries.iter().map(|(schedule, _)| &*schedule.name).collect();
        let app = &self.member.options().app;
        let rows = self
            .member
            .call(
                "looking at the schedules",
                LOOK,
                &[(app, Type::TEXT), (&names, Type::TEXT_ARRAY)],
            )
            .await?;
        let mine = self.member.options().generation();
        for row in &rows {
            let name = text(row, "name");
            let name = name.as_str();
            let entry = self.entries.iter().find(|(schedule, _)| schedule.name == name);
            let (Some((schedule, timetable)), true) = (entry, row.get::<_, i64>("current") == mine)
            else {
                continue;
            };
            if !is_stated(schedule, row, mine) {
                self.declare(schedule).await?;
            }
            // One that cannot be enqueued must not hold the others up.
            if let Err(error) = self.tick(schedule, timetable, row).await {
                tracing::warn!(
                    schedule = name,
                    error = chain(&error),
                    "not enqueued; trying again"
                );
            }
        }
        Ok(())
    }

    async fn tick(&self, schedule: &Schedule, table: &Timetable, row: &Row) -> Result<(), Error> {
        let now: Timestamp = row.get("now");
        let due = table.due(row.get("done_until"), now);
        if due.times.is_empty() && due.passed_over == 0 {
            return Ok(());
        }
        let ticked = self
            .member
            .call(
                "enqueueing what is due of a schedule",
                TICK,
                &[
                    (&self.member.instance_id(), Type::UUID),
                    (&schedule.name, Type::TEXT),
                    (&due.times, Type::TIMESTAMPTZ_ARRAY),
                    (&now, Type::TIMESTAMPTZ),
                    (&schedule.kind, Type::TEXT),
                    (&schedule.version, Type::INT4),
                ],
            )
            .await?;
        // Who was not first says nothing.
        if due.passed_over > 0 && ticked.len() == due.times.len() {
            let why = match schedule.catch_up {
                CatchUp::All => format!("at most {CAUGHT_UP_MAX} are caught up with"),
                other => format!("catch-up is {}", other.as_str()),
            };
            tracing::warn!(
                schedule = schedule.name,
                passed_over = due.passed_over,
                why,
                "missed times are left out"
            );
        }
        Ok(())
    }

    async fn declare(&self, schedule: &Schedule) -> Result<(), Error> {
        self.member
            .call(
                "declaring a schedule",
                DECLARE,
                &[
                    (&self.member.instance_id(), Type::UUID),
                    (&schedule.name, Type::TEXT),
                    (&schedule.cron, Type::TEXT),
                    (&schedule.time_zone, Type::TEXT),
                    (&schedule.catch_up.as_str(), Type::TEXT),
                ],
            )
            .await?;
        Ok(())
    }
}

/// Whether the ledger has it as this release states it.
fn is_stated(schedule: &Schedule, row: &Row, generation: i64) -> bool {
    row.get::<_, i64>("stated_by") == generation
        && text(row, "cron") == schedule.cron
        && text(row, "time_zone") == schedule.time_zone
        && text(row, "catch_up") == schedule.catch_up.as_str()
}
