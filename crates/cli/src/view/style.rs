//! The few colours, by meaning. Nothing is said by colour alone.

use anstyle::{AnsiColor, Style};

/// What went wrong.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// What needs a look.
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// What is done.
pub(crate) const DONE: Style = AnsiColor::Green.on_default();
/// What is under way.
pub(crate) const RUNNING: Style = AnsiColor::Cyan.on_default().bold();
/// What can be done about something.
pub(crate) const REMEDY: Style = AnsiColor::Cyan.on_default();
/// Headings.
pub(crate) const HEADING: Style = Style::new().bold();
/// What is only there to be looked up.
pub(crate) const FAINT: Style = Style::new().dimmed();

/// The text in that style.
pub(crate) fn paint(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}
