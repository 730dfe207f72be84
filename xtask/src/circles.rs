//! No circles between files: reads what each file of a crate takes from which, and names the loops.
//!
//! A file may take from its parent (`super::`), since a folder's files are parts of it; so an arrow from a
//! child to one of its parents does not count. Everything else does, also a parent's arrow to its child:
//! a file that takes from a folder whose files take from it makes a circle through the folder's face.
//! Between crates cargo forbids circles itself.
//!
//! - `text`: a source without comments, texts, and its tests; `paths`: the names that it takes.
//! - `house`: the files of a crate as modules, and which file a name leads to; `graph`: the loops.

mod graph;
mod house;
mod paths;
mod text;

use anyhow::{Context, ensure};
use house::House;
use std::path::{Path, PathBuf};

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Looks through all crates.
pub(crate) fn run(_args: &Args) -> anyhow::Result<()> {
    let manifest =
        std::env::var("CARGO_MANIFEST_DIR").context("run it as `cargo xtask circles`")?;
    let root = Path::new(&manifest).parent().context("the workspace's folder")?;
    let (mut files, mut found) = (0, 0);
    for sources in crates(root)? {
        let house = House::read(&sources)?;
        files += house.len();
        let graph = house.graph();
        for circle in graph.circles() {
            found += 1;
            println!("circle of {} files:", circle.len());
            for (from, to) in graph.arrows_among(&circle) {
                println!("  {} -> {}", house.shown(from, root), house.shown(to, root));
            }
        }
    }
    println!("circles: {found} in {files} files");
    ensure!(found == 0, "files take from each other in a circle");
    Ok(())
}

/// The folders of sources of all crates.
fn crates(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut sources = vec![root.join("xtask/src")];
    for group in ["crates", "examples"] {
        for entry in std::fs::read_dir(root.join(group))? {
            let folder = entry?.path().join("src");
            if folder.is_dir() {
                sources.push(folder);
            }
        }
    }
    sources.sort();
    Ok(sources)
}
