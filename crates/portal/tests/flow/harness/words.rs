//! The texts of pages, looked up by their keys: a test does not break when a sentence is improved.

const TEXTS: [&str; 5] = [
    include_str!("../../../src/pages/texts/common.en.ftl"),
    include_str!("../../../src/pages/texts/refused.en.ftl"),
    include_str!("../../../src/pages/texts/link.en.ftl"),
    include_str!("../../../src/pages/texts/state.en.ftl"),
    include_str!("../../../src/pages/texts/recover.en.ftl"),
];

/// The English text of `key` or `key.attribute`, up to the first thing that is filled in.
pub(crate) fn text(key: &str) -> &'static str {
    let (key, attribute) = key
        .split_once('.')
        .map_or((key, None), |(k, a)| (k, Some(a)));
    let mut current = "";
    for line in TEXTS.iter().flat_map(|file| file.lines()) {
        let Some((left, right)) = line.split_once(" = ") else {
            continue;
        };
        let is_attribute = left.starts_with(' ');
        if !is_attribute {
            current = left;
        }
        let found = is_attribute.then(|| left.trim_start_matches([' ', '.']));
        if current == key && found == attribute {
            let fixed = right.split('{').next().unwrap();
            assert!(fixed.len() > 3, "{key} says nothing of its own");
            return fixed;
        }
    }
    panic!("there is no text {key}");
}
