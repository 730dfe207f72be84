//! The application that is migrated: small, and its migrations give a step of every kind.
//!
//! Two courses. *Online*: release 2 stands and has served, release 3 is migrated to; with that the floor
//! rises to 2 and what release 1 needed goes. *At once*: everything on an empty database, where every
//! file is a script. The files are in `shop/`, the number of rows small enough for a run of a second.

use crate::connect::connect;
use crate::faults::APP;
use crate::faults::migrator::{Migrate, Migrator};
use anyhow::Context as _;
use changeover_postgres::Server;
use changeover_verify::CommitOrder;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Owns the databases and migrates.
pub(super) const OWNER: &str = "shop_owner";
/// A role that only takes connections away.
pub(super) const CROWD: &str = "shop_crowd";
/// For what only the harness does.
pub(super) const SUPERUSER: &str = "postgres";

const ROLES: &str = include_str!("sql/roles.sql");
/// For how long a release before the one under test may take to be installed.
const INSTALL_WAIT: Duration = Duration::from_secs(60);

const FILES: [(&str, &str); 4] = [
    ("0001_base.sql", include_str!("shop/0001_base.sql")),
    ("0002_totals.sql", include_str!("shop/0002_totals.sql")),
    ("0003_paid.sql", include_str!("shop/0003_paid.sql")),
    ("0004_late.sql", include_str!("shop/0004_late.sql")),
];

/// What is migrated from where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Course {
    /// From release 2, which has served, to release 3.
    Online,
    /// From nothing.
    AtOnce,
}

impl Course {
    /// Both.
    pub(super) const ALL: [Self; 2] = [Self::Online, Self::AtOnce];

    /// The database that scenarios of this course are copies of.
    pub(super) fn template(self) -> &'static str {
        match self {
            Self::Online => "shop_online",
            Self::AtOnce => "shop_at_once",
        }
    }

    /// How many of the files the release under test has.
    fn files(self) -> usize {
        match self {
            Self::Online => 3,
            Self::AtOnce => 4,
        }
    }
}

impl fmt::Display for Course {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Online => "online",
            Self::AtOnce => "at once",
        })
    }
}

/// The folders of migrations, one for each number of files.
pub(super) struct Folders(PathBuf);

impl Folders {
    /// Writes them below `parent`.
    pub(super) fn write(parent: &Path) -> anyhow::Result<Self> {
        for files in 1..=FILES.len() {
            let folder = parent.join(files.to_string());
            std::fs::create_dir(&folder)?;
            for (name, text) in &FILES[..files] {
                std::fs::write(folder.join(name), text)?;
            }
        }
        Ok(Self(parent.to_owned()))
    }

    /// The folder of the release under test.
    pub(super) fn of(&self, course: Course) -> PathBuf {
        self.first(course.files())
    }

    fn first(&self, files: usize) -> PathBuf {
        self.0.join(files.to_string())
    }
}

/// Makes the roles and the templates of both courses on a server.
pub(super) async fn prepare(
    server: &Server,
    program: &Path,
    folders: &Folders,
) -> anyhow::Result<()> {
    let admin = connect(&server.url(SUPERUSER, SUPERUSER)).await?;
    admin.batch_execute(ROLES).await?;
    for course in Course::ALL {
        let template = course.template();
        admin.batch_execute(&format!("CREATE DATABASE {template} OWNER {OWNER}")).await?;
        let superuser_url = server.url(SUPERUSER, template);
        let superuser = connect(&superuser_url).await?;
        superuser.batch_execute(&format!("ALTER SCHEMA public OWNER TO {OWNER}")).await?;
        CommitOrder::install(&superuser_url).await?;
        if course == Course::Online {
            let owner_url = server.url(OWNER, template);
            for files in [1, 2] {
                let folder = folders.first(files);
                let migrate = Migrate::plain(program, &owner_url, &folder, &folders.0);
                Migrator::start(&migrate)?.succeed(INSTALL_WAIT).await.context("release 2")?;
            }
            serve_and_leave(&owner_url).await?;
        }
    }
    Ok(())
}

/// An instance of release 2 serves and leaves: how far the floor may rise by itself.
async fn serve_and_leave(owner_url: &str) -> anyhow::Result<()> {
    let client = connect(owner_url).await?;
    let id = "00000000-0000-4000-8000-000000000001";
    for call in [
        format!("changeover.register('{id}', '{APP}', '2', 2, 1000, 'faults', 1)"),
        format!("changeover.heartbeat('{id}', 'serving')"),
        format!("changeover.leave('{id}')"),
    ] {
        client.batch_execute(&format!("SELECT {call}")).await?;
    }
    Ok(())
}
