//! Central on a server that takes encrypted connections only: pool, heartbeat, migrations, notifications.

use crate::{client::once, stage::Stage};
use changeover_central::{CentralError, roles, server::Central, settings::UpgradeMode};
use changeover_postgres::{Authority, Server};
use std::path::Path;

/// A server that is let go with the process; `ca` gets the certificate that it is checked by.
async fn server(ca: &Path) -> &'static Server {
    let authority = Authority::new("CA of the test").unwrap();
    std::fs::write(ca, authority.certificate_pem()).unwrap();
    let issued = authority.issue("server", &["db.central.test"]).unwrap();
    let (owner, service) = (roles::OWNER, roles::SERVICE);
    let line = format!("hostssl all {owner},{service} 127.0.0.1/32 trust");
    let builder = Server::builder().tls(issued.certificate_pem, issued.key_pem, None).hba(&[&line]);
    let server = tokio::task::spawn_blocking(|| builder.start()).await.unwrap().unwrap();
    Box::leak(Box::new(server))
}

#[tokio::test(flavor = "multi_thread")]
async fn central_serves_where_only_encrypted_connections_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.crt");
    let server = server(&ca).await;
    let checked = format!("sslmode=verify-full&sslrootcert={}", ca.display());
    let parameters = format!("?host=db.central.test&hostaddr=127.0.0.1&{checked}");
    let stage = Stage::empty_by(server, "encrypted", parameters).await;
    let mut settings = stage.settings("4.10", UpgradeMode::Changeover);
    settings.listen_url = Some(stage.service_url());
    let central = Central::start(settings.clone()).await.unwrap();
    let answer = once(central.address(), "GET", "/v1/alerts", "").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let sql = "SELECT count(*) FILTER (WHERE s.ssl), count(*) FILTER (WHERE NOT s.ssl) \
                 FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) \
                WHERE a.usename IN ('central_owner', 'central_service')";
    let row = stage.superuser().await.query_one(sql, &[]).await.unwrap();
    let (encrypted, plain): (i64, i64) = (row.get(0), row.get(1));
    assert!(encrypted >= 2 && plain == 0, "{encrypted} encrypted, {plain} not");
    central.drain().await;

    // Another CA: central does not start, and says why.
    std::fs::write(&ca, Authority::new("another CA").unwrap().certificate_pem()).unwrap();
    let error = Central::start(settings).await.map(|_| ()).unwrap_err();
    assert!(matches!(error, CentralError::Upgrade(_)), "{error}");
    assert!(changeover::chain(&error).contains("UnknownIssuer"), "{}", changeover::chain(&error));
}
