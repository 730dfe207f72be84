//! One way to the database for all chores: a plain connection to a throw-away server, within a bound.

use anyhow::Context as _;
use std::time::Duration;
use tokio_postgres::{Client, NoTls};

/// How long connecting may take on a busy machine.
const CONNECT_WAIT: Duration = Duration::from_secs(20);

/// Connects; the connection's task ends with the client.
pub(crate) async fn connect(url: &str) -> anyhow::Result<Client> {
    let (client, connection) =
        tokio::time::timeout(CONNECT_WAIT, tokio_postgres::connect(url, NoTls))
            .await
            .context("no answer from the server")?
            .context("no connection")?;
    tokio::spawn(connection);
    Ok(client)
}
