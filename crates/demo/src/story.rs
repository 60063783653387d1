//! What happened before the demo begins: who linked a card, and what became of it. It happens as it
//! would, by way of the pages.

use crate::browser::{Browser, Page};
use crate::cards::{Cards, Order};
use crate::cast::{Person, PersonsAccount};
use crate::phone::at_once;
use crate::phone::line::Line;
use anyhow::{Context, Result, ensure};
use url::Url;

/// Where it happens.
pub(crate) struct Story<'a> {
    pub(crate) portal: &'a str,
    pub(crate) sign_in: &'a str,
    pub(crate) line: Line,
    pub(crate) cards: &'a Cards,
}

impl Story<'_> {
    /// Everybody's, as the cast has it.
    pub(crate) async fn tell(&self, people: &[Person]) -> Result<()> {
        for person in people {
            let told = self.tell_of(person).await;
            told.with_context(|| format!("what happened to {}", person.id()))?;
        }
        Ok(())
    }

    async fn tell_of(&self, person: &Person) -> Result<()> {
        let Some(past) = person.past else {
            return Ok(());
        };
        let account = person.accounts.first().context("an account")?;
        let mut browser = Browser::new();
        self.link(&mut browser, person, account).await?;
        if account.authenticator_lost {
            let page = self.security_info(&mut browser).await?;
            browser.press(&page, "lose", &[]).await?;
        }
        match past.then() {
            Some(order) => self.cards.order(order, person.id()).await,
            None => Ok(()),
        }
    }

    /// Links somebody's card to an account.
    async fn link(
        &self,
        browser: &mut Browser,
        person: &Person,
        account: &PersonsAccount,
    ) -> Result<()> {
        let start = Url::parse(self.portal)?.join("/link")?;
        let page = browser.go(&start).await?;
        let page = browser.press(&page, "begin-tap", &[]).await?;
        let page = browser.press(&page, "start-same-phone", &[]).await?;
        let ticket = page.attribute("ticket", "href").context("a ticket")?;
        let back = at_once::tap(&self.line, self.cards, person, &ticket).await?;
        let page = browser.go(&back.parse()?).await?;
        let page = browser.press(&page, "sign-in", &[]).await?;
        let typed = [("account", &*account.id), ("secret", &*account.password)];
        let page = browser.press(&page, "account-form", &typed).await?;
        let page = browser.press(&page, "approve", &[]).await?;
        let page = browser.press(&page, "link", &[]).await?;
        ensure!(page.status.is_success(), "{}", page.status);
        Ok(())
    }

    async fn security_info(&self, browser: &mut Browser) -> Result<Page> {
        let address = Url::parse(self.sign_in)?.join("/security-info")?;
        browser.go(&address).await
    }
}

impl crate::cast::Past {
    /// What became of the card.
    fn then(self) -> Option<Order> {
        match self {
            Self::Linked => None,
            Self::Renewed => Some(Order::Renew),
            Self::Reissued => Some(Order::Reissue),
        }
    }
}
