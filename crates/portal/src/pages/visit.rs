//! A request of a browser: in which language, with which session, about which procedure.

use super::refusal::{PageError, Reason};
use crate::app::App;
use crate::procedure::{Procedure, ProcedureKind};
use crate::session::SessionSecret;
use crate::store::procedures;
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use kazasu_service::page::{Language, Visitor, Words, is_own_form};
use std::convert::Infallible;
use std::sync::Arc;

/// A request of a browser.
pub(crate) struct Visit {
    pub(crate) app: Arc<App>,
    pub(crate) visitor: Visitor,
    pub(crate) headers: HeaderMap,
    /// When it came, in seconds since the Unix epoch.
    pub(crate) now: i64,
}

impl FromRequestParts<Arc<App>> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Self {
            visitor: Visitor::from_request_parts(parts, app).await?,
            headers: parts.headers.clone(),
            now: app.now(),
            app: app.clone(),
        })
    }
}

impl Visit {
    pub(crate) fn language(&self) -> Language {
        self.visitor.language(None)
    }

    pub(crate) fn words(&self) -> Words<'_> {
        self.app.frame.words(self.language())
    }

    pub(crate) fn secret(&self) -> Option<SessionSecret> {
        SessionSecret::from_headers(&self.headers)
    }

    /// The procedure in the URL, if it is this browser's.
    pub(crate) async fn own(&self, id: &str) -> Result<(SessionSecret, Procedure), PageError> {
        let over = || PageError::refused(Reason::ProcedureOver, "/");
        let secret = self.secret().ok_or_else(over)?;
        let (id, now) = (id.to_owned(), self.now);
        let found = self.app.store.read(move |c| {
            let procedure = procedures::own(c, &id, &secret, now)?;
            Ok(procedure.map(|procedure| (secret, procedure)))
        });
        found.await?.ok_or_else(over)
    }

    /// As [`Visit::own`], for a page that belongs to one kind of procedure: what somebody tapped or
    /// signed in for is good for nothing else.
    pub(crate) async fn own_of(
        &self,
        kind: ProcedureKind,
        id: &str,
    ) -> Result<(SessionSecret, Procedure), PageError> {
        let (secret, procedure) = self.own(id).await?;
        match procedure.kind == kind {
            true => Ok((secret, procedure)),
            false => {
                let back = page(&procedure.id);
                Err(PageError::refused(Reason::OtherPurpose, back))
            }
        }
    }

    /// As [`Visit::own_of`], for a form, which has to come from a page of ours and carry its token.
    pub(crate) async fn own_form(
        &self,
        kind: ProcedureKind,
        id: &str,
        token: &str,
    ) -> Result<(SessionSecret, Procedure), PageError> {
        self.require_own_form()?;
        let (secret, procedure) = self.own_of(kind, id).await?;
        require_token(&secret, &procedure, token)?;
        Ok((secret, procedure))
    }

    /// Whether what was proven then still opens anything. Set back, a clock makes nothing last longer.
    pub(crate) fn is_fresh(&self, at: i64) -> bool {
        self.now.abs_diff(at) <= self.app.settings.lifetimes.evidence.unsigned_abs()
    }

    /// A form from elsewhere is refused.
    pub(crate) fn require_own_form(&self) -> Result<(), PageError> {
        match is_own_form(&self.headers, &self.app.settings.origin) {
            true => Ok(()),
            false => Err(PageError::refused(Reason::ForeignForm, "/")),
        }
    }
}

/// A form that another procedure's page showed is refused.
pub(crate) fn require_token(
    secret: &SessionSecret,
    procedure: &Procedure,
    token: &str,
) -> Result<(), PageError> {
    match secret.is_form_token(&procedure.id, token) {
        true => Ok(()),
        false => {
            let back = page(&procedure.id);
            Err(PageError::refused(Reason::OldForm, back))
        }
    }
}

/// The path of a procedure's page.
pub(crate) fn page(procedure: &str) -> String {
    format!("/p/{procedure}")
}

/// The same for what an address says is a procedure: whatever cannot be one leads to the front page.
pub(crate) fn page_of(id: &str) -> String {
    let known = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match id.chars().all(known) {
        true => page(id),
        false => "/".to_owned(),
    }
}

impl Visit {
    /// A time as its reader reads it.
    pub(crate) fn when(&self, at: i64) -> String {
        self.app.settings.zone.say(at, self.language())
    }

    /// The address of the support desk.
    pub(crate) fn support(&self) -> Option<&str> {
        let support = self.app.settings.support.as_ref();
        support.map(|link| link.get(self.language()))
    }
}
