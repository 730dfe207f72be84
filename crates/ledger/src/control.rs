//! One connection of the service for short calls of the ledger's functions, opened again when it is lost.
//!
//! Shared by everything that a process does in the background: what is slow must not go through here.
//! Statements are typed, since it may be pooled.

pub use crate::connection::Parameter;

use crate::connection::{Connection, Purpose};
use crate::error::Error;
use crate::instance::open_for;
use crate::options::Options;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio_postgres::Row;

/// The connection, with a bound on each call.
pub struct Control {
    options: Arc<Options>,
    purpose: Purpose,
    wait: Duration,
    open: Mutex<Option<Arc<Connection>>>,
}

impl Control {
    /// `wait`: for how long a call may take, besides connecting.
    pub fn new(options: Arc<Options>, purpose: Purpose, wait: Duration) -> Self {
        Self { options, purpose, wait, open: Mutex::new(None) }
    }

    /// Calls a function of the ledger; `action` says what for, in the error.
    pub async fn call(
        &self,
        action: &str,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Error> {
        let connection = self.connection().await?;
        let called = connection.client.query_typed(sql, parameters);
        match tokio::time::timeout(self.wait, called).await {
            Ok(Ok(rows)) => Ok(rows),
            Ok(Err(source)) => Err(Error::sql(action, source)),
            Err(_elapsed) => {
                // The next call gets a new one; this one's statement must not go on unseen.
                self.open.lock().await.take_if(|open| Arc::ptr_eq(open, &connection));
                connection.cancel().await;
                Err(Error::Deadline {
                    what: action.to_owned(),
                    limit_ms: u64::try_from(self.wait.as_millis()).unwrap_or(u64::MAX),
                })
            }
        }
    }

    async fn connection(&self) -> Result<Arc<Connection>, Error> {
        let mut open = self.open.lock().await;
        if let Some(connection) = open.as_ref().filter(|open| !open.client.is_closed()) {
            return Ok(Arc::clone(connection));
        }
        let connection = Arc::new(open_for(&self.options, self.purpose).await?);
        *open = Some(Arc::clone(&connection));
        Ok(connection)
    }
}
