//! What the registry promises of each rule. Its examples run on servers, in `tests/server/rules.rs`.

use super::{ALL, Rule, Topic, find, guide};
use std::{collections::BTreeSet, fs, path::Path};

/// Fewer words explain nothing.
const PAGE_WORDS_MIN: usize = 20;

/// The names of the files beside this one that hold a rule, as ids.
fn files() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rule");
    let others = ["mod", "guide", "tests"];
    fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| Some(entry.unwrap().path().file_stem()?.to_str()?.to_owned()))
        .filter(|stem| !others.contains(&stem.as_str()))
        .map(|stem| stem.replace('_', "-"))
        .collect()
}

#[test]
fn a_rule_is_named_as_its_file_and_the_list_is_in_order() {
    let ids: Vec<&str> = ALL.iter().map(|rule| rule.id).collect();
    let files = files();
    assert_eq!(ids, files.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(ids.iter().all(|id| find(id).is_some_and(|rule| rule.id == *id)));
}

#[test]
fn a_rule_has_a_page_and_examples_of_both_kinds() {
    let lacks = |rule: &&&Rule| {
        let words = rule.why.split_whitespace().chain(rule.instead.split_whitespace()).count();
        let ends = [rule.why, rule.instead].iter().all(|text| text.ends_with('.'));
        rule.summary.is_empty()
            || rule.summary.ends_with('.')
            || words < PAGE_WORDS_MIN
            || !ends
            || rule.bad.is_empty()
            || rule.good.is_empty()
    };
    let lacking: Vec<&str> = ALL.iter().filter(lacks).map(|rule| rule.id).collect();
    assert!(lacking.is_empty(), "without summary, page, bad or good example: {lacking:?}");
}

#[test]
fn what_may_be_allowed_says_so_and_shows_it() {
    for rule in ALL {
        let directive = format!("allow={}", rule.id);
        let shown = rule.good.iter().any(|example| example.migration.contains(&directive));
        assert_eq!(shown, rule.allowable, "{}: a good example with `{directive}`", rule.id);
    }
}

#[test]
fn each_topic_has_rules() {
    for topic in Topic::ALL {
        assert!(ALL.iter().any(|rule| rule.topic == topic), "{topic:?}");
    }
}

#[test]
fn the_guide_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules.md");
    // For those who have just written a rule and do not want to build the chores.
    if std::env::var_os("CHANGEOVER_WRITE_DOCS").is_some() {
        fs::write(&path, guide::markdown()).unwrap();
    }
    let text = fs::read_to_string(path).unwrap();
    assert!(text == guide::markdown(), "docs/rules.md is behind: run `cargo xtask rules`");
}
