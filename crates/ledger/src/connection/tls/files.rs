//! Certificates and keys, out of PEM files or the system's store.

use super::super::address::secret_file;
use super::super::address::{AddressError, ClientFiles};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;

/// CAs, and the certificates of the file as they are: one of them may be the server's own.
type Trusted = (RootCertStore, Vec<CertificateDer<'static>>);

pub(super) fn no_roots() -> Trusted {
    (RootCertStore::empty(), Vec::new())
}

/// The system's CAs.
pub(super) fn system_roots() -> Result<Trusted, AddressError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(AddressError::Content {
            what: "the system's store of CAs",
            path: "/etc/ssl/certs".into(),
            reason: "it is empty (install ca-certificates, or give sslrootcert=FILE)".to_owned(),
        });
    }
    Ok((roots, Vec::new()))
}

/// The CAs of a file.
pub(super) fn roots(path: &Path) -> Result<Trusted, AddressError> {
    let what = "the file of CAs (sslrootcert)";
    let text = std::fs::read(path).map_err(|source| AddressError::File {
        what,
        path: path.to_owned(),
        source,
    })?;
    let certificates = certificates(what, path, &text)?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates.iter().cloned());
    Ok((roots, certificates))
}

/// The certificate that we show, with what signs for it.
pub(super) fn client(
    files: &ClientFiles,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), AddressError> {
    let what = "the client's certificate (sslcert)";
    let path = &files.certificate;
    let text = std::fs::read(path).map_err(|source| AddressError::File {
        what,
        path: path.clone(),
        source,
    })?;
    let chain = certificates(what, path, &text)?;
    let what = "the client's key (sslkey)";
    let text = secret_file::read(what, &files.key)?;
    let key = PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| {
        let reason = if text.contains("ENCRYPTED") {
            "it is encrypted, and there is nobody to ask for its password"
        } else {
            "it holds no private key in PEM"
        };
        AddressError::Content { what, path: files.key.clone(), reason: reason.to_owned() }
    })?;
    Ok((chain, key))
}

fn certificates(
    what: &'static str,
    path: &Path,
    text: &[u8],
) -> Result<Vec<CertificateDer<'static>>, AddressError> {
    let content = |reason: String| AddressError::Content { what, path: path.to_owned(), reason };
    let found: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(text)
        .collect::<Result<_, _>>()
        .map_err(|error| content(error.to_string()))?;
    if found.is_empty() {
        return Err(content("it holds no certificate in PEM".to_owned()));
    }
    Ok(found)
}
