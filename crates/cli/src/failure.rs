//! How a run can fail: an exit code for scripts, and for the person what happened and what to do
//! now.

mod at_reader;

use crate::language::Language;
use crate::pins::PinName;
use kazasu_card::PinError;
use kazasu_companion::{CompanionError, DeploymentError, TicketError};
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
            CompanionError::Failed(_) => Self::new(
                Exit::Network,
                "server_failed",
                say(
                    "サーバーで問題が起きました。",
                    "Something went wrong at the server.",
                ),
                again,
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

    pub(crate) fn insecure_address(language: Language) -> Self {
        Self::new(
            Exit::Usage,
            "insecure_address",
            language.pick(
                "暗号化されない http では、このコンピューターにしか接続しません。",
                "Plain http goes to this machine only.",
            ),
            language.pick(
                "--connect-to には 127.0.0.1 などを指定するか、https のサービスを使ってください。",
                "Give --connect-to an address such as 127.0.0.1, or use a service with https.",
            ),
        )
    }

    pub(crate) fn consent_needed(language: Language) -> Self {
        Self::new(
            Exit::Usage,
            "consent_needed",
            language.pick(
                "同意が必要ですが、答える人がいません。",
                "Consent is needed, and there is nobody to ask.",
            ),
            language.pick(
                "端末で実行するか、内容を確かめたうえで --yes を付けてください。",
                "Run this in a terminal, or add --yes if you know what is asked.",
            ),
        )
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
