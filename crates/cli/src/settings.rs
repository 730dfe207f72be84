//! What a command works on, put together from flags, environment and `changeover.toml`, in this
//! order of precedence. The connection string is never read from the file: it holds a password.

use crate::arguments::{DatabaseArgs, FolderArgs};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::folder::Folder;
use changeover::planning::Migration;
use changeover::{Options, folder};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The file that is looked for here and further up.
const FILE_NAME: &str = "changeover.toml";
/// The application where nobody says.
const DEFAULT_APP: &str = "default";
/// The folder where nobody says.
const DEFAULT_FOLDER: &str = "migrations";
/// How many folders up the file is looked for: more than any project is deep.
const FOLDERS_UP_MAX: usize = 32;
/// Where the connection string is looked for, in this order. The last one is set in the reference
/// service's pod, where `changeover status` is run too.
const URL_VARIABLES: [&str; 3] = ["CHANGEOVER_OWNER_URL", "DATABASE_URL", "CENTRAL_OWNER_URL"];

/// What stands in `changeover.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    app: Option<String>,
    migrations: Option<PathBuf>,
    /// Roles that the service's instances use.
    #[serde(default)]
    pub(crate) service_roles: Vec<String>,
}

impl Settings {
    /// Reads the nearest `changeover.toml`; without one, everything is as by default.
    pub(crate) fn find() -> Result<Self, Failure> {
        let here = std::env::current_dir()
            .map_err(|error| Failure::new("the current folder cannot be told", error))?;
        let file = here
            .ancestors()
            .take(FOLDERS_UP_MAX)
            .map(|folder| folder.join(FILE_NAME))
            .find(|file| file.is_file());
        match file {
            Some(file) => Self::read(&file, &here),
            None => Ok(Self::default()),
        }
    }

    fn read(file: &Path, here: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure::new(&format!("{} cannot be read", file.display()), error))?;
        let mut settings: Self = toml::from_str(&text).map_err(|error| {
            Failure::with_remedy(
                ExitCode::Usage,
                format!("{} cannot be understood: {}", file.display(), error.message()),
                "the keys are app, migrations and service_roles; the connection string belongs \
                 into the environment",
            )
        })?;
        // The folder is meant from where the file is; from here where that is shorter to read.
        let beside = file.parent().unwrap_or(here);
        settings.migrations = settings.migrations.map(|folder| {
            let path = beside.join(folder);
            path.strip_prefix(here).map(Path::to_owned).unwrap_or(path)
        });
        Ok(settings)
    }

    /// The application.
    pub(crate) fn app(&self, args: &DatabaseArgs) -> String {
        self.app_or(args.app.as_ref())
    }

    /// The application, where the command line may have named it.
    pub(crate) fn app_or(&self, named: Option<&String>) -> String {
        named.or(self.app.as_ref()).map_or_else(|| DEFAULT_APP.to_owned(), Clone::clone)
    }

    /// The folder of migrations, not read yet.
    pub(crate) fn folder_path(&self, args: &FolderArgs) -> PathBuf {
        let told = args.migrations.as_ref().or(self.migrations.as_ref());
        told.map_or_else(|| PathBuf::from(DEFAULT_FOLDER), Clone::clone)
    }

    /// Reads the folder of migrations.
    pub(crate) fn folder(&self, args: &FolderArgs) -> Result<Folder, Failure> {
        let path = self.folder_path(args);
        if !path.is_dir() {
            return Err(Failure::with_remedy(
                ExitCode::Failed,
                format!("there is no folder {}", path.display()),
                "give the folder of migrations with --migrations DIR, or make its first file with \
                 `changeover new NAME`",
            ));
        }
        let migrations = folder::read_as(&path, args.format)?;
        Ok(Folder { path, migrations })
    }

    /// What the engine is told by an operator's command.
    pub(crate) fn options(
        &self,
        database: &DatabaseArgs,
        migrations: Vec<Migration>,
    ) -> Result<Options, Failure> {
        let release = concat!("changeover-", env!("CARGO_PKG_VERSION"));
        let mut options = Options::new(self.app(database), release, migrations);
        options.owner_url = Some(owner_url(database)?);
        options.service_roles.clone_from(&self.service_roles);
        Ok(options)
    }
}

/// The connection string of the role that owns the tables.
pub(crate) fn owner_url(args: &DatabaseArgs) -> Result<String, Failure> {
    let from_environment = || {
        URL_VARIABLES.iter().find_map(|name| std::env::var(name).ok().filter(|url| !url.is_empty()))
    };
    args.database_url.clone().or_else(from_environment).ok_or_else(|| {
        Failure::with_remedy(
            ExitCode::Usage,
            "no database was given",
            "set CHANGEOVER_OWNER_URL (or DATABASE_URL, or --database-url) to \
             postgres://OWNER@HOST/DATABASE, with the role that owns the tables",
        )
    })
}
