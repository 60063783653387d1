//! What all pages share: the frame, the security headers, the refusal.

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use kazasu_statement::{Language, Reason};
use url::Url;

/// A page in one language.
pub(super) struct Page<'a> {
    pub(super) language: Language,
    pub(super) title: &'a str,
    /// HTML; what comes from outside is escaped already.
    pub(super) body: String,
    /// Reload after this many seconds.
    pub(super) refresh: Option<u32>,
    /// A relying party's address that one of the forms ends at.
    pub(super) form_target: Option<&'a str>,
}

impl Page<'_> {
    pub(super) fn respond(self, status: StatusCode) -> Response {
        let refresh = self
            .refresh
            .map(|seconds| format!("<meta http-equiv=\"refresh\" content=\"{seconds}\">"));
        let html = format!(
            "<!DOCTYPE html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n{refresh}\
             <title>{title}</title>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{body}\n</main>\n</body>\n</html>\n",
            language = self.language,
            refresh = refresh.unwrap_or_default(),
            title = escape(self.title),
            body = self.body,
        );
        // Browsers apply form-action to the redirect that answers a form, too.
        let target = self.form_target.and_then(|uri| Url::parse(uri).ok());
        let target = target.map(|url| format!(" {}", url.origin().ascii_serialization()));
        let policy = format!(
            "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'{}",
            target.unwrap_or_default()
        );
        let policy = HeaderValue::try_from(policy).expect("an origin in ASCII is a header value");
        let headers = [
            (CONTENT_SECURITY_POLICY, policy),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (status, headers, Html(html)).into_response()
    }
}

/// A refusal: what happened, what to do now, and a way to do it. `back` is a link.
pub(crate) fn refusal(reason: Reason, language: Language, back: Option<&str>) -> Response {
    let message = reason.message(language);
    let (title, link) = match language {
        Language::Japanese => ("進めませんでした", "サービスに戻る"),
        Language::English => ("We could not go on", "Back to the service"),
    };
    let back = back.map(|uri| format!("<p><a id=\"back\" href=\"{}\">{link}</a></p>", escape(uri)));
    let body = format!(
        "<section role=\"alert\" data-reason=\"{reason}\">\n<p>{}</p>\n<p>{}</p>\n{}\n</section>",
        escape(message.sentence),
        escape(message.next_step),
        back.unwrap_or_default(),
    );
    Page {
        language,
        title,
        body,
        refresh: None,
        form_target: None,
    }
    .respond(status(reason))
}

/// 303, so that a form's answer is fetched by GET.
pub(crate) fn redirect(location: &str) -> Response {
    let location = HeaderValue::try_from(location).expect("a URL is a header value");
    let headers = [
        (LOCATION, location),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// Text for HTML, inside an element or a quoted attribute.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

fn status(reason: Reason) -> StatusCode {
    match reason {
        Reason::TicketUnknown => StatusCode::NOT_FOUND,
        Reason::TicketExpired | Reason::TransactionExpired => StatusCode::GONE,
        Reason::Cancelled | Reason::AlreadyAccepted => StatusCode::OK,
        _ => StatusCode::FORBIDDEN,
    }
}
