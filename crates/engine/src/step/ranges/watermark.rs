//! How far a part is done without a gap, where several ranges are under way at once.
//!
//! Ranges are numbered in the order of their keys. The cursor in the ledger may only pass over what is
//! committed, so it is written by the one range that has no uncommitted one before it; what others have
//! committed beyond is passed over by the next that may. Pure: `ranges/mod.rs` asks it before and after each commit.
//!
//! Invariant: at any time at most one range that is not yet committed may write the cursor, since all before
//! it are known to be committed.

use std::collections::BTreeMap;

/// Which ranges are committed.
#[derive(Debug, Default)]
pub(super) struct Watermark {
    /// All ranges below are behind the cursor in the ledger.
    covered: u64,
    /// Committed, and not behind the cursor: last key and rows.
    beyond: BTreeMap<u64, (Vec<String>, u64)>,
}

/// What a range writes with its commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Save {
    /// The cursor; `None`: another range is before it.
    pub(super) cursor: Option<Vec<String>>,
    /// Rows that the cursor passes over, in all.
    pub(super) done: u64,
    /// All ranges below are behind the cursor then.
    covers: u64,
}

impl Watermark {
    /// What range `number` writes when it commits up to `upper`, of `rows` rows; `whole` where that is its end.
    pub(super) fn before(&self, number: u64, upper: &[String], rows: u64, whole: bool) -> Save {
        if (self.covered..number).any(|earlier| !self.beyond.contains_key(&earlier)) {
            return Save::default();
        }
        let passed: u64 = self.beyond.range(..number).map(|(_, (_, rows))| rows).sum();
        let mut save = Save { cursor: Some(upper.to_vec()), done: passed + rows, covers: number };
        if whole {
            save.covers = number + 1;
            while let Some((upper, rows)) = self.beyond.get(&save.covers) {
                save.cursor = Some(upper.clone());
                save.done += rows;
                save.covers += 1;
            }
        }
        save
    }

    /// That is committed, with what [`Watermark::before`] said.
    pub(super) fn committed(
        &mut self,
        number: u64,
        upper: &[String],
        rows: u64,
        whole: bool,
        save: &Save,
    ) {
        if save.cursor.is_some() {
            self.covered = save.covers;
            self.beyond = self.beyond.split_off(&self.covered);
        } else if whole {
            self.beyond.insert(number, (upper.to_vec(), rows));
        }
    }

    /// What is left to write once all ranges are committed.
    pub(super) fn rest(&self) -> Save {
        Save {
            cursor: self.beyond.last_key_value().map(|(_, (upper, _))| upper.clone()),
            done: self.beyond.values().map(|(_, rows)| rows).sum(),
            covers: self.beyond.last_key_value().map_or(self.covered, |(number, _)| number + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(number: u64) -> Vec<String> {
        vec![format!("{number:04}")]
    }

    proptest! {
        /// Up to four ranges are under way; they commit in any order, in one piece or in two. Whenever the
        /// process dies, all that lies up to the cursor is committed, and `done` counts just that.
        #[test]
        fn the_cursor_never_passes_over_what_is_not_committed(
            choices in proptest::collection::vec((0_usize..4, any::<bool>(), any::<bool>()), 1..60),
        ) {
            let mut watermark = Watermark::default();
            let (mut begun, mut open): (u64, Vec<u64>) = (0, Vec::new());
            // Saves that are sent and not answered, which the server may have done or not.
            let mut flying: Vec<(u64, Save)> = Vec::new();
            let mut committed: Vec<u64> = Vec::new();
            let (mut cursor, mut done): (Option<Vec<String>>, u64) = (None, 0);
            for (choice, in_parts, land) in choices {
                while open.len() + flying.len() < 4 {
                    open.push(begun);
                    begun += 1;
                }
                if land && !flying.is_empty() {
                    let (number, save) = flying.remove(choice % flying.len());
                    committed.push(number);
                    if let Some(upper) = &save.cursor {
                        prop_assert!(cursor.as_ref() <= Some(upper), "the cursor goes back");
                        cursor = save.cursor.clone();
                        done += save.done;
                        let last: u64 = upper[0].parse().unwrap();
                        prop_assert!((0..=last).all(|below| committed.contains(&below)), "a gap");
                        prop_assert_eq!(done, (last + 1) * 10);
                    }
                    watermark.committed(number, &key(number), 10, true, &save);
                } else if !open.is_empty() {
                    let number = open.remove(choice % open.len());
                    let mut rows = 10;
                    if in_parts && watermark.before(number, &key(number), 4, false).cursor.is_some() {
                        // The first part of it, committed at once.
                        let save = watermark.before(number, &key(number), 4, false);
                        done += save.done;
                        watermark.committed(number, &key(number), 4, false, &save);
                        rows = 6;
                    }
                    let save = watermark.before(number, &key(number), rows, true);
                    if save.cursor.is_none() { prop_assert_eq!(rows, 10); }
                    prop_assert!(
                        save.cursor.is_none() || flying.iter().all(|(_, other)| other.cursor.is_none()),
                        "two would write the cursor"
                    );
                    flying.push((number, save));
                }
            }
            for (number, save) in flying {
                done += save.done;
                watermark.committed(number, &key(number), 10, true, &save);
                committed.push(number);
            }
            if open.is_empty() {
                let rest = watermark.rest();
                prop_assert_eq!(done + rest.done, begun * 10);
            }
        }
    }
}
