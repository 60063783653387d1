//! The surface that other languages see, from Rust: what belongs to no language in particular.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use async_trait::async_trait;
use kazasu_ffi::{
    CancelToken, CardChannel, CardKind, ChannelError, ChannelLimits, Companion, ListenerError, Pin,
    PinKind, PinState, Pins, ProgressListener, Resumed, Tap, TapError, TapStep, inspect_card,
};
use kazasu_testing::{
    EmulatedChannel, TestAnswer, TestCard, TestChannelError, TestFault, TestHolder, TestPage,
    TestRequest, TestToken, TestUniversity, start_university,
};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

/// A VERIFY with a PIN in it: four bytes of header, one of length, four digits.
const VERIFY_WITH_PIN: u32 = 9;

/// An emulated channel as the library wants it.
struct Channel {
    emulated: Arc<EmulatedChannel>,
    closed: AtomicU32,
    /// Told of every exchange.
    begun: Notify,
}

impl Channel {
    fn to(card: &TestCard) -> Arc<Self> {
        Arc::new(Self {
            emulated: card.connect(),
            closed: AtomicU32::new(0),
            begun: Notify::new(),
        })
    }

    fn closings(&self) -> u32 {
        self.closed.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl CardChannel for Channel {
    fn limits(&self) -> Result<ChannelLimits, ChannelError> {
        let limits = self.emulated.limits();
        Ok(ChannelLimits {
            command: limits.command,
            response: limits.response,
        })
    }

    async fn transceive(&self, command: Vec<u8>) -> Result<Vec<u8>, ChannelError> {
        self.begun.notify_one();
        let answer = self.emulated.exchange(command);
        let answer = answer.map_err(|error| match error {
            TestChannelError::CardLost => ChannelError::CardLost,
            TestChannelError::Failed { detail } => ChannelError::Failed { detail },
        })?;
        tokio::time::sleep(Duration::from_millis(answer.late_by_ms.into())).await;
        Ok(answer.bytes)
    }

    fn close(&self) -> Result<(), ChannelError> {
        self.emulated.close();
        self.closed.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

fn typed(digits: &str) -> Arc<Pin> {
    let pin = Pin::new();
    for digit in digits.bytes() {
        pin.push(digit - b'0').unwrap();
    }
    pin
}

fn pins(authentication: &str, profile: &str) -> Pins {
    Pins {
        authentication: typed(authentication),
        profile: Some(typed(profile)),
        use_last_authentication_try: false,
        use_last_profile_try: false,
    }
}

fn holder() -> TestHolder {
    TestHolder {
        name: "見本　太郎".to_owned(),
        authentication_pin: "1234".to_owned(),
        profile_pin: "2345".to_owned(),
        token: None,
    }
}

fn request() -> TestRequest {
    TestRequest {
        purpose: "link".to_owned(),
        mode: "same-phone".to_owned(),
        with_name: true,
    }
}

struct World {
    university: Arc<TestUniversity>,
    companion: Arc<Companion>,
    card: Arc<TestCard>,
}

impl World {
    async fn start() -> Self {
        let university = start_university().await.unwrap();
        let origins = (university.ticket_origin(), university.verifier_origin());
        Self {
            companion: Companion::new(origins.0, origins.1).unwrap(),
            card: university.issue_card(holder()).await.unwrap(),
            university,
        }
    }

    async fn open(&self) -> (Arc<TestPage>, Arc<Tap>) {
        let page = self.university.clone().open_page(request()).await.unwrap();
        let tap = self.companion.open(page.link(), None).await.unwrap();
        (page, tap)
    }

    fn pins_sent(&self) -> usize {
        let exchanges = self.card.exchanges().into_iter();
        let verify = exchanges.filter(|exchange| exchange.command[2..4] == *"20");
        verify.filter(|sent| sent.sent == VERIFY_WITH_PIN).count()
    }
}

/// One tap on a fresh channel.
async fn tap(tap: &Tap, card: &TestCard, pins: &Pins) -> Result<Option<String>, TapError> {
    card.present();
    let channel = Channel::to(card);
    let accepted = tap.tap(channel.clone(), pins.clone(), None, None).await;
    assert_eq!(channel.closings(), 1);
    accepted.map(|accepted| accepted.return_url)
}

#[tokio::test]
async fn a_tap_brings_pseudonym_and_name_and_can_be_done_again() {
    let world = World::start().await;
    let mut answers = Vec::new();
    for _ in 0..2 {
        let (page, opened) = world.open().await;
        assert!(opened.details().provides_name);
        let url = tap(&opened, &world.card, &pins("1234", "2345")).await;
        answers.push(page.finish(url.unwrap()).await.unwrap());
        let again = tap(&opened, &world.card, &pins("1234", "2345")).await;
        assert_eq!(again, Err(TapError::Over));
    }
    assert_eq!(answers[0], answers[1]);
    let TestAnswer::Identity { name, purpose, .. } = &answers[0] else {
        panic!("{answers:?}");
    };
    assert_eq!((name.as_deref(), &**purpose), (Some("見本　太郎"), "link"));
}

#[tokio::test]
async fn an_app_that_was_ended_before_it_read_the_answer_gets_it() {
    let world = World::start().await;
    let (page, opened) = world.open().await;
    let saved = opened.save();
    let url = tap(&opened, &world.card, &pins("1234", "2345")).await;
    drop(opened);
    let resumed = world.companion.resume(saved.clone(), None).await.unwrap();
    let Resumed::Accepted { return_url } = resumed else {
        panic!("it was accepted");
    };
    assert_eq!(return_url, url.unwrap());
    page.finish(return_url).await.unwrap();
    // Once the university has its answer there is nothing to go on with.
    let over = world.companion.resume(saved, None).await;
    assert!(matches!(over, Err(TapError::Rejected { .. })));
}

#[tokio::test]
async fn an_app_that_was_ended_in_mid_tap_goes_on() {
    let world = World::start().await;
    let (page, opened) = world.open().await;
    let saved = opened.save();
    world.card.set_faults(vec![TestFault::CardLeaves {
        after: 5,
        carried_out: false,
    }]);
    let lost = tap(&opened, &world.card, &pins("1234", "2345")).await;
    assert_eq!(lost, Err(TapError::CardLost));
    drop(opened);
    let Resumed::Open { tap: opened } = world.companion.resume(saved, None).await.unwrap() else {
        panic!("it is open");
    };
    let url = tap(&opened, &world.card, &pins("1234", "2345")).await;
    page.finish(url.unwrap()).await.unwrap();
}

#[tokio::test]
async fn what_is_no_saved_tap_of_this_verifier_is_not_resumed() {
    let (world, other) = tokio::join!(World::start(), World::start());
    let (_, opened) = world.open().await;
    let saved = opened.save();
    for (companion, bytes) in [
        (&world.companion, Vec::new()),
        (&world.companion, vec![0xFF; 40]),
        (&world.companion, saved[..saved.len() / 2].to_vec()),
        (&other.companion, saved.clone()),
    ] {
        let resumed = companion.resume(bytes, None).await;
        assert!(matches!(resumed, Err(TapError::NotSaved)));
    }
    world.companion.resume(saved, None).await.unwrap();
}

#[tokio::test]
async fn a_wrong_pin_is_emptied_and_the_right_one_is_kept() {
    let world = World::start().await;
    let (_, opened) = world.open().await;
    let typed = pins("9999", "2345");
    let wrong = TapError::WrongPin {
        pin: PinKind::Authentication,
        tries_left: 2,
    };
    assert_eq!(tap(&opened, &world.card, &typed).await, Err(wrong));
    assert_eq!(typed.authentication.length(), 0);
    assert!(typed.profile.as_ref().unwrap().is_complete());
    let sent = world.pins_sent();
    let missing = TapError::PinMissing {
        pin: PinKind::Authentication,
    };
    assert_eq!(tap(&opened, &world.card, &typed).await, Err(missing));
    assert_eq!(world.pins_sent(), sent);
}

#[tokio::test]
async fn no_pin_is_sent_before_the_verifier_has_answered() {
    let world = World::start().await;
    for with_name in [true, false] {
        let asked = TestRequest {
            with_name,
            ..request()
        };
        let page = world.university.clone().open_page(asked).await.unwrap();
        let opened = world.companion.open(page.link(), None).await.unwrap();
        world.card.clear_exchanges();
        world.university.set_online(false);
        let offline = tap(&opened, &world.card, &pins("1234", "2345")).await;
        assert_eq!(offline, Err(TapError::Offline));
        // It was read meanwhile.
        assert!(!world.card.exchanges().is_empty());
        assert_eq!(world.pins_sent(), 0);
        world.university.set_online(true);
        let url = tap(&opened, &world.card, &pins("1234", "2345")).await;
        page.finish(url.unwrap()).await.unwrap();
    }
}

#[tokio::test]
async fn a_cancelled_call_closes_the_channel_and_the_tap_goes_on() {
    let world = World::start().await;
    let (page, opened) = world.open().await;
    world.card.set_faults(vec![TestFault::Slow {
        at: 1,
        milliseconds: 600_000,
    }]);
    let (channel, token) = (Channel::to(&world.card), CancelToken::new());
    let cancelling = async {
        channel.begun.notified().await;
        token.cancel();
    };
    let tapping = opened.tap(
        channel.clone(),
        pins("1234", "2345"),
        None,
        Some(token.clone()),
    );
    let (cancelled, ()) = tokio::join!(tapping, cancelling);
    assert_eq!(cancelled, Err(TapError::Cancelled));
    assert_eq!(channel.closings(), 1);
    let url = tap(&opened, &world.card, &pins("1234", "2345")).await;
    page.finish(url.unwrap()).await.unwrap();
}

#[tokio::test]
async fn cancelling_the_tap_ends_a_call_that_is_under_way_and_tells_the_university() {
    let world = World::start().await;
    let (page, opened) = world.open().await;
    world.card.set_faults(vec![TestFault::Slow {
        at: 1,
        milliseconds: 600_000,
    }]);
    let channel = Channel::to(&world.card);
    let cancelling = async {
        channel.begun.notified().await;
        opened.cancel().await
    };
    let tapping = opened.tap(channel.clone(), pins("1234", "2345"), None, None);
    let (tapped, cancelled) = tokio::join!(tapping, cancelling);
    assert_eq!((tapped, cancelled), (Err(TapError::Cancelled), Ok(())));
    assert_eq!(channel.closings(), 1);
    let answer = page.finish(None).await.unwrap();
    let error = "access_denied".to_owned();
    assert_eq!(answer, TestAnswer::Refused { error });
    assert_eq!(opened.cancel().await, Err(TapError::Over));
}

/// Notes each step, and whether the card was given back by then.
struct Steps {
    channel: Arc<Channel>,
    seen: Mutex<Vec<(TapStep, bool)>>,
}

impl ProgressListener for Steps {
    fn on_step(&self, step: TapStep) -> Result<(), ListenerError> {
        let given_back = self.channel.closings() > 0;
        self.seen.lock().unwrap().push((step, given_back));
        let detail = "nobody listens".to_owned();
        Err(ListenerError::Failed { detail })
    }
}

#[tokio::test]
async fn the_card_is_given_back_before_the_verifier_is_asked_and_a_failing_listener_stops_nothing()
{
    let world = World::start().await;
    let (_, opened) = world.open().await;
    let channel = Channel::to(&world.card);
    let steps = Arc::new(Steps {
        channel: channel.clone(),
        seen: Mutex::default(),
    });
    let listener: Arc<dyn ProgressListener> = steps.clone();
    let tapped = opened.tap(channel, pins("1234", "2345"), Some(listener), None);
    tapped.await.unwrap();
    let expected = [
        (TapStep::ReadingName, false),
        (TapStep::ReadingCertificate, false),
        (TapStep::Signing, false),
        (TapStep::Checking, true),
    ];
    assert_eq!(*steps.seen.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_call_that_is_dropped_closes_the_channel() {
    let world = World::start().await;
    let (_, opened) = world.open().await;
    let channel = Channel::to(&world.card);
    world.card.set_faults(vec![TestFault::Slow {
        at: 1,
        milliseconds: 600_000,
    }]);
    let tapping = tokio::spawn({
        let (opened, channel) = (opened.clone(), channel.clone());
        async move { opened.tap(channel, pins("1234", "2345"), None, None).await }
    });
    channel.begun.notified().await;
    assert_eq!(channel.closings(), 0);
    tapping.abort();
    assert!(tapping.await.unwrap_err().is_cancelled());
    assert_eq!(channel.closings(), 1);
}

#[tokio::test]
async fn what_kind_of_card_it_is_is_known_without_a_ticket_and_costs_no_try() {
    let world = World::start().await;
    for (token, kind, has_name) in [
        (TestToken::MyNumberCard, CardKind::MyNumberCard, true),
        (TestToken::JukiCard, CardKind::JukiCard, false),
        (TestToken::AndroidPhone, CardKind::AndroidPhone, false),
        (TestToken::Iphone, CardKind::Iphone, false),
    ] {
        let holder = TestHolder {
            token: Some(token),
            ..holder()
        };
        let card = world.university.issue_card(holder).await.unwrap();
        let channel = Channel::to(&card);
        let info = inspect_card(channel.clone(), None).await.unwrap();
        assert_eq!(info.kind, kind);
        assert_eq!(info.authentication_pin, PinState::TriesLeft { tries: 3 });
        assert_eq!(info.profile_pin != PinState::Unknown, has_name, "{kind:?}");
        assert_eq!(channel.closings(), 1);
        assert!(
            card.exchanges()
                .iter()
                .all(|e| e.sent < VERIFY_WITH_PIN || e.command[2..4] != *"20")
        );
    }
}
