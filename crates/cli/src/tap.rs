//! `kazasu tap`: the flow of `kazasu_companion`, with a terminal around it.

mod tapping;

use crate::arguments::{AtReader, TapOptions};
use crate::failure::{Exit, Failure};
use crate::language::Language;
use crate::pins::{self, AUTH_PIN, PROFILE_PIN, PinName, Source};
use crate::{Session, card, connection, messages};
use kazasu_card::{AuthPin, ProfilePin};
use kazasu_companion::{CompanionError, Outcome, Ticket, Transaction};
use kazasu_reader::OpenedReader;
use serde_json::json;
use std::time::Duration;
use tapping::Tapping;
use tokio::time::{Instant, sleep};

/// Between two attempts to reach the verifier again.
const BEFORE_RECONNECTING: Duration = Duration::from_secs(1);
/// Transactions are over within minutes.
const LIFETIME_MAX: Duration = Duration::from_secs(3600);

pub(crate) async fn run(
    options: &TapOptions,
    at_reader: &AtReader,
    session: &Session,
) -> Result<Exit, Failure> {
    let language = session.language;
    let ticket = connection::ticket(options, language)?;
    let sources = PinSources::open(options, language)?;
    sources.auth.check_available(language)?;
    if !options.yes && !pins::can_ask(session) {
        return Err(Failure::consent_needed(language));
    }
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

impl Stop {
    /// Whether the verifier has no part in it, so that it still waits.
    fn is_at_this_end(&self) -> bool {
        match self {
            Self::Failure(_) => true,
            Self::Companion(error) => matches!(
                error,
                CompanionError::Card(_) | CompanionError::ProfilePinNeeded
            ),
        }
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
    let outcome = claimed(
        &mut transaction,
        reader,
        sources,
        options,
        at_reader,
        session,
    )
    .await;
    if outcome.as_ref().is_err_and(Stop::is_at_this_end) {
        // Only this run can go on with the transaction, so the page would wait in vain. If this
        // does not arrive either, the transaction expires.
        let _ = transaction.cancel().await;
    }
    outcome
}

async fn claimed(
    transaction: &mut Transaction,
    reader: &mut OpenedReader,
    sources: PinSources,
    options: &TapOptions,
    at_reader: &AtReader,
    session: &Session,
) -> Result<Outcome, Stop> {
    if needs_name(transaction) {
        sources.profile.check_available(session.language)?;
    }
    if !consents(transaction, options.yes, session)? {
        return Err(declined(session.language).into());
    }
    if transaction.needs_pairing() {
        pair(transaction, session).await?;
    }
    Tapping::new(transaction, sources, session)
        .run(reader, at_reader)
        .await
}

fn needs_name(transaction: &Transaction) -> bool {
    let claims = &transaction.details().claims;
    claims.iter().any(|claim| claim.as_str() == "name")
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
        None => Err(Failure::consent_needed(session.language)),
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
    wait_until_paired(transaction).await?;
    session.note(
        language.pick("確認できました。", "Confirmed."),
        &json!({"event": "paired"}),
    );
    Ok(())
}

/// A ticket can be claimed once, so a connection that breaks meanwhile is made again.
async fn wait_until_paired(transaction: &mut Transaction) -> Result<(), CompanionError> {
    let details = transaction.details();
    // By this machine's own measure, because its clock may be wrong; the verifier knows the end.
    let lifetime = details.expires_at.saturating_sub(details.started_at);
    let lifetime = Duration::from_secs(u64::try_from(lifetime).unwrap_or(0)).min(LIFETIME_MAX);
    let give_up = Instant::now() + lifetime;
    loop {
        match transaction.wait_until_paired().await {
            Err(CompanionError::Offline(_)) if Instant::now() < give_up => {
                sleep(BEFORE_RECONNECTING).await;
            }
            outcome => return outcome,
        }
    }
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
