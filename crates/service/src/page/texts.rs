//! The words on the pages, in two languages. They live in Fluent files that are compiled in.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use std::collections::BTreeSet;
use unic_langid::langid;

/// A language pages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// Japanese, which is also what somebody gets who reads neither.
    Japanese,
    /// English.
    English,
}

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Japanese, Self::English];

    /// The BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Japanese => "ja",
            Self::English => "en",
        }
    }

    /// The language of a tag such as `en-GB`; `None` for one that no page is written in.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|language| language.tag().eq_ignore_ascii_case(primary))
    }
}

/// One Fluent file in both languages.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// The Japanese text.
    pub ja: &'static str,
    /// The English text.
    pub en: &'static str,
}

impl Source {
    /// The keys of its texts, attributes as `key.attribute`: first those in both languages, then
    /// those that one of them lacks. For tests.
    pub fn keys(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        let (ja, en) = (keys(self.ja), keys(self.en));
        let (both, one) = (&ja & &en, &ja ^ &en);
        (both, one)
    }
}

fn keys(source: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut id = "";
    for line in source.lines() {
        let Some((left, _)) = line.split_once('=') else {
            continue;
        };
        let name = left.trim_end();
        if let Some(attribute) = name.trim_start().strip_prefix('.') {
            found.insert(format!("{id}.{attribute}"));
        } else if name.starts_with(|c: char| c.is_ascii_lowercase()) {
            id = name;
            found.insert(name.to_owned());
        }
    }
    found
}

/// Every text there is, parsed.
pub struct Texts {
    japanese: FluentBundle<FluentResource>,
    english: FluentBundle<FluentResource>,
}

impl Texts {
    /// Parses texts that are compiled in. A key has to be in one source only.
    pub fn new(sources: &[Source]) -> Self {
        let mut japanese = FluentBundle::new_concurrent(vec![langid!("ja")]);
        let mut english = FluentBundle::new_concurrent(vec![langid!("en")]);
        for source in sources {
            add(&mut japanese, source.ja);
            add(&mut english, source.en);
        }
        Self { japanese, english }
    }

    /// The words of one language.
    pub fn words(&self, language: Language) -> Words<'_> {
        let bundle = match language {
            Language::Japanese => &self.japanese,
            Language::English => &self.english,
        };
        Words { bundle, language }
    }
}

fn add(bundle: &mut FluentBundle<FluentResource>, source: &'static str) {
    // The marks that isolate text of another direction would be copied along with a link.
    bundle.set_use_isolating(false);
    let resource = FluentResource::try_new(source.to_owned())
        .expect("texts are compiled in, and a test parses them");
    bundle
        .add_resource(resource)
        .expect("a key is in one file only, and a test loads them all");
}

/// The texts of one language, for templates.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    bundle: &'a FluentBundle<FluentResource>,
    language: Language,
}

impl Words<'_> {
    /// Which language it is.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The text of `key`, or of `key.attribute`. One that does not exist is shown as its key: a
    /// test finds it before a person does.
    pub fn say(&self, key: &str) -> String {
        self.find(key, None).unwrap_or_else(|| key.to_owned())
    }

    /// As [`Words::say`], for a key that is put together: `start`, a word, `end`.
    pub fn say_of(&self, start: &str, word: &str, end: &str) -> String {
        self.say(&[start, word, end].concat())
    }

    /// As [`Words::say`], with the text that stands for `{ $name }`.
    pub fn say_with(&self, key: &str, name: &'static str, value: &str) -> String {
        self.say_all(key, &[(name, value)])
    }

    /// As [`Words::say`], with several texts.
    pub fn say_all(&self, key: &str, values: &[(&'static str, &str)]) -> String {
        let mut arguments = FluentArgs::new();
        for (name, value) in values {
            arguments.set(*name, FluentValue::from(*value));
        }
        self.find(key, Some(&arguments))
            .unwrap_or_else(|| key.to_owned())
    }

    /// As [`Words::say`], with a number that stands for `{ $name }` and chooses among plural forms.
    pub fn count(&self, key: &str, name: &'static str, number: i64) -> String {
        let mut arguments = FluentArgs::new();
        arguments.set(name, FluentValue::from(number));
        self.find(key, Some(&arguments))
            .unwrap_or_else(|| key.to_owned())
    }

    /// Is there such a text?
    pub fn has(&self, key: &str) -> bool {
        self.find(key, None).is_some()
    }

    fn find(&self, key: &str, arguments: Option<&FluentArgs<'_>>) -> Option<String> {
        let (id, attribute) = match key.split_once('.') {
            Some((id, attribute)) => (id, Some(attribute)),
            None => (key, None),
        };
        let message = self.bundle.get_message(id)?;
        let pattern = match attribute {
            Some(attribute) => message.get_attribute(attribute)?.value(),
            None => message.value()?,
        };
        // What is wrong in a text shows in the text.
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, arguments, &mut errors);
        Some(text.into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: Source = Source {
        ja: "greeting = { $name }さん、こんにちは\n    .short = やあ\ntries = あと{ $n }回\n",
        en: "greeting = Hello, { $name }\n    .short = Hi\ntries = { $n ->\n    [one] one more try\n   *[other] { $n } more tries\n}\n",
    };

    #[test]
    fn a_text_is_said_in_each_language_with_what_is_put_in() {
        let texts = Texts::new(&[SOURCE]);
        let (ja, en) = (
            texts.words(Language::Japanese),
            texts.words(Language::English),
        );
        assert_eq!(
            ja.say_with("greeting", "name", "風早"),
            "風早さん、こんにちは"
        );
        assert_eq!(en.say("greeting.short"), "Hi");
        assert_eq!(en.count("tries", "n", 1), "one more try");
        assert_eq!(en.count("tries", "n", 2), "2 more tries");
        assert_eq!(ja.count("tries", "n", 2), "あと2回");
        assert_eq!(ja.say("no-such-text"), "no-such-text");
        assert!(!ja.has("greeting.long"));
    }

    #[test]
    fn keys_are_those_of_messages_and_attributes() {
        let (both, one) = SOURCE.keys();
        assert_eq!(
            both,
            ["greeting", "greeting.short", "tries"]
                .map(str::to_owned)
                .into()
        );
        assert!(one.is_empty());
        let lacking = Source {
            ja: "a = あ\n",
            en: "b = b\n",
        };
        assert_eq!(lacking.keys().1, ["a", "b"].map(str::to_owned).into());
    }

    #[test]
    fn tags_with_a_region_are_understood() {
        assert_eq!(Language::from_tag("en-GB"), Some(Language::English));
        assert_eq!(Language::from_tag("JA"), Some(Language::Japanese));
        assert_eq!(Language::from_tag("eng"), None);
    }
}
