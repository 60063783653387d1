use super::*;
use Match::{Different, Near, Same};
use proptest::prelude::*;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

static RULES: LazyLock<Rules> = LazyLock::new(Rules::default);

fn found(card: &str, account: &str) -> Match {
    compare(card, &[account.to_owned()], &RULES)
}

/// Each line is a name on a card and one of an account; either may be on either side.
fn all_are(expected: Match, names: &[(&str, &str)]) {
    for (one, other) in names {
        assert_eq!(found(one, other), expected, "{one} and {other}");
        assert_eq!(found(other, one), expected, "{other} and {one}");
    }
}

#[test]
fn a_name_is_itself_however_it_is_written() {
    all_are(
        Same(Rule::Equal),
        &[
            ("見本　太郎", "見本　太郎"),
            ("見本　太郎", "見本太郎"),
            ("見本\u{a0}太郎", "見本 太郎 "),
            ("ｶｻﾞﾊﾔ ｶｻﾞｽ", "カザハヤ　カザス"),
            ("風早　かざす", "風早　カザス"),
            ("シヨウコ", "ショウコ"),
            ("竜ケ崎　元", "竜ヶ崎 元"),
            ("佐佐木　すず", "佐々木　すゞ"),
            ("ジョン・スミス", "ｼﾞｮﾝ･ｽﾐｽ"),
            ("マリ－アン", "マリーアン"),
            ("葛\u{e0100}城　元", "葛\u{e0101}城 元"),
            ("神\u{fe00}谷　元", "神谷元"),
            ("福\u{200b}田", "\u{fa1b}田"),
            ("MIHON TARO", "Mihon Taro"),
            ("ＭＩＨＯＮ　ＴＡＲＯ", "mihon, taro"),
            ("MIHON Tarō", "mihon taro"),
            ("JOSÉ GARCÍA", "Jose Garcia"),
            ("O'HARA SCARLETT", "O’Hara Scarlett"),
            ("JEAN-PIERRE", "Jean Pierre"),
            ("JEAN–PIERRE", "Jeanpierre"),
            ("ŁUKASZ GROß", "Lukasz Gross"),
            ("Nguyễn Văn An", "NGUYEN VAN AN"),
            ("김 하나", "김하나"),
        ],
    );
}

#[test]
fn variants_of_a_character_are_one() {
    all_are(
        Same(Rule::Variant),
        &[
            ("髙橋　元", "高橋 元"),
            ("﨑田　元", "崎田 元"),
            ("渡邊　元", "渡邉 元"),
            ("渡邊　元", "渡辺元"),
            ("齋見　元", "斎見 元"),
            ("齊見　元", "斉見 元"),
            ("濵口　廣", "浜口 広"),
            ("國嶋　元", "国島 元"),
            ("長澤　德子", "長沢 徳子"),
            ("𠮷見　元", "吉見 元"),
            ("张　伟", "張　偉"),
            ("刘　东", "劉　東"),
        ],
    );
}

#[test]
fn the_order_of_parts_does_not_count() {
    all_are(
        Same(Rule::Order),
        &[
            ("MIHON TARO", "Taro Mihon"),
            ("MIHON, JEAN-PIERRE", "Jeanpierre Mihon"),
            ("スミス　ジョン", "ジョン・スミス"),
            ("MIHON TARO JEAN", "Taro Jean Mihon"),
        ],
    );
}

#[test]
fn another_romanisation_is_near() {
    all_are(
        Near(Rule::Romanised),
        &[
            ("OHNO TARO", "Ono Taro"),
            ("OONO TAROU", "Ōno Tarō"),
            ("ITO JUNICHI", "Itoh Zyun'iti"),
            ("SHIMBASHI FUMI", "Sinbasi Humi"),
            ("MUELLER HANS", "Hans Müller"),
            ("Bjørn Åse", "BJOERN AASE"),
        ],
    );
    // Only the H of a long O is silent.
    all_are(
        Near(Rule::OneCharacter),
        &[("OHARA KENJI", "Oara Kenji"), ("EHRE MAX", "Ere Max")],
    );
}

#[test]
fn a_missing_middle_name_is_near() {
    all_are(
        Near(Rule::PartMissing),
        &[
            ("SMITH JOHN FITZGERALD", "John Smith"),
            ("SMITH JOHN F", "John Fitzgerald Smith"),
            ("J. Smith", "Smith John"),
            ("スミス　ジョン　太郎", "ジョン・スミス"),
        ],
    );
    all_are(
        Different,
        &[
            ("SMITH", "John Smith"),
            ("J. S.", "John Smith"),
            ("SMITH JOHN ADAM", "Smith John Bede"),
        ],
    );
}

#[test]
fn one_other_character_is_near_where_enough_is_the_same() {
    all_are(
        Near(Rule::OneCharacter),
        &[
            ("見本　太郎", "見本　次郎"),
            ("見本　太郎", "見本　太"),
            ("林　元子", "林　元"),
            ("斎藤　元", "斉藤　元"),
            ("カザハヤ", "カザバヤ"),
        ],
    );
    all_are(
        Different,
        &[
            ("林　元", "林　要"),
            ("林　元", "林"),
            ("見本　太郎", "見本　次良"),
            ("見本　太郎", "本見　太郎"),
            ("見本　太郎", "Mihon Taro"),
        ],
    );
}

#[test]
fn a_card_has_other_names_in_brackets() {
    for (card, account) in [
        ("見本　花子（風早　花子）", "風早花子"),
        ("見本　花子［旧姓　風早　花子］", "風早花子"),
        ("見本　花子［旧氏：風早］", "風早花子"),
        ("見本［風早］花子", "風早花子"),
        ("見本　〔風早〕　花子", "風早花子"),
        ("HANAKO MIHON (KAZAHAYA)", "Hanako Kazahaya"),
        ("ZHANG WEI（張偉）", "张伟"),
        ("見本　花子（風早　花子", "風早花子"),
        ("見本　花子（乙）（通称：風早　花子）", "風早花子"),
    ] {
        assert_eq!(found(card, account), Same(Rule::Bracketed), "{card}");
        assert_eq!(found(card, "元　要"), Different, "{card}");
    }
    assert_eq!(found("見本［風早］花子", "見本花子"), Same(Rule::Equal));
    assert_eq!(found("（見本　花子）", "見本花子"), Same(Rule::Equal));
}

#[test]
fn an_accounts_earlier_name_is_near() {
    let earlier = "見本　花子（旧姓　風早）";
    assert_eq!(found("風早　花子", earlier), Near(Rule::Earlier));
    assert_eq!(found("見本　花子", earlier), Same(Rule::Equal));
    assert_eq!(found("風早　華子", earlier), Different);
    assert_eq!(found("元［風早］花子", earlier), Near(Rule::Earlier));
    let listed = [earlier.to_owned(), "風早　花子".to_owned()];
    let with_listed = compare("風早　花子", &listed, &RULES);
    assert_eq!(with_listed, Same(Rule::Equal));
}

#[test]
fn the_best_of_an_accounts_names_counts() {
    let names = ["Mihon Taro", "見本　次郎", "見元　太郎"].map(str::to_owned);
    let compared = |card| compare(card, &names, &RULES);
    assert_eq!(compared("見本　次郎"), Same(Rule::Equal));
    assert_eq!(compared("TARO MIHON"), Same(Rule::Order));
    assert_eq!(compared("見本　太郎"), Near(Rule::OneCharacter));
    assert_eq!(compared("風早　かざす"), Different);
}

#[test]
fn nothing_is_like_nothing() {
    all_are(
        Different,
        &[("", ""), (" ", "・"), ("（）", "（）"), ("", "見本太郎")],
    );
    assert_eq!(compare("見本太郎", &[], &RULES), Different);
}

#[test]
fn words_for_the_audit_are_all_different() {
    use Rule::*;
    let rules = [
        Equal,
        Variant,
        Order,
        Bracketed,
        Earlier,
        Romanised,
        PartMissing,
        OneCharacter,
    ];
    let words: std::collections::BTreeSet<_> = rules.iter().map(|rule| rule.as_str()).collect();
    assert_eq!(words.len(), rules.len());
    assert!(!words.contains(Different.as_str()));
}

/// Names as people have them: two or three parts of kanji, kana or Latin letters.
fn name() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[見本風早太次郎花子髙高崎﨑辺邊国國]{1,3}",
        "[あ-んァ-ヶー]{1,4}",
        "[A-Za-zéüōß]{1,8}",
    ];
    prop::collection::vec(part, 2..4).prop_map(|parts| parts.join(" "))
}

/// The same name as another system writes it.
fn rewritten(name: &str, how: &[u8]) -> String {
    let spaces = [" ", "\u{3000}", "・", "\u{a0} ", "\u{2003}"];
    let selectors = ["", "\u{fe00}", "\u{e0100}", "\u{e01ef}", "\u{200b}"];
    let mut text = String::new();
    for (c, how) in name.chars().zip(how.iter().cycle()) {
        let how = usize::from(*how);
        match c {
            ' ' => text.push_str(spaces[how % spaces.len()]),
            'A'..='z' if how % 2 == 0 => {
                text.extend(char::from_u32(u32::from(c) + 0xfee0));
            }
            'é' | 'ü' | 'ō' if how % 2 == 0 => text.extend(c.nfd()),
            c => text.push(c),
        }
        text.push_str(selectors[how / 8 % selectors.len()]);
    }
    text
}

proptest! {
    #[test]
    fn every_name_is_itself(name in name()) {
        prop_assert_eq!(found(&name, &name), Same(Rule::Equal));
    }

    #[test]
    fn it_does_not_matter_which_is_on_the_card(one in name(), other in name()) {
        prop_assert_eq!(found(&one, &other), found(&other, &one));
    }

    #[test]
    fn how_a_name_is_written_changes_nothing(
        one in name(), other in name(), how in prop::collection::vec(any::<u8>(), 1..20),
    ) {
        let written = rewritten(&one, &how);
        prop_assert_eq!(found(&written, &one), Same(Rule::Equal));
        prop_assert_eq!(found(&written, &other), found(&one, &other));
    }

    #[test]
    fn one_letter_more_is_never_the_same(name in name(), at in any::<prop::sample::Index>()) {
        let mut letters: Vec<char> = name.chars().collect();
        letters.insert(at.index(letters.len() + 1), '元');
        let longer: String = letters.into_iter().collect();
        prop_assert!(!matches!(found(&longer, &name), Same(_)), "{}", longer);
    }

    #[test]
    fn any_text_can_be_compared(one in "\\PC*", other in any::<String>()) {
        // A bracket makes an account's name an earlier one, and a card's another one.
        let plain = |text: &str| !text.nfkc().any(|c| "()[]{}〔〕【】〈〉《》「」『』".contains(c));
        let result = found(&one, &other);
        if plain(&one) && plain(&other) {
            prop_assert_eq!(result, found(&other, &one));
        }
    }
}
