//! How this crate's tables look: columns, no borders.

use comfy_table::{Table, presets};

/// An empty table without borders.
pub(crate) fn bare() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table
}
