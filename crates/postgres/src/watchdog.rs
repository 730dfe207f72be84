//! A child process that cleans up after us, however we end.
//!
//! It reads a pipe that only we hold; the kernel closes it when we are gone, also after SIGKILL.
//! Then it stops the server and removes the folder (see `watchdog.sh`). It is in a process group
//! of its own, so that Ctrl-C in the terminal does not end it before its work begins.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::error::{StartError, file_error};

/// Longer than the script's own bounds (10 s to stop the server, 5 s to remove the folder).
const END_DEADLINE: Duration = Duration::from_secs(20);

/// How often the end is looked for; removing a folder takes some 20 ms.
const END_POLL: Duration = Duration::from_millis(2);

/// The guardian of the folder and process of one server or pooler.
#[derive(Debug)]
pub(crate) struct Watchdog {
    child: Child,
    /// `None` once we have let go.
    pipe: Option<ChildStdin>,
    folder: PathBuf,
}

impl Watchdog {
    /// Starts it; from here on the folder is removed by it and by nobody else.
    ///
    /// Errors: there is no `sh`.
    pub(crate) fn start(folder: TempDir) -> Result<Self, StartError> {
        let mut command = Command::new("sh");
        command
            .args(["-c", include_str!("watchdog.sh"), "changeover-postgres-watchdog"])
            .arg(folder.path())
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            // The one that waits for the end of our output must not wait for the watchdog.
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let spawn_error = |source| StartError::Spawn { program: "sh".to_owned(), source };
        let mut child = command.spawn().map_err(spawn_error)?;
        let pipe = child.stdin.take();
        Ok(Self { child, pipe, folder: folder.keep() })
    }

    /// The folder it guards.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Tells it which process is the server now; `None` if there is none.
    ///
    /// Errors: it was killed.
    pub(crate) fn now_guards(&mut self, pid: Option<u32>) -> Result<(), StartError> {
        let Some(pipe) = &mut self.pipe else {
            return Ok(());
        };
        writeln!(pipe, "{}", pid.unwrap_or(0))
            .map_err(file_error("tell the watchdog of", &self.folder))
    }
}

impl Drop for Watchdog {
    /// Lets go and waits until the folder is gone, so that the end of a test is the end of it all.
    fn drop(&mut self) {
        drop(self.pipe.take());
        let started = Instant::now();
        while started.elapsed() < END_DEADLINE {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(END_POLL),
                Ok(Some(_)) | Err(_) => break,
            }
        }
    }
}
