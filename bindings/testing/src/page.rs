//! The university's page in a browser, from its ticket to who tapped.

use crate::university::TestUniversity;
use crate::{TestError, there};
use anyhow::{Context, Result};
use kazasu_demo::browser::Visit;
use kazasu_demo::relying_party::{Answer, RelyingParty};
use kazasu_demo::started::Started;
use std::sync::Arc;
use tokio::sync::Mutex;
use url::Url;

/// What the university learns of a tap.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum TestAnswer {
    /// Who tapped.
    Identity {
        /// The pseudonym, valid at this university only.
        ppid: String,
        /// The name, if it was asked for.
        name: Option<String>,
        /// What the tap was for.
        purpose: String,
    },
    /// Nobody did: an OpenID Connect error, such as `access_denied`.
    Refused {
        /// Its word.
        error: String,
    },
}

/// A page that shows a ticket.
#[derive(uniffi::Object)]
pub struct TestPage {
    link: String,
    portal: Arc<RelyingParty>,
    /// `None` once the university has its answer.
    started: Arc<Mutex<Option<Started>>>,
    /// Its servers have to last as long as the page is open.
    _university: Arc<TestUniversity>,
}

impl TestPage {
    pub(crate) fn new(
        university: Arc<TestUniversity>,
        portal: Arc<RelyingParty>,
        started: Started,
    ) -> Self {
        Self {
            _university: university,
            link: started.ticket.clone(),
            portal,
            started: Arc::new(Mutex::new(Some(started))),
        }
    }
}

#[uniffi::export]
impl TestPage {
    /// The ticket: what an app link carries, or a QR code shows.
    pub fn link(&self) -> String {
        self.link.clone()
    }

    /// Types the six digits that the app shows.
    ///
    /// # Errors
    /// If the university has its answer already.
    pub async fn type_digits(&self, digits: String) -> Result<(), TestError> {
        let started = self.started.clone();
        there(async move {
            let mut started = started.lock().await;
            let started = started.as_mut().context("the page is over")?;
            started.type_digits(&digits).await?;
            Ok(())
        })
        .await
    }

    /// Cancels on the page.
    ///
    /// # Errors
    /// If the page has nothing to cancel.
    pub async fn cancel(&self) -> Result<(), TestError> {
        let started = self.started.clone();
        there(async move {
            let mut started = started.lock().await;
            let started = started.as_mut().context("the page is over")?;
            let cancel = format!("{}/cancel", started.page.url.path());
            started.browser.submit(&started.page, &cancel, &[]).await?;
            Ok(())
        })
        .await
    }

    /// Goes on after the tap: opens the return URL of a tap on this phone, or looks at the page
    /// again; returns what the university learns.
    ///
    /// # Errors
    /// If the browser does not get back to the university.
    pub async fn finish(&self, return_url: Option<String>) -> Result<TestAnswer, TestError> {
        let (started, portal) = (self.started.clone(), self.portal.clone());
        there(async move { finish(&started, &portal, return_url).await }).await
    }
}

async fn finish(
    started: &Mutex<Option<Started>>,
    portal: &RelyingParty,
    return_url: Option<String>,
) -> Result<TestAnswer> {
    let mut held = started.lock().await;
    let open = held.as_mut().context("the page is over")?;
    let url = match return_url {
        Some(url) => Url::parse(&url)?,
        None => open.page.url.clone(),
    };
    let callback = match open.browser.open(&url).await? {
        // A tap that ended otherwise is shown with a way back to the university.
        Visit::Page(page) if page.reason().is_some() => {
            let back = page.attribute("back", "href");
            Url::parse(&back.context("the page does not lead back to the university")?)?
        }
        visit => visit.callback()?,
    };
    let request = held.take().context("it was there")?.request;
    Ok(match portal.finish(request, &callback).await? {
        Answer::Identity(identity) => TestAnswer::Identity {
            ppid: identity.ppid,
            name: identity.name,
            purpose: identity.claims.purpose,
        },
        Answer::Refused(error) => TestAnswer::Refused { error },
    })
}
