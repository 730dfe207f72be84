//! Whether a server, and a session there, can be used for what the owner does: new enough, and writable.
//!
//! Asked once, before anything is changed, by `bootstrap::ensure` and before the floor is raised; the SQL is
//! `sql/fitness.sql`. Rights on tables are no concern of this file: planning looks at those.

use super::Connection;
use super::read_only::ReadOnly;
use crate::error::Error;
use crate::text::text;

const FITNESS: &str = include_str!("sql/fitness.sql");

/// The oldest major version that everything is tested on.
const OLDEST_MAJOR: i32 = 13;

/// What a server says of itself and of this session.
pub struct Fitness {
    version: i32,
    read_only: Option<ReadOnly>,
    may_create: bool,
    database: String,
    role: String,
}

impl Fitness {
    /// Asks.
    pub async fn ask(connection: &Connection) -> Result<Self, Error> {
        let row =
            connection.client.query_typed_one(FITNESS, &[]).await.map_err(|source| {
                Error::sql("looking whether the server can be written to", source)
            })?;
        let (is_standby, is_read_only): (bool, bool) = (row.get(1), row.get(2));
        let (database, login) = (text(&row, 4), text(&row, 5));
        let read_only = match (is_standby, is_read_only) {
            (true, _) => Some(ReadOnly::Standby),
            (false, true) => {
                let source = text(&row, 3);
                Some(ReadOnly::Setting { source, database: database.clone(), login })
            }
            (false, false) => None,
        };
        Ok(Self {
            version: row.get(0),
            read_only,
            may_create: row.get(7),
            database,
            role: text(&row, 6),
        })
    }

    /// Fails where nothing can be written, or the server is too old.
    pub fn require_writable(&self) -> Result<(), Error> {
        require_version(self.version)?;
        match &self.read_only {
            Some(why) => Err(Error::ReadOnly { why: why.clone() }),
            None => Ok(()),
        }
    }

    /// Fails where the role may not make the ledger's schema.
    pub fn require_create(&self) -> Result<(), Error> {
        if self.may_create {
            return Ok(());
        }
        let (role, database) = (&self.role, &self.database);
        Err(Error::Denied {
            role: role.clone(),
            right: format!("CREATE on database {database}"),
            what_for: "to make the ledger's schema",
            grant: format!("GRANT CREATE ON DATABASE {database} TO {role}"),
        })
    }
}

/// `version` as `server_version_num` has it: 150004 for 15.4.
fn require_version(version: i32) -> Result<(), Error> {
    let major = version / 10_000;
    if major < OLDEST_MAJOR {
        return Err(Error::ServerTooOld { major, oldest: OLDEST_MAJOR });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{OLDEST_MAJOR, require_version};
    use crate::error::Error;

    #[test]
    fn servers_that_are_too_old_are_named() {
        require_version(OLDEST_MAJOR * 10_000).unwrap();
        let error = require_version(120_019).unwrap_err();
        assert!(matches!(error, Error::ServerTooOld { major: 12, .. }));
        assert_eq!(
            error.to_string(),
            "the server is PostgreSQL 12, and 13 is the oldest that is supported"
        );
    }
}
