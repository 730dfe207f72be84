//! The only way to the screen: stdout for what was asked for, stderr for what happens meanwhile.
//!
//! Colours are written always and taken out by `anstream` where they are not wanted (`--color`,
//! `NO_COLOR`, a pipe). When the reader of a pipe goes away, the program ends quietly.

use crate::failure::Failure;
use clap::ColorChoice;
use serde::Serialize;
use std::fmt::Display;
use std::io::{ErrorKind, IsTerminal, Write};

/// Narrower screens are treated as this wide: tables cannot shrink further.
const COLUMNS_MIN: usize = 60;
/// Wider ones too: longer lines are hard to read.
const COLUMNS_MAX: usize = 100;
/// In a pipe, so that logs look the same everywhere.
const COLUMNS_IN_PIPE: usize = 80;

/// Where a command prints to, and in which form.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    /// Sets how colours are handled for the whole process.
    pub(crate) fn new(json: bool, color: ColorChoice) -> Self {
        match color {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        }
        .write_global();
        Self { json }
    }

    /// Whether JSON was asked for: then stdout carries nothing else.
    pub(crate) fn wants_json(&self) -> bool {
        self.json
    }

    /// Whether stdout is a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        std::io::stdout().is_terminal()
    }

    /// Whether stderr is a terminal: then progress is drawn as bars.
    pub(crate) fn is_progress_terminal(&self) -> bool {
        std::io::stderr().is_terminal()
    }

    /// How many columns there are to write in.
    pub(crate) fn columns(&self) -> usize {
        if !self.is_terminal() {
            return COLUMNS_IN_PIPE;
        }
        terminal_columns()
    }

    /// How many columns messages have. In a pipe each stays one line, so that a log can be searched.
    pub(crate) fn note_columns(&self) -> usize {
        if !self.is_progress_terminal() {
            return usize::MAX;
        }
        terminal_columns()
    }

    /// How many rows the terminal has; `None` in a pipe.
    pub(crate) fn rows(&self) -> Option<usize> {
        let size = self.is_terminal().then(terminal_size::terminal_size)?;
        size.map(|(_, height)| usize::from(height.0))
    }

    /// Prints a line (or several) to stdout.
    pub(crate) fn line(&self, text: impl Display) -> Result<(), Failure> {
        written(writeln!(anstream::stdout().lock(), "{text}"))
    }

    /// Prints text to stdout as it is, without a line break, and makes sure that it is seen.
    pub(crate) fn text(&self, text: impl Display) -> Result<(), Failure> {
        let mut stdout = anstream::stdout().lock();
        written(write!(stdout, "{text}").and_then(|()| stdout.flush()))
    }

    /// Prints a line to stderr: what happens meanwhile.
    pub(crate) fn note(&self, text: impl Display) -> Result<(), Failure> {
        written(writeln!(anstream::stderr().lock(), "{text}"))
    }

    /// Prints a value to stdout as indented JSON.
    pub(crate) fn json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|error| Failure::new("the result cannot be written as JSON", error))?;
        self.line(text)
    }

    /// Prints a value to stdout as JSON in one line: one of many.
    pub(crate) fn json_line(&self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(value)
            .map_err(|error| Failure::new("the result cannot be written as JSON", error))?;
        self.line(text)
    }
}

fn terminal_columns() -> usize {
    terminal_size::terminal_size()
        .map_or(COLUMNS_IN_PIPE, |(width, _)| usize::from(width.0).clamp(COLUMNS_MIN, COLUMNS_MAX))
}

fn written(outcome: std::io::Result<()>) -> Result<(), Failure> {
    outcome.map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::OutputClosed,
        _ => Failure::new("the result cannot be written", error),
    })
}
