//! The values that a cache holds, each loaded by one reader for all.
//!
//! A slot that is in the map is as fresh as the last look: the one that makes one, loads after that look was
//! answered, and every later look takes out what has changed since. So a slot may be taken out while it
//! is being loaded; who waits for it began before, and is answered with it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::OnceCell;

/// One value, or its being loaded.
pub(super) type Slot<V> = Arc<OnceCell<Arc<V>>>;

/// All that a look needs of a cache, whatever its type.
pub(super) trait Invalidate: Send + Sync {
    /// Takes out what a key's change concerns; an empty key is everything.
    fn invalidate(&self, key: &str);
}

/// The values by key; a cache of a whole table has one, under the empty key.
pub(super) struct Slots<V> {
    /// Whether a key's note concerns that key alone.
    is_by_key: bool,
    entries_max: usize,
    slots: Mutex<HashMap<String, Slot<V>>>,
}

impl<V> Slots<V> {
    pub(super) fn new(is_by_key: bool, entries_max: usize) -> Self {
        Self { is_by_key, entries_max: entries_max.max(1), slots: Mutex::default() }
    }

    /// The slot of a key. Where there are too many, any other goes.
    pub(super) fn slot(&self, key: &str) -> Slot<V> {
        let mut slots = self.lock();
        if let Some(slot) = slots.get(key) {
            return Arc::clone(slot);
        }
        if slots.len() >= self.entries_max
            && let Some(any) = slots.keys().next().cloned()
        {
            slots.remove(&any);
        }
        Arc::clone(slots.entry(key.to_owned()).or_default())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Slot<V>>> {
        // Nothing that is done under the lock leaves the map half changed.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V: Send + Sync> Invalidate for Slots<V> {
    fn invalidate(&self, key: &str) {
        if key.is_empty() || !self.is_by_key {
            self.lock().clear();
        } else {
            self.lock().remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_go_one_by_one_and_all_at_once() {
        let slots: Slots<u8> = Slots::new(true, 2);
        let (a, b) = (slots.slot("a"), slots.slot("b"));
        slots.invalidate("a");
        assert!(Arc::ptr_eq(&b, &slots.slot("b")) && !Arc::ptr_eq(&a, &slots.slot("a")));
        slots.invalidate("");
        assert!(!Arc::ptr_eq(&b, &slots.slot("b")));
        for key in ["c", "d", "e"] {
            slots.slot(key);
        }
        assert_eq!(slots.lock().len(), 2);
    }

    #[test]
    fn a_whole_table_hears_of_every_key() {
        let slots: Slots<u8> = Slots::new(false, 1);
        let all = slots.slot("");
        slots.invalidate("a");
        assert!(!Arc::ptr_eq(&all, &slots.slot("")));
    }
}
