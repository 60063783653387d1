//! Things that must not be found, in all the forms they might be written in.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
use std::collections::HashMap;

/// Where something is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Logs, traces, metrics.
    Told,
    /// Databases, their journals, backups, exports.
    Kept,
    /// The files of a database server, which are full of small numbers of its own. Its rows are
    /// [`Place::Kept`].
    Pages,
    /// What is sent to browsers, relying parties and companions.
    Sent,
    /// Exports of the audit and of its heads.
    Audited,
    /// Mails.
    Mailed,
    /// Databases, once everything in them has had its time.
    Left,
}

/// Something that must not be found.
pub(crate) struct Canary {
    what: String,
    /// Where it may be all the same.
    allowed: &'static [Place],
    forms: Vec<Vec<u8>>,
}

impl Canary {
    /// A text, forbidden everywhere.
    pub(crate) fn text(what: &str, text: &str) -> Self {
        let mut canary = Self::bytes(what, text.as_bytes());
        let utf16 = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect();
        canary.forms.push(utf16(u16::to_le_bytes));
        canary.forms.push(utf16(u16::to_be_bytes));
        // As JSON and Rust's Debug escape it.
        if !text.is_ascii() {
            let units = text.encode_utf16();
            let json: String = units.map(|unit| format!("\\u{unit:04x}")).collect();
            canary.forms.push(json.into_bytes());
            canary
                .forms
                .push(text.escape_unicode().to_string().into_bytes());
            canary.forms.push(percent(text.as_bytes()).into_bytes());
        }
        canary
    }

    /// Bytes, forbidden everywhere.
    pub(crate) fn bytes(what: &str, bytes: &[u8]) -> Self {
        let hex = hex::encode(bytes);
        let spaced: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut forms = vec![
            bytes.to_vec(),
            hex.to_uppercase().into_bytes(),
            hex.into_bytes(),
            spaced.join(" ").into_bytes(),
            spaced.join(":").into_bytes(),
            // How Debug shows a list of bytes, and a string of them.
            listed(bytes).into_bytes(),
            bytes.escape_ascii().to_string().into_bytes(),
        ];
        for engine in [&BASE64_STANDARD, &BASE64_URL_SAFE] {
            forms.push(engine.encode(bytes).into_bytes());
            let inside = (0..3).map(|before| inside_base64(engine, bytes, before));
            // Fewer letters turn up by chance.
            forms.extend(inside.filter(|letters| letters.len() >= 6));
        }
        forms.sort_unstable();
        forms.dedup();
        Self {
            what: what.to_owned(),
            allowed: &[],
            forms,
        }
    }

    /// Few digits turn up by chance; on purpose they stand alone or in a VERIFY command.
    pub(crate) fn digits(what: &str, digits: &str) -> Self {
        let length = digits.len();
        let forms = [
            format!("\"{digits}\""),
            format!(" {digits} "),
            format!("={digits} "),
            format!("={digits}&"),
            format!(": {digits},"),
            format!("{digits}\n"),
            format!("{length:02x}{}", hex::encode(digits)),
            listed(digits.as_bytes()),
        ];
        Self {
            what: what.to_owned(),
            allowed: &[],
            forms: forms.map(String::into_bytes).into(),
        }
    }

    /// The same, but it has business in these places.
    pub(crate) fn but_in(self, allowed: &'static [Place]) -> Self {
        Self { allowed, ..self }
    }

    #[cfg(test)]
    pub(crate) fn forms(&self) -> &[Vec<u8>] {
        &self.forms
    }
}

fn listed(bytes: &[u8]) -> String {
    format!("{bytes:?}").trim_matches(['[', ']']).to_owned()
}

fn percent(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("%{byte:02X}")).collect()
}

/// The letters that `bytes` give for certain inside something longer, of which `before` bytes more
/// than a multiple of three come first.
fn inside_base64(engine: &impl base64::Engine, bytes: &[u8], before: usize) -> Vec<u8> {
    let padded = [&vec![0; before][..], bytes].concat();
    let text = engine.encode(&padded);
    let first = (before * 8).div_ceil(6);
    let last = padded.len() * 8 / 6;
    text.as_bytes()[first..last].to_vec()
}

/// All canaries, found in one pass over each haystack.
pub(crate) struct Needles {
    canaries: Vec<Canary>,
    /// Canary and form, by the form's first four bytes.
    by_start: HashMap<[u8; 4], Vec<(usize, usize)>>,
    /// Whether a form begins with these two bytes: nearly everywhere none does.
    begins: Vec<bool>,
}

impl Needles {
    pub(crate) fn new(canaries: Vec<Canary>) -> Self {
        let mut by_start: HashMap<_, Vec<_>> = HashMap::new();
        let mut begins = vec![false; 1 << 16];
        for (at, canary) in canaries.iter().enumerate() {
            for (form, bytes) in canary.forms.iter().enumerate() {
                let start: [u8; 4] = *bytes.first_chunk().expect("forms have four bytes");
                begins[two(start[0], start[1])] = true;
                by_start.entry(start).or_default().push((at, form));
            }
        }
        Self {
            canaries,
            by_start,
            begins,
        }
    }

    /// What of it is in `haystack` and must not be, each with a little of what is around it.
    pub(crate) fn find(&self, place: Place, haystack: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        // Tens of megabytes pass here, in a program that is not optimised.
        let mut at = 0;
        while at + 4 <= haystack.len() {
            if self.begins[two(haystack[at], haystack[at + 1])] {
                found.extend(self.at(place, haystack, at));
            }
            at += 1;
        }
        found
    }
    /// What begins at this very place.
    fn at(&self, place: Place, haystack: &[u8], at: usize) -> Vec<String> {
        let start = haystack[at..]
            .first_chunk::<4>()
            .expect("the caller looked");
        let mut found = Vec::new();
        for (canary, form) in self.by_start.get(start).into_iter().flatten() {
            let canary = &self.canaries[*canary];
            let is_here = haystack[at..].starts_with(&canary.forms[*form]);
            if is_here && !canary.allowed.contains(&place) {
                let around = &haystack[at.saturating_sub(120)..(at + 60).min(haystack.len())];
                let around = String::from_utf8_lossy(around);
                found.push(format!("{} ({place:?}): …{around}…", canary.what));
            }
        }
        found
    }
}

fn two(first: u8, second: u8) -> usize {
    usize::from(first) << 8 | usize::from(second)
}
