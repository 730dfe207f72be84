//! A kind's name in the ledger is that of its file, and steps of older ledgers are read.

use super::*;

#[test]
fn a_kind_is_called_in_the_ledger_as_its_file() {
    let kinds = [
        r#"{"kind":"ddl","changes":["ALTER TABLE \"public\".\"t\" ALTER COLUMN \"a\" DROP DEFAULT"]}"#,
        r#"{"kind":"sync_install","table":{"schema":"public","name":"t"},"trigger":"s","columns":[],"statements":["a"]}"#,
        r#"{"kind":"sync_drop","table":{"schema":"public","name":"t"},"trigger":"s","statements":["a"]}"#,
        r#"{"kind":"constraint_validate","table":{"schema":"public","name":"t"},"constraint":"c"}"#,
        r#"{"kind":"script","statements":["SELECT 1"],"transactional":true}"#,
    ];
    for text in kinds {
        let read: StepKind = serde_json::from_str(text).unwrap();
        let written = serde_json::to_value(&read).unwrap();
        assert_eq!(written["kind"], read.as_str());
        assert_eq!(serde_json::from_value::<StepKind>(written).unwrap(), read);
    }
}

/// The check keeps the same data as its backfill, one level up.
#[test]
fn a_check_is_written_as_a_backfill() {
    let backfill = r#"{"kind":"backfill","table":{"schema":"public","name":"t"},"partitioned":false,"key":[],
        "set":[],"filter":null,"safe_function":null,"settings":{},"rows_estimate":1}"#;
    let fill: StepKind = serde_json::from_str(backfill).unwrap();
    let check: StepKind =
        serde_json::from_str(&backfill.replace("\"backfill\"", "\"backfill_check\"")).unwrap();
    assert_eq!((fill.as_str(), check.as_str()), ("backfill", "backfill_check"));
    let (mut fill, mut check) =
        (serde_json::to_value(&fill).unwrap(), serde_json::to_value(&check).unwrap());
    fill["kind"].take();
    check["kind"].take();
    assert_eq!(fill, check);
}
