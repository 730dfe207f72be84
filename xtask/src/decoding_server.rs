//! The server of chores that look at the order of commits by logical decoding: room for many processes,
//! and central's roles in a database of its own.

use changeover_central::roles::create_roles;
use changeover_postgres::Server;

/// A server, the database's name, and its superuser's address.
pub(crate) async fn start(database: &str) -> anyhow::Result<(Server, String, String)> {
    let server = tokio::task::spawn_blocking(|| {
        Server::builder().setting("wal_level", "logical").setting("max_connections", "400").start()
    })
    .await??;
    let name = server.fresh_database(database).await?;
    let superuser_url = server.url("postgres", &name);
    create_roles(&superuser_url).await?;
    Ok((server, name, superuser_url))
}
