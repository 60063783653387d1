//! Failures of readers and cards.

use super::{Exit, Failure, tries_en};
use crate::language::Language;
use crate::pins::PinName;
use kazasu_card::CardError;
use kazasu_reader::ReaderError;

impl Failure {
    pub(crate) fn reader(error: &ReaderError, language: Language) -> Self {
        let say = |ja: &'static str, en: &'static str| language.pick(ja, en);
        let name_one = say(
            "--reader で使うリーダーを指定してください。",
            "Name the one to use with --reader.",
        );
        let check = say(
            "リーダーをつなぎ直し、`kazasu readers` で確かめてください。",
            "Plug the reader in again, and check with `kazasu readers`.",
        );
        let (code, sentence, next_step) = match error {
            ReaderError::NoReader => (
                "no_reader",
                say("リーダーが見つかりません。", "No reader is connected.").to_owned(),
                check,
            ),
            ReaderError::UnknownReader { name } => (
                "unknown_reader",
                match language {
                    Language::Ja => format!("「{name}」というリーダーはありません。"),
                    Language::En => format!("There is no reader called “{name}”."),
                },
                say(
                    "`kazasu readers` で名前を確かめてください。",
                    "Look up its name with `kazasu readers`.",
                ),
            ),
            ReaderError::SeveralReaders { names } => (
                "several_readers",
                match language {
                    Language::Ja => format!("リーダーが複数あります: {}", names.join(" / ")),
                    Language::En => format!("There are several readers: {}", names.join(" / ")),
                },
                name_one,
            ),
            ReaderError::SeveralCards { names } => (
                "several_cards",
                match language {
                    Language::Ja => {
                        format!("複数のリーダーにカードがあります: {}", names.join(" / "))
                    }
                    Language::En => format!("Cards lie on several readers: {}", names.join(" / ")),
                },
                name_one,
            ),
            ReaderError::NoCard { .. } => (
                "no_card",
                say(
                    "カードがかざされませんでした。",
                    "No card was put on the reader.",
                )
                .to_owned(),
                say(
                    "カードを1枚だけリーダーに置いて、もう一度実行してください。",
                    "Put exactly one card on the reader and run this again; --wait gives more time.",
                ),
            ),
            ReaderError::InUse { .. } => (
                "reader_in_use",
                say(
                    "リーダーはほかのプログラムが使っています。",
                    "Another program uses the reader.",
                )
                .to_owned(),
                say(
                    "そのプログラムを終えてから、もう一度実行してください。",
                    "End that program, then run this again.",
                ),
            ),
            ReaderError::Child(_) => (
                "libnfc_process",
                say(
                    "libnfc 用のプロセスを起動できません。",
                    "The process for libnfc could not be started.",
                )
                .to_owned(),
                say("kazasu を入れ直してください。", "Install kazasu again."),
            ),
            // A reader that does not answer, and what later versions of the crate may add.
            _ => (
                "reader_gone",
                say("リーダーが応答しません。", "The reader does not answer.").to_owned(),
                check,
            ),
        };
        Self::new(Exit::NoReader, code, sentence, next_step)
    }

    /// `pin` is the PIN that was in use, where one was.
    pub(crate) fn card(error: &CardError, pin: Option<PinName>, language: Language) -> Self {
        let say = |ja: &'static str, en: &'static str| language.pick(ja, en);
        let put_back = say(
            "カードを置き直して、もう一度実行してください。失われたものはありません。",
            "Put it back and run this again. Nothing is lost.",
        );
        let pin_name = pin.map_or(say("暗証番号", "the PIN"), |pin| pin.name(language));
        let office = say(
            "市区町村の窓口で、暗証番号の再設定を受けてください。",
            "Have it reset at your municipal office.",
        );
        let look = say(
            "`kazasu card pin-status` で残りの回数を確かめてください。",
            "Look at the counter with `kazasu card pin-status`.",
        );
        let (exit, code, sentence, next_step) = match error {
            CardError::WrongPin { retries_left: 0 } => (
                Exit::Pin,
                "pin_blocked",
                match language {
                    Language::Ja => format!("{pin_name}が違います。ロックされました。"),
                    Language::En => format!("That was not {pin_name}. It is now blocked."),
                },
                office,
            ),
            CardError::WrongPin { retries_left } => (
                Exit::Pin,
                "wrong_pin",
                match language {
                    Language::Ja => format!("{pin_name}が違います。あと{retries_left}回です。"),
                    Language::En => {
                        format!("That was not {pin_name}. {}.", tries_en(*retries_left))
                    }
                },
                say(
                    "番号を確かめてから、もう一度実行してください。",
                    "Check the number, then run this again.",
                ),
            ),
            CardError::PinBlocked => (
                Exit::Pin,
                "pin_blocked",
                match language {
                    Language::Ja => format!("{pin_name}はロックされています。"),
                    Language::En => format!("The card has blocked {pin_name}."),
                },
                office,
            ),
            CardError::LastTry => (
                Exit::Pin,
                "last_try",
                match language {
                    Language::Ja => {
                        format!("{pin_name}はあと1回しか試せないため、使いませんでした。")
                    }
                    Language::En => format!("One try is left for {pin_name}, so it was not used."),
                },
                say(
                    "間違えるとロックされ、市区町村の窓口での再設定が必要になります。それでも試すときは --allow-last-try を付けてください。",
                    "If it is wrong the PIN is blocked and only a municipal office can reset it. To try all the same, add --allow-last-try.",
                ),
            ),
            CardError::CardLost => (
                Exit::Card,
                "card_lost",
                say("カードが離れました。", "The card slipped away.").to_owned(),
                put_back,
            ),
            CardError::LostWhileVerifying { .. } => (
                Exit::Card,
                "card_lost",
                match language {
                    Language::Ja => format!(
                        "{pin_name}を確かめている間にカードが離れました。1回分使われたかもしれません。"
                    ),
                    Language::En => format!(
                        "The card slipped away while it checked {pin_name}. A try may have been used."
                    ),
                },
                look,
            ),
            CardError::PinOutcomeUnknown { sw, .. } => (
                Exit::Card,
                "pin_outcome_unknown",
                match language {
                    Language::Ja => format!(
                        "{pin_name}が正しかったか、カードの応答 ({sw}) からは分かりません。1回分使われたかもしれません。"
                    ),
                    Language::En => format!(
                        "The card answered {sw} to {pin_name}, which does not say whether it was right. A try may have been used."
                    ),
                },
                look,
            ),
            CardError::ReaderGone => {
                let gone = ReaderError::Gone {
                    name: String::new(),
                };
                return Self::reader(&gone, language);
            }
            CardError::NotMyNumberCard => (
                Exit::Card,
                "not_my_number_card",
                say(
                    "マイナンバーカードではありません。",
                    "This is not a My Number card.",
                )
                .to_owned(),
                say(
                    "マイナンバーカードを置いてください。",
                    "Put your My Number card on the reader.",
                ),
            ),
            CardError::OtherToken(_) => (
                Exit::Card,
                "phone_token",
                say(
                    "スマートフォンの証明書や古いカードは、ここでは使えません。",
                    "A phone's certificate or an older card cannot be used here.",
                )
                .to_owned(),
                say(
                    "マイナンバーカードを置いてください。",
                    "Put your My Number card on the reader.",
                ),
            ),
            // What the card answered is of use to whoever looks into it, so it is in the sentence.
            other => (
                Exit::Card,
                "unexpected_answer",
                match language {
                    Language::Ja => format!("カードの応答を処理できません ({other})。"),
                    Language::En => format!("The card's answer cannot be used ({other})."),
                },
                put_back,
            ),
        };
        let mut failure = Self::new(exit, code, sentence, next_step);
        failure.retries_left = match error {
            CardError::WrongPin { retries_left } => Some(*retries_left),
            CardError::LastTry => Some(1),
            CardError::PinBlocked => Some(0),
            _ => None,
        };
        failure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_pin_says_how_many_tries_are_left() {
        let error = CardError::WrongPin { retries_left: 2 };
        let failure = Failure::card(&error, Some(PinName::Authentication), Language::En);
        assert_eq!(failure.exit, Exit::Pin);
        assert_eq!(failure.retries_left, Some(2));
        assert!(
            failure.sentence.contains("2 tries left"),
            "{}",
            failure.sentence
        );
    }

    #[test]
    fn the_try_that_blocks_says_so() {
        let error = CardError::WrongPin { retries_left: 0 };
        for language in [Language::Ja, Language::En] {
            let failure = Failure::card(&error, Some(PinName::Name), language);
            assert_eq!(failure.code, "pin_blocked");
            assert_eq!(failure.retries_left, Some(0));
        }
    }

    #[test]
    fn a_reader_that_went_away_is_not_blamed_on_the_card() {
        let failure = Failure::card(&CardError::ReaderGone, None, Language::En);
        assert_eq!(failure.exit, Exit::NoReader);
    }

    #[test]
    fn where_a_try_may_have_been_used_nobody_says_that_nothing_is_lost() {
        let retries_before = Some(3);
        let sw = 0x6F00.into();
        for error in [
            CardError::LostWhileVerifying { retries_before },
            CardError::PinOutcomeUnknown { retries_before, sw },
        ] {
            let failure = Failure::card(&error, Some(PinName::Name), Language::En);
            assert!(failure.sentence.contains("A try may have been used"));
            assert!(failure.next_step.contains("pin-status"));
        }
    }
}
