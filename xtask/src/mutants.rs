//! Breaks the engine on purpose, one protection at a time, and sees that a test fails.
//!
//! Each mutant is an edit of a copy of the tree below `target/mutants/`; the tree itself is never
//! touched. The tests must pass on the copy as it is, and fail (not fail to build) on each mutant.

mod list;
mod planner;

use crate::budget::Budget;
use anyhow::{Context, bail, ensure};
use list::{MUTANTS, Mutant};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// The longest that one build with its test may take on two cores.
const TEST_MAX: Duration = Duration::from_secs(900);
/// What is copied: every member of the workspace, since a lock file with one missing is refused.
const TREE: [&str; 6] = ["Cargo.toml", "Cargo.lock", "clippy.toml", "crates", "examples", "xtask"];

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only the mutants whose name begins so; `list` shows them.
    #[arg(long)]
    only: Option<String>,
}

/// Runs them.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let budget = Budget::from_environment()?;
    let chosen: Vec<&Mutant> = match args.only.as_deref() {
        None => all().collect(),
        Some(name) => all().filter(|mutant| mutant.name.starts_with(name)).collect(),
    };
    ensure!(!chosen.is_empty(), "no such mutant; there are: {}", names().join(", "));
    let root = root()?;
    let copy = root.join("target/mutants/tree");
    copy_tree(&root, &copy).await?;
    let tests: BTreeSet<_> = chosen.iter().map(|mutant| mutant.test).collect();
    for test in tests {
        let outcome = test.run(&copy, &root).await?;
        ensure!(outcome == Outcome::Passed, "{} does not pass on the tree as it is", test.name);
    }
    let (mut found, mut missed, mut left_out) = (0, Vec::new(), 0);
    for mutant in chosen {
        if budget.is_spent() {
            left_out += 1;
            continue;
        }
        let undo = mutant.apply(&copy)?;
        let outcome = mutant.test.run(&copy, &root).await;
        undo.restore()?;
        let verdict = match outcome? {
            Outcome::Failed => {
                found += 1;
                "found"
            }
            Outcome::Passed => {
                missed.push(mutant.name);
                "MISSED"
            }
            Outcome::NotBuilt => bail!("{}: the mutant does not build", mutant.name),
        };
        println!("{verdict:<7} {:<32} {}  [{}]", mutant.name, mutant.what, mutant.test.name);
    }
    println!(
        "mutants: {found} found, {} missed, {left_out} left out by the budget; {:.0} s",
        missed.len(),
        budget.elapsed_s()
    );
    ensure!(missed.is_empty(), "no test fails for {}", missed.join(", "));
    ensure!(found > 0, "the budget did not suffice for one mutant");
    Ok(())
}

fn names() -> Vec<&'static str> {
    all().map(|mutant| mutant.name).collect()
}

/// The engine's and the ledger's, then the planner's.
fn all() -> impl Iterator<Item = &'static Mutant> {
    MUTANTS.iter().chain(planner::MUTANTS)
}

fn root() -> anyhow::Result<PathBuf> {
    let manifest =
        std::env::var("CARGO_MANIFEST_DIR").context("run it as `cargo xtask mutants`")?;
    Ok(Path::new(&manifest).parent().context("the workspace's folder")?.to_owned())
}

async fn copy_tree(root: &Path, copy: &Path) -> anyhow::Result<()> {
    if copy.exists() {
        std::fs::remove_dir_all(copy)?;
    }
    std::fs::create_dir_all(copy)?;
    for entry in TREE {
        // With its times, so that cargo builds again only what differs.
        let status = Command::new("cp")
            .args(["-a", &root.join(entry).to_string_lossy(), &copy.to_string_lossy()])
            .status()
            .await?;
        ensure!(status.success(), "{entry} could not be copied");
    }
    // The last run's build may be of a mutant, and newer than the sources: what any mutant edits is built again.
    let edited: BTreeSet<&str> =
        all().flat_map(|mutant| mutant.edits).map(|edit| edit.file).collect();
    for file in edited {
        let file = std::fs::File::options().append(true).open(copy.join(file))?;
        file.set_modified(std::time::SystemTime::now())?;
    }
    Ok(())
}

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    NotBuilt,
}

impl list::Test {
    async fn run(&self, tree: &Path, root: &Path) -> anyhow::Result<Outcome> {
        let mut command =
            Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
        command
            .current_dir(tree)
            .env("CARGO_TARGET_DIR", root.join("target/mutants/build"))
            .args(["test", "--quiet", "--locked", "--package", self.package])
            .args(self.target)
            .arg(self.name)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = tokio::time::timeout(TEST_MAX, command.output())
            .await
            .with_context(|| format!("{} did not end", self.name))??;
        let text = String::from_utf8_lossy(&output.stdout);
        if output.status.success() {
            ensure!(text.contains("1 passed"), "{} is no test: {text}", self.name);
            return Ok(Outcome::Passed);
        }
        Ok(if text.contains("test result: FAILED") { Outcome::Failed } else { Outcome::NotBuilt })
    }
}

/// The files as they were.
struct Undo(Vec<(PathBuf, String)>);

impl Undo {
    fn restore(self) -> anyhow::Result<()> {
        for (path, text) in self.0 {
            std::fs::write(path, text)?;
        }
        Ok(())
    }
}

impl Mutant {
    /// Makes the edits; each text must stand in its file exactly once, so that none silently does nothing.
    fn apply(&self, tree: &Path) -> anyhow::Result<Undo> {
        let mut before = Vec::new();
        for edit in self.edits {
            let path = tree.join(edit.file);
            let text = std::fs::read_to_string(&path).with_context(|| edit.file.to_owned())?;
            let count = text.matches(edit.from).count();
            ensure!(count == 1, "{}: {} has {count} times: {}", self.name, edit.file, edit.from);
            std::fs::write(&path, text.replace(edit.from, edit.to))?;
            before.push((path, text));
        }
        Ok(Undo(before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An edit that no longer fits the sources would be noticed only when the chore runs.
    #[test]
    fn every_edit_fits_the_sources() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for mutant in all() {
            for edit in mutant.edits {
                let text = std::fs::read_to_string(root.join(edit.file)).unwrap();
                assert_eq!(text.matches(edit.from).count(), 1, "{}: {}", mutant.name, edit.from);
            }
        }
    }
}
