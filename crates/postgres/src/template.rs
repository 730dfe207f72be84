//! An initialised data directory per set of binaries, made once and copied for every server.
//!
//! `initdb` takes seconds, a copy of its result a third of one. The copy is made by `cp -a`, which
//! keeps the owner and shares blocks where the file system can.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::account::Account;
use crate::binaries::Binaries;
use crate::bounded_command;
use crate::cache::Cache;
use crate::error::{StartError, file_error};

/// Locale C sorts alike on every platform and major, so that results can be compared.
/// `-N`: the directory can be made again; syncing it would only cost time.
const INITDB_ARGUMENTS: [&str; 7] =
    ["-U", "postgres", "-A", "trust", "-N", "--locale=C", "--encoding=UTF8"];

/// Measured 1.2 to 4.9 s; a busy machine may take ten times that.
const INITDB_DEADLINE: Duration = Duration::from_secs(90);

/// Measured 0.3 to 0.5 s for 39 MB.
const COPY_DEADLINE: Duration = Duration::from_secs(60);

/// Puts a freshly initialised data directory at `data`, which must not exist, for `account`.
///
/// Errors: `initdb` or the copy fails, or the cache cannot be used.
pub(crate) fn copy_to(
    data: &Path,
    binaries: &Binaries,
    account: &Account,
    cache: &Cache,
) -> Result<(), StartError> {
    let template = template(binaries, account, cache)?;
    let mut copy = Command::new("cp");
    copy.arg("-a").arg(&template).arg(data);
    bounded_command::run(copy, COPY_DEADLINE).map(|_output| ())
}

fn template(binaries: &Binaries, account: &Account, cache: &Cache) -> Result<PathBuf, StartError> {
    // Binaries of the same version may be built with other options, which the data records.
    let mut hasher = DefaultHasher::new();
    (&binaries.folder, &binaries.version, account.uid, INITDB_ARGUMENTS).hash(&mut hasher);
    let name = format!("{}-{:016x}", binaries.version, hasher.finish());
    let root = cache.folder("templates")?;
    let template = root.join(&name);
    if template.is_dir() {
        return Ok(template);
    }
    let lock = cache.lock(&name)?;
    if !template.is_dir() {
        let work = cache.work_folder(&root, &name)?;
        account.check_reaches(work.path())?;
        account.own(work.path())?;
        let data = work.path().join("data");
        initialise(&data, binaries, account)?;
        std::fs::rename(&data, &template).map_err(file_error("move", &data))?;
    }
    drop(lock);
    Ok(template)
}

fn initialise(data: &Path, binaries: &Binaries, account: &Account) -> Result<(), StartError> {
    let mut initdb = Command::new(binaries.program("initdb"));
    initdb.args(INITDB_ARGUMENTS).arg("-D").arg(data).current_dir("/").env("LC_ALL", "C");
    account.apply_to(&mut initdb);
    bounded_command::run(initdb, INITDB_DEADLINE).map(|_output| ())
}
