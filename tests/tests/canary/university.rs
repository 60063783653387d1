//! The portal among everybody it talks to, each behind a recorder, and a person with a card and
//! browsers. With the built-in directory it has a client secret, and mails go into a folder; with
//! LDAP it has a key, and mails go to a server.

use crate::planted::{HOLDER, PIN, PROFILE_PIN};
use crate::recorder::{Collector, Recorder};
use kazasu_card::{AuthPin, Card, LastTry, ProfilePin};
use kazasu_companion::{Outcome, Pins};
use kazasu_demo::browser::{Browser, Page};
use kazasu_demo::sign_in::{self, ACR_MFA, Client, ClientProof, DirectoryAddress, SignInSetup};
use kazasu_demo::slapd::{PEOPLE_DN, Slapd};
use kazasu_demo::smtp::{SmtpOptions, SmtpServer};
use kazasu_emulator::holder::Holder;
use kazasu_tests::database::Rows;
use kazasu_tests::oidc_provider::OidcProvider;
use kazasu_tests::portal::{CLIENT_ID, Parties, Portal};
use kazasu_tests::world::{Plan, World};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use url::Url;

pub(crate) const ACCOUNT: &str = "c4n4ry-31415926";
pub(crate) const MAILBOXES: [&str; 2] = ["torikago@univ.example", "kanaria.naruko@mail.example"];
pub(crate) const FIRST_PASSWORD: &str = "Kagonotori-First-27182";
/// Not the writing on the card, which only a sealed row may have.
const NAME: &str = "金糸雀 鳴子";
const CLIENT_SECRET: &str = "canary-client-secret-141421356237";

/// Longer than anything takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

/// Where the accounts live, and what goes with it.
pub(crate) enum Directory {
    Builtin,
    Ldap {
        slapd: Box<Slapd>,
        smtp: Box<SmtpServer>,
        _sign_in: Box<OidcProvider>,
    },
}

pub(crate) struct University {
    pub(crate) cards: World,
    pub(crate) portal: Portal,
    pub(crate) directory: Directory,
    /// Between browsers and the portal.
    pub(crate) browsers: Recorder,
    /// Between everybody and the verifier, and the sign-in.
    pub(crate) providers: [Recorder; 2],
    pub(crate) collector: Collector,
    pub(crate) folder: TempDir,
    database: String,
}

impl University {
    /// What is missing for [`University::with_ldap`].
    pub(crate) fn missing_for_ldap() -> Option<&'static str> {
        if SmtpServer::installed().is_err() || !OidcProvider::is_installed() {
            return Some("needs aiosmtpd and oidc-provider (./dev setup)");
        }
        (!Path::new("/usr/sbin/slapd").is_file()).then_some("needs slapd (./dev setup)")
    }

    pub(crate) async fn with_builtin(database: &str, log: &str) -> Self {
        let (folder, lines) = (tempfile::tempdir().unwrap(), lines().await);
        let (portal, cards) = portal_and_cards(&folder, &lines).await;
        let [_, _, sign_in] = &lines;
        let at = portal.folder();
        write_private(&at.join("client-secret"), CLIENT_SECRET);
        let people = folder.path().join("people");
        std::fs::write(&people, person()).unwrap();
        serve_sign_in(&portal, sign_in).await;
        let university = Self::configured(
            (portal, cards, lines, folder),
            Directory::Builtin,
            (database, log),
            "[directory]\nkind = \"builtin\"\nsign_in_token = \"sign-in-token\"\n\
             [mail]\nfrom = \"noreply@univ.example\"\nfolder = \"mails\"\n",
        );
        let portal = &university.portal;
        portal.command(&["migrate"]).await.unwrap();
        let import = ["directory", "import", people.to_str().unwrap()];
        portal.command(&import).await.unwrap();
        university.started().await
    }

    pub(crate) async fn with_ldap(database: &str, log: &str) -> Self {
        let (folder, lines) = (tempfile::tempdir().unwrap(), lines().await);
        let (portal, cards) = portal_and_cards(&folder, &lines).await;
        let options = SmtpOptions {
            login: Some(("portal".to_owned(), MAIL_PASSWORD.to_owned())),
            ..SmtpOptions::default()
        };
        let (slapd, smtp) = tokio::join!(Slapd::start(), SmtpServer::start(options));
        let (slapd, smtp) = (slapd.unwrap(), smtp.unwrap());
        slapd.change(&entry()).await.unwrap();
        let [_, _, line] = &lines;
        let origin = format!("http://{}", line.address);
        let sign_in = OidcProvider::start(folder.path(), &portal, Some(&origin)).await;
        let sign_in = sign_in.unwrap();
        line.forward_to(&sign_in.listen);
        let password = folder.path().join("mail-password");
        write_private(&password, MAIL_PASSWORD);
        let tables = format!(
            "{}\n[mail]\nfrom = \"noreply@univ.example\"\nsmtp = \"smtp://127.0.0.1:{}\"\n\
             username = \"portal\"\npassword = \"{}\"\n",
            slapd.settings(),
            smtp.port(),
            password.display(),
        );
        let directory = Directory::Ldap {
            slapd: Box::new(slapd),
            smtp: Box::new(smtp),
            _sign_in: Box::new(sign_in),
        };
        let parties = (portal, cards, lines, folder);
        Self::configured(parties, directory, (database, log), &tables)
            .started()
            .await
    }

    fn configured(
        (portal, cards, lines, folder): (Portal, (World, Collector), [Recorder; 3], TempDir),
        directory: Directory,
        (database, log): (&str, &str),
        tables: &str,
    ) -> Self {
        let [browsers, verifier, sign_in] = lines;
        let (cards, collector) = cards;
        let tables = format!(
            "[lifetimes]\nmaturity = 0\n[telemetry]\nlog = \"{log}\"\notlp_endpoint = \"{}\"\n\
             [audit]\nexport = \"heads.jsonl\"\n{tables}",
            collector.endpoint
        );
        let with = match &directory {
            Directory::Builtin => {
                format!("acr_values = [\"{ACR_MFA}\"]\nclient_secret = \"client-secret\"")
            }
            Directory::Ldap { .. } => "acr_values = [\"urn:example:mfa\"]".to_owned(),
        };
        let parties = Parties {
            verifier: &cards.verifier.origin,
            sign_in: &format!("http://{}", sign_in.address),
            sign_in_with: &with,
            tables: &tables,
        };
        portal.configure(database, &parties).unwrap();
        browsers.forward_to(&portal.listen);
        Self {
            cards,
            portal,
            directory,
            browsers,
            providers: [verifier, sign_in],
            collector,
            folder,
            database: database.to_owned(),
        }
    }

    async fn started(mut self) -> Self {
        self.portal.start().await.unwrap();
        self
    }

    /// Every row of the database.
    pub(crate) fn rows(&self) -> Rows {
        Rows::read(&self.database, self.portal.folder()).unwrap()
    }

    /// Waits until the rows are so.
    pub(crate) async fn until(&self, is_so: impl Fn(&Rows) -> bool) {
        let wait = async {
            while !is_so(&self.rows()) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(LIMIT, wait).await.expect("it happens");
    }

    /// Opens a page of the portal.
    pub(crate) async fn open(&self, browser: &mut Browser, path: &str) -> Page {
        let url = Url::parse(&self.portal.origin).unwrap().join(path).unwrap();
        browser.go(&url).await.unwrap()
    }

    /// Taps for a procedure, and returns where the answer leads: back to the portal.
    pub(crate) async fn tapped(&self, browser: &mut Browser, kind: &str) -> Url {
        let page = self.open(browser, &format!("/{kind}")).await;
        let page = browser.press(&page, "begin-tap", &[]).await.unwrap();
        let page = browser.press(&page, "start-same-phone", &[]).await.unwrap();
        let ticket = page.attribute("ticket", "href").unwrap();
        let mut phone = self.cards.claim(&ticket).await.unwrap();
        let pins = Pins {
            auth: AuthPin::new(PIN).unwrap(),
            auth_last_try: LastTry::Refuse,
            profile: Some(ProfilePin::new(PROFILE_PIN).unwrap()),
            profile_last_try: LastTry::Refuse,
        };
        let mut card = Card::new(self.cards.card());
        let outcome = phone.tap(&mut card, &pins, &mut |_| ()).await.unwrap();
        let Outcome::Accepted {
            return_url: Some(url),
        } = outcome
        else {
            panic!("{outcome:?}");
        };
        let answer = browser.open(&Url::parse(&url).unwrap()).await.unwrap();
        answer.callback().unwrap()
    }

    /// Begins a procedure with a tap.
    pub(crate) async fn begin(&self, browser: &mut Browser, kind: &str) -> Page {
        let answer = self.tapped(browser, kind).await;
        browser.go(&answer).await.unwrap()
    }

    /// Presses the button `id`, which leads to the sign-in, and signs in with `password`.
    pub(crate) async fn sign_in(
        &self,
        browser: &mut Browser,
        page: &Page,
        id: &str,
        password: &str,
    ) -> Page {
        let page = browser.press(page, id, &[]).await.unwrap();
        match self.directory {
            Directory::Builtin => {
                let typed = [("account", ACCOUNT), ("secret", password)];
                let page = browser.press(&page, "account-form", &typed).await.unwrap();
                browser.press(&page, "approve", &[]).await.unwrap()
            }
            Directory::Ldap { .. } => {
                let typed = [("account", ACCOUNT), ("acr", "urn:example:mfa")];
                browser.press(&page, "sign-in", &typed).await.unwrap()
            }
        }
    }

    /// What the second port tells.
    pub(crate) async fn metrics(&self) -> String {
        let url = format!("http://{}/metrics", self.portal.admin);
        reqwest::get(url).await.unwrap().text().await.unwrap()
    }

    /// Every secret of the configuration.
    pub(crate) fn secrets(&self) -> Vec<(&'static str, String)> {
        let read = |path: &Path| std::fs::read_to_string(path).unwrap().trim().to_owned();
        let mut secrets = vec![("sign-in token", {
            read(&self.portal.folder().join("sign-in-token"))
        })];
        match &self.directory {
            Directory::Builtin => secrets.push(("client secret", CLIENT_SECRET.to_owned())),
            Directory::Ldap { slapd, .. } => {
                secrets.push(("bind password", read(&slapd.bind_password())));
                secrets.push(("mail password", MAIL_PASSWORD.to_owned()));
            }
        }
        secrets
    }
}

const MAIL_PASSWORD: &str = "canary-mail-password-17320508075";

fn write_private(path: &Path, secret: &str) {
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(path);
    file.unwrap().write_all(secret.as_bytes()).unwrap();
}

/// Before the portal, the verifier, and the sign-in.
async fn lines() -> [Recorder; 3] {
    [
        Recorder::start().await,
        Recorder::start().await,
        Recorder::start().await,
    ]
}

async fn portal_and_cards(folder: &TempDir, lines: &[Recorder; 3]) -> (Portal, (World, Collector)) {
    let [browsers, verifier, _] = lines;
    let origin = format!("http://{}", browsers.address);
    let portal = Portal::prepare_behind(Some(&origin), folder.path()).await;
    let mut portal = portal.unwrap();
    portal.log = "trace";
    let tables = format!(
        "[limits]\ncredential = {{ per_minute = 0, burst = 1 }}\n{}",
        portal.relying_party()
    );
    let origin = format!("http://{}", verifier.address);
    let plan = Plan {
        database: Some("verifier.db"),
        origin: Some(&origin),
        tables: &tables,
        started: &|listen| verifier.forward_to(listen),
    };
    let cards = World::with(vec![Holder::parse(HOLDER).unwrap()], plan).await;
    (portal, (cards.unwrap(), Collector::start().await))
}

/// The demo's sign-in, which asks the portal's built-in directory.
async fn serve_sign_in(portal: &Portal, line: &Recorder) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    line.forward_to(&listener.local_addr().unwrap().to_string());
    let token = std::fs::read_to_string(portal.folder().join("sign-in-token"));
    let router = sign_in::router(SignInSetup {
        origin: format!("http://{}", line.address),
        clients: vec![Client {
            id: CLIENT_ID.to_owned(),
            name: ["ポータル".to_owned(), "Portal".to_owned()],
            redirect_uris: vec![format!("{}/callback/sign-in", portal.origin)],
            proof: ClientProof::Secret(CLIENT_SECRET.to_owned()),
        }],
        directory: DirectoryAddress {
            origin: format!("http://{}", portal.admin),
            token: token.unwrap().trim().to_owned(),
        },
        lost_authenticators: Vec::new(),
        recovery: format!("{}/recover", portal.origin),
    });
    let router = router.unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
}

/// As the built-in directory imports it.
fn person() -> String {
    let [own, outside] = MAILBOXES;
    let person = serde_json::json!({
        "account": ACCOUNT, "kind": "student", "names": [NAME], "language": "ja",
        "contacts": [{"address": own, "outside": false}, {"address": outside, "outside": true}],
        "password": FIRST_PASSWORD,
    });
    format!("{person}\n")
}

/// The same, as slapd does.
fn entry() -> String {
    let [own, outside] = MAILBOXES;
    format!(
        "dn: uid={ACCOUNT},{PEOPLE_DN}\n\
         objectClass: inetOrgPerson\nobjectClass: inetLocalMailRecipient\n\
         objectClass: universityAccount\nuid: {ACCOUNT}\ncn: {NAME}\nsn: {NAME}\n\
         employeeType: student\nemployeeNumber: P-3141\npreferredLanguage: ja\n\
         mail: {own}\nmailRoutingAddress: {outside}\nuserPassword: {FIRST_PASSWORD}\n"
    )
}
