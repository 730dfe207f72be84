//! Arguments that several commands have in common.

use changeover::planning::source::{self, Format};
use clap::builder::{PossibleValuesParser, TypedValueParser};
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
    /// The tool whose form the files have, such as sqlx or flyway [default: told by their names and
    /// texts]
    #[arg(long, value_name = "TOOL", value_parser = format_parser(), hide_possible_values = true)]
    pub(crate) format: Option<&'static Format>,
}

/// Takes the name of a form.
fn format_parser() -> impl TypedValueParser<Value = &'static Format> {
    let names = source::format::ALL.iter().map(|format| format.name);
    PossibleValuesParser::new(names).try_map(|name| {
        source::format::find(&name).ok_or_else(|| format!("there is no form `{name}`"))
    })
}
