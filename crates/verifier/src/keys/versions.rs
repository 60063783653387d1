//! A list of keys of one kind: versions only grow, and each is used from some time on.

use std::collections::BTreeMap;

/// Keys of one kind by version; never empty.
pub(super) struct Versions<T>(BTreeMap<u32, Versioned<T>>);

struct Versioned<T> {
    use_from: i64,
    key: T,
}

impl<T> Versions<T> {
    /// `(version, use_from, key)`; `None` if there is none, or a version appears twice.
    pub(super) fn new(keys: impl IntoIterator<Item = (u32, i64, T)>) -> Option<Self> {
        let mut versions = BTreeMap::new();
        for (version, use_from, key) in keys {
            if versions
                .insert(version, Versioned { use_from, key })
                .is_some()
            {
                return None;
            }
        }
        (!versions.is_empty()).then_some(Self(versions))
    }

    pub(super) fn get(&self, version: u32) -> Option<&T> {
        Some(&self.0.get(&version)?.key)
    }

    /// The highest version whose time has come, for what is new. The lowest needs no time to come.
    pub(super) fn at(&self, now: i64) -> (u32, &T) {
        let first = self.0.first_key_value();
        let (version, found) = self
            .0
            .iter()
            .rfind(|(_, key)| key.use_from <= now)
            .or(first)
            .expect("`new` refuses an empty list");
        (*version, &found.key)
    }

    /// Every key, the oldest first.
    pub(super) fn all(&self) -> impl Iterator<Item = &T> {
        self.0.values().map(|key| &key.key)
    }

    /// Every version, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.0.iter().map(|(version, found)| (*version, &found.key))
    }

    /// The highest version, its time come or not.
    pub(super) fn newest(&self) -> &T {
        &self
            .0
            .last_key_value()
            .expect("`new` refuses an empty list")
            .1
            .key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_used_from_its_time_on_and_the_first_always() {
        let keys = Versions::new([(2, 100, 'b'), (1, 50, 'a'), (3, 200, 'c')]).unwrap();
        let at = |now| *keys.at(now).1;
        assert_eq!([at(0), at(99), at(100), at(200)], ['a', 'a', 'b', 'c']);
        assert_eq!(keys.get(3), Some(&'c'));
        assert_eq!(*keys.newest(), 'c');
    }

    #[test]
    fn a_list_without_keys_or_with_a_version_twice_is_none() {
        assert!(Versions::<()>::new([]).is_none());
        assert!(Versions::new([(1, 0, ()), (1, 0, ())]).is_none());
    }
}
