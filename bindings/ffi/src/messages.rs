//! What a screen says, in the languages that every text comes in. Apps may write their own; these
//! are here so that none has to.

use crate::error::{PinKind, TapError};
use crate::tap::TapStep;
use kazasu_statement::{Language, Purpose};

/// What happened, and what to do now.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Message {
    /// One sentence, without codes.
    pub sentence: String,
    /// What to do now; empty where there is nothing to do.
    pub next_step: String,
}

/// What a person is told of an error.
#[uniffi::export]
pub fn message_of(error: TapError, language: Language) -> Message {
    let say = |ja: &'static str, en: &'static str| pick(language, ja, en);
    let [sentence, next_step] = match error {
        TapError::Rejected { reason } => {
            let message = reason.message(language);
            [message.sentence.into(), message.next_step.into()]
        }
        TapError::PinMissing { pin } => [
            match language {
                Language::Japanese => format!("{}が入力されていません。", name(pin, language)),
                Language::English => format!("{} is missing.", name(pin, language)),
            },
            say("数字4桁を入力してください。", "Enter its four digits.").into(),
        ],
        TapError::WrongPin { pin, tries_left } => wrong_pin(pin, tries_left, language),
        TapError::PinBlocked { pin } => [
            match language {
                Language::Japanese => format!("{}はロックされています。", name(pin, language)),
                Language::English => format!("{} is blocked.", name(pin, language)),
            },
            say(
                "市区町村の窓口で、暗証番号の再設定を受けてください。",
                "Have it reset at your municipal office.",
            )
            .into(),
        ],
        TapError::LastTry { pin } => [
            match language {
                Language::Japanese => format!("{}は、あと1回しか試せません。", name(pin, language)),
                Language::English => format!("One try is left. {} was not sent.", name(pin, language)),
            },
            say(
                "間違えるとロックされ、市区町村の窓口での再設定が必要になります。確かでなければ、ここでやめてください。",
                "If it is wrong, it is blocked and only a municipal office can reset it. Stop here unless you are sure.",
            )
            .into(),
        ],
        other => {
            let (sentence, next_step) = plain(&other, language);
            [sentence.into(), next_step.into()]
        }
    };
    Message {
        sentence,
        next_step,
    }
}

/// What the person who holds the card is told.
#[uniffi::export]
pub fn step_message(step: TapStep, language: Language) -> String {
    let (ja, en) = match step {
        TapStep::ReadingName => (
            "氏名を読み取っています。カードを動かさないでください。",
            "Reading your name. Keep the card still.",
        ),
        TapStep::ReadingCertificate => (
            "電子証明書を読み取っています。カードを動かさないでください。",
            "Reading the certificate. Keep the card still.",
        ),
        TapStep::Signing => (
            "署名しています。カードを動かさないでください。",
            "Signing. Keep the card still.",
        ),
        TapStep::Checking => (
            "確認しています。カードを離してかまいません。",
            "Checking. You can take the card away.",
        ),
    };
    pick(language, ja, en).to_owned()
}

/// What a relying party asks to do.
pub(crate) fn action(purpose: Purpose, language: Language) -> &'static str {
    let (ja, en) = match purpose {
        Purpose::View => ("連携の確認", "See what is linked to your card"),
        Purpose::Link => ("カードの連携", "Link your card to your account"),
        Purpose::Unlink => ("連携の解除", "Remove the link between card and account"),
        Purpose::Recover => ("アカウントを取り戻す", "Recover your account"),
        Purpose::Rescue => ("クラウドデータの救出", "Rescue data left in the cloud"),
        Purpose::Join => ("卒業生サービスへの参加", "Join the alumni service"),
        Purpose::Counter => ("窓口での本人確認", "Show at the counter who you are"),
    };
    pick(language, ja, en)
}

/// What a relying party receives.
pub(crate) fn provided(with_name: bool, language: Language) -> &'static str {
    let (ja, en) = if with_name {
        (
            "このサービスだけで使える番号と、カードの氏名が伝わります。ほかには何も伝わりません。",
            "It receives an ID valid only there, and the name on your card. Nothing else.",
        )
    } else {
        (
            "このサービスだけで使える番号が伝わります。ほかには何も伝わりません。",
            "It receives an ID valid only there. Nothing else.",
        )
    };
    pick(language, ja, en)
}

fn pick(language: Language, ja: &'static str, en: &'static str) -> &'static str {
    match language {
        Language::Japanese => ja,
        Language::English => en,
    }
}

fn name(pin: PinKind, language: Language) -> &'static str {
    let (ja, en) = match pin {
        PinKind::Authentication => ("利用者証明用の暗証番号", "The PIN for signing in"),
        PinKind::Profile => ("券面事項入力補助用の暗証番号", "The PIN for the name"),
    };
    pick(language, ja, en)
}

fn wrong_pin(pin: PinKind, tries_left: u8, language: Language) -> [String; 2] {
    let name = name(pin, language);
    match language {
        Language::Japanese => [
            format!("{name}が違います。あと{tries_left}回試せます。"),
            "番号を確かめて、もう一度入力してください。".to_owned(),
        ],
        Language::English => {
            let tries = if tries_left == 1 { "try" } else { "tries" };
            [
                format!("{name} was wrong. {tries_left} {tries} left."),
                "Check the number, then type it again.".to_owned(),
            ]
        }
    }
}

/// Situations without anything to fill in.
fn plain(error: &TapError, language: Language) -> (&'static str, &'static str) {
    let again = (
        "元のページに戻り、最初からやり直してください。",
        "Go back to the page you came from and start again.",
    );
    let put_back = (
        "カードをもう一度かざしてください。失われたものはありません。",
        "Hold the card to the phone again. Nothing is lost.",
    );
    let ((ja, en), (ja_next, en_next)) = match error {
        TapError::NotATicket => (
            (
                "かざすのコードではありません。",
                "This is not a Kazasu code.",
            ),
            (
                "ページに表示されたコードを読み取ってください。",
                "Scan the code that the page shows.",
            ),
        ),
        TapError::UnknownService => (
            (
                "このアプリの知らないサービスです。どこにも送信していません。",
                "This app does not know that service. Nothing was sent.",
            ),
            (
                "大学の案内するアプリをお使いください。",
                "Use the app that your university names.",
            ),
        ),
        TapError::CardLost => (("カードが離れました。", "The card slipped away."), put_back),
        TapError::ReaderGone => (
            (
                "NFCかリーダーが使えません。",
                "NFC, or the reader, is not available.",
            ),
            (
                "NFCを有効にするか、リーダーをつなぎ直してください。",
                "Switch NFC on, or plug the reader in again.",
            ),
        ),
        TapError::NotMyNumberCard => (
            (
                "マイナンバーカードではありません。",
                "This is not a My Number card.",
            ),
            (
                "マイナンバーカードをかざしてください。",
                "Hold your My Number card to the phone.",
            ),
        ),
        TapError::PhoneToken => (
            (
                "スマートフォンの電子証明書は使えません。",
                "A certificate on a phone cannot be used.",
            ),
            (
                "プラスチックのマイナンバーカードをかざしてください。",
                "Hold the plastic My Number card to the phone.",
            ),
        ),
        TapError::CardFailed { .. } => (
            (
                "カードを読み取れませんでした。",
                "The card could not be read.",
            ),
            put_back,
        ),
        TapError::Offline => (
            (
                "サーバーにつながりません。",
                "The server cannot be reached.",
            ),
            (
                "通信の状態を確かめて、もう一度お試しください。",
                "Check the connection, then try again.",
            ),
        ),
        TapError::Expired => (
            ("有効時間が過ぎました。", "The time for this is over."),
            again,
        ),
        TapError::Cancelled => (("取り消しました。", "Cancelled."), ("", "")),
        TapError::Over => (
            ("この手続きは終わっています。", "This is finished."),
            ("", ""),
        ),
        TapError::NotSaved => (
            (
                "前の手続きを続けられません。",
                "The earlier procedure cannot go on.",
            ),
            again,
        ),
        _ => (("問題が起きました。", "Something went wrong."), again),
    };
    (pick(language, ja, en), pick(language, ja_next, en_next))
}
