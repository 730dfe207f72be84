//! What an operator's program calls: pause, resume, pace, stop, cancel. One call each, of the ledger's functions.
//!
//! Any role that was granted them may; by default it is the owner.

use super::SINCE_FORMAT;
use super::wishes::{self, Wishes};
use crate::connection::{self, Connection, Parameter, Purpose};
use crate::error::{Error, SQLSTATE_UNKNOWN_APP, SQLSTATE_UNKNOWN_STEP};
use crate::ledger::bootstrap;
use crate::text::texts;
use tokio_postgres::types::Type;

/// How many steps an error names.
const NEAR_MAX: usize = 3;

/// How fast what runs long may go; `None` is the default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PaceWish {
    /// The share of the time, above 0 and up to 1, that may be worked at most.
    pub max_share: Option<f64>,
    /// The share of the time, 0 to 1, that is worked at least.
    pub min_share: Option<f64>,
    /// By which factor of its base the probe may grow; at least 1.
    pub probe_factor: Option<f64>,
    /// The hours in which builds and validations may begin, such as `22-5`.
    pub hours: Option<String>,
    /// On whose clock the hours are; UTC by default.
    pub time_zone: Option<String>,
}

/// An operator's connection.
pub struct Operator {
    connection: Connection,
    app: String,
}

impl Operator {
    /// Connects. `person` is shown as the one who asks; without one the login is.
    ///
    /// # Errors
    /// [`Error::NoLedger`]; [`Error::UnknownApp`]; [`Error::Invalid`] where only older engines have been here.
    pub async fn connect(url: &str, app: &str, person: Option<&str>) -> Result<Self, Error> {
        let name = person.map_or_else(
            || "changeover-control".to_owned(),
            |person| format!("changeover-operator/{person}"),
        );
        let connection = connection::open(url, &name, Purpose::Status).await?;
        let written = bootstrap::require(&connection).await?;
        if written < SINCE_FORMAT {
            return Err(Error::Invalid(format!(
                "the ledger has format {written}, and nothing in it to say this with before format \
                 {SINCE_FORMAT}: start a release with this version, or run its `changeover migrate`"
            )));
        }
        let known = "SELECT FROM changeover.app WHERE app = $1";
        let rows = connection
            .client
            .query_typed(known, &[(&app, Type::TEXT)])
            .await
            .map_err(|source| Error::sql("looking for the application", source))?;
        if rows.is_empty() {
            return Err(bootstrap::unknown_app(&connection, app).await);
        }
        Ok(Self { connection, app: app.to_owned() })
    }

    /// What operators want now.
    pub async fn wishes(&self) -> Result<Wishes, Error> {
        wishes::read(&self.connection, &self.app).await
    }

    /// Nothing more begins, and batches wait, until somebody resumes.
    pub async fn pause(&self, reason: Option<&str>) -> Result<(), Error> {
        let sql = "SELECT changeover.pause_v1($1, $2)::text";
        self.call("pausing", sql, &[(&self.app, Type::TEXT), (&reason, Type::TEXT)], None).await?;
        Ok(())
    }

    /// Goes on: takes back a pause and what was cancelled.
    pub async fn resume(&self) -> Result<(), Error> {
        let sql = "SELECT changeover.resume_v1($1)::text";
        self.call("resuming", sql, &[(&self.app, Type::TEXT)], None).await?;
        Ok(())
    }

    /// Sets all of the pace at once.
    ///
    /// # Errors
    /// [`Error::Invalid`] with what makes no sense of it.
    pub async fn set_pace(&self, wish: &PaceWish) -> Result<(), Error> {
        let sql = "SELECT changeover.set_pace_v1($1, $2, $3, $4, $5, $6)::text";
        let parameters: [Parameter<'_>; 6] = [
            (&self.app, Type::TEXT),
            (&wish.max_share, Type::FLOAT8),
            (&wish.min_share, Type::FLOAT8),
            (&wish.probe_factor, Type::FLOAT8),
            (&wish.hours, Type::TEXT),
            (&wish.time_zone, Type::TEXT),
        ];
        self.call("setting the pace", sql, &parameters, None).await?;
        Ok(())
    }

    /// Nothing begins once the step is done; `None` takes that back.
    ///
    /// # Errors
    /// [`Error::UnknownStep`].
    pub async fn stop_after(&self, step: Option<&str>) -> Result<(), Error> {
        let sql = "SELECT changeover.stop_after_v1($1, $2)::text";
        self.call(
            "setting where to stop",
            sql,
            &[(&self.app, Type::TEXT), (&step, Type::TEXT)],
            step,
        )
        .await?;
        Ok(())
    }

    /// Cancels what a step runs, and keeps it from running until somebody resumes. Returns the step's state:
    /// one that is `done` is left as it is.
    ///
    /// # Errors
    /// [`Error::UnknownStep`].
    pub async fn cancel_step(&self, step: &str, reason: Option<&str>) -> Result<String, Error> {
        let sql = "SELECT changeover.cancel_step_v1($1, $2, $3)";
        let parameters: [Parameter<'_>; 3] =
            [(&self.app, Type::TEXT), (&step, Type::TEXT), (&reason, Type::TEXT)];
        let rows = self.call("cancelling a step", sql, &parameters, Some(step)).await?;
        Ok(texts(&rows).into_iter().next().unwrap_or_default())
    }

    async fn call(
        &self,
        action: &str,
        sql: &str,
        parameters: &[Parameter<'_>],
        step: Option<&str>,
    ) -> Result<Vec<tokio_postgres::Row>, Error> {
        let source = match self.connection.client.query_typed(sql, parameters).await {
            Ok(rows) => return Ok(rows),
            Err(source) => source,
        };
        let message = source.as_db_error().map(|error| error.message().to_owned());
        let error = Error::sql(action, source);
        Err(match (error.sqlstate(), message, step) {
            (Some(SQLSTATE_UNKNOWN_APP), ..) => {
                bootstrap::unknown_app(&self.connection, &self.app).await
            }
            (Some(SQLSTATE_UNKNOWN_STEP), _, Some(step)) => self.unknown_step(step).await,
            (Some("22023"), Some(message), _) => Error::Invalid(message),
            _ => error,
        })
    }

    /// Says that there is no such step, and which ones are written almost like it.
    async fn unknown_step(&self, step: &str) -> Error {
        let sql = "SELECT id FROM changeover.step WHERE app = $1 ORDER BY plan_id DESC, position";
        let ids = match self.connection.client.query_typed(sql, &[(&self.app, Type::TEXT)]).await {
            Ok(rows) => texts(&rows),
            Err(source) => return Error::sql("reading the steps", source),
        };
        Error::UnknownStep { step: step.to_owned(), near: near(step, ids) }
    }
}

/// The ids that have the most in common with what was asked for, at both ends; the best first.
fn near(step: &str, mut ids: Vec<String>) -> Vec<String> {
    ids.sort_by_cached_key(|id| std::cmp::Reverse(in_common(step, id)));
    ids.truncate(NEAR_MAX);
    ids
}

fn in_common(one: &str, other: &str) -> usize {
    let same = |(left, right): &(char, char)| left == right;
    let before = one.chars().zip(other.chars()).take_while(same).count();
    let behind = one.chars().rev().zip(other.chars().rev()).take_while(same).count();
    before + behind
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn near_steps_are_named() {
        let ids = ["0209.1.add_column", "0209.2.backfill", "0210.2.backfill", "0211.1.drop_column"];
        let ids: Vec<String> = ids.map(str::to_owned).to_vec();
        assert_eq!(near("0209.2.backfil", ids.clone())[0], "0209.2.backfill");
        assert_eq!(near("210.2.backfill", ids.clone())[0], "0210.2.backfill");
        assert_eq!(near("", ids).len(), 3);
    }
}
