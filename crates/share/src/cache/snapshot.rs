//! What a look has seen, and by which number a write can be waited for.
//!
//! A snapshot is the server's `pg_snapshot`: transactions below `xmin` and those below `xmax` that are
//! not listed have ended. Comparing with the highest number instead would miss the one that commits late.

use std::fmt;
use std::str::FromStr;
use tokio_postgres::GenericClient;

/// Which transactions a look has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Snapshot {
    /// The server's text, as it is sent back with the next look.
    pub(super) text: String,
    xmin: u64,
    xmax: u64,
    running: Vec<u64>,
}

impl Snapshot {
    /// Reads `xmin:xmax:xid,xid…`; `None` for anything else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ':');
        let (xmin, xmax, list) = (parts.next()?, parts.next()?, parts.next()?);
        let running: Result<Vec<u64>, _> =
            list.split(',').filter(|part| !part.is_empty()).map(str::parse).collect();
        Some(Self {
            text: text.to_owned(),
            xmin: xmin.parse().ok()?,
            xmax: xmax.parse().ok()?,
            running: running.ok()?,
        })
    }

    /// Whether a transaction had ended.
    pub(super) fn sees(&self, xid: u64) -> bool {
        xid < self.xmin || (xid < self.xmax && !self.running.contains(&xid))
    }

    /// Whether this snapshot cannot be a later one of the same server.
    pub(super) fn is_before(&self, earlier: &Self) -> bool {
        self.xmax < earlier.xmax || self.xmin < earlier.xmin
    }
}

/// By which number a write can be waited for, on any instance: made in the writer's transaction by
/// `SELECT changeover.change_token_v1()`. As text (`TIMELINE.TRANSACTION`) it can be handed on, in an
/// HTTP header say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChangeToken {
    timeline: i64,
    xid: u64,
}

impl ChangeToken {
    /// The token of an open transaction: to be asked for before it is committed.
    pub async fn of_transaction(
        client: &(impl GenericClient + Sync),
    ) -> Result<Self, tokio_postgres::Error> {
        // What `changeover.change_token_v1()` says, in two numbers.
        let statement = "SELECT changeover.timeline(), pg_current_xact_id()::text::bigint";
        let row = client.query_typed_one(statement, &[]).await?;
        Ok(Self { timeline: row.get(0), xid: row.get::<_, i64>(1).cast_unsigned() })
    }

    /// Whether a look sees the write. One of a later timeline does: the write is there or was lost with
    /// the server, and in neither case there is more to wait for.
    pub(super) fn is_seen(self, timeline: i64, snapshot: &Snapshot) -> bool {
        timeline > self.timeline || (timeline == self.timeline && snapshot.sees(self.xid))
    }
}

/// The text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a change token: two numbers with a dot between were expected")]
pub struct NotAToken;

impl FromStr for ChangeToken {
    type Err = NotAToken;

    fn from_str(text: &str) -> Result<Self, NotAToken> {
        let (timeline, xid) = text.split_once('.').ok_or(NotAToken)?;
        Ok(Self {
            timeline: timeline.parse().map_err(|_| NotAToken)?,
            xid: xid.parse().map_err(|_| NotAToken)?,
        })
    }
}

impl fmt::Display for ChangeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.timeline, self.xid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_still_runs_is_not_seen_though_a_later_one_is() {
        let snapshot = Snapshot::parse("10:20:10,13").unwrap();
        assert!(snapshot.sees(9) && snapshot.sees(12) && snapshot.sees(19));
        assert!(!snapshot.sees(10) && !snapshot.sees(13) && !snapshot.sees(20));
        let idle = Snapshot::parse("20:20:").unwrap();
        assert!(idle.sees(19) && !idle.sees(20));
        for bad in ["", "1:2", "a:2:", "1:2:x", "1:2:3:4"] {
            assert_eq!(Snapshot::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_token_of_an_earlier_timeline_is_seen() {
        let snapshot = Snapshot::parse("10:10:").unwrap();
        let token: ChangeToken = "2.50".parse().unwrap();
        assert_eq!(token.to_string(), "2.50");
        assert!(!token.is_seen(2, &snapshot) && token.is_seen(3, &snapshot));
        assert!(!"2.9".parse::<ChangeToken>().unwrap().is_seen(1, &snapshot));
        for bad in ["", "1", "1.", ".1", "1.2.3", "1.-2", "x.1"] {
            assert_eq!(bad.parse::<ChangeToken>(), Err(NotAToken), "{bad}");
        }
    }
}
