//! What a tap says to the person, beside its failures.

use crate::language::Language;
use kazasu_companion::{Details, Step};

/// What the person agrees to: who asks, what for, and what they get.
pub(crate) fn consent(details: &Details, language: Language) -> String {
    let service = details.relying_party.name(
        language
            .code()
            .parse()
            .expect("the statement crate speaks both languages"),
    );
    let host = &details.relying_party.host;
    let action = purpose(details.purpose.as_str(), language);
    let with_name = details.claims.iter().any(|claim| claim.as_str() == "name");
    let data = match (with_name, language) {
        (true, Language::Ja) => {
            "このサービスだけで使える番号と、カードの氏名が伝わります。ほかには何も伝わりません。"
        }
        (false, Language::Ja) => {
            "このサービスだけで使える番号が伝わります。ほかには何も伝わりません。"
        }
        (true, Language::En) => {
            "It receives an ID valid only there, and the name on your card. Nothing else."
        }
        (false, Language::En) => "It receives an ID valid only there. Nothing else.",
    };
    let started = &details.browser;
    match language {
        Language::Ja => {
            format!("{service} ({host})\n手続き: {action}\n始めた端末: {started}\n{data}")
        }
        Language::En => {
            format!("{service} ({host})\nIt asks to: {action}\nStarted in: {started}\n{data}")
        }
    }
}

fn purpose(word: &str, language: Language) -> &str {
    match (word, language) {
        ("view", Language::Ja) => "登録内容を確かめる",
        ("view", Language::En) => "show what is linked to your card",
        ("link", Language::Ja) => "カードをアカウントに結び付ける",
        ("link", Language::En) => "link your card to your account",
        ("unlink", Language::Ja) => "カードとアカウントの結び付きを解く",
        ("unlink", Language::En) => "remove the link between card and account",
        ("recover", Language::Ja) => "アカウントを取り戻す (パスワードの再発行など)",
        ("recover", Language::En) => "recover your account (a new password, for example)",
        ("rescue", Language::Ja) => "クラウドに残ったデータを取り出す",
        ("rescue", Language::En) => "rescue data left in the cloud",
        ("join", Language::Ja) => "卒業生サービスに参加する",
        ("join", Language::En) => "join the alumni service",
        ("counter", Language::Ja) => "窓口で本人を確かめる",
        ("counter", Language::En) => "show at the counter who you are",
        (other, _) => other,
    }
}

pub(crate) fn step(step: Step, language: Language) -> &'static str {
    match step {
        Step::ReadingName => language.pick(
            "氏名を読んでいます。カードを動かさないでください",
            "Reading your name: keep the card still",
        ),
        Step::ReadingCertificate => language.pick(
            "電子証明書を読んでいます。カードを動かさないでください",
            "Reading the certificate: keep the card still",
        ),
        Step::Signing => language.pick(
            "署名しています。カードを動かさないでください",
            "Signing: keep the card still",
        ),
        Step::Checking => language.pick(
            "確認しています。カードを離してかまいません",
            "Checking: you can take the card away",
        ),
    }
}

/// A step's word for programs.
pub(crate) fn step_word(step: Step) -> &'static str {
    match step {
        Step::ReadingName => "reading_name",
        Step::ReadingCertificate => "reading_certificate",
        Step::Signing => "signing",
        Step::Checking => "checking",
    }
}
