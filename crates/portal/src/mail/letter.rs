//! What a mail says, as text and as HTML that says the same.

use super::outbox::Stored;
use super::{Kind, TEXTS};
use crate::zone::Zone;
use askama::Template;
use kazasu_service::page::{Bilingual, Language, Texts, Words};

/// Everything that is the same in all mails.
pub(crate) struct Letterhead {
    texts: Texts,
    institution: Bilingual,
    support: Option<Bilingual>,
    zone: Zone,
}

/// A mail's content.
pub(super) struct Letter {
    pub(super) subject: String,
    /// Tags of the languages it is in, as in `ja, en`.
    pub(super) languages: String,
    pub(super) text: String,
    pub(super) html: String,
}

/// All of it in one language.
struct Part {
    tag: &'static str,
    institution: String,
    heading: String,
    paragraphs: Vec<String>,
    facts: Vec<String>,
    concern: String,
    advice: String,
    page: Option<String>,
    support: Option<String>,
    closing: String,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Html<'a> {
    language: &'a str,
    subject: &'a str,
    parts: &'a [Part],
}

#[derive(Template)]
#[template(path = "mail.txt")]
struct Text<'a> {
    parts: &'a [Part],
}

impl Letterhead {
    /// Whose mails these are, where its support desk is, and which clocks its people have.
    pub(crate) fn new(institution: Bilingual, support: Option<Bilingual>, zone: Zone) -> Self {
        Self {
            texts: Texts::new(&[TEXTS]),
            institution,
            support,
            zone,
        }
    }

    /// In the language its reader prefers, or in both.
    ///
    /// # Errors
    /// If a template cannot be filled in.
    pub(super) fn write(
        &self,
        kind: Kind,
        stored: &Stored,
        language: Option<Language>,
    ) -> Result<Letter, askama::Error> {
        let languages = match language {
            Some(language) => vec![language],
            None => Language::ALL.to_vec(),
        };
        let parts: Vec<Part> = languages
            .iter()
            .map(|&language| self.part(kind, stored, language))
            .collect();
        let subjects = languages.iter().zip(&parts).map(|(&language, part)| {
            let words = self.texts.words(language);
            let from = words.say_with("mail-from", "institution", &part.institution);
            format!("{from} {}", part.heading)
        });
        let subject = subjects.collect::<Vec<_>>().join(" / ");
        let tags: Vec<_> = languages.iter().map(|language| language.tag()).collect();
        let html = Html {
            language: tags[0],
            subject: &subject,
            parts: &parts,
        };
        Ok(Letter {
            html: html.render()?,
            text: Text { parts: &parts }.render()?,
            languages: tags.join(", "),
            subject,
        })
    }

    fn part(&self, kind: Kind, stored: &Stored, language: Language) -> Part {
        let words = self.texts.words(language);
        let key = format!("mail-{}", kind.as_str());
        let notice = &stored.notice;
        let time = |key: &str, at: i64| words.say_with(key, "time", &self.zone.say(at, language));
        let mut paragraphs = vec![words.say(&format!("{key}.what"))];
        paragraphs.extend(notice.matures_at.map(|at| time("mail-matures", at)));
        let undo = format!("{key}.undo");
        paragraphs.extend(words.has(&undo).then(|| words.say(&undo)));
        paragraphs.extend(stored.contact_until.map(|at| time("mail-prior", at)));
        let (concern, advice) = advice(&words, &key, notice.objection.is_some());
        let support = self.support.as_ref();
        Part {
            tag: language.tag(),
            institution: self.institution.get(language).to_owned(),
            heading: words.say(&key),
            paragraphs,
            facts: vec![time("mail-when", notice.at), place(&words, &notice.browser)],
            concern,
            advice,
            page: notice.objection.clone(),
            support: support.map(|s| words.say_with("mail-support", "link", s.get(language))),
            closing: words.say("mail-closing"),
        }
    }
}

fn place(words: &Words<'_>, browser: &str) -> String {
    match browser {
        "" => words.say("mail-where_unknown"),
        browser => words.say_with("mail-where", "browser", browser),
    }
}

/// What to do, and in which case.
fn advice(words: &Words<'_>, key: &str, can_object: bool) -> (String, String) {
    let next = format!("{key}.next");
    let (concern, advice) = match (words.has(&next), can_object) {
        (true, _) => ("mail-next", next.as_str()),
        (false, true) => ("mail-not_you", "mail-object"),
        (false, false) => ("mail-not_you", "mail-desk"),
    };
    (words.say(concern), words.say(advice))
}
