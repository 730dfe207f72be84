//! The names of what a derivation makes in the database.
//!
//! The server fires BEFORE triggers in the order of their names: ours come last, and those of one
//! application in the order of its migrations and their statements, since a later one may read what an
//! earlier one computes. Other objects live in the schema `changeover`.

use crate::{
    model::identifier::{Identifier, QualifiedName},
    world::names::{shortened, shortened_to},
};

/// The prefix of triggers' names, after which users' triggers do not sort.
pub(crate) const TRIGGER_PREFIX: &str = "zzzz_changeover_";

/// The room for the application in a trigger's name: 63 bytes less the prefix, 21 for a migration, 5
/// for a statement up to 9999, and two underscores.
const APP_BYTES_MAX: usize = 19;

/// The trigger of a statement.
pub(super) fn trigger(app: &str, migration: u64, statement: usize) -> Identifier {
    // `~` sorts behind all that stands there in names that were not yet shortened so.
    let app = shortened_to(app, APP_BYTES_MAX, '~');
    let migration = ordered(&format!("{migration:04}"), 4);
    let statement = ordered(&format!("{statement:03}"), 3);
    Identifier::new(shortened(&format!("{TRIGGER_PREFIX}{app}_{migration}_{statement}")))
}

/// Another object of a statement.
pub(super) fn object(app: &str, migration: u64, statement: usize, part: &str) -> QualifiedName {
    let name = format!("{app}.{migration:04}.{statement}.{part}");
    QualifiedName::new("changeover", shortened(&name))
}

/// Digits that sort as numbers do: those longer than usual have a letter for their length in front.
fn ordered(digits: &str, usual: usize) -> String {
    let longer = digits.len().saturating_sub(usual);
    match u8::try_from(longer).ok().filter(|longer| (1..=25).contains(longer)) {
        Some(longer) => format!("{}{digits}", char::from(b'a' + longer)),
        None => digits.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Short and long, with quotes, dots, upper case, and characters of several bytes, which no cut
    /// may split.
    fn applications() -> Vec<String> {
        let alphabets = ["shop", "A.b\"C", "ünïcödé", "日本", "x_1.~-"];
        let mut all: Vec<String> = Vec::new();
        for alphabet in alphabets {
            for bytes in 1..=63 {
                let mut name = String::new();
                for character in alphabet.chars().cycle() {
                    if name.len() + character.len_utf8() > bytes {
                        break;
                    }
                    name.push(character);
                }
                if !name.is_empty() && !all.contains(&name) {
                    all.push(name);
                }
            }
        }
        all
    }

    #[test]
    fn names_keep_order_and_uniqueness() {
        let migrations = [1, 9, 10, 999, 9_999, 10_000, 99_999, 20_240_101_120_000, u64::MAX];
        let statements = [1, 2, 10, 99, 100, 999, 1_000, 9_999];
        let mut names = BTreeSet::new();
        let mut objects = BTreeSet::new();
        for app in applications() {
            let mut earlier = TRIGGER_PREFIX.to_owned();
            for (migration, statement) in
                migrations.iter().flat_map(|m| statements.iter().map(move |s| (*m, *s)))
            {
                let name = trigger(&app, migration, statement).as_str().to_owned();
                assert!(name.len() <= 63, "{name}");
                assert!(name > earlier, "{name} must come after {earlier}");
                assert!(names.insert(name.clone()), "{name} comes twice");
                earlier = name;
                for part in ["sync", "safe", "overridden"] {
                    let name = object(&app, migration, statement, part).name.as_str().to_owned();
                    assert!(name.len() <= 63, "{name}");
                    assert!(objects.insert(name.clone()), "{name} comes twice");
                }
            }
        }
    }

    #[test]
    fn usual_names_are_plain() {
        assert_eq!(trigger("central", 209, 2).as_str(), "zzzz_changeover_central_0209_002");
        assert_eq!(object("central", 209, 2, "safe").name.as_str(), "central.0209.2.safe");
    }
}
