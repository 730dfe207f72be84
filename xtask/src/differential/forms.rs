//! The statement forms of `forms.sql`, and what is written later.

use anyhow::{Context as _, ensure};

const FORMS: &str = include_str!("forms.sql");
const LATER: &str = include_str!("later.sql");
/// Before the name of the object that the forms below it touch.
const ON: &str = "-- on ";

/// Statements that touch one object.
pub(super) struct Group {
    /// The statements.
    pub(super) forms: Vec<&'static str>,
}

/// All groups, in the order of the file.
pub(super) fn groups() -> anyhow::Result<Vec<Group>> {
    let mut groups: Vec<Group> = Vec::new();
    for line in FORMS.lines() {
        if line.starts_with(ON) {
            groups.push(Group { forms: Vec::new() });
        } else if !line.starts_with("--") && !line.is_empty() {
            let group = groups.last_mut().context("a form before the first object")?;
            group.forms.push(line);
        }
    }
    ensure!(groups.iter().all(|group| group.forms.len() > 1), "an object has no pair of forms");
    Ok(groups)
}

/// The statements that the service runs after all is done.
pub(super) fn later() -> impl Iterator<Item = &'static str> {
    LATER.lines().filter(|line| !line.starts_with("--"))
}
