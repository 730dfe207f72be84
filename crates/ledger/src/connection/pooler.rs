//! Finds out, before anything is changed, whether a pooler that shares sessions stands between us and
//! the server: transaction and statement mode do, session mode does not.
//!
//! A setting in the startup packet (`options`) reaches a server and shows there; PgBouncer refuses
//! it, or drops it where told to. Behind a pooler that does not show it, several connections at once look
//! which backend each of them has, twice: who keeps one session for each client gives each of them a
//! backend of its own that stays the same. Only that is accepted: unknown is unsafe.
//!
//! Nothing here sets anything that outlives a query: behind a pooler it would reach other clients.

use super::{Address, Connection, Purpose, connect, open};
use crate::error::{Error, chain};
use rand::Rng;
use std::time::Duration;
use tokio::time::timeout;
use uuid::Uuid;

/// The setting that a server shows to the session that sent it. No extension reserves the prefix.
const PROBE_SETTING: &str = "changeover.probe";

/// How long asking a server directly may take.
const PROBE_WAIT: Duration = Duration::from_secs(10);

/// How many connections are held at once. Several poolers may share one address, and two clients
/// only share a backend at the same one: with four, up to three poolers are seen through for
/// certain. A migrating instance opens as many and more, so a pool without room for them is none.
const CONNECTIONS: usize = 4;

/// How often, with new connections each time, each of them must have had a backend of its own. Where
/// other clients are busy, a pooler in transaction mode can look so once, by luck.
const ROUNDS_CLEAN: u32 = 3;

/// How many rounds are tried. Instances that start at the same time can take each other's
/// connections away: such a round ends without an answer.
const ROUNDS_MAX: u32 = 6;

/// How long one round may take: some 30 ms, if nobody else waits for connections of the pool.
const ROUND_WAIT: Duration = Duration::from_secs(3);

/// The longest pause after a round without an answer, so that others that wait as we do go apart.
const PAUSE_MAX_MS: u64 = 500;

/// Opens a connection of the owner, whose sessions must be its own.
///
/// Fails with [`Error::Pooled`] where they are shared, or where that cannot be told; otherwise as
/// [`open`].
pub async fn open_owner(
    url: &str,
    application: &str,
    purpose: Purpose,
) -> Result<Connection, Error> {
    match probe(url, application).await {
        Ok(true) => {}
        // Nobody is there, or the address is none: that is no question of poolers.
        Err(Error::Connect { source, .. }) if source.is_out_of_reach() => {
            return Err(Error::Connect { purpose: purpose.as_str(), source });
        }
        Err(error @ Error::Url { .. }) => return Err(error),
        Ok(false) | Err(_) => {
            // Without the setting: what fails here is about this role, or about nobody who answers.
            open(url, application, Purpose::Probe).await?;
            require_own_backends(url, application).await?;
        }
    }
    open(url, application, purpose).await
}

/// Whether the server itself has answered. A failure is none of ours: the next attempt meets it.
pub async fn is_direct(url: &str, application: &str) -> bool {
    probe(url, application).await.unwrap_or(false)
}

/// Whether a setting of the startup packet reaches a server.
async fn probe(url: &str, application: &str) -> Result<bool, Error> {
    let token = Uuid::new_v4().to_string();
    let shown = shown_setting(url, application, &token).await.inspect_err(|error| {
        tracing::debug!(error = chain(error), "the server does not answer directly");
    })?;
    Ok(shown.as_ref() == Some(&token))
}

/// What the one that answers shows of a setting that is sent in the startup packet.
async fn shown_setting(url: &str, application: &str, token: &str) -> Result<Option<String>, Error> {
    let mut address = Address::read(url)?;
    address.add_option(&format!("{PROBE_SETTING}={token}"));
    let name = format!("{application}/{}", Purpose::Probe.as_str());
    let connection = connect(&address, &name, Purpose::Probe, None).await?;
    let sql = format!("SELECT current_setting('{PROBE_SETTING}', true)");
    let row = timeout(PROBE_WAIT, connection.client.query_typed_one(&sql, &[]))
        .await
        .map_err(|_elapsed| Error::Deadline {
            what: "looking for a pooler".to_owned(),
            limit_ms: u64::try_from(PROBE_WAIT.as_millis()).unwrap_or(u64::MAX),
        })?
        .map_err(|source| Error::sql("looking for a pooler", source))?;
    Ok(row.get(0))
}

/// Passes only where each connection was seen to have a backend of its own, again and again.
async fn require_own_backends(url: &str, application: &str) -> Result<(), Error> {
    let mut clean = 0;
    let mut unclear = String::new();
    for _ in 0..ROUNDS_MAX {
        match timeout(ROUND_WAIT, sharing(url, application)).await {
            Ok(Ok(None)) => {
                clean += 1;
                if clean == ROUNDS_CLEAN {
                    tracing::debug!("a pooler that keeps sessions, or a server without settings");
                    return Ok(());
                }
                continue;
            }
            Ok(Ok(Some(evidence))) => return Err(Error::Pooled { evidence }),
            // Nobody there, or not for this role: no question of poolers.
            Ok(Err(error @ (Error::Connect { .. } | Error::Url { .. }))) => return Err(error),
            Ok(Err(error)) => unclear = chain(&error),
            Err(_elapsed) => {
                unclear = format!(
                    "{CONNECTIONS} connections at once were not answered within {} s",
                    ROUND_WAIT.as_secs()
                );
            }
        }
        let pause_ms = rand::rng().random_range(0..=PAUSE_MAX_MS);
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
    }
    Err(Error::Pooled { evidence: format!("whether it does could not be told ({unclear})") })
}

/// One round: what shows that sessions are shared, if anything does.
async fn sharing(url: &str, application: &str) -> Result<Option<String>, Error> {
    let mut connections = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        connections.push(open(url, application, Purpose::Probe).await?);
    }
    let mut first = Vec::with_capacity(CONNECTIONS);
    for connection in &connections {
        first.push(backend(connection).await?);
    }
    // Backwards, so that a pooler which hands out its backends in turn does not give each
    // connection the same one again.
    let mut again = Vec::with_capacity(CONNECTIONS);
    for connection in connections.iter().rev() {
        again.push(backend(connection).await?);
    }
    again.reverse();
    Ok(shared_backend(&first, &again))
}

async fn backend(connection: &Connection) -> Result<i32, Error> {
    let row = connection
        .client
        .query_typed_one("SELECT pg_backend_pid()", &[])
        .await
        .map_err(|source| Error::sql("looking for a pooler", source))?;
    Ok(row.get(0))
}

/// Two connections with one backend, or a connection whose backend is another one later.
fn shared_backend(first: &[i32], again: &[i32]) -> Option<String> {
    if let Some((before, after)) = first.iter().zip(again).find(|(before, after)| before != after) {
        return Some(format!(
            "one connection had backend {before} and, a moment later, backend {after}"
        ));
    }
    let mut sorted = first.to_vec();
    sorted.sort_unstable();
    let shared = sorted.windows(2).find(|pair| pair[0] == pair[1])?;
    Some(format!("two open connections had the same backend {}", shared[0]))
}

#[cfg(test)]
mod tests {
    use super::shared_backend;

    #[test]
    fn backends_that_are_shared_or_change_give_a_pooler_away() {
        assert_eq!(shared_backend(&[1, 2, 3], &[1, 2, 3]), None);
        let shared = shared_backend(&[3, 1, 3], &[3, 1, 3]).unwrap();
        assert_eq!(shared, "two open connections had the same backend 3");
        let changed = shared_backend(&[1, 2, 3], &[1, 3, 2]).unwrap();
        assert_eq!(changed, "one connection had backend 2 and, a moment later, backend 3");
    }
}
