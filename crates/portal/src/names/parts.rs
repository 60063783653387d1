//! Two names, part by part.

use super::{Match, Rule, Rules};

/// So many characters have to be the same where one is not.
const ENOUGH: usize = 2;

/// A name's parts, none of them empty.
pub(super) struct Parts {
    /// As they are written, folded.
    spelled: Vec<String>,
    /// With one character for all of its variants.
    unified: Vec<String>,
}

impl Parts {
    pub(super) fn new(spelled: Vec<String>, rules: &Rules) -> Self {
        let unify = |part: &String| part.chars().map(|c| rules.family(c)).collect();
        Self {
            unified: spelled.iter().map(unify).collect(),
            spelled,
        }
    }

    /// How far two names agree; it does not matter which is first.
    pub(super) fn compare(&self, other: &Self) -> Match {
        let (ours, theirs) = (&self.unified, &other.unified);
        if self.spelled.concat() == other.spelled.concat() {
            return Match::Same(Rule::Equal);
        }
        if ours.concat() == theirs.concat() {
            return Match::Same(Rule::Variant);
        }
        if are_reordered(ours, theirs) {
            return Match::Same(Rule::Order);
        }
        let (romanised, also_romanised) = (romanise(ours), romanise(theirs));
        if are_reordered(&romanised, &also_romanised) {
            return Match::Near(Rule::Romanised);
        }
        let either_is_shortened =
            |a: &[String], b: &[String]| is_shortened(a, b) || is_shortened(b, a);
        // Romanising changes initials.
        if either_is_shortened(ours, theirs) || either_is_shortened(&romanised, &also_romanised) {
            return Match::Near(Rule::PartMissing);
        }
        if differ_by_one(&ours.concat(), &theirs.concat()) {
            return Match::Near(Rule::OneCharacter);
        }
        Match::Different
    }
}

/// The same parts in any order, or the same text from another part on: one side may write two
/// parts as one.
fn are_reordered(ours: &[String], theirs: &[String]) -> bool {
    let sorted = |parts: &[String]| {
        let mut parts = parts.to_vec();
        parts.sort_unstable();
        parts
    };
    let begins_later = |parts: &[String], whole: &str| {
        (0..parts.len()).any(|at| [&parts[at..], &parts[..at]].concat().concat() == whole)
    };
    sorted(ours) == sorted(theirs)
        || begins_later(ours, &theirs.concat())
        || begins_later(theirs, &ours.concat())
}

/// Whether `short` has at least two parts, one of them whole, and each is one of `long`'s or the
/// initial of one.
fn is_shortened(short: &[String], long: &[String]) -> bool {
    let mut left: Vec<&String> = long.iter().collect();
    let mut initials = Vec::new();
    for part in short {
        match left.iter().position(|&other| other == part) {
            Some(at) => drop(left.remove(at)),
            None => initials.push(part),
        }
    }
    let whole = short.len() - initials.len();
    let mut all_found = true;
    for initial in initials {
        let is_initial = |other: &&String| {
            initial.len() == 1 && initial.is_ascii() && other.starts_with(initial.as_str())
        };
        match left.iter().position(is_initial) {
            Some(at) => drop(left.remove(at)),
            None => all_found = false,
        }
    }
    all_found && whole >= 1 && short.len() >= 2
}

/// Whether one character was replaced, added or left out, and the rest is enough.
fn differ_by_one(ours: &str, theirs: &str) -> bool {
    let (ours, theirs): (Vec<char>, Vec<char>) = (ours.chars().collect(), theirs.chars().collect());
    let same = |(a, b): &(&char, &char)| a == b;
    let ahead = ours.iter().zip(&theirs).take_while(same).count();
    let (ours, theirs) = (&ours[ahead..], &theirs[ahead..]);
    let backwards = ours.iter().rev().zip(theirs.iter().rev());
    let behind = backwards.take_while(same).count();
    let most = ours.len().max(theirs.len()) - behind;
    most == 1 && ahead + behind >= ENOUGH
}

/// Latin parts in one romanisation: the Kunrei system without long vowels, and umlauts as one
/// letter. Names that are no transcription become unreadable, but equal ones stay equal.
fn romanise(parts: &[String]) -> Vec<String> {
    const STEPS: [(&str, &str); 19] = [
        ("tch", "tty"),
        ("sh", "sy"),
        ("ch", "ty"),
        ("ts", "t"),
        ("j", "zy"),
        ("f", "h"),
        ("dz", "z"),
        ("du", "zu"),
        ("yi", "i"),
        ("mb", "nb"),
        ("mp", "np"),
        ("mm", "nm"),
        ("ou", "o"),
        ("oo", "o"),
        ("oe", "o"),
        ("uu", "u"),
        ("ue", "u"),
        ("aa", "a"),
        ("ae", "a"),
    ];
    let romanised = |part: &String| {
        if !part.is_ascii() {
            return part.clone();
        }
        let text = STEPS
            .iter()
            .fold(part.clone(), |text, (from, to)| text.replace(from, to));
        without_oh(&text)
    };
    parts.iter().map(romanised).collect()
}

/// Without the H of a long O, as in Ohno: before a vowel it is one of its own.
fn without_oh(text: &str) -> String {
    let mut letters = text.chars().peekable();
    let mut last = ' ';
    let mut kept = String::new();
    while let Some(letter) = letters.next() {
        let before_vowel = letters.peek().is_some_and(|next| "aiueoy".contains(*next));
        if last != 'o' || letter != 'h' || before_vowel {
            kept.push(letter);
        }
        last = letter;
    }
    kept
}
