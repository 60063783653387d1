//! A browser that was sent off by a relying party and now waits for a tap.

use crate::browser::{Browser, Page};
use crate::relying_party::{RelyingParty, Request};
use anyhow::{Context, Result, ensure};

/// A browser on the page that shows a ticket.
pub struct Started {
    /// The browser.
    pub browser: Browser,
    /// What the relying party remembers of its request.
    pub request: Request,
    /// The page.
    pub page: Page,
    /// The ticket on it.
    pub ticket: String,
}

impl Started {
    /// Sends a new browser off with `party`'s request for a tap and the name, and chooses `mode`.
    ///
    /// # Errors
    /// If the verifier refuses the request, or shows something other than a ticket.
    pub async fn begin(party: &RelyingParty, purpose: &str, mode: &str) -> Result<Self> {
        Self::begin_in(Browser::new(), party, purpose, mode).await
    }

    /// As [`Started::begin`], in this browser.
    ///
    /// # Errors
    /// Likewise.
    pub async fn begin_in(
        browser: Browser,
        party: &RelyingParty,
        purpose: &str,
        mode: &str,
    ) -> Result<Self> {
        let request = party.begin(purpose, true).await?;
        Self::begin_with(browser, request, mode).await
    }

    /// Opens a request in this browser, and chooses `mode`.
    ///
    /// # Errors
    /// As [`Started::begin`].
    pub async fn begin_with(mut browser: Browser, request: Request, mode: &str) -> Result<Self> {
        let page = browser.open(&request.url).await?.page()?;
        ensure!(
            page.status.is_success(),
            "the start page says {} {:?}",
            page.status,
            page.reason()
        );
        let start = format!("{}/start", page.url.path());
        let page = browser
            .submit(&page, &start, &[("mode", mode)])
            .await?
            .page()?;
        let ticket = page
            .attribute("ticket", "href")
            .context("the page shows no ticket")?;
        Ok(Self {
            browser,
            request,
            page,
            ticket,
        })
    }

    /// Types the six digits into the page.
    ///
    /// # Errors
    /// If the page does not stay the verifier's.
    pub async fn type_digits(&mut self, digits: &str) -> Result<Page> {
        let pair = format!("{}/pair", self.page.url.path());
        self.browser
            .submit(&self.page, &pair, &[("digits", digits)])
            .await?
            .page()
    }
}
