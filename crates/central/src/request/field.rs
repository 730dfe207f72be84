//! Collects what is wrong with a request, so that a client hears of everything at once.

use std::collections::BTreeMap;

/// At most this many errors are named: a batch of a thousand broken events is not worth a thousand.
const ERRORS_MAX: usize = 20;

/// What is wrong with which field.
#[derive(Debug, Default)]
pub struct FieldErrors(BTreeMap<String, String>);

impl FieldErrors {
    /// One error and no other.
    pub fn one(field: impl Into<String>, problem: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(field, problem);
        errors
    }

    /// Notes what is wrong with a field; the first for each field is kept.
    pub fn add(&mut self, field: impl Into<String>, problem: impl Into<String>) {
        if self.0.len() < ERRORS_MAX {
            self.0.entry(field.into()).or_insert_with(|| problem.into());
        }
    }

    /// Notes that a text is empty or longer than `characters_max`.
    pub fn check_text(&mut self, field: impl Into<String>, text: &str, characters_max: usize) {
        if text.trim().is_empty() {
            self.add(field, "must not be empty");
        } else if text.chars().count() > characters_max {
            self.add(field, format!("must have at most {characters_max} characters"));
        }
    }

    /// Notes that a word is none of those known.
    pub fn check_word(&mut self, field: impl Into<String>, word: &str, known: &[&str]) {
        if !known.contains(&word) {
            self.add(field, format!("must be one of {}", known.join(", ")));
        }
    }

    /// All of them in one line: `field: problem; …`.
    pub fn to_text(&self) -> String {
        let one = |(field, problem): (&String, &String)| format!("{field}: {problem}");
        self.0.iter().map(one).collect::<Vec<_>>().join("; ")
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_map(self) -> BTreeMap<String, String> {
        self.0
    }
}
