//! The files of a base copy: a data directory, copied while its server goes on writing.
//!
//! Called by `standby` between the begin and the end of a backup. What changes or goes meanwhile is in
//! the WAL; what belongs to the running server and not to its data stays behind.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::account::Account;
use crate::error::{StartError, file_error};

/// Folders whose content belongs to the running server, not to its data.
const LEFT_EMPTY: [&str; 8] = [
    "pg_wal",
    "pg_replslot",
    "pg_dynshmem",
    "pg_notify",
    "pg_serial",
    "pg_snapshots",
    "pg_stat_tmp",
    "pg_subtrans",
];

/// Files that are the running server's own.
const LEFT_OUT: [&str; 3] = ["postmaster.pid", "postmaster.opts", "pg_internal.init"];

/// Copies a data directory while its server writes: what is gone before it is copied is in the WAL.
pub(crate) fn copy_folder(from: &Path, to: &Path, account: &Account) -> Result<(), StartError> {
    make_folder(to, account)?;
    let mut open: Vec<(PathBuf, PathBuf)> = vec![(from.to_owned(), to.to_owned())];
    while let Some((from, to)) = open.pop() {
        let entries = fs::read_dir(&from).map_err(file_error("read", &from))?;
        for entry in entries {
            let entry = entry.map_err(file_error("read", &from))?;
            let (name, source) = (entry.file_name(), entry.path());
            let target = to.join(&name);
            let name = name.to_string_lossy();
            let Some(kind) = existing(entry.file_type(), &source)? else { continue };
            if kind.is_dir() {
                make_folder(&target, account)?;
                if LEFT_EMPTY.contains(&name.as_ref()) {
                    for inner in folders_in(&source)? {
                        make_folder(&target.join(inner), account)?;
                    }
                } else {
                    open.push((source, target));
                }
            } else if kind.is_file()
                && !LEFT_OUT.contains(&name.as_ref())
                && existing(fs::copy(&source, &target), &source)?.is_some()
            {
                account.own(&target)?;
            }
        }
    }
    Ok(())
}

/// The folders in a folder whose files stay behind: `pg_wal/archive_status` must be there.
fn folders_in(folder: &Path) -> Result<Vec<std::ffi::OsString>, StartError> {
    if !folder.ends_with("pg_wal") {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder).map_err(file_error("read", folder))?;
    Ok(entries
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name())
        .collect())
}

/// `None`: it is gone meanwhile.
fn existing<T>(outcome: std::io::Result<T>, path: &Path) -> Result<Option<T>, StartError> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file_error("copy", path)(error)),
    }
}

fn make_folder(path: &Path, account: &Account) -> Result<(), StartError> {
    fs::DirBuilder::new().mode(0o700).create(path).map_err(file_error("make", path))?;
    account.own(path)
}

/// Writes a file of the copy.
pub(crate) fn write(path: &Path, text: &str, account: &Account) -> Result<(), StartError> {
    fs::write(path, text).map_err(file_error("write", path))?;
    account.own(path)
}
