//! The private folder of one server: data directory, socket and log.
//!
//! Mode 0700, owned by the user that runs the server, under a parent that this user can pass
//! through. In memory (`/dev/shm`) where the profile allows it and there is room.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::account::Account;
use crate::error::{StartError, file_error};

/// Below this, tests with a million rows would fill the memory's share; disk is used then.
const MEMORY_FREE_BYTES_MIN: u64 = 2 * 1024 * 1024 * 1024;

/// A socket's path may have 103 bytes on macOS (107 on Linux); the socket's own name takes 22.
const FOLDER_PATH_BYTES_MAX: usize = 80;

/// Makes the folder: under `parent` if given, else in memory if allowed, else on disk.
///
/// It is removed when dropped; the one that hands it to the watchdog keeps it from that.
pub(crate) fn make(
    parent: Option<&Path>,
    in_memory: bool,
    account: &Account,
) -> Result<TempDir, StartError> {
    if let Some(parent) = parent {
        return make_in(parent, account);
    }
    let memory = Path::new("/dev/shm");
    if in_memory
        && free_bytes(memory).is_some_and(|free| free > MEMORY_FREE_BYTES_MIN)
        && let Ok(folder) = make_in(memory, account)
    {
        return Ok(folder);
    }
    // `/var/tmp` is on disk where `/tmp` is often in memory.
    let named = std::env::var_os("TMPDIR").filter(|value| !value.is_empty()).map(PathBuf::from);
    for parent in named.into_iter().chain([PathBuf::from("/var/tmp")]) {
        if let Ok(folder) = make_in(&parent, account) {
            return Ok(folder);
        }
    }
    make_in(Path::new("/tmp"), account)
}

fn make_in(parent: &Path, account: &Account) -> Result<TempDir, StartError> {
    let parent = parent.canonicalize().map_err(file_error("resolve", parent))?;
    let folder = tempfile::Builder::new()
        .prefix("changeover-pg-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(&parent)
        .map_err(file_error("make a folder in", &parent))?;
    account.check_reaches(folder.path())?;
    if folder.path().as_os_str().len() > FOLDER_PATH_BYTES_MAX {
        return Err(StartError::File {
            action: "put a socket into",
            path: folder.path().to_owned(),
            source: std::io::Error::other("the path is too long for a socket"),
        });
    }
    account.own(folder.path())?;
    Ok(folder)
}

fn free_bytes(path: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(path).ok()?;
    stat.f_frsize.checked_mul(stat.f_bavail)
}
