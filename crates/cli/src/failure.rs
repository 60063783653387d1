//! How a run can fail: an exit code for scripts, and for the person what happened and what to do
//! now.

use crate::language::Language;
use crate::pins::PinName;
use kazasu_card::{CardError, PinError};
use kazasu_companion::{CompanionError, DeploymentError, TicketError};
use kazasu_reader::ReaderError;
use std::borrow::Cow;
use std::process::ExitCode;

/// The exit codes that `--help` and docs/cli.md list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Done = 0,
    Refused = 1,
    Usage = 2,
    NoReader = 3,
    Card = 4,
    Pin = 5,
    Network = 6,
    File = 7,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a run ended without what was asked for.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// A word for programs.
    pub(crate) code: Cow<'static, str>,
    pub(crate) sentence: String,
    pub(crate) next_step: String,
    pub(crate) retries_left: Option<u8>,
}

impl Failure {
    pub(crate) fn new(
        exit: Exit,
        code: impl Into<Cow<'static, str>>,
        sentence: impl Into<String>,
        next_step: impl Into<String>,
    ) -> Self {
        Self {
            exit,
            code: code.into(),
            sentence: sentence.into(),
            next_step: next_step.into(),
            retries_left: None,
        }
    }

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
                    "カードをリーダーに置いて、もう一度実行してください。",
                    "Put the card on the reader and run this again; --wait gives more time.",
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
            CardError::CardLost | CardError::LostWhileVerifying { .. } => (
                Exit::Card,
                "card_lost",
                say("カードが離れました。", "The card slipped away.").to_owned(),
                put_back,
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

    pub(crate) fn companion(error: &CompanionError, language: Language) -> Self {
        let say = |ja: &'static str, en: &'static str| language.pick(ja, en);
        let again = say(
            "元のページに戻り、最初からやり直してください。",
            "Go back to the page you came from and start again.",
        );
        match error {
            CompanionError::Refused(reason) => {
                let language = language.code().parse();
                let message =
                    reason.message(language.expect("the statement crate speaks both languages"));
                Self::new(
                    Exit::Refused,
                    reason.to_string(),
                    message.sentence,
                    message.next_step,
                )
            }
            CompanionError::Card(error) => Self::card(error, None, language),
            CompanionError::ProfilePinNeeded => Self::new(
                Exit::Usage,
                "profile_pin_needed",
                say(
                    "氏名を読むための暗証番号が必要です。",
                    "The PIN for the name is needed.",
                ),
                say(
                    "--profile-pin-fd で渡すか、端末で実行してください。",
                    "Give it by --profile-pin-fd, or run this in a terminal.",
                ),
            ),
            CompanionError::WrongVerifier => Self::new(
                Exit::Refused,
                "wrong_verifier",
                say(
                    "リンクの相手が、登録されたサービスではありません。",
                    "The service behind the link is not the one it belongs to.",
                ),
                again,
            ),
            CompanionError::Offline(_) => Self::new(
                Exit::Network,
                "offline",
                say(
                    "サーバーにつながりません。",
                    "The server cannot be reached.",
                ),
                say(
                    "ネットワークを確かめて、もう一度実行してください。",
                    "Check the network and try again.",
                ),
            ),
            // An answer of no use, and what later versions of the crate may add.
            _ => Self::new(
                Exit::Network,
                "bad_answer",
                say(
                    "サーバーの応答を処理できません。",
                    "The server's answer cannot be used.",
                ),
                say(
                    "kazasu を新しくしてから、もう一度お試しください。",
                    "Update kazasu, then try again.",
                ),
            ),
        }
    }

    pub(crate) fn ticket(error: TicketError, language: Language) -> Self {
        let (code, sentence) = match error {
            TicketError::NotATicket => (
                "not_a_ticket",
                language.pick(
                    "かざすのリンクではありません。",
                    "This is not a Kazasu link.",
                ),
            ),
            TicketError::UnknownHost => (
                "unknown_host",
                language.pick(
                    "このリンクのサービスは登録されていません。どこにも送信していません。",
                    "This link belongs to a service that is not known here. Nothing was sent.",
                ),
            ),
        };
        let next_step = language.pick(
            "リンクを確かめてください。信頼するサービスは --deployment で指定します。",
            "Check the link. Services to trust are named with --deployment.",
        );
        Self::new(Exit::Usage, code, sentence, next_step)
    }

    pub(crate) fn deployment(error: &DeploymentError, language: Language) -> Self {
        let next_step = language.pick(
            "--deployment https://…=https://… の形で指定してください。",
            "Write it as --deployment https://…=https://….",
        );
        Self::new(Exit::Usage, "bad_deployment", error.to_string(), next_step)
    }

    pub(crate) fn malformed_pin(_: PinError, pin: PinName, language: Language) -> Self {
        let name = pin.name(language);
        let sentence = match language {
            Language::Ja => format!("{name}は数字4桁です。カードには送っていません。"),
            Language::En => {
                format!("Four digits are needed for {name}. Nothing was sent to the card.")
            }
        };
        let next_step = language.pick(
            "番号を確かめてください。",
            "Check the number, then type it again.",
        );
        Self::new(Exit::Usage, "malformed_pin", sentence, next_step)
    }
}

/// "2 tries left", with its singular.
pub(crate) fn tries_en(left: u8) -> String {
    format!("{left} {} left", if left == 1 { "try" } else { "tries" })
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
}
