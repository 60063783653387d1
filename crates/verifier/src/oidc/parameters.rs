//! The parameters of a request, however they came.

use std::collections::{BTreeMap, BTreeSet};

/// Parameters by name. One without a value counts as left out, and one that was sent twice has no
/// value (RFC 6749 §3.1).
pub(super) struct Parameters {
    values: BTreeMap<String, String>,
    repeated: BTreeSet<String>,
    is_utf8: bool,
}

impl Parameters {
    /// From `application/x-www-form-urlencoded`: a form or a query.
    pub(super) fn parse(encoded: &[u8]) -> Self {
        let mut parameters = Self {
            values: BTreeMap::new(),
            repeated: BTreeSet::new(),
            is_utf8: true,
        };
        for (name, value) in url::form_urlencoded::parse(encoded) {
            // The parser puts this where bytes were no UTF-8; nobody sends it otherwise.
            parameters.is_utf8 &= !name.contains('\u{fffd}') && !value.contains('\u{fffd}');
            if parameters.repeated.contains(&*name) {
                continue;
            }
            match parameters.values.remove(&*name) {
                None => {
                    parameters.values.insert(name.into(), value.into());
                }
                Some(_) => {
                    parameters.repeated.insert(name.into());
                }
            }
        }
        parameters.values.retain(|_, value| !value.is_empty());
        parameters
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Nothing was sent twice, and everything is text.
    pub(super) fn are_unambiguous(&self) -> bool {
        self.repeated.is_empty() && self.is_utf8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_sent_twice_has_no_value_and_is_noticed() {
        for twice in ["a=1&a=2", "a=1&a=1&a=3", "a=1&a="] {
            let parameters = Parameters::parse(format!("{twice}&b=x").as_bytes());
            assert_eq!(
                (parameters.get("a"), parameters.get("b")),
                (None, Some("x"))
            );
            assert!(!parameters.are_unambiguous());
        }
    }

    #[test]
    fn an_empty_parameter_counts_as_left_out() {
        let parameters = Parameters::parse(b"a=&b&c=%20+");
        assert_eq!((parameters.get("a"), parameters.get("b")), (None, None));
        assert_eq!(parameters.get("c"), Some("  "));
        assert!(parameters.are_unambiguous());
    }

    #[test]
    fn bytes_that_are_no_text_are_noticed() {
        assert!(!Parameters::parse(b"a=%ff").are_unambiguous());
        assert!(Parameters::parse("a=かざす".as_bytes()).are_unambiguous());
    }
}
