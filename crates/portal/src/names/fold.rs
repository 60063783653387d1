//! One spelling for what people and systems spell in many ways.

use unicode_normalization::UnicodeNormalization;

/// The parts of a name, without anything that does not make it another name: width, case, accents
/// of letters, the kind and the size of kana, selectors of glyphs, kinds of spaces and hyphens.
pub(super) fn fold(name: &str) -> Vec<String> {
    let visible = name.chars().filter(|&c| !is_invisible(c));
    let lower: String = visible.nfkc().flat_map(char::to_lowercase).collect();
    // Taken apart, so that accents can go; the marks of kana and Hangul are put back.
    let bare = lower.nfd().filter(|c| !is_accent(*c)).nfc();
    let mut folded = String::new();
    for c in bare {
        let last = folded.chars().next_back();
        match (c, last) {
            ('々' | '〻' | 'ゝ' | 'ヽ', Some(last)) => folded.push(last),
            ('ゞ' | 'ヾ', Some(last)) => folded.extend([last, '\u{3099}'].into_iter().nfc()),
            (c, Some(last)) if is_hyphen(c) && is_katakana(last) => folded.push('ー'),
            (c, _) if is_apostrophe(c) => {}
            (c, _) if is_separator(c) => folded.push(' '),
            (c, _) => match letters(c) {
                Some(letters) => folded.push_str(letters),
                None => folded.push(full_size(katakana(c))),
            },
        }
    }
    folded.split_whitespace().map(str::to_owned).collect()
}

/// Whether nothing is seen of it: selectors of glyphs, directions, joiners, control characters.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{e0100}'..='\u{e01ef}')
        || c.is_control() && !c.is_whitespace()
}

/// Those of European letters; a name in another script needs its marks.
fn is_accent(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2500}')
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '`' | '\u{2018}'..='\u{201b}' | '\u{2032}' | '\u{2b9}'..='\u{2bf}')
}

fn is_separator(c: char) -> bool {
    // Katakana's middle dot, then those of other scripts that look the same.
    let dot = matches!(
        c,
        '・' | '\u{b7}'
            | '\u{387}'
            | '\u{2022}'
            | '\u{2027}'
            | '\u{2219}'
            | '\u{22c5}'
            | '\u{2e31}'
    );
    dot || c.is_whitespace() || is_hyphen(c) || matches!(c, ',' | '.' | '、' | '。' | '_')
}

fn is_katakana(c: char) -> bool {
    ('\u{30a1}'..='\u{30fc}').contains(&c) && c != '・'
}

/// The letters for one that no accent makes: Unicode takes none of these apart.
fn letters(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'þ' => "th",
        'ð' | 'đ' => "d",
        'ł' => "l",
        'ħ' => "h",
        'ı' => "i",
        'ŋ' => "n",
        _ => return None,
    })
}

/// Hiragana's katakana, at the same distance in Unicode.
fn katakana(c: char) -> char {
    match c {
        'ぁ'..='ゖ' => char::from_u32(u32::from(c) + 0x60).unwrap_or(c),
        c => c,
    }
}

/// Older registers know no small kana, and ヶ is written large as often as small.
fn full_size(c: char) -> char {
    match c {
        'ァ' => 'ア',
        'ィ' => 'イ',
        'ゥ' => 'ウ',
        'ェ' => 'エ',
        'ォ' => 'オ',
        'ヵ' => 'カ',
        'ヶ' => 'ケ',
        'ッ' => 'ツ',
        'ャ' => 'ヤ',
        'ュ' => 'ユ',
        'ョ' => 'ヨ',
        'ヮ' => 'ワ',
        c => c,
    }
}
