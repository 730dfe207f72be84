//! What breaks an older release is found, in the mode in which it breaks.

use crate::shop;
use changeover_plan::model::plan::PlanMode;
use changeover_verify::compatibility::{self, CompatibilityReport, Mode, OlderRelease};
use changeover_verify::{CorpusStatement, Stage, Trial};

fn statement(name: &str, sql: &str, values: &[&str]) -> CorpusStatement {
    CorpusStatement {
        parameters: vec![values.iter().map(|value| Some((*value).to_owned())).collect()],
        ..CorpusStatement::plain(name, sql)
    }
}

fn corpus() -> Vec<CorpusStatement> {
    vec![
        statement("read", "SELECT id, note FROM orders WHERE id = $1", &["7"]),
        statement(
            "insert",
            "INSERT INTO orders (customer_id, payload) VALUES ($1, $2) RETURNING id",
            &["7", "{}"],
        ),
        statement("update", "UPDATE orders SET note = $2 WHERE id = $1", &["7", "new"]),
        statement("delete", "DELETE FROM orders WHERE id = $1", &["7"]),
    ]
}

async fn check(stage: &Stage, trial: &Trial, corpus: Vec<CorpusStatement>) -> CompatibilityReport {
    let older =
        OlderRelease { name: "1".to_owned(), head: 1, url: stage.service_url.clone(), corpus };
    compatibility::check(trial, older).await.expect("it runs")
}

/// The findings as lines: statement, mode, what it says now.
fn lines(report: &CompatibilityReport) -> Vec<String> {
    let lines = report.findings.iter().map(|finding| {
        let got = finding.got.to_string();
        let code = got.split(' ').next().unwrap_or_default();
        format!("{}, {}: {code}", finding.statement, finding.mode)
    });
    lines.collect()
}

/// The upgrade as its file is written, while the older release lives: what must not be done.
async fn at_once(change: &str, corpus: Vec<CorpusStatement>) -> CompatibilityReport {
    let (stage, mut trial) = shop::trial(15, change).await;
    trial.options.mode = PlanMode::AtOnce;
    check(&stage, &trial, corpus).await
}

#[tokio::test]
async fn an_online_upgrade_keeps_the_older_release_working() {
    let change = "ALTER TABLE orders ADD COLUMN total bigint;
         UPDATE orders SET total = coalesce((payload ->> 'total')::bigint, 0);
         ALTER TABLE orders ALTER COLUMN total SET NOT NULL;
         CREATE INDEX orders_total ON orders (total);
         ALTER TABLE orders DROP COLUMN note;";
    let (stage, trial) = shop::trial(15, change).await;
    let report = check(&stage, &trial, corpus()).await;
    assert_eq!(lines(&report), Vec::<String>::new(), "{report}");
    assert!(report.failing_before.is_empty());
    // Before each step of the first run, and at the end.
    assert_eq!(report.places, report.steps.len() + 1);
    assert_eq!(report.executions, 3 * 4 * report.places as u64);
    assert!(
        !report.steps.iter().any(|step| step.contains("drop")),
        "the column that release 1 reads is there: {:?}",
        report.steps
    );
}

#[tokio::test]
async fn a_star_breaks_where_it_was_prepared_before() {
    let (stage, trial) = shop::trial(15, "ALTER TABLE orders ADD COLUMN extra text;").await;
    let star = vec![statement("star", "SELECT * FROM orders WHERE id = $1", &["7"])];
    let report = check(&stage, &trial, star).await;
    let warm: Vec<_> = report
        .findings
        .iter()
        .filter(|finding| finding.mode != Mode::Cold)
        .map(|finding| (finding.mode, finding.got.to_string()))
        .collect();
    assert_eq!(warm.len(), 2, "{report}");
    for (_, got) in &warm {
        assert!(got.starts_with("0A000 cached plan must not change result type"), "{got}");
    }
    // A fresh connection sees one more column.
    assert!(
        report.findings.iter().any(|finding| finding.mode == Mode::Cold && finding.got.is_ok())
    );
}

#[tokio::test]
async fn a_dropped_column_is_found() {
    let report = at_once("ALTER TABLE orders DROP COLUMN note;", corpus()).await;
    assert_eq!(
        lines(&report),
        [
            "read, cold: 42703",
            "update, cold: 42703",
            "read, warm: 42703",
            "update, warm: 42703",
            "read, warm, in a transaction: 42703",
            "update, warm, in a transaction: 42703",
        ],
        "{report}"
    );
}

#[tokio::test]
async fn a_column_that_must_be_written_is_found() {
    let change = "ALTER TABLE orders ADD COLUMN extra text NOT NULL DEFAULT 'x';
         ALTER TABLE orders ALTER COLUMN extra DROP DEFAULT;";
    let report = at_once(change, corpus()).await;
    assert_eq!(
        lines(&report),
        ["insert, cold: 23502", "insert, warm: 23502", "insert, warm, in a transaction: 23502",],
        "{report}"
    );
}

#[tokio::test]
async fn a_widened_type_breaks_explicit_columns_where_they_were_prepared_before() {
    let corpus = vec![statement("read", "SELECT short_note FROM orders WHERE id = $1", &["7"])];
    let change = "ALTER TABLE orders ALTER COLUMN short_note TYPE varchar(20);";
    let report = at_once(change, corpus).await;
    assert!(lines(&report).contains(&"read, warm: 0A000".to_owned()), "{report}");
}

/// A right that the service loses, and a row that is missing, count as much as an error.
#[tokio::test]
async fn lost_rights_and_rows_are_found() {
    let (stage, trial) = shop::trial(15, "ALTER TABLE orders ADD COLUMN extra text;").await;
    let superuser = shop::superuser(&stage).await;
    superuser
        .batch_execute(
            "CREATE FUNCTION harm() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
             BEGIN
                 REVOKE UPDATE ON public.orders FROM shop_service;
                 DELETE FROM public.orders WHERE id = 7;
                 RETURN NEW;
             END $$;
             CREATE TRIGGER harm AFTER UPDATE OF state ON changeover.step
                 FOR EACH ROW WHEN (NEW.state = 'done') EXECUTE FUNCTION harm();",
        )
        .await
        .expect("the ledger can be changed");
    let report = check(&stage, &trial, corpus()).await;
    let lines = lines(&report);
    assert!(lines.contains(&"update, cold: 42501".to_owned()), "{report}");
    assert!(lines.contains(&"read, warm: 0".to_owned()), "{report}");
}
