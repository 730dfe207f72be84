//! Why a database can't be written to, and who can change that.

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

#[cfg(test)]
mod tests {
    use super::ReadOnly;

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
