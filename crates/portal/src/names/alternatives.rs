//! The names that one written name stands for: people's other names stand in brackets.

use super::Rules;
use super::fold::fold;
use super::parts::Parts;
use unicode_normalization::UnicodeNormalization;

/// What may come before the other name, in the same brackets.
const LABELS: [&str; 7] = ["旧姓", "旧氏名", "旧氏", "旧名", "通称名", "通称", "別名"];

/// One of the names.
pub(super) struct Alternative {
    pub(super) parts: Parts,
    /// It stood in brackets.
    pub(super) bracketed: bool,
}

/// Every name that `written` stands for; none if it says nothing.
pub(super) fn of(written: &str, rules: &Rules) -> Vec<Alternative> {
    let (outside, bracketed) = take_apart(written);
    let main = fold(&outside);
    let others = bracketed.iter().map(|text| fold(without_label(text)));
    let others: Vec<_> = others.filter(|parts| !parts.is_empty()).collect();
    let alternative = |parts, bracketed| Alternative {
        parts: Parts::new(parts, rules),
        bracketed,
    };
    if main.is_empty() {
        // All of it is in brackets, so they say nothing.
        return others.into_iter().map(|o| alternative(o, false)).collect();
    }
    let with_family_names = others
        .iter()
        .flat_map(|other| with_family_name(&main, other));
    let with_family_names: Vec<_> = with_family_names.collect();
    let others = others.into_iter().chain(with_family_names);
    let others = others
        .map(|parts| alternative(parts, true))
        .collect::<Vec<_>>();
    std::iter::once(alternative(main, false))
        .chain(others)
        .collect()
}

/// The name with the one word of the brackets in the place of its family name: the first part, or
/// for Latin letters also the last.
fn with_family_name(main: &[String], other: &[String]) -> Vec<Vec<String>> {
    let ([family], [_, _, ..]) = (other, main) else {
        return Vec::new();
    };
    let mut names = vec![[std::slice::from_ref(family), &main[1..]].concat()];
    if family.is_ascii() {
        names.push([&main[..main.len() - 1], std::slice::from_ref(family)].concat());
    }
    names
}

/// What stands outside of brackets, and what in each pair. A bracket that nothing closes ends with
/// the text.
fn take_apart(written: &str) -> (String, Vec<String>) {
    let mut outside = String::new();
    let mut bracketed = Vec::new();
    let mut open = false;
    // Wide brackets become ASCII's.
    for c in written.nfkc() {
        if "([{〔【〈《「『".contains(c) {
            open = true;
            bracketed.push(String::new());
            outside.push(' ');
        } else if ")]}〕】〉》」』".contains(c) {
            open = false;
        } else if let Some(inside) = bracketed.last_mut().filter(|_| open) {
            inside.push(c);
        } else {
            outside.push(c);
        }
    }
    (outside, bracketed)
}

fn without_label(text: &str) -> &str {
    let text = text.trim();
    let rest = LABELS.iter().find_map(|label| text.strip_prefix(label));
    rest.unwrap_or(text).trim_start_matches([':', '.'])
}
