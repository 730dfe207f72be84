//! Arguments that several commands have in common.

use changeover::planning::source::Format;
use std::path::PathBuf;

/// Which application, in which database.
#[derive(Debug, clap::Args)]
pub(crate) struct DatabaseArgs {
    /// The application; several may share a database [default: from changeover.toml, else default]
    #[arg(long, env = "CHANGEOVER_APP", hide_env = true, value_name = "NAME")]
    pub(crate) app: Option<String>,
    /// The connection of the role that owns the tables: direct, not through a pooler
    /// [default: CHANGEOVER_OWNER_URL, DATABASE_URL]
    #[arg(long, value_name = "URL")]
    pub(crate) database_url: Option<String>,
}

/// Where the migrations are.
#[derive(Debug, clap::Args)]
pub(crate) struct FolderArgs {
    /// The folder of migrations [default: from changeover.toml, else ./migrations]
    #[arg(long, value_name = "DIR")]
    pub(crate) migrations: Option<PathBuf>,
    /// The form of the files: 0212_name.sql, 20240131120000_name.sql or V12__name.sql [default: told
    /// by the names]
    #[arg(long, value_enum, value_name = "FORM")]
    pub(crate) format: Option<Form>,
}

/// A form of migration files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Form {
    // 0212_name.sql, numbered without gaps.
    Ours,
    // 20240131120000_name.sql, with or without .up and .down.
    Sqlx,
    // V12__name.sql, as Flyway and refinery have it.
    Flyway,
}

impl From<Form> for Format {
    fn from(form: Form) -> Self {
        match form {
            Form::Ours => Self::Ours,
            Form::Sqlx => Self::Sqlx,
            Form::Flyway => Self::Flyway,
        }
    }
}
