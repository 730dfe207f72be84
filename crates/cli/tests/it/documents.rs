//! What the documents say of the program, its rules and the ledger, held against them.

use crate::{agent::stage::Stage, project::run};
use changeover::planning::rule;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const OPERATING: &str = include_str!("../../../../docs/operating.md");
const LEDGER: &str = include_str!("../../../../docs/ledger.md");
const WRITING: &str = include_str!("../../../../docs/writing-migrations.md");
const DEPLOYMENT: &str = include_str!("../../../../deploy/central.yaml");
const DEPLOY_README: &str = include_str!("../../../../deploy/README.md");
const ARCHITECTURE: &str = include_str!("../../../../ARCHITECTURE.md");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All documents that people read, with their names.
fn documents() -> Vec<(String, String)> {
    let mut paths = vec![root().join("README.md"), root().join("ARCHITECTURE.md")];
    for folder in ["docs", "deploy"] {
        let entries = std::fs::read_dir(root().join(folder)).unwrap();
        paths.extend(entries.map(|entry| entry.unwrap().path()));
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    paths
        .iter()
        .map(|path| (path.display().to_string(), std::fs::read_to_string(path).unwrap()))
        .collect()
}

/// What follows `before` in a text, as long as the letters belong to a name.
fn names_after(text: &str, before: &str) -> BTreeSet<String> {
    let name = |rest: &str| -> String {
        rest.chars().take_while(|letter| letter.is_ascii_lowercase() || *letter == '-').collect()
    };
    text.split(before).skip(1).map(name).filter(|name| !name.is_empty()).collect()
}

/// The first column of a table's rows, without code marks.
fn first_column(table: &str) -> BTreeSet<String> {
    let rows = table.lines().filter(|line| line.starts_with("| "));
    let cells = rows.filter_map(|row| row.strip_prefix("| ")?.split(" |").next());
    cells.map(|cell| cell.replace('`', "")).collect()
}

/// The part of a document below a heading, up to the next of its kind.
fn section<'a>(document: &'a str, heading: &str) -> &'a str {
    let (_, rest) = document.split_once(&format!("\n## {heading}\n")).unwrap();
    rest.split("\n## ").next().unwrap()
}

#[test]
fn every_rule_that_a_document_names_is_there() {
    for (name, text) in documents() {
        for before in ["refused[", "allow=", "rules.md#"] {
            for id in names_after(&text, before) {
                assert!(rule::find(&id).is_some(), "{name}: there is no rule {id}");
            }
        }
    }
}

#[test]
fn what_may_be_allowed_is_listed() {
    let row = WRITING.lines().find(|line| line.starts_with("| `allow=")).unwrap();
    let listed: BTreeSet<&str> =
        row.split('`').skip(3).step_by(2).filter(|id| rule::find(id).is_some()).collect();
    let allowable: BTreeSet<&str> =
        rule::ALL.iter().filter(|rule| rule.allowable).map(|rule| rule.id).collect();
    assert_eq!(listed, allowable);
}

#[tokio::test]
async fn every_command_that_a_document_names_is_there_and_each_is_listed() {
    let help = run(&["--help"]).await.ok().stdout;
    let commands = help.split("\nCommands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let known: BTreeSet<String> = commands
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect();
    for (name, text) in documents() {
        let named = names_after(&text, "`changeover ").into_iter();
        // In blocks of code a line begins with it.
        let in_blocks = names_after(&text, "\nchangeover ").into_iter();
        for command in named.chain(in_blocks) {
            let is_known = known.contains(&command) || command == "central";
            assert!(is_known, "{name}: `changeover {command}` is no command");
        }
    }
    let listed = names_after(section(OPERATING, "The program"), "| `changeover ");
    let helped: BTreeSet<String> = known.into_iter().filter(|name| name != "help").collect();
    assert_eq!(listed, helped);
}

#[tokio::test]
async fn every_exit_code_is_explained_as_the_program_does() {
    let codes = run(&["exit-codes"]).await.ok().stdout;
    let rows: Vec<&str> = section(OPERATING, "Exit codes")
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| code"))
        .collect();
    assert_eq!(rows.len(), codes.lines().count());
    for (line, row) in codes.lines().zip(rows) {
        let (code, meaning) = line.trim().split_once("  ").unwrap();
        assert!(row.starts_with(&format!("| {code} | {meaning}")), "{row}: {meaning}");
    }
}

#[tokio::test]
async fn every_table_and_function_of_the_ledger_is_explained() {
    let stage = Stage::new().await;
    let names = |rows: Vec<tokio_postgres::Row>| -> BTreeSet<String> {
        rows.iter().map(|row| row.get(0)).collect()
    };
    let tables = stage
        .rows(
            "SELECT c.relname::text FROM pg_class c \
              WHERE c.relnamespace = 'changeover'::regnamespace AND c.relkind IN ('r', 'p')",
        )
        .await;
    let listed = first_column(section(LEDGER, "Tables"));
    let listed: BTreeSet<String> = listed
        .iter()
        .flat_map(|cell| cell.split(", "))
        .filter(|name| *name != "table")
        .map(str::to_owned)
        .collect();
    assert_eq!(listed, names(tables));
    let owners = stage
        .rows(
            "SELECT p.proname::text FROM pg_proc p \
              WHERE p.pronamespace = 'changeover'::regnamespace \
                AND NOT has_function_privilege('tally_service', p.oid, 'EXECUTE')",
        )
        .await;
    let listed = first_column(section(LEDGER, "Functions that no service calls"));
    let listed: BTreeSet<String> = listed
        .iter()
        .flat_map(|cell| cell.split(", "))
        .filter(|name| *name != "function")
        .map(|signature| signature.split('(').next().unwrap().to_owned())
        .collect();
    assert_eq!(listed, names(owners));
    let callable = stage
        .rows(
            "SELECT p.proname::text FROM pg_proc p \
              WHERE p.pronamespace = 'changeover'::regnamespace \
                AND has_function_privilege('tally_service', p.oid, 'EXECUTE')",
        )
        .await;
    let callable = format!("The service's role may call {} of them", callable.len());
    assert!(LEDGER.contains(&callable), "docs/ledger.md does not say: {callable}");
    let others = format!("\n{} functions are called by others", listed.len());
    assert!(LEDGER.contains(&others), "docs/ledger.md does not say: {others}");
}

/// The number behind a key in the Deployment; how often it is there is for the caller to know.
fn number_after(key: &str) -> u64 {
    let (_, rest) = DEPLOYMENT.split_once(key).unwrap();
    rest.trim_start().chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

#[test]
fn the_grace_of_the_deployment_holds_all_parts_of_leaving() {
    let in_seconds = |key| number_after(key).div_ceil(1000);
    // Not in the file: what streams have by default, cutting them and requests, the pool, the registry.
    let (streams, cut, pool, registry) = (5, 1, 2, 10);
    let clients = in_seconds("--propagation-ms=") + streams + cut;
    let idle = in_seconds("--idle-ms=") + 1;
    let in_flight = in_seconds("--in-flight-ms=") + cut;
    let pre_stop = number_after("sleep:\n                seconds:");
    let sum = pre_stop + clients.max(idle) + in_flight + pool + registry;
    assert!(DEPLOYMENT.contains(&format!("= {sum} s.")), "the comment beside the grace: {sum}");
    assert!(DEPLOY_README.contains(&format!("= {sum}; the rest is slack")), "README.md: {sum}");
    assert!(number_after("terminationGracePeriodSeconds:") >= sum, "{sum}");
}

#[test]
fn one_slow_answer_does_not_take_the_only_endpoint_away() {
    let (_, readiness) = DEPLOYMENT.split_once("readinessProbe:").unwrap();
    let (readiness, _) = readiness.split_once("livenessProbe:").unwrap();
    let threshold = readiness.split_once("failureThreshold: ").unwrap().1;
    assert!(threshold.starts_with('3'), "{threshold}");
    assert!(DEPLOY_README.contains("| `readinessProbe` | every 2 s, three failures |"));
}

#[test]
fn every_law_that_a_comment_cites_is_written_down() {
    let laws = section(ARCHITECTURE, "Laws");
    let mut folders = vec![root().join("crates"), root().join("xtask")];
    let mut cited = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let numbers = text.split("(law ").skip(1).filter_map(|rest| rest.split(')').next());
                cited.extend(numbers.filter_map(|number| number.parse::<u8>().ok()));
            }
        }
    }
    assert!(!cited.is_empty());
    for number in cited {
        assert!(laws.contains(&format!("\n{number}. ")), "law {number} is not in ARCHITECTURE.md");
    }
}
