//! Encryption of a connection by rustls: what an address wants of it ([`TlsWanted`]), made into a connector.
//!
//! Which `sslmode` checks what stands in `address/tls_parameters.rs`; the check itself in [`verifier`].

mod files;
mod verifier;

use super::address::{AddressError, Level, Roots, TlsWanted};
use rustls::ClientConfig;
use std::sync::Arc;
use tokio_postgres::config::{SslMode, SslNegotiation};
use tokio_postgres_rustls::MakeRustlsConnect;
use verifier::Verifier;

/// The protocol that a server expects to be named where TLS begins without being asked for.
const ALPN: &[u8] = b"postgresql";

/// The connector; for `sslmode=disable` one that is never used.
pub(super) fn connector(wanted: &TlsWanted) -> Result<MakeRustlsConnect, AddressError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let is_off = wanted.mode == SslMode::Disable;
    let (roots, pinned) = match &wanted.roots {
        _ if is_off || wanted.level == Level::Nothing => files::no_roots(),
        Roots::System => files::system_roots()?,
        Roots::File(path) => files::roots(path)?,
    };
    let verifier = Verifier { level: wanted.level, roots, pinned, provider: Arc::clone(&provider) };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&wanted.versions)
        .map_err(AddressError::Tls)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match &wanted.client {
        Some(client) if !is_off => {
            let (certificates, key) = files::client(client)?;
            builder.with_client_auth_cert(certificates, key).map_err(AddressError::Tls)?
        }
        _ => builder.with_no_client_auth(),
    };
    config.enable_sni = wanted.send_name;
    if wanted.negotiation == SslNegotiation::Direct {
        config.alpn_protocols = vec![ALPN.to_vec()];
    }
    Ok(MakeRustlsConnect::new(config))
}
