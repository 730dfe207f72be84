//! However the process that started a server ends, nothing of the server is left.
//!
//! Each test runs itself once more as a child process, which starts a server and comes to its end;
//! the test watches what becomes of the server's process and folder.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use changeover_postgres::Server;
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process};
use tempfile::TempDir;

/// Tells the child that it is one, and where to put its server.
const CHILD_FOLDER: &str = "CHANGEOVER_POSTGRES_TEST_FOLDER";

/// A busy machine takes its time to start a server, and to stop one.
const DEADLINE: Duration = Duration::from_secs(60);

/// How long a killed process may take to vanish. Short, since a server whose folder was taken away
/// notices that by itself within a minute, and that is not what is to be seen here.
const DEATH_DEADLINE: Duration = Duration::from_secs(5);

#[test]
fn after_sigkill() {
    if let Some(folder) = child_folder() {
        let _server = Server::builder().under(folder).start().unwrap();
        wait_for_the_end();
    }
    let mut run = Run::of("after_sigkill");
    let pid = run.wait_for_ready();
    run.child.kill().unwrap();
    assert_eq!(run.wait_for_exit().signal(), Some(9));
    run.expect_nothing_left();
    assert!(!is_running(pid));
}

#[test]
fn after_ctrl_c_which_reaches_the_whole_process_group() {
    if let Some(folder) = child_folder() {
        let _server = Server::builder().under(folder).start().unwrap();
        wait_for_the_end();
    }
    let mut run = Run::of("after_ctrl_c_which_reaches_the_whole_process_group");
    let pid = run.wait_for_ready();
    kill_process_group(process_id(run.child.id()), Signal::INT).unwrap();
    assert_eq!(run.wait_for_exit().signal(), Some(2));
    run.expect_nothing_left();
    assert!(!is_running(pid));
}

#[test]
fn after_a_panic() {
    if let Some(folder) = child_folder() {
        let server = Server::builder().under(folder).start().unwrap();
        panic!("with a server on port {}", server.port());
    }
    let mut run = Run::of("after_a_panic");
    assert_eq!(run.wait_for_exit().code(), Some(101));
    let said = run.stderr();
    assert!(said.contains("with a server on port"), "{said}");
    assert_eq!(run.folder_of_server(), None, "unwinding stops the server and waits for it");
}

#[test]
fn after_an_exit_that_drops_nothing() {
    if let Some(folder) = child_folder() {
        let server = Server::builder().under(folder).start().unwrap();
        let pid = server.postmaster_pid();
        assert!(test_kill_process(process_id(pid)).is_ok());
        std::process::exit(7);
    }
    let mut run = Run::of("after_an_exit_that_drops_nothing");
    assert_eq!(run.wait_for_exit().code(), Some(7));
    run.expect_nothing_left();
}

#[test]
fn after_sigkill_when_the_server_was_restarted_before() {
    if let Some(folder) = child_folder() {
        let server = Server::builder().under(&folder).start().unwrap();
        let first_pid = server.postmaster_pid();
        server.restart_immediate().unwrap();
        std::fs::write(server.socket_dir().join("restarted"), first_pid.to_string()).unwrap();
        wait_for_the_end();
    }
    let mut run = Run::of("after_sigkill_when_the_server_was_restarted_before");
    run.wait_for("the restart", |run| Some(run.folder_of_server()?.join("restarted").is_file()));
    let pid = run.wait_for_ready();
    run.child.kill().unwrap();
    run.wait_for_exit();
    run.expect_nothing_left();
    assert!(!is_running(pid));
}

#[test]
fn after_sigkill_in_the_midst_of_a_start() {
    if let Some(folder) = child_folder() {
        let _server = Server::builder().under(folder).start().unwrap();
        wait_for_the_end();
    }
    // What exists in the server's folder when the process is killed, from early to late.
    for state in ["data", "data/postgresql.conf", "log", "data/postmaster.pid"] {
        let mut run = Run::of("after_sigkill_in_the_midst_of_a_start");
        run.wait_for(state, |run| Some(run.folder_of_server()?.join(state).exists()));
        run.child.kill().unwrap();
        run.wait_for_exit();
        run.expect_nothing_left();
    }
}

/// In the child: where to put the server. In the test itself: none.
fn child_folder() -> Option<PathBuf> {
    std::env::var_os(CHILD_FOLDER).map(PathBuf::from)
}

/// In the child: waits to be killed; bounded, should the test itself have died.
fn wait_for_the_end() {
    std::thread::sleep(2 * DEADLINE);
}

/// The child process and the folder that its server's folder is in.
struct Run {
    child: Child,
    parent: TempDir,
}

impl Run {
    fn of(test: &str) -> Self {
        let parent = tempfile::tempdir_in("/tmp").expect("a temporary folder");
        std::fs::set_permissions(parent.path(), PermissionsExt::from_mode(0o755))
            .expect("our own folder");
        let child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "--nocapture", test])
            .env(CHILD_FOLDER, parent.path())
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("this test can be run once more");
        Self { child, parent }
    }

    fn folder_of_server(&self) -> Option<PathBuf> {
        let mut entries = std::fs::read_dir(&self.parent).expect("our own folder");
        entries.next().map(|entry| entry.expect("our own folder").path())
    }

    /// Waits until the server takes connections, and returns its process id.
    fn wait_for_ready(&mut self) -> u32 {
        let mut pid = 0;
        self.wait_for("a server that is ready", |run| {
            let file = run.folder_of_server()?.join("data/postmaster.pid");
            let text = std::fs::read_to_string(file).ok()?;
            pid = text.lines().next()?.parse().ok()?;
            Some(text.lines().nth(7)?.trim() == "ready")
        });
        assert!(is_running(pid));
        pid
    }

    fn wait_for(&mut self, what: &str, mut reached: impl FnMut(&Self) -> Option<bool>) {
        let started = Instant::now();
        while reached(self) != Some(true) {
            assert!(started.elapsed() < DEADLINE, "no {what} within {DEADLINE:?}");
            assert_eq!(self.child.try_wait().expect("our own child"), None, "ended before {what}");
            std::thread::yield_now();
        }
    }

    fn wait_for_exit(&mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("our own child") {
                return status;
            }
            assert!(started.elapsed() < DEADLINE, "the child still runs");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// What the child wrote to stderr; to be called after its end.
    fn stderr(&mut self) -> String {
        let mut text = String::new();
        let mut pipe = self.child.stderr.take().expect("a pipe");
        pipe.read_to_string(&mut text).expect("text");
        text
    }

    /// Waits until the server's folder is gone; then its processes must be gone as well.
    fn expect_nothing_left(&self) {
        let started = Instant::now();
        while let Some(folder) = self.folder_of_server() {
            assert!(started.elapsed() < DEADLINE, "{} is still there", folder.display());
            std::thread::sleep(Duration::from_millis(5));
        }
        let started = Instant::now();
        loop {
            let servers = servers_in(self.parent.path());
            if servers.is_empty() {
                return;
            }
            assert!(started.elapsed() < DEATH_DEADLINE, "outlived their folder: {servers:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Run {
    /// A failed test leaves no child; its watchdog then cleans up.
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn process_id(pid: u32) -> Pid {
    Pid::from_raw(pid.try_into().expect("a process id")).expect("a process id")
}

/// Whether that process lives; one that only waits to be reaped does not.
fn is_running(pid: u32) -> bool {
    let output = ps(&["-o", "stat=", "-p", &pid.to_string()]);
    !output.trim().is_empty() && !output.trim().starts_with('Z')
}

/// The command lines of servers that run on data in `folder`.
fn servers_in(folder: &Path) -> Vec<String> {
    let folder = folder.to_string_lossy();
    let names = |line: &&str| line.contains(folder.as_ref()) && line.contains("postgres -D");
    ps(&["-e", "-o", "args="]).lines().filter(names).map(str::to_owned).collect()
}

fn ps(arguments: &[&str]) -> String {
    let output = Command::new("ps").args(arguments).output().expect("ps, of the package procps");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
