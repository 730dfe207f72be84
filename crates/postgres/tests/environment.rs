//! What environment variables choose. Each test runs itself once more with the variable set.

use std::path::{Path, PathBuf};
use std::process::Command;

use changeover_postgres::{Server, StartError};

/// Set in child processes only.
const IS_CHILD: &str = "CHANGEOVER_POSTGRES_TEST_CHILD";

fn is_child() -> bool {
    std::env::var_os(IS_CHILD).is_some()
}

/// Runs `test` once more as a child process with that variable; its assertions must hold there.
fn run_as_child(test: &str, variable: &str, value: &Path) {
    let output = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "--nocapture", test])
        .env(IS_CHILD, "1")
        .env(variable, value)
        .output()
        .expect("this test can be run once more");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_folder_of_another_major_is_refused_by_name() {
    if is_child() {
        let error = Server::start(13).unwrap_err();
        let StartError::BadOverride { variable, problem, .. } = error else { panic!("{error}") };
        assert_eq!(variable, "CHANGEOVER_PG_BIN_13");
        assert!(problem.starts_with("it holds PostgreSQL 17."), "{problem}");
        return;
    }
    let folder = Server::start(17).unwrap().bin_dir().to_owned();
    run_as_child("a_folder_of_another_major_is_refused_by_name", "CHANGEOVER_PG_BIN_13", &folder);
}

#[test]
fn the_named_folder_wins_over_all_others() {
    let variable = "CHANGEOVER_PG_BIN_17";
    if is_child() {
        let named = PathBuf::from(std::env::var_os(variable).unwrap());
        assert_eq!(Server::start(17).unwrap().bin_dir(), named);
        return;
    }
    // Another path to the same programs; they find their libraries from where they really are.
    let folder = Server::start(17).unwrap().bin_dir().to_owned();
    let other_path = folder.join("../bin");
    run_as_child("the_named_folder_wins_over_all_others", variable, &other_path);
}
