//! What was used lately, in bounded room.

use std::collections::HashMap;
use std::hash::Hash;

/// Keeps at least the `size` entries that were used last, and at most twice as many: a young half,
/// and an old one that goes as a whole when the young one is full. Using an entry makes it young.
pub struct Recent<K, V> {
    size: usize,
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Hash + Eq + Clone, V: Clone> Recent<K, V> {
    /// Empty; it grows as it is used.
    #[must_use]
    pub fn new(size: usize) -> Self {
        Self { size, young: HashMap::new(), old: HashMap::new() }
    }

    /// The value of `key`, which is young from now on.
    pub fn get(&mut self, key: &K) -> Option<V> {
        if let Some(value) = self.young.get(key) {
            return Some(value.clone());
        }
        let value = self.old.remove(key)?;
        self.put(key.clone(), value.clone());
        Some(value)
    }

    /// Keeps `value` for `key`, in place of what it had.
    pub fn put(&mut self, key: K, value: V) {
        if self.young.len() >= self.size {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    /// Drops what isn't to be kept.
    pub fn retain(&mut self, mut keep: impl FnMut(&V) -> bool) {
        for half in [&mut self.young, &mut self.old] {
            half.retain(|_key, value| keep(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_what_is_not_goes() {
        let mut recent = Recent::new(100);
        recent.put(0, "used");
        for number in 1..10_000 {
            recent.put(number, "unused");
            assert_eq!(recent.get(&0), Some("used"), "after {number}");
            assert!(recent.young.len() + recent.old.len() <= 201, "after {number}");
        }
        assert_eq!(recent.get(&1), None);
        assert_eq!(recent.get(&9_999), Some("unused"));
    }

    #[test]
    fn the_last_ones_are_all_there() {
        let mut recent = Recent::new(100);
        for number in 0..1234 {
            recent.put(number, number);
        }
        for number in (1234 - 100)..1234 {
            assert_eq!(recent.get(&number), Some(number));
        }
    }

    #[test]
    fn what_is_put_twice_is_the_later_one() {
        let mut recent = Recent::new(1);
        recent.put("key", 1);
        recent.put("other", 0);
        recent.put("key", 2);
        assert_eq!(recent.get(&"key"), Some(2));
        recent.put("other", 0);
        assert_eq!(recent.get(&"key"), Some(2));
    }

    #[test]
    fn what_is_not_kept_is_gone_from_both_halves() {
        let mut recent = Recent::new(2);
        for number in 0..4 {
            recent.put(number, number);
        }
        recent.retain(|number| number % 2 == 0);
        assert_eq!([0, 1, 2, 3].map(|key| recent.get(&key)), [Some(0), None, Some(2), None]);
    }
}
