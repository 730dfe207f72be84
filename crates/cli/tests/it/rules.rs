//! The registry of rules, as people and scripts see it.

use crate::project::run;

#[tokio::test]
async fn a_rule_has_a_page() {
    insta::assert_snapshot!(run(&["rules", "replaces-function"]).await.ok().stdout, @r#"
    replaces-function: refuses CREATE OR REPLACE FUNCTION of a function in use

    The older release calls the function by the same name, also through triggers,
    defaults and indexes, and gets the new behaviour without knowing of it.

    Give the new function another name, and drop the old one in a later migration.
    If the new one does for the older release what it expects, say so by
    `allow=replaces-function`.

    May be allowed, by a comment before the statement:
    `-- changeover: allow=replaces-function because "…"`

    there before:
        CREATE FUNCTION fee(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 100';

    refused:
        CREATE OR REPLACE FUNCTION fee(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 50';

    planned:
        CREATE FUNCTION fee_of_2024(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 50';

    planned:
        -- changeover: allow=replaces-function because "the fee is new for all releases"
        CREATE OR REPLACE FUNCTION fee(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 50';
    "#);
    let as_printed = run(&["rules", "refused[rename]"]).await.ok().stdout;
    assert!(as_printed.starts_with("rename: refuses renaming"), "{as_printed}");
}

#[tokio::test]
async fn all_rules_are_listed() {
    let list = run(&["rules"]).await.ok().stdout;
    assert!(
        list.contains("\n  no-primary-key            filling a table that has no key\n"),
        "{list}"
    );
    assert!(list.lines().all(|line| line.chars().count() <= 80), "{list}");
    let json = run(&["rules", "--json"]).await.ok().stdout;
    let rules: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert_eq!(rules.len(), changeover::planning::rule::ALL.len());
    assert!(rules.iter().all(|rule| rule["refused"][0]["migration"].is_string()), "{json}");
    let one = run(&["rules", "type-change", "--json"]).await.ok().stdout;
    let one: serde_json::Value = serde_json::from_str(&one).unwrap();
    assert_eq!((&one["rule"], &one["allowable"]), (&"type-change".into(), &true.into()));
}

#[tokio::test]
async fn an_unknown_rule_is_told_with_those_near_to_it() {
    insta::assert_snapshot!(run(&["rules", "clock"]).await.all(), @r"
    --- stderr
    error: there is no rule `clock`
      what to do: choose from reads-clock; `changeover rules` lists all
    --- exit 2
    ");
    insta::assert_snapshot!(run(&["rules", "xyz"]).await.all(), @r"
    --- stderr
    error: there is no rule `xyz`
      what to do: `changeover rules` lists them
    --- exit 2
    ");
}
