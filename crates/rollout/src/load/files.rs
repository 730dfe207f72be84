//! Raises the limit of open files of this process.
//!
//! Clients and the service's forwarder share a process in the demo: a request under way holds up
//! to three sockets, and the usual soft limit is 1024.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit of open files to the hard one; returns the limit (`None`: unlimited).
///
/// # Errors
/// When the kernel refuses.
pub fn raise_open_files_limit() -> std::io::Result<Option<u64>> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?;
    Ok(limit.maximum)
}
