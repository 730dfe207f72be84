//! The findings as a table.

use super::CompatibilityReport;
use crate::text_table;

/// The whole of it; empty where nothing was found.
pub(super) fn table(report: &CompatibilityReport) -> String {
    if report.findings.is_empty() {
        return String::new();
    }
    let mut table = text_table::bare();
    table.set_header(["STATEMENT", "MODE", "AFTER STEP", "BEFORE", "NOW", "PLACES"]);
    for finding in &report.findings {
        let statement = format!("{} ({})", finding.statement, finding.values);
        table.add_row([
            statement,
            finding.mode.to_string(),
            finding.after_step.clone().unwrap_or_default(),
            finding.expected.to_string(),
            finding.got.to_string(),
            finding.places.to_string(),
        ]);
    }
    table.trim_fmt()
}
