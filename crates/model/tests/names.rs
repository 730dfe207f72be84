//! The engine names what the model has, and nothing that it has not.

use changeover_model::{Action, Guard};
use std::collections::BTreeSet;
use std::path::Path;

/// What begins a line that names transitions and guards.
const MARKS: [&str; 3] = ["/// Model: ", "// Model: ", "-- model: "];

fn named_in(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("the engine's sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            named_in(&path, names);
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a source file");
        for line in text.lines() {
            let line = line.trim_start();
            let Some(list) = MARKS.iter().find_map(|mark| line.strip_prefix(mark)) else {
                continue;
            };
            let list = list.trim_end_matches('.').replace('`', "");
            names.extend(list.split(", ").map(str::to_owned));
        }
    }
}

#[test]
fn engine_and_model_name_the_same() {
    let mut in_engine = BTreeSet::new();
    for sources in ["../ledger/src", "../engine/src", "../work/src", "../share/src"] {
        named_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join(sources), &mut in_engine);
    }
    let guards = Guard::ALL.into_iter().map(|guard| guard.to_string());
    let in_model: BTreeSet<String> = Action::engine_names().into_iter().chain(guards).collect();
    let missing: Vec<_> = in_model.difference(&in_engine).collect();
    let unknown: Vec<_> = in_engine.difference(&in_model).collect();
    assert!(missing.is_empty(), "not named in the engine's sources: {missing:?}");
    assert!(unknown.is_empty(), "named in the engine's sources, not in the model: {unknown:?}");
}
