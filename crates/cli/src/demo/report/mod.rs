//! The report: one HTML file that needs nothing else, neither at its making nor at its reading.
//!
//! `data.rs` is what the page is given, as JSON within it; `page.html` the frame, `style.css` its
//! looks (light and dark), `script/` one file for each part that draws. Called by `conduct.rs`.
//!
//! Invariant: text from a run (error messages, names) reaches the page as data only, never as markup.

mod data;

use std::path::Path;

use anyhow::Context;

use super::comparison::{Comparison, Runs};
use data::Data;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");

/// The parts of the script, each using only those before it.
const SCRIPT: [&str; 9] = [
    include_str!("script/words.js"),
    include_str!("script/draw.js"),
    include_str!("script/requests.js"),
    include_str!("script/latency.js"),
    include_str!("script/pods.js"),
    include_str!("script/steps.js"),
    include_str!("script/timeline.js"),
    include_str!("script/figures.js"),
    include_str!("script/page.js"),
];

/// Writes the report.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn write(comparison: &Comparison, runs: &Runs, file: &Path) -> anyhow::Result<()> {
    let data = serde_json::to_string(&Data::new(comparison, runs)).context("making the report")?;
    std::fs::write(file, page(&data)).with_context(|| format!("writing {}", file.display()))
}

fn page(data: &str) -> String {
    // The data comes last: what it holds is never looked through for marks.
    PAGE.replace("/*STYLE*/", STYLE)
        .replace("/*SCRIPT*/", &SCRIPT.join("\n"))
        .replace("/*DATA*/", &embedded(data))
}

/// JSON that may stand in a script element: it cannot end the element or begin a comment.
fn embedded(data: &str) -> String {
    data.replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn data_cannot_leave_its_element() {
        let page = page(r#"{"text":"</script><b>/*SCRIPT*/"}"#);
        assert!(page.contains(r#"{"text":"\u003c/script>\u003cb>/*SCRIPT*/"}"#), "{page}");
    }

    #[test]
    fn the_page_asks_for_nothing() {
        let page = page("{}");
        for mark in ["http:", "https:", "src=", "@import", "url(", "/*STYLE*/", "/*SCRIPT*/"] {
            // The name of SVG's own namespace is no address.
            let page = page.replace("http://www.w3.org/2000/svg", "");
            assert!(!page.contains(mark), "{mark}");
        }
    }
}
