//! Opens the verifier's connections. Its servers are its own, so no variable of the one that calls it counts.

use crate::error::VerifyError;
use changeover::{Address, Surroundings};
use tokio_postgres::Client;

/// Opens a connection; its task ends with the client.
pub(crate) async fn connect(
    url: &str,
    application_name: &str,
    purpose: &'static str,
) -> Result<Client, VerifyError> {
    let failed = |source| VerifyError::Connect { purpose, source };
    let address = Address::read_in(url, &Surroundings::none())
        .map_err(|source| failed(changeover::ConnectError::Address(source)))?;
    let reached = address.connect(application_name).await.map_err(failed)?;
    tokio::spawn(reached.link);
    Ok(reached.client)
}
