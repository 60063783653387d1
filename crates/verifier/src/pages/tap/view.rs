//! What the tap page shows while a transaction is open.

use crate::pages::layout::{Page, escape};
use crate::settings::RelyingParty;
use crate::transaction::{PAIRING_TRIES, State, Transaction};
use axum::http::StatusCode;
use axum::response::Response;
use kazasu_statement::{Language, Mode, Purpose, Reason};
use qrcode::QrCode;
use qrcode::render::svg;

/// Seconds between looks at a transaction that the phone moves on.
const REFRESH: u32 = 2;

pub(super) struct View<'a> {
    pub(super) transaction: &'a Transaction,
    pub(super) party: &'a RelyingParty,
    pub(super) ticket_url: String,
    pub(super) now: i64,
}

impl View<'_> {
    pub(super) fn respond(self) -> Response {
        let transaction = self.transaction;
        let (content, refresh) = match (transaction.state, transaction.mode) {
            (State::Created, None) => (self.start(), None),
            (State::Created, Some(_)) if self.ticket_is_over() => (self.ticket_over(), None),
            (State::Created, Some(mode)) => (self.ticket(mode), Some(REFRESH)),
            // No reload while somebody types.
            (State::Claimed, Some(Mode::OtherDevice)) => (self.digits(), None),
            _ => (self.waiting(), Some(REFRESH)),
        };
        let body = format!(
            "<p>{}</p>\n{content}\n<form id=\"cancel\" method=\"post\" action=\"{}\"><button>{}</button></form>",
            escape(&self.intent()),
            self.action("cancel"),
            self.say("やめる", "Cancel"),
        );
        Page {
            language: transaction.language,
            title: self.say(
                "マイナンバーカードで本人確認",
                "Prove who you are with your My Number card",
            ),
            body,
            refresh,
            form_target: Some(&transaction.redirect_uri),
        }
        .respond(StatusCode::OK)
    }

    fn say<'t>(&self, japanese: &'t str, english: &'t str) -> &'t str {
        match self.transaction.language {
            Language::Japanese => japanese,
            Language::English => english,
        }
    }

    fn action(&self, step: &str) -> String {
        format!("/tap/{}/{step}", self.transaction.id)
    }

    fn ticket_is_over(&self) -> bool {
        self.transaction
            .ticket_expires_at
            .is_some_and(|end| end <= self.now)
    }

    /// Who asks, for what, and what they get.
    fn intent(&self) -> String {
        let party = self.party.name(self.transaction.language);
        let purpose = purpose(self.transaction.purpose, self.transaction.language);
        match (self.transaction.language, self.transaction.wants_name) {
            (Language::Japanese, true) => {
                format!(
                    "「{party}」の手続き（{purpose}）です。このサービスだけで使うIDと、カードの氏名を渡します。ほかには何も渡しません。"
                )
            }
            (Language::Japanese, false) => {
                format!(
                    "「{party}」の手続き（{purpose}）です。このサービスだけで使うIDを渡します。ほかには何も渡しません。"
                )
            }
            (Language::English, true) => {
                format!(
                    "{party}: {purpose}. It receives an ID valid only there, and the name on your card. Nothing else."
                )
            }
            (Language::English, false) => {
                format!("{party}: {purpose}. It receives an ID valid only there. Nothing else.")
            }
        }
    }

    fn start(&self) -> String {
        let forms = self.party.modes(self.transaction.purpose).iter().map(|mode| {
            let label = match mode {
                Mode::SamePhone => self.say("このスマートフォンでかざす", "Use this phone"),
                Mode::OtherDevice => self.say("別のスマートフォンでかざす", "Use another device"),
                Mode::Local => self.say("このパソコンのカードリーダーを使う", "Use this computer's reader"),
            };
            format!(
                "<form id=\"start-{mode}\" method=\"post\" action=\"{}\"><input type=\"hidden\" name=\"mode\" value=\"{mode}\"><button>{label}</button></form>",
                self.action("start"),
            )
        });
        forms.collect::<Vec<_>>().join("\n")
    }

    fn ticket(&self, mode: Mode) -> String {
        let label = match mode {
            Mode::SamePhone => self.say("アプリを開く", "Open the app"),
            _ => self.say(
                "このリンクをスマートフォンのアプリで開く",
                "Open this link with the app on your phone",
            ),
        };
        let (code, digits) = match mode {
            Mode::OtherDevice => (self.qr_code(), self.pair_form()),
            _ => (String::new(), String::new()),
        };
        format!(
            "{code}<p><a id=\"ticket\" href=\"{}\">{label}</a></p>\n{digits}\n{}",
            escape(&self.ticket_url),
            self.refresh_form(),
        )
    }

    /// The ticket as an image to scan, black on white with its margin, 240 pixels at least.
    fn qr_code(&self) -> String {
        let code = QrCode::new(&self.ticket_url).expect("a ticket URL is far below a code's limit");
        let image = code
            .render::<svg::Color<'_>>()
            .min_dimensions(240, 240)
            .build();
        // The XML declaration before the element has no place inside HTML.
        let element = image.find("<svg").map_or("", |start| &image[start..]);
        let label = self.say("読み取るコード", "Code to scan");
        format!("<figure role=\"img\" aria-label=\"{label}\">{element}</figure>\n")
    }

    fn ticket_over(&self) -> String {
        self.notice(Reason::TicketExpired, String::new()) + &self.refresh_form()
    }

    fn digits(&self) -> String {
        let tries = self.transaction.pairing_tries;
        let left = PAIRING_TRIES.saturating_sub(tries);
        let left = match self.transaction.language {
            Language::Japanese => format!("あと{left}回入力できます。"),
            Language::English => format!("Tries left: {left}."),
        };
        let notice = if tries > 0 {
            self.notice(Reason::PairingFailed, left)
        } else {
            String::new()
        };
        format!("{notice}\n{}\n{}", self.pair_form(), self.refresh_form())
    }

    fn pair_form(&self) -> String {
        let label = self.say(
            "スマートフォンに表示された6桁の番号",
            "The six digits on your phone",
        );
        format!(
            "<form id=\"pair\" method=\"post\" action=\"{}\"><label for=\"digits\">{label}</label> <input id=\"digits\" name=\"digits\" inputmode=\"numeric\" autocomplete=\"one-time-code\" maxlength=\"12\" required> <button>{}</button></form>",
            self.action("pair"),
            self.say("確認する", "Confirm"),
        )
    }

    fn refresh_form(&self) -> String {
        format!(
            "<form id=\"refresh\" method=\"post\" action=\"{}\"><button>{}</button></form>",
            self.action("refresh"),
            self.say("新しいリンクを表示する", "Show a new link"),
        )
    }

    fn waiting(&self) -> String {
        let text = self.say(
            "スマートフォンのアプリで続けてください。終わると、この手続きは自動的に進みます。",
            "Go on in the app on your phone. When you are done there, this continues by itself.",
        );
        format!(
            "<p id=\"waiting\" role=\"status\">{text}</p>\n{}",
            self.refresh_form()
        )
    }

    fn notice(&self, reason: Reason, more: String) -> String {
        let message = reason.message(self.transaction.language);
        format!(
            "<section role=\"alert\" data-reason=\"{reason}\"><p>{} {} {}</p></section>\n",
            escape(message.sentence),
            escape(message.next_step),
            escape(&more),
        )
    }
}

fn purpose(purpose: Purpose, language: Language) -> &'static str {
    let (japanese, english) = match purpose {
        Purpose::View => ("連携状況の確認", "see what is linked"),
        Purpose::Link => ("カードの連携", "link your card"),
        Purpose::Unlink => ("連携の解除", "remove the link"),
        Purpose::Recover => ("アカウントの回復", "recover your account"),
        Purpose::Rescue => ("クラウドデータの救出", "rescue your cloud data"),
        Purpose::Join => ("卒業生サービスへの参加", "join the alumni service"),
        Purpose::Counter => ("窓口での本人確認", "proof of identity at a counter"),
    };
    match language {
        Language::Japanese => japanese,
        Language::English => english,
    }
}
