//! Opens the verifier's connections. Throw-away servers are local: no TLS.

use crate::error::VerifyError;
use std::time::Duration;
use tokio_postgres::{Client, Config, NoTls};

/// How long connecting may take on a busy machine.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Opens a connection; its task ends with the client.
pub(crate) async fn connect(
    url: &str,
    application_name: &str,
    purpose: &'static str,
) -> Result<Client, VerifyError> {
    let failed = |source| VerifyError::Connect { purpose, source };
    let mut config: Config = url.parse().map_err(failed)?;
    config.application_name(application_name).connect_timeout(CONNECT_TIMEOUT);
    let (client, connection) = config.connect(NoTls).await.map_err(failed)?;
    tokio::spawn(connection);
    Ok(client)
}
