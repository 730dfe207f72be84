//! The folder that keeps fetched binaries and initialised data directories between runs.
//!
//! `CHANGEOVER_PG_CACHE`; else for root `/var/cache/changeover`, for others the user's cache
//! folder; else a folder in the temporary directory. Root's is traversable by everyone, since the
//! server runs as somebody else. Everything in it appears by a rename, under a lock that the
//! kernel lets go of when its holder dies.

use std::fs::{File, Permissions, TryLockError};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::error::{StartError, file_error};

/// How long another process may hold a lock: it fetches 23 MB or runs one `initdb`.
const LOCK_WAIT_MAX: Duration = Duration::from_secs(300);

/// How often a held lock is tried again.
const LOCK_POLL: Duration = Duration::from_millis(50);

/// The cache folder of this process.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    root: PathBuf,
}

impl Cache {
    /// Finds the folder and makes it if need be.
    ///
    /// Errors: no place can be written, or the folder is under somebody else's control.
    pub(crate) fn open() -> Result<Self, StartError> {
        if let Some(folder) = std::env::var_os("CHANGEOVER_PG_CACHE").filter(|v| !v.is_empty()) {
            return Self::at(PathBuf::from(folder));
        }
        let uid = rustix::process::geteuid().as_raw();
        if let Some(cache) = usual_place(uid).and_then(|folder| Self::at(folder).ok()) {
            return Ok(cache);
        }
        Self::at(std::env::temp_dir().join(format!("changeover-pg-{uid}")))
    }

    fn at(root: PathBuf) -> Result<Self, StartError> {
        make_folder(&root)?;
        let metadata = root.metadata().map_err(file_error("inspect", &root))?;
        let ours = metadata.uid() == rustix::process::geteuid().as_raw();
        if !ours || metadata.mode() & 0o022 != 0 {
            return Err(StartError::ForeignCache { path: root });
        }
        let root = root.canonicalize().map_err(file_error("resolve", &root))?;
        Ok(Self { root })
    }

    /// A folder of the cache, made if need be.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf, StartError> {
        let folder = self.root.join(name);
        make_folder(&folder)?;
        Ok(folder)
    }

    /// Waits for the lock of that name; it is held until the file is dropped.
    ///
    /// Errors: it was not free within five minutes.
    pub(crate) fn lock(&self, name: &str) -> Result<File, StartError> {
        let path = self.folder("locks")?.join(name);
        let file = File::create(&path).map_err(file_error("make", &path))?;
        let started = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if started.elapsed() < LOCK_WAIT_MAX => {
                    std::thread::sleep(LOCK_POLL);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(StartError::CacheLocked {
                        path,
                        waited: LOCK_WAIT_MAX,
                    });
                }
                Err(TryLockError::Error(source)) => {
                    return Err(StartError::File {
                        action: "lock",
                        path,
                        source,
                    });
                }
            }
        }
    }
}

/// Where a cache is expected on this kind of machine.
fn usual_place(uid: u32) -> Option<PathBuf> {
    if uid == 0 {
        return Some(PathBuf::from("/var/cache/changeover"));
    }
    let folder = |variable| std::env::var_os(variable).map(PathBuf::from);
    folder("XDG_CACHE_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| folder("HOME").map(|home| home.join(".cache")))
        .map(|path| path.join("changeover"))
}

/// Makes a folder that everyone may pass through, whatever the umask is.
fn make_folder(path: &Path) -> Result<(), StartError> {
    if path.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(path).map_err(file_error("make", path))?;
    std::fs::set_permissions(path, Permissions::from_mode(0o755))
        .map_err(file_error("set permissions of", path))
}
