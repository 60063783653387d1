//! `kazasu tap`: the flow of `kazasu_companion`, with a terminal around it.

use crate::arguments::{AtReader, TapOptions};
use crate::failure::{Exit, Failure};
use crate::language::Language;
use crate::pins::{self, AUTH_PIN, PROFILE_PIN, PinName, Source};
use crate::{Session, card, connection, messages};
use kazasu_card::{AuthPin, Card, CardError, LastTry, PinStatus, ProfilePin};
use kazasu_companion::{CompanionError, Outcome, Pins, Step, Ticket, Transaction};
use kazasu_reader::{CardChannel, OpenedReader};
use serde_json::json;

/// A card that slips away this often lies badly, or the reader is broken.
const TRIES: u32 = 10;

pub(crate) async fn run(
    options: &TapOptions,
    at_reader: &AtReader,
    session: &Session,
) -> Result<Exit, Failure> {
    let language = session.language;
    let ticket = connection::ticket(options, language)?;
    let sources = PinSources::open(options, language)?;
    // A ticket can be claimed once, so whatever else may be missing is looked for first.
    let mut reader = card::open(at_reader, session).await?;
    let outcome = with_reader(&mut reader, &ticket, sources, options, at_reader, session).await;
    reader.close().await;
    match outcome {
        Ok(Outcome::Accepted { return_url }) => {
            accepted(return_url.as_deref(), session);
            Ok(Exit::Done)
        }
        Ok(Outcome::Rejected(reason)) => Ok(rejected(&CompanionError::Refused(reason), session)),
        Err(Stop::Companion(refused @ CompanionError::Refused(_))) => {
            Ok(rejected(&refused, session))
        }
        Err(Stop::Companion(error)) => Err(Failure::companion(&error, language)),
        Err(Stop::Failure(failure)) => Err(failure),
    }
}

/// Why a tap stopped before its outcome.
enum Stop {
    Companion(CompanionError),
    Failure(Failure),
}

impl From<CompanionError> for Stop {
    fn from(error: CompanionError) -> Self {
        Self::Companion(error)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// Where the PINs come from.
struct PinSources {
    auth: Source<AuthPin>,
    profile: Source<ProfilePin>,
    allow_last_try: bool,
}

impl PinSources {
    fn open(options: &TapOptions, language: Language) -> Result<Self, Failure> {
        let (auth, profile) = (options.auth.pin_fd, options.profile.profile_pin_fd);
        Ok(Self {
            auth: Source::open(auth, PinName::Authentication, AUTH_PIN, language)?,
            profile: Source::open(profile, PinName::Name, PROFILE_PIN, language)?,
            allow_last_try: options.last_try.allow_last_try,
        })
    }
}

async fn with_reader(
    reader: &mut OpenedReader,
    ticket: &Ticket,
    sources: PinSources,
    options: &TapOptions,
    at_reader: &AtReader,
    session: &Session,
) -> Result<Outcome, Stop> {
    let language = session.language;
    session
        .progress
        .step(language.pick("サーバーに接続しています", "Connecting"));
    let channel = connection::connect(
        ticket.deployment().verifier_origin(),
        options.connect_to,
        language,
    )
    .await?;
    let mut transaction = Transaction::claim(channel, ticket).await?;
    if !consents(&transaction, options.yes, session)? {
        transaction.cancel().await?;
        return Err(declined(language).into());
    }
    if transaction.needs_pairing() {
        pair(&mut transaction, session).await?;
    }
    let mut tapping = Tapping {
        transaction,
        sources,
        pins: None,
        last_step: None,
        session,
    };
    tapping.run(reader, at_reader).await
}

fn consents(transaction: &Transaction, agreed: bool, session: &Session) -> Result<bool, Failure> {
    let details = transaction.details();
    let claims: Vec<&str> = details.claims.iter().map(|claim| claim.as_str()).collect();
    let event = json!({
        "event": "consent",
        "transaction_id": details.transaction_id,
        "relying_party": {
            "id": details.relying_party.id,
            "name_ja": details.relying_party.name_ja,
            "name_en": details.relying_party.name_en,
            "host": details.relying_party.host,
        },
        "purpose": details.purpose.as_str(),
        "claims": claims,
        "mode": details.mode.as_str(),
        "browser": details.browser,
        "started_at": details.started_at,
        "expires_at": details.expires_at,
    });
    session.note(&messages::consent(details, session.language), &event);
    if agreed {
        return Ok(true);
    }
    let question = session.language.pick("続けますか? [y/N] ", "Go on? [y/N] ");
    match pins::ask(question, session) {
        Some(answer) => Ok(matches!(
            answer.to_lowercase().as_str(),
            "y" | "yes" | "はい"
        )),
        None => Err(Failure::new(
            Exit::Usage,
            "consent_needed",
            session.language.pick(
                "同意が必要ですが、答える人がいません。",
                "Consent is needed, and there is nobody to ask.",
            ),
            session.language.pick(
                "端末で実行するか、内容を確かめたうえで --yes を付けてください。",
                "Run this in a terminal, or add --yes if you know what is asked.",
            ),
        )),
    }
}

fn declined(language: Language) -> Failure {
    Failure::new(
        Exit::Refused,
        "cancelled",
        language.pick(
            "手続きを取り消しました。",
            "You cancelled. Nothing was provided.",
        ),
        language.pick("元のページに戻れます。", "You can go back to the page."),
    )
}

async fn pair(transaction: &mut Transaction, session: &Session) -> Result<(), CompanionError> {
    let language = session.language;
    let pairing = transaction.start_pairing().await?;
    let digits = session.progress.strong(&pairing.digits);
    let origin = transaction.verifier_origin();
    let text = match language {
        Language::Ja => format!(
            "番号: {digits}\nアドレスが {origin} で始まるページにだけ入力してください。だれにも教えないでください。"
        ),
        Language::En => format!(
            "Number: {digits}\nType it only where the address starts with {origin}. Never tell it to anybody."
        ),
    };
    let event = json!({
        "event": "pairing",
        "digits": pairing.digits,
        "expires_at": pairing.expires_at,
    });
    session.note(&text, &event);
    session
        .progress
        .step(language.pick("入力を待っています", "Waiting for the number"));
    transaction.wait_until_paired().await?;
    session.note(
        language.pick("確認できました。", "Confirmed."),
        &json!({"event": "paired"}),
    );
    Ok(())
}

/// A transaction that waits for its card.
struct Tapping<'a> {
    transaction: Transaction,
    sources: PinSources,
    /// Kept over a card that slipped away, so that nobody types them twice.
    pins: Option<Pins>,
    last_step: Option<Step>,
    session: &'a Session,
}

impl Tapping<'_> {
    /// Waits for the card and taps, again where the card slipped away or a PIN was mistyped.
    async fn run(
        &mut self,
        reader: &mut OpenedReader,
        at_reader: &AtReader,
    ) -> Result<Outcome, Stop> {
        let language = self.session.language;
        for tries_left in (0..TRIES).rev() {
            self.session.progress.step(language.pick(
                "カードをリーダーに置いてください",
                "Put the card on the reader",
            ));
            let channel = reader
                .wait_for_card(at_reader.wait)
                .await
                .map_err(|error| Failure::reader(&error, language))?;
            match self.once(&mut Card::new(channel)).await {
                Err(Stop::Companion(CompanionError::Card(error))) if tries_left > 0 => {
                    self.go_on_after(&error)?;
                }
                outcome => return outcome,
            }
        }
        Err(Failure::card(&CardError::CardLost, None, language).into())
    }

    /// One activation of the card: the PINs, if they are not there yet, and the tap.
    async fn once(&mut self, card: &mut Card<CardChannel<'_>>) -> Result<Outcome, Stop> {
        self.last_step = None;
        let pins = match self.pins.take() {
            Some(pins) => pins,
            None => self.get_pins(card).await?,
        };
        let session = self.session;
        let last_step = &mut self.last_step;
        let mut on_step = |step: Step| {
            *last_step = Some(step);
            if session.json {
                println!(
                    "{}",
                    json!({"event": "step", "step": messages::step_word(step)})
                );
            }
            session
                .progress
                .step(messages::step(step, session.language));
        };
        let outcome = self.transaction.tap(card, &pins, &mut on_step).await;
        self.pins = Some(pins);
        Ok(outcome?)
    }

    /// Shows the card's counters, and gets the PINs.
    async fn get_pins(&mut self, card: &mut Card<CardChannel<'_>>) -> Result<Pins, Stop> {
        let claims = &self.transaction.details().claims;
        let needs_name = claims.iter().any(|claim| claim.as_str() == "name");
        // First all that the card may be lost in, so that no PIN is lost with it.
        let (auth_status, name_status) = pin_states(card, needs_name)
            .await
            .map_err(CompanionError::from)?;
        let (session, allowed) = (self.session, self.sources.allow_last_try);
        let mut last_try =
            pins::consider_tries(auth_status, PinName::Authentication, allowed, session)?;
        let (auth, typed) = self.sources.auth.take(None, session)?;
        let mut profile = None;
        if let Some(status) = name_status {
            if pins::consider_tries(status, PinName::Name, allowed, session)? == LastTry::Allow {
                last_try = LastTry::Allow;
            }
            profile = Some(self.sources.profile.take(typed.as_ref(), session)?.0);
        }
        Ok(Pins {
            auth,
            profile,
            last_try,
        })
    }

    /// Says what happened at the card, where another try can help.
    fn go_on_after(&mut self, error: &CardError) -> Result<(), Stop> {
        let language = self.session.language;
        match error {
            CardError::CardLost | CardError::LostWhileVerifying { .. } | CardError::ReaderGone => {
                let text = language.pick(
                    "カードが離れました。置き直してください。失われたものはありません。",
                    "The card slipped away. Put it back: nothing is lost.",
                );
                self.session
                    .note(text, &json!({"event": "card_lost", "message": text}));
                Ok(())
            }
            CardError::WrongPin { retries_left } if *retries_left > 0 => {
                self.go_on_after_wrong_pin(*retries_left, error)
            }
            error => Err(Failure::card(error, self.pin_in_use(), language).into()),
        }
    }

    fn go_on_after_wrong_pin(&mut self, left: u8, error: &CardError) -> Result<(), Stop> {
        let language = self.session.language;
        let pin = self.pin_in_use();
        let failure = Failure::card(error, pin, language);
        let Some(pins) = self.pins.take() else {
            return Err(failure.into());
        };
        // The other PIN may well be right: nobody types it twice.
        let another = if pin == Some(PinName::Name) {
            self.sources.auth.put_back(Some(pins.auth));
            self.sources.profile.another(language)?
        } else {
            self.sources.profile.put_back(pins.profile);
            self.sources.auth.another(language)?
        };
        if !another {
            return Err(failure.into());
        }
        let event = json!({
            "event": "wrong_pin",
            "pin": pin.map(PinName::word),
            "retries_left": left,
            "message": failure.sentence,
        });
        self.session.note(&failure.sentence, &event);
        Ok(())
    }

    fn pin_in_use(&self) -> Option<PinName> {
        match self.last_step? {
            Step::ReadingName => Some(PinName::Name),
            Step::Signing => Some(PinName::Authentication),
            Step::ReadingCertificate | Step::Checking => None,
        }
    }
}

async fn pin_states(
    card: &mut Card<CardChannel<'_>>,
    needs_name: bool,
) -> Result<(PinStatus, Option<PinStatus>), CardError> {
    let auth = card.jpki().await?.pin_status().await?;
    let name = match needs_name {
        true => Some(card.profile().await?.pin_status().await?),
        false => None,
    };
    Ok((auth, name))
}

fn accepted(return_url: Option<&str>, session: &Session) {
    let language = session.language;
    let text = match (return_url, language) {
        (None, _) => language
            .pick(
                "確認できました。元のページに戻ってください。",
                "Done. Go back to the page: it goes on by itself.",
            )
            .to_owned(),
        (Some(url), Language::Ja) => {
            format!("確認できました。手続きを始めたブラウザーで開いてください:\n{url}")
        }
        (Some(url), Language::En) => {
            format!("Done. Open this in the browser where you started:\n{url}")
        }
    };
    let event = json!({"event": "outcome", "outcome": "accepted", "return_url": return_url});
    session.say(&text, &event);
}

fn rejected(refused: &CompanionError, session: &Session) -> Exit {
    let failure = Failure::companion(refused, session.language);
    let event = json!({
        "event": "outcome",
        "outcome": "rejected",
        "reason": failure.code,
        "message": failure.sentence,
        "next_step": failure.next_step,
    });
    session.note(
        &format!("{}\n→ {}", failure.sentence, failure.next_step),
        &event,
    );
    failure.exit
}
