//! Two nodes of the portal, each a process, on one PostgreSQL behind one balancer.

use crate::line::Cut;
use crate::world::{self, ACCOUNT, World, press, secret, submit, until};
use kazasu_demo::balancer::Balancer;
use kazasu_demo::browser::{Browser, Page};
use kazasu_demo::postgres::Postgres;
use kazasu_demo::slapd::FIRST_PASSWORD;
use kazasu_demo::smtp::Behaviour;
use kazasu_tests::engine::{Database, Engine};
use kazasu_tests::not_run;
use kazasu_tests::portal::Portal;
use reqwest::redirect::Policy;
use std::collections::HashSet;
use std::path::Path;

/// Another account of slapd's people.
const OTHER_ACCOUNT: &str = "1234567890";
/// Where Taro reads mails, whatever becomes of the account.
const TARO: &str = "taro@mail.example";
const LINKED: &str = "カードが連携されました";
const PASSWORD: &str = "パスワードが再発行されました";
const PASSWORD_PERHAPS: &str = "パスワードが変わったかもしれません";
const RANDOM: [(&str, &str); 1] = [("choice", "random")];

/// For how long, in seconds, whoever works on an operation is left alone at least.
const LEASE: i64 = 15;
/// As many as a node takes over at a time.
const LOCKS: usize = 20;
/// Fewer: there is room for others.
const PASSWORDS: usize = 10;

const OPEN: &str = "SELECT count(*) FROM operations WHERE state = 'recorded'";
/// What the audit has about operations.
const EVENTS: &str =
    "SELECT kind FROM audit_events WHERE details LIKE '%\"operation\"%' ORDER BY sequence";

struct Nodes {
    other: Portal,
    balancer: Balancer,
    database: Database,
    /// Its portal is the first node.
    world: World,
}

fn missing() -> Option<&'static str> {
    let postgres = || (!Postgres::is_installed()).then_some("needs PostgreSQL (./dev setup)");
    world::missing().or_else(postgres)
}

/// A browser without connections to keep: where both nodes are in turn, each of its requests meets
/// another one than the last.
fn browser() -> Browser {
    let http = reqwest::Client::builder().redirect(Policy::none());
    Browser::sharing(http.pool_max_idle_per_host(0).build().unwrap())
}

/// What a node counted, the sum of all lines that begin so.
async fn counted_by(node: &Portal, what: &str) -> u64 {
    let metrics = node.metrics().await.unwrap();
    let lines = metrics.lines().filter(|line| line.starts_with(what));
    let numbers = lines.map(|line| line.rsplit_once(' ').unwrap().1);
    numbers.map(|number| number.parse::<u64>().unwrap()).sum()
}

impl Nodes {
    async fn start() -> Self {
        let database = Database::new(Engine::Postgres, Path::new("")).await;
        let database = database.unwrap();
        let balancer = Balancer::start().await.unwrap();
        let origin = format!("http://{}", balancer.address);
        let world = World::start_on(&database.configured(), Some(&origin)).await;
        let mut other = world.portal.another().unwrap();
        other.start().await.unwrap();
        let nodes = Self {
            other,
            balancer,
            database,
            world,
        };
        nodes.forward_to(&nodes.both());
        nodes
    }

    fn both(&self) -> [&Portal; 2] {
        [&self.world.portal, &self.other]
    }

    fn forward_to(&self, nodes: &[&Portal]) {
        let addresses = nodes.iter().map(|node| node.listen.parse().unwrap());
        self.balancer.forward_to(&addresses.collect::<Vec<_>>());
    }

    async fn counted(&self, what: &str) -> [u64; 2] {
        let [one, other] = self.both();
        [counted_by(one, what).await, counted_by(other, what).await]
    }

    async fn query(&self, sql: &str) -> String {
        self.database.query(sql).await.unwrap()
    }

    /// Waits until this is what a query finds.
    async fn until(&self, sql: &str, found: &str) {
        until(async || self.query(sql).await == found).await;
    }

    async fn lines(&self, sql: &str) -> Vec<String> {
        self.query(sql).await.lines().map(str::to_owned).collect()
    }

    /// Waits until everybody is told, and asserts that each mail arrived once. Returns the subjects
    /// of those to Taro's address outside the account.
    async fn told(&self) -> Vec<String> {
        self.until("SELECT count(*) FROM mails WHERE state <> 'sent'", "0")
            .await;
        let mut sent = self.lines("SELECT id FROM mails").await;
        let received = self.world.smtp.received().unwrap();
        let ids = received.iter().map(|mail| {
            let id = mail.header("Message-ID").unwrap().trim_start_matches('<');
            id.split('@').next().unwrap().to_owned()
        });
        let mut arrived: Vec<String> = ids.collect();
        sent.sort_unstable();
        arrived.sort_unstable();
        assert_eq!(arrived, sent);
        let to_taro = received.iter().filter(|mail| mail.to == [TARO]);
        let subjects = to_taro.map(|mail| {
            let subject = mail.header("Subject").unwrap();
            subject.rsplit('】').next().unwrap().trim().to_owned()
        });
        subjects.collect()
    }

    /// Begins to recover, and returns the form that asks for a password.
    async fn password_form(&self, browser: &mut Browser) -> Page {
        let options = self.world.begin(browser, "recover").await;
        let path = format!("{}/password", options.url.path());
        self.world.open(browser, &path).await
    }

    /// Links the card, and kills the first node when it is at a request to change the password,
    /// which is cut. Returns the form that asked for it, and until when the operation is the dead
    /// node's.
    async fn killed_at_it(&mut self, browser: &mut Browser, cut: Cut) -> (Page, i64) {
        self.world.link(browser).await;
        // A mail of the dead node's would be late.
        assert_eq!(self.told().await, [LINKED]);
        let form = self.password_form(browser).await;
        self.forward_to(&[&self.world.portal]);
        self.world.line.cut(cut);
        {
            let asking = submit(browser, &form, "random", &RANDOM);
            tokio::select! {
                _ = asking => panic!("the directory's answer was cut off"),
                () = self.world.line.has_cut() => {}
            }
        }
        if cut == Cut::After {
            let slapd = &self.world.slapd;
            until(async || !slapd.accepts(ACCOUNT, FIRST_PASSWORD).await.unwrap()).await;
        }
        self.world.portal.crash().await.unwrap();
        self.world.line.cut(Cut::Never);
        self.forward_to(&[&self.other]);
        let left = "SELECT leased_until, leased_until - recorded_at FROM operations
                    WHERE state = 'recorded'";
        let left = self.query(left).await;
        let (until, length) = left
            .split_once('|')
            .expect("it is not known what came of it");
        // It was at it to its end.
        assert!(length.parse::<i64>().unwrap() >= LEASE, "{left}");
        (form, until.parse().unwrap())
    }

    /// Waits until the other node found out that this became of the one operation, and asserts that
    /// it waited for its turn and did it once.
    async fn found_out(&self, lease: i64, state: &str, event: &str) {
        self.until(
            "SELECT count(*) FROM operations WHERE state = 'recorded'",
            "0",
        )
        .await;
        let finished = "SELECT state, finished_at FROM operations";
        let finished = self.query(finished).await;
        let (found, at) = finished.split_once('|').unwrap();
        assert_eq!(found, state);
        assert!(at.parse::<i64>().unwrap() >= lease, "{at}, not {lease}");
        assert_eq!(self.lines(EVENTS).await, ["recovery_asked", event]);
        let counted = format!("kazasu_operations_total{{kind=\"password\",outcome=\"{state}\"}} ");
        assert_eq!(counted_by(&self.other, &counted).await, 1);
    }
}

#[tokio::test]
async fn every_request_of_linking_and_recovering_may_meet_another_node() {
    let test = "every_request_of_linking_and_recovering_may_meet_another_node";
    if let Some(why) = missing() {
        return not_run(test, why);
    }
    let nodes = Nodes::start().await;
    let world = &nodes.world;
    let linked = world.link(&mut browser()).await;
    assert!(linked.html.contains(ACCOUNT), "{}", linked.html);
    let mut browser = browser();
    let form = nodes.password_form(&mut browser).await;
    let password = secret(&press(&mut browser, &form, "random", &RANDOM).await);
    assert!(world.slapd.accepts(ACCOUNT, &password).await.unwrap());
    // A second click meets the node that does not know what the first one issued.
    let again = press(&mut browser, &form, "random", &RANDOM).await;
    assert_eq!(again.reason().as_deref(), Some("not-issued-asked_before"));
    assert!(world.slapd.accepts(ACCOUNT, &password).await.unwrap());
    assert_eq!(nodes.told().await, [LINKED, PASSWORD]);

    let steps = ["link,started", "link,tapped", "link,signed_in", "link,done"];
    for step in steps
        .into_iter()
        .chain(["recover,started", "recover,tapped"])
    {
        let (kind, step) = step.split_once(',').unwrap();
        let line = format!("kazasu_procedures_total{{kind=\"{kind}\",step=\"{step}\"}} ");
        let [one, other] = nodes.counted(&line).await;
        assert_eq!(one + other, 1, "{line}");
    }
    let [one, other] = nodes.counted("kazasu_procedures_total{").await;
    assert!(one > 0 && other > 0, "{one} steps here, {other} there");
}

#[tokio::test]
async fn a_node_finds_the_password_that_another_one_set_before_it_was_killed() {
    let test = "a_node_finds_the_password_that_another_one_set_before_it_was_killed";
    if let Some(why) = missing() {
        return not_run(test, why);
    }
    let mut nodes = Nodes::start().await;
    let mut browser = browser();
    let (form, lease) = nodes.killed_at_it(&mut browser, Cut::After).await;
    // The session goes on, also as long as nobody knows.
    let page = browser.open(&form.url).await.unwrap().page().unwrap();
    assert_eq!(page.reason().as_deref(), Some("not-issued-uncertain"));
    nodes.found_out(lease, "done", "operation_finished").await;
    assert_eq!(nodes.told().await, [LINKED, PASSWORD_PERHAPS]);
    let page = browser.open(&form.url).await.unwrap().page().unwrap();
    assert_eq!(page.reason().as_deref(), Some("not-issued-asked_before"));
    // With another tap there is a password that somebody knows.
    let form = nodes.password_form(&mut browser).await;
    let password = secret(&press(&mut browser, &form, "random", &RANDOM).await);
    assert!(nodes.world.slapd.accepts(ACCOUNT, &password).await.unwrap());
    let told = [LINKED, PASSWORD_PERHAPS, PASSWORD];
    assert_eq!(nodes.told().await, told);
}

#[tokio::test]
async fn a_node_finds_that_another_one_set_no_password_before_it_was_killed() {
    let test = "a_node_finds_that_another_one_set_no_password_before_it_was_killed";
    if let Some(why) = missing() {
        return not_run(test, why);
    }
    let mut nodes = Nodes::start().await;
    let mut browser = browser();
    let (form, lease) = nodes.killed_at_it(&mut browser, Cut::Before).await;
    nodes
        .found_out(lease, "not_done", "operation_not_done")
        .await;
    let slapd = &nodes.world.slapd;
    assert!(slapd.accepts(ACCOUNT, FIRST_PASSWORD).await.unwrap());
    assert_eq!(nodes.told().await, [LINKED]);
    // The very form that was sent works again, without another tap.
    let password = secret(&press(&mut browser, &form, "random", &RANDOM).await);
    assert!(slapd.accepts(ACCOUNT, &password).await.unwrap());
    assert_eq!(nodes.told().await, [LINKED, PASSWORD]);
}

#[tokio::test]
async fn a_node_that_slept_tells_nothing_that_another_one_has_told() {
    let test = "a_node_that_slept_tells_nothing_that_another_one_has_told";
    if let Some(why) = missing() {
        return not_run(test, why);
    }
    let nodes = Nodes::start().await;
    let world = &nodes.world;
    world.link(&mut browser()).await;
    assert_eq!(nodes.told().await, [LINKED]);
    let mut browser = browser();
    let form = nodes.password_form(&mut browser).await;
    nodes.forward_to(&[&world.portal]);
    world.line.cut(Cut::Wait);
    let asking = press(&mut browser, &form, "random", &RANDOM);
    let sleeping = async {
        world.line.has_cut().await;
        world.portal.hold().await.unwrap();
        // What it asked for is done while it sleeps.
        world.line.cut(Cut::Never);
        nodes.until(OPEN, "0").await;
        world.portal.go_on().unwrap();
    };
    // Nobody else has it, so it is shown.
    let (shown, ()) = tokio::join!(asking, sleeping);
    let password = secret(&shown);
    assert!(world.slapd.accepts(ACCOUNT, &password).await.unwrap());
    assert_eq!(nodes.told().await, [LINKED, PASSWORD_PERHAPS]);
    let events = nodes.lines(EVENTS).await;
    assert_eq!(events, ["recovery_asked", "operation_finished"]);
    assert_eq!(nodes.counted("kazasu_operations_total{").await, [0, 1]);
}

impl Nodes {
    /// Records what a third node might have left, and waits until one of the two took it over.
    async fn left_behind(&self, number: usize, kind: &str, account: &str) {
        let left = format!(
            "INSERT INTO operations (id, kind, account, browser, state, recorded_at, leased_until)
             SELECT '{kind}-' || number, '{kind}', '{account}', browser, 'recorded', recorded_at, 0
             FROM operations, generate_series(1, {number}) AS number WHERE state = 'done'"
        );
        self.database.execute(&left).await.unwrap();
        let free = "SELECT count(*) FROM operations WHERE leased_until = 0";
        self.until(free, "0").await;
    }
}

#[tokio::test]
async fn two_nodes_at_work_do_and_tell_everything_once() {
    let test = "two_nodes_at_work_do_and_tell_everything_once";
    if let Some(why) = missing() {
        return not_run(test, why);
    }
    let nodes = Nodes::start().await;
    let world = &nodes.world;
    world.link(&mut browser()).await;
    let mut browser = browser();
    let form = nodes.password_form(&mut browser).await;
    press(&mut browser, &form, "random", &RANDOM).await;
    assert_eq!(nodes.told().await, [LINKED, PASSWORD]);
    let changes = world.line.changes();
    let mails = world.smtp.received().unwrap().len();

    // No operation is finished before both nodes took some: one has its hands full of locks when the
    // passwords come. And no mail is sent before both are at one.
    world.slapd.hold().await.unwrap();
    world.smtp.behave(Behaviour::Silence).unwrap();
    nodes.left_behind(LOCKS, "lock", OTHER_ACCOUNT).await;
    nodes.left_behind(PASSWORDS, "password", ACCOUNT).await;
    world.slapd.go_on().unwrap();
    nodes.until(OPEN, "0").await;
    until(async || world.smtp.received().unwrap().len() == mails + 2).await;
    world.smtp.behave(Behaviour::Accept).unwrap();

    let told = nodes.told().await;
    assert_eq!(told[..2], [LINKED, PASSWORD]);
    assert_eq!(told[2..], vec![PASSWORD_PERHAPS; PASSWORDS]);
    assert_eq!(world.line.changes() - changes, LOCKS);
    let events = "SELECT details FROM audit_events WHERE kind = 'operation_finished'";
    let events = nodes.lines(events).await;
    assert_eq!(events.len(), LOCKS + PASSWORDS);
    let different: HashSet<_> = events.iter().collect();
    assert_eq!(different.len(), events.len());
    for what in ["kazasu_operations_total{", "kazasu_mail_sent_total{"] {
        let [one, other] = nodes.counted(what).await;
        assert!(one > 0 && other > 0, "{what}: {one} here, {other} there");
    }
}
