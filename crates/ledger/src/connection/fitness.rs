//! Whether a server, and a session there, can be used for what the owner does: new enough, and writable.
//!
//! Asked once, before anything is changed, by `bootstrap::ensure` and whoever raises the floor; the SQL is
//! `sql/fitness.sql`. Rights on tables are no concern of this file: planning looks at those.

use super::Connection;
use crate::error::Error;

const FITNESS: &str = include_str!("sql/fitness.sql");

/// The oldest major version that everything is tested on.
const OLDEST_MAJOR: i32 = 13;

/// Why nothing can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadOnly {
    /// The server follows another one.
    Standby,
    /// Sessions of this role in this database can only read by default.
    Setting {
        /// Where that is set, as `pg_settings.source` has it.
        source: String,
        /// The database.
        database: String,
        /// The role that logged in.
        login: String,
    },
}

impl std::fmt::Display for ReadOnly {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Standby => formatter.write_str("it is a standby that follows another server"),
            Self::Setting { source, .. } => {
                write!(formatter, "default_transaction_read_only is on (set by: {source})")
            }
        }
    }
}

impl ReadOnly {
    /// What to do next.
    pub(crate) fn remedy(&self) -> String {
        let Self::Setting { source, database, login } = self else {
            return "give the address of the primary, or all hosts of the cluster with \
                target_session_attrs=read-write; after a failover the old address may lead to a standby"
                .to_owned();
        };
        let command = match source.as_str() {
            "database" => format!("ALTER DATABASE {database} RESET default_transaction_read_only"),
            "user" => format!("ALTER ROLE {login} RESET default_transaction_read_only"),
            "database user" => {
                format!(
                    "ALTER ROLE {login} IN DATABASE {database} RESET default_transaction_read_only"
                )
            }
            "client" => {
                "remove it from `options` in the connection string, or from PGOPTIONS".to_owned()
            }
            _ => "ALTER SYSTEM RESET default_transaction_read_only; SELECT pg_reload_conf()"
                .to_owned(),
        };
        format!(
            "somebody has made it read-only: for maintenance, or a managed service since its disk is \
             full. Once that is over: {command}. Nothing was changed"
        )
    }
}

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
        let (database, login): (String, String) = (row.get(4), row.get(5));
        let read_only = match (is_standby, is_read_only) {
            (true, _) => Some(ReadOnly::Standby),
            (false, true) => {
                let source = row.get(3);
                Some(ReadOnly::Setting { source, database: database.clone(), login })
            }
            (false, false) => None,
        };
        Ok(Self {
            version: row.get(0),
            read_only,
            may_create: row.get(7),
            database,
            role: row.get(6),
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
    use super::{OLDEST_MAJOR, ReadOnly, require_version};
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

    #[test]
    fn who_made_it_read_only_is_who_can_undo_it() {
        let remedy = |source: &str| {
            let (database, login) = ("d".to_owned(), "l".to_owned());
            ReadOnly::Setting { source: source.to_owned(), database, login }.remedy()
        };
        for (source, command) in [
            ("database", "ALTER DATABASE d RESET"),
            ("user", "ALTER ROLE l RESET"),
            ("database user", "ALTER ROLE l IN DATABASE d RESET"),
            ("client", "`options`"),
            ("configuration file", "ALTER SYSTEM RESET"),
        ] {
            assert!(remedy(source).contains(command), "{source}: {}", remedy(source));
        }
    }
}
