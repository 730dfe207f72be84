//! The page on the SQL functions and the ledger say the same.

use crate::agent::stage::Stage;
use std::collections::BTreeSet;

const PAGE: &str = include_str!("../../../../docs/sql-functions.md");

/// Every row of the page's tables of functions: signature and result.
fn documented() -> BTreeSet<String> {
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| {
        let (signature, rest) = row.split_once("` | `")?;
        Some(format!("{signature} -> {}", rest.split_once('`')?.0))
    })
    .collect()
}

/// What the service's role may call, as the ledger has it.
async fn granted(stage: &Stage) -> BTreeSet<String> {
    let rows = stage
        .rows(
            "SELECT format('%s(%s) -> %s', p.proname, pg_get_function_identity_arguments(p.oid), \
                           pg_get_function_result(p.oid)) \
               FROM pg_proc p WHERE p.pronamespace = 'changeover'::regnamespace \
                AND has_function_privilege('tally_service', p.oid, 'EXECUTE')",
        )
        .await;
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn every_function_that_a_service_may_call_is_documented_and_no_other() {
    let stage = Stage::new().await;
    let (documented, granted) = (documented(), granted(&stage).await);
    let missing: Vec<_> = granted.difference(&documented).collect();
    let unknown: Vec<_> = documented.difference(&granted).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "missing {missing:#?}, unknown {unknown:#?}");
    assert!(!granted.is_empty());
}

#[tokio::test]
async fn no_function_that_a_service_may_call_is_overloaded() {
    let stage = Stage::new().await;
    let names: Vec<String> = granted(&stage)
        .await
        .iter()
        .filter_map(|signature| Some(signature.split_once('(')?.0.to_owned()))
        .collect();
    let once: BTreeSet<&String> = names.iter().collect();
    assert_eq!(once.len(), names.len(), "{names:?}");
}

#[tokio::test]
async fn every_code_that_a_function_raises_is_explained() {
    let stage = Stage::new().await;
    let rows = stage
        .rows(
            "SELECT DISTINCT m.code[1] FROM pg_proc p, \
                    regexp_matches(p.prosrc, 'ERRCODE = ''([A-Z0-9]{5})''', 'g') AS m (code) \
              WHERE p.pronamespace = 'changeover'::regnamespace",
        )
        .await;
    assert!(!rows.is_empty());
    for row in rows {
        let code: &str = row.get(0);
        assert!(PAGE.contains(code), "{code} is not explained");
    }
}
