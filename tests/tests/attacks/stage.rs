//! Taps brought to each point where an attack can set in.

use crate::harness::browser::Page;
use crate::harness::{Browser, CODE_VERIFIER};
use crate::world::{Claimed, NAME, World};
use kazasu_proto::companion::v1::{ClaimTicketRequest, StartPairingRequest};
use kazasu_tests::database::Rows;

/// How far a tap has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The start page asks which device.
    Begun,
    /// A ticket is shown.
    Shown,
    /// A companion claimed it, in other-device mode, and has digits.
    Claimed,
    /// The digits were typed.
    Paired,
    /// Accepted in same-phone mode; the browser has not come back.
    Accepted,
    /// The browser came back.
    Returned,
    /// The relying party has the ID token.
    Redeemed,
    /// The person cancelled.
    Cancelled,
    /// Another browser opened the return URL.
    WrongBrowser,
    /// Its time ran out.
    Expired,
}

impl Stage {
    pub(crate) const ALL: [Self; 10] = [
        Self::Begun,
        Self::Shown,
        Self::Claimed,
        Self::Paired,
        Self::Accepted,
        Self::Returned,
        Self::Redeemed,
        Self::Cancelled,
        Self::WrongBrowser,
        Self::Expired,
    ];

    /// Nothing may change it any more.
    pub(crate) fn is_over(self) -> bool {
        matches!(
            self,
            Self::Redeemed | Self::Cancelled | Self::WrongBrowser | Self::Expired
        )
    }

    /// A fresh tap of taro's that has come this far.
    pub(crate) async fn reach(self, world: &World) -> Scene {
        match self {
            Self::Begun => {
                let (browser, page) = world.server.begin(&[]).await;
                Scene::new(browser, page)
            }
            Self::Shown => {
                let (browser, page, ticket) = world.server.ticket("other-device").await;
                let link = format!("{}/t/{ticket}", world.server.ticket_origin());
                let mut scene = Scene::new(browser, page);
                scene.addresses.push(link);
                scene
            }
            Self::Claimed => claimed(world).await,
            Self::Paired => Scene::of(world.claimed("other-device").await),
            _ => self.reach_after_acceptance(world).await,
        }
    }

    async fn reach_after_acceptance(self, world: &World) -> Scene {
        let mut tap = world.claimed("same-phone").await;
        let return_url = tap.accepted(&world.card("taro")).await.unwrap();
        let mut addresses = vec![return_url.clone()];
        match self {
            Self::Returned | Self::Redeemed => {
                tap.browser.get(&return_url).await;
                if self == Self::Redeemed {
                    let callback = tap.browser.get(&tap.page).await.location.unwrap();
                    let code = crate::world::code_in(&callback).unwrap();
                    world.redeem(&code, CODE_VERIFIER).await.unwrap();
                    addresses.push(tap.page.clone());
                }
            }
            Self::Cancelled => {
                let form = format!("{}/cancel", tap.page);
                tap.browser.post(&form, &[]).await;
            }
            Self::WrongBrowser => {
                Browser::new(&world.server).get(&return_url).await;
            }
            // The acceptance ends after two minutes, but only the transaction's own end is final:
            // until then a browser that waits cannot tell that there was one.
            Self::Expired => world.server.pass(600),
            _ => {}
        }
        let mut scene = Scene::of(tap);
        scene.addresses.extend(addresses);
        scene
    }
}

async fn claimed(world: &World) -> Scene {
    let (browser, page, ticket) = world.server.ticket("other-device").await;
    let mut companion = world.server.companion().await;
    let claim = companion.claim_ticket(ClaimTicketRequest { ticket }).await;
    let secret = claim.unwrap().into_inner().companion_secret;
    let digits = companion.start_pairing(StartPairingRequest {
        companion_secret: secret.clone(),
    });
    let digits = digits.await.unwrap().into_inner().digits;
    Scene {
        secret: Some(secret),
        digits: Some(digits),
        ..Scene::new(browser, page)
    }
}

/// A tap in the hands of whoever plays it.
pub(crate) struct Scene {
    /// The browser that started.
    pub(crate) browser: Browser,
    pub(crate) page: String,
    /// The companion secret, once claimed.
    pub(crate) secret: Option<Vec<u8>>,
    /// The digits on the phone.
    pub(crate) digits: Option<String>,
    /// Further addresses in the browser's history.
    pub(crate) addresses: Vec<String>,
}

impl Scene {
    fn new(browser: Browser, page: String) -> Self {
        Self {
            browser,
            page,
            secret: None,
            digits: None,
            addresses: Vec::new(),
        }
    }

    fn of(tap: Claimed) -> Self {
        Self {
            secret: Some(tap.secret),
            ..Self::new(tap.browser, tap.page)
        }
    }
}

/// The forms of the tap page, the one that ends everything last.
pub(crate) const FORMS: [(&str, &[(&str, &str)]); 5] = [
    ("start", &[("mode", "same-phone")]),
    ("start", &[("mode", "other-device")]),
    ("refresh", &[]),
    ("pair", &[("digits", "000000")]),
    ("cancel", &[]),
];

/// Opens and sends everything that whoever has `browser` can think of.
pub(crate) async fn try_everything(
    browser: &mut Browser,
    page: &str,
    addresses: &[String],
) -> Vec<Page> {
    let mut seen = Vec::new();
    for url in addresses.iter().map(String::as_str).chain([page]) {
        seen.push(browser.get(url).await);
    }
    for (form, fields) in FORMS {
        seen.push(browser.post(&format!("{page}/{form}"), fields).await);
        seen.push(browser.get(page).await);
    }
    seen
}

/// None of these pages leads on with a code, or says who tapped.
#[track_caller]
pub(crate) fn assert_nothing_learned(seen: &[Page], what: &dyn std::fmt::Debug) {
    for page in seen {
        let location = page.location.as_deref().unwrap_or_default();
        for text in [&page.html, location] {
            assert!(!text.contains("code="), "{what:?}: {text}");
            assert!(!text.contains(NAME), "{what:?}: {text}");
        }
    }
}

/// What the database holds, but for the audit's tables: sealing goes on by itself.
pub(crate) fn rows(world: &World) -> Rows {
    all_rows(world).without(&["audit_events", "audit_seals", "nodes"])
}

/// How many events of this kind were recorded.
pub(crate) fn events(world: &World, kind: &str) -> usize {
    let kind = format!(" kind={kind} ");
    let all = all_rows(world);
    let events = all.of("audit_events").iter();
    events.filter(|event| event.contains(&kind)).count()
}

fn all_rows(world: &World) -> Rows {
    Rows::read(&world.server.database, world.server.folder.path()).unwrap()
}
