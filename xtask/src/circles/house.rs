//! The files of one crate as modules, and which file a name leads to.

use super::graph::Graph;
use super::paths::{self, Taken};
use super::text;
use anyhow::Context;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How often a name may be handed on from file to file before we stop following it.
const HANDED_ON_MAX: u32 = 8;

/// A crate.
#[derive(Default)]
pub(super) struct House {
    files: Vec<File>,
    by_module: BTreeMap<Vec<String>, usize>,
}

struct File {
    path: PathBuf,
    module: Vec<String>,
    taken: Vec<Taken>,
}

impl House {
    /// Reads all sources below a folder.
    pub(super) fn read(sources: &Path) -> anyhow::Result<Self> {
        let mut house = Self::default();
        house.enter(sources, &[])?;
        Ok(house)
    }

    fn enter(&mut self, folder: &Path, module: &[String]) -> anyhow::Result<()> {
        let entries = std::fs::read_dir(folder).context(folder.display().to_string())?;
        let mut paths =
            entries.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
        paths.sort();
        for path in paths {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let below = |name: String| module.iter().cloned().chain([name]).collect::<Vec<_>>();
            if name == "tests" {
                continue;
            }
            if path.is_dir() {
                self.enter(&path, &below(name))?;
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let module = match name.as_str() {
                    "mod" | "lib" | "main" => module.to_vec(),
                    _ => below(name),
                };
                let source = std::fs::read_to_string(&path)?;
                let taken = paths::taken(&text::plain(&source));
                self.by_module.insert(module.clone(), self.files.len());
                self.files.push(File { path, module, taken });
            }
        }
        Ok(())
    }

    /// How many files it has.
    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    /// A file's path below the workspace.
    pub(super) fn shown(&self, file: usize, root: &Path) -> String {
        let path = &self.files[file].path;
        path.strip_prefix(root).unwrap_or(path).display().to_string()
    }

    /// Which file takes from which, without the arrows from a child to its parents.
    pub(super) fn graph(&self) -> Graph {
        let mut graph = Graph::new(self.files.len());
        for (from, file) in self.files.iter().enumerate() {
            for taken in &file.taken {
                if let Some(to) = self.follow(from, &taken.path, 0)
                    && !file.module.starts_with(&self.files[to].module)
                {
                    graph.add(from, to);
                }
            }
        }
        graph
    }

    /// The file in which the name at a path's end is made; `None`: not in this crate.
    fn follow(&self, from: usize, path: &[String], handed_on: u32) -> Option<usize> {
        if handed_on > HANDED_ON_MAX {
            return None;
        }
        let mut module = self.files[from].module.clone();
        let mut names = path;
        if paths::is_rooted(path) {
            while let Some((first, rest)) = names.split_first() {
                match first.as_str() {
                    "crate" => module.clear(),
                    "super" => drop(module.pop()),
                    "self" => {}
                    _ => break,
                }
                names = rest;
            }
        }
        let mut at = *self.by_module.get(&module)?;
        let mut is_inside = paths::is_rooted(path);
        while let Some((first, rest)) = names.split_first() {
            module.push(first.clone());
            if let Some(child) = self.by_module.get(&module) {
                (at, names, is_inside) = (*child, rest, true);
                continue;
            }
            // A name that this file has from elsewhere.
            let handed = |taken: &&Taken| taken.name.as_ref() == Some(first);
            return match self.files[at].taken.iter().find(handed) {
                Some(taken) if taken.path.len() > 1 => {
                    let whole: Vec<String> = taken.path.iter().chain(rest).cloned().collect();
                    self.follow(at, &whole, handed_on + 1)
                }
                _ => is_inside.then_some(at),
            };
        }
        is_inside.then_some(at)
    }
}
