//! What the sign-in remembers while it runs.

use super::authorize::Request;
use super::directory::Person;
use kazasu_service::secret::random_text;
use std::collections::{BTreeMap, BTreeSet};

/// Seconds that a sign-in may take.
const FLOW: i64 = 600;
/// Seconds that a session may last.
const SESSION: i64 = 8 * 3600;
/// Seconds until a code has to be redeemed.
const CODE: i64 = 60;

/// Everything.
#[derive(Default)]
pub(super) struct State {
    flows: BTreeMap<String, Flow>,
    sessions: BTreeMap<String, Session>,
    codes: BTreeMap<String, Code>,
    /// Client assertions that were used, and when they end.
    assertions: BTreeMap<String, i64>,
    /// Accounts whose person has no authenticator any more.
    lost: BTreeSet<String>,
}

/// A sign-in under way in one browser.
#[derive(Clone)]
pub(super) struct Flow {
    /// The browser in which it began.
    pub(super) browser: String,
    pub(super) goal: Goal,
    /// Who gave a right password, and still lacks the second factor.
    pub(super) person: Option<Person>,
    until: i64,
}

/// What somebody signs in for.
#[derive(Clone)]
pub(super) enum Goal {
    /// For a client.
    Client(Box<Request>),
    /// For the page on which second factors are registered.
    SecurityInfo,
}

/// Somebody who signed in.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) person: Person,
    pub(super) level: Level,
    pub(super) auth_time: i64,
}

/// How somebody signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Password,
    Authenticator,
    AccessPass,
}

/// A code that a client redeems.
pub(super) struct Code {
    pub(super) request: Request,
    pub(super) session: Session,
    until: i64,
}

impl State {
    pub(super) fn new(lost: Vec<String>) -> Self {
        Self {
            lost: lost.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Begins a sign-in, and returns what its address says.
    pub(super) fn begin(&mut self, browser: &str, goal: Goal, now: i64) -> String {
        self.forget(now);
        let id = random_text::<16>();
        let flow = Flow {
            browser: browser.to_owned(),
            goal,
            person: None,
            until: now + FLOW,
        };
        self.flows.insert(id.clone(), flow);
        id
    }

    /// A sign-in of this browser.
    pub(super) fn flow(&self, id: &str, browser: Option<&str>, now: i64) -> Option<Flow> {
        let flow = self.flows.get(id).filter(|flow| flow.until > now)?;
        (Some(&*flow.browser) == browser).then(|| flow.clone())
    }

    /// Notes whose password was right; `None` to ask anew.
    pub(super) fn set_person(&mut self, id: &str, person: Option<Person>) {
        if let Some(flow) = self.flows.get_mut(id) {
            flow.person = person;
        }
    }

    pub(super) fn end(&mut self, id: &str) {
        self.flows.remove(id);
    }

    /// Keeps a session, and returns what its cookie says.
    pub(super) fn open(&mut self, session: Session) -> String {
        let id = random_text::<16>();
        self.sessions.insert(id.clone(), session);
        id
    }

    pub(super) fn session(&self, id: &str, now: i64) -> Option<Session> {
        let session = self.sessions.get(id);
        let session = session.filter(|session| session.auth_time + SESSION > now);
        session.cloned()
    }

    pub(super) fn close(&mut self, id: &str) {
        self.sessions.remove(id);
    }

    pub(super) fn issue(&mut self, request: Request, session: Session, now: i64) -> String {
        let code = random_text::<32>();
        let until = now + CODE;
        let issued = Code {
            request,
            session,
            until,
        };
        self.codes.insert(code.clone(), issued);
        code
    }

    /// What a code stands for; it counts once.
    pub(super) fn redeem(&mut self, code: &str, now: i64) -> Option<Code> {
        self.codes.remove(code).filter(|code| code.until > now)
    }

    /// Whether a client assertion is used for the first time.
    pub(super) fn use_assertion(&mut self, id: String, until: i64) -> bool {
        self.assertions.insert(id, until).is_none()
    }

    pub(super) fn has_authenticator(&self, account: &str) -> bool {
        !self.lost.contains(account)
    }

    /// Registers an authenticator, or loses it.
    pub(super) fn set_authenticator(&mut self, account: &str, has: bool) {
        match has {
            true => self.lost.remove(account),
            false => self.lost.insert(account.to_owned()),
        };
    }

    fn forget(&mut self, now: i64) {
        self.flows.retain(|_, flow| flow.until > now);
        self.codes.retain(|_, code| code.until > now);
        self.assertions.retain(|_, until| *until > now);
        let is_open = |session: &Session| session.auth_time + SESSION > now;
        self.sessions.retain(|_, session| is_open(session));
    }
}

impl Level {
    /// `acr` and `amr` of an ID token (RFC 8176).
    pub(super) fn references(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Password => (super::ACR_PASSWORD, &["pwd"]),
            Self::Authenticator => (super::ACR_MFA, &["pwd", "swk", "mfa"]),
            Self::AccessPass => (super::ACR_MFA, &["otp", "mfa"]),
        }
    }
}
