//! The folder that keeps fetched binaries and initialised data directories between runs.
//!
//! `CHANGEOVER_PG_CACHE`; else for root `/var/cache/changeover`, for others the user's cache
//! folder; else a folder in the temporary directory. Root's is traversable by everyone, since the
//! server runs as somebody else. Everything in it appears by a rename, under a lock that the
//! kernel lets go of when its holder dies.

use std::fs::{File, Permissions, TryLockError};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use tempfile::TempDir;

use crate::error::{StartError, file_error};

/// How long another process may hold a lock: it fetches 23 MB or runs one `initdb`.
const LOCK_WAIT_MAX: Duration = Duration::from_secs(300);

/// A folder that was being filled this long ago belongs to nobody who still lives: all work on one
/// is bounded by less than the wait for the lock.
const LEFTOVER_AGE_MIN: Duration = Duration::from_secs(2 * LOCK_WAIT_MAX.as_secs());

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
            return Self::at(&PathBuf::from(folder));
        }
        let uid = rustix::process::geteuid().as_raw();
        if let Some(cache) = usual_place(uid).and_then(|folder| Self::own(&folder).ok()) {
            return Ok(cache);
        }
        Self::own(&std::env::temp_dir().join(format!("changeover-pg-{uid}")))
    }

    /// A folder that nobody named: only if nobody else can put binaries into it.
    fn own(root: &Path) -> Result<Self, StartError> {
        let cache = Self::at(root)?;
        let metadata = cache.root.metadata().map_err(file_error("inspect", root))?;
        let ours = metadata.uid() == rustix::process::geteuid().as_raw();
        if !ours || metadata.mode() & 0o022 != 0 {
            return Err(StartError::ForeignCache { path: cache.root });
        }
        Ok(cache)
    }

    fn at(root: &Path) -> Result<Self, StartError> {
        make_folder(root)?;
        let root = root.canonicalize().map_err(file_error("resolve", root))?;
        Ok(Self { root })
    }

    /// A folder of the cache, made if need be.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf, StartError> {
        let folder = self.root.join(name);
        make_folder(&folder)?;
        Ok(folder)
    }

    /// An empty folder in which `name` can be prepared, to be moved to its place by a rename.
    ///
    /// The caller holds the lock of that name. What killed processes left behind is removed.
    pub(crate) fn work_folder(&self, parent: &Path, name: &str) -> Result<TempDir, StartError> {
        let prefix = format!(".{name}-");
        for entry in std::fs::read_dir(parent).map_err(file_error("list", parent))? {
            let path = entry.map_err(file_error("list", parent))?.path();
            let is_work =
                path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(&prefix));
            if is_work && is_older_than(&path, LEFTOVER_AGE_MIN) {
                std::fs::remove_dir_all(&path).map_err(file_error("remove", path))?;
            }
        }
        tempfile::Builder::new()
            .prefix(&prefix)
            .tempdir_in(parent)
            .map_err(file_error("make a folder in", parent))
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
                    return Err(StartError::CacheLocked { path, waited: LOCK_WAIT_MAX });
                }
                Err(TryLockError::Error(source)) => {
                    return Err(StartError::File { action: "lock", path, source });
                }
            }
        }
    }
}

fn is_older_than(path: &Path, age: Duration) -> bool {
    let changed = path.metadata().and_then(|metadata| metadata.modified());
    changed.is_ok_and(|time| SystemTime::now().duration_since(time).is_ok_and(|found| found > age))
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

#[cfg(test)]
mod tests {
    use std::fs::{File, FileTimes};
    use std::os::unix::fs::PermissionsExt;
    use std::time::{Duration, SystemTime};

    use super::{Cache, LEFTOVER_AGE_MIN};
    use crate::StartError;

    #[test]
    fn what_killed_processes_left_is_removed_and_work_in_progress_is_not() {
        let root = tempfile::tempdir().unwrap();
        let cache = Cache::at(root.path()).unwrap();
        let folder = cache.folder("binaries").unwrap();
        let names = [".npm-1-old", ".npm-1-new", ".npm-10-old"];
        for name in names {
            std::fs::create_dir(folder.join(name)).unwrap();
        }
        let long_ago = SystemTime::now() - LEFTOVER_AGE_MIN - Duration::from_secs(1);
        for name in [".npm-1-old", ".npm-10-old"] {
            let times = FileTimes::new().set_modified(long_ago);
            File::open(folder.join(name)).unwrap().set_times(times).unwrap();
        }
        let work = cache.work_folder(&folder, "npm-1").unwrap();
        assert!(work.path().is_dir());
        assert_eq!(names.map(|name| folder.join(name).is_dir()), [false, true, true]);
    }

    #[test]
    fn a_folder_that_others_may_write_is_no_cache_unless_somebody_names_it() {
        let root = tempfile::tempdir().unwrap();
        std::fs::set_permissions(root.path(), PermissionsExt::from_mode(0o777)).unwrap();
        let error = Cache::own(root.path()).unwrap_err();
        assert!(matches!(error, StartError::ForeignCache { .. }), "{error}");
        Cache::at(root.path()).unwrap();
    }
}
