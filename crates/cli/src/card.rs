//! `kazasu card …`.

use crate::arguments::{
    AtReader, CardCommand, CertificateFormat, LastTryOption, ProfilePinOptions, SignOptions,
    SignatureFormat,
};
use crate::failure::{Exit, Failure};
use crate::files::{Content, Input, pem, read_input, write_out};
use crate::language::Language;
use crate::pins::{self, AUTH_PIN, PROFILE_PIN, PinName, Source};
use crate::{Session, readers};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use kazasu_card::{
    AuthPin, Card, CardError, Digest, Jpki, KeyAlgorithm, ProfilePin, TokenKind, Transceive,
};
use kazasu_reader::{CardChannel, OpenedReader};
use serde_json::{Value, json};
use std::path::Path;

type OnReader<'a> = Card<CardChannel<'a>>;

pub(crate) async fn run(
    command: &CardCommand,
    at_reader: &AtReader,
    session: &Session,
) -> Result<Exit, Failure> {
    // What can be refused without a card is refused before there is one.
    let mut prepared = Prepared::new(command, session)?;
    let mut reader = open(at_reader, session).await?;
    let outcome = on_card(&mut reader, &mut prepared, at_reader, session).await;
    reader.close().await;
    outcome
}

/// Opens the reader that is meant.
pub(crate) async fn open(at_reader: &AtReader, session: &Session) -> Result<OpenedReader, Failure> {
    readers::all(session)?
        .open(at_reader.reader.as_deref(), at_reader.wait)
        .await
        .map_err(|error| Failure::reader(&error, session.language))
}

/// A command with its PIN and input read.
enum Prepared<'a> {
    Info,
    Certificate {
        ca: bool,
        format: CertificateFormat,
        output: Option<&'a Path>,
    },
    PinStatus,
    Name {
        pin: Source<ProfilePin>,
        last_try: &'a LastTryOption,
    },
    Sign {
        pin: Source<AuthPin>,
        input: Input,
        options: &'a SignOptions,
    },
}

impl<'a> Prepared<'a> {
    fn new(command: &'a CardCommand, session: &Session) -> Result<Self, Failure> {
        Ok(match command {
            CardCommand::Info => Self::Info,
            CardCommand::PinStatus => Self::PinStatus,
            CardCommand::Certificate { ca, format, output } => Self::Certificate {
                ca: *ca,
                format: *format,
                output: output.as_deref(),
            },
            CardCommand::Name {
                pin: ProfilePinOptions { profile_pin_fd },
                last_try,
            } => Self::Name {
                pin: Source::open(
                    *profile_pin_fd,
                    PinName::Name,
                    PROFILE_PIN,
                    session.language,
                )?,
                last_try,
            },
            CardCommand::Sign(options) => Self::Sign {
                pin: Source::open(
                    options.pin.pin_fd,
                    PinName::Authentication,
                    AUTH_PIN,
                    session.language,
                )?,
                input: read_input(options, session.language)?,
                options,
            },
        })
    }
}

async fn on_card(
    reader: &mut OpenedReader,
    prepared: &mut Prepared<'_>,
    at_reader: &AtReader,
    session: &Session,
) -> Result<Exit, Failure> {
    session.progress.step(session.language.pick(
        "カードをリーダーに置いてください",
        "Put the card on the reader",
    ));
    let channel = reader
        .wait_for_card(at_reader.wait)
        .await
        .map_err(|error| Failure::reader(&error, session.language))?;
    session.progress.step(
        session
            .language
            .pick("カードを読んでいます", "Reading the card"),
    );
    let mut card = Card::new(channel);
    let outcome = match prepared {
        Prepared::Info => info(&mut card, session).await,
        Prepared::Certificate { ca, format, output } => {
            certificate(&mut card, *ca, *format, *output, session).await
        }
        Prepared::PinStatus => pin_status(&mut card, session).await,
        Prepared::Name { pin, last_try } => {
            name(&mut card, pin, last_try.allow_last_try, session).await
        }
        Prepared::Sign {
            pin,
            input,
            options,
        } => sign(&mut card, pin, input, options, session).await,
    };
    // A card that cannot be left this way is powered off when the reader is closed.
    let _ = card.leave().await;
    outcome
}

async fn info(card: &mut OnReader<'_>, session: &Session) -> Result<Exit, Failure> {
    let failed = |error| Failure::card(&error, None, session.language);
    let mut jpki = card.jpki().await.map_err(failed)?;
    let token = jpki.token_kind().await.map_err(failed)?;
    let authentication = jpki.pin_status().await.map_err(failed)?;
    // A phone's token has no profile application.
    let name = match card.profile().await {
        Ok(mut profile) => Some(profile.pin_status().await.map_err(failed)?),
        Err(CardError::NotMyNumberCard) => None,
        Err(error) => return Err(failed(error)),
    };
    let line = |pin: PinName, status| {
        format!(
            "{}: {}",
            pin.name(session.language),
            pins::describe(status, session.language)
        )
    };
    let mut text = format!("{}\n", token_text(token, session.language));
    text.push_str(&line(PinName::Authentication, authentication));
    if let Some(status) = name {
        text.push('\n');
        text.push_str(&line(PinName::Name, status));
    }
    let value = json!({
        "token": token_word(token),
        "authentication_pin": pins::status_json(authentication),
        "name_pin": name.map_or(Value::Null, pins::status_json),
    });
    session.say(&text, &value);
    Ok(Exit::Done)
}

fn token_text(token: TokenKind, language: Language) -> &'static str {
    match token {
        TokenKind::MyNumberCard => language.pick("マイナンバーカード", "My Number card"),
        TokenKind::JukiCard => {
            language.pick("住民基本台帳カード", "Juki card (住民基本台帳カード)")
        }
        TokenKind::AndroidPhone => language.pick("Androidスマートフォン", "Android phone"),
        TokenKind::IPhone => "iPhone",
        _ => language.pick("種類の分からないカード", "card of an unknown kind"),
    }
}

fn token_word(token: TokenKind) -> &'static str {
    match token {
        TokenKind::MyNumberCard => "my_number_card",
        TokenKind::JukiCard => "juki_card",
        TokenKind::AndroidPhone => "android_phone",
        TokenKind::IPhone => "iphone",
        _ => "unknown",
    }
}

async fn certificate(
    card: &mut OnReader<'_>,
    ca: bool,
    format: CertificateFormat,
    output: Option<&Path>,
    session: &Session,
) -> Result<Exit, Failure> {
    let failed = |error| Failure::card(&error, None, session.language);
    let mut jpki = card.jpki().await.map_err(failed)?;
    let certificate = if ca {
        jpki.authentication_ca_certificate().await
    } else {
        jpki.authentication_certificate().await
    }
    .map_err(failed)?;
    let der = certificate.der();
    let (pem, base64) = (pem(der), BASE64.encode(der));
    let content = match format {
        CertificateFormat::Pem => Content {
            bytes: pem.as_bytes(),
            format: "pem",
            field: "pem",
            text: &pem,
        },
        CertificateFormat::Der => Content {
            bytes: der,
            format: "der",
            field: "der",
            text: &base64,
        },
    };
    write_out(&content, json!({}), output, session)
}

/// Makes sure that it is the card itself, before anything is asked for that a phone's token lacks.
pub(crate) async fn refuse_other_tokens<T: Transceive>(
    jpki: &mut Jpki<'_, T>,
) -> Result<(), CardError> {
    match jpki.token_kind().await? {
        TokenKind::MyNumberCard => Ok(()),
        other => Err(CardError::OtherToken(other)),
    }
}

async fn pin_status(card: &mut OnReader<'_>, session: &Session) -> Result<Exit, Failure> {
    let failed = |error| Failure::card(&error, None, session.language);
    let mut jpki = card.jpki().await.map_err(failed)?;
    refuse_other_tokens(&mut jpki).await.map_err(failed)?;
    let authentication = jpki.pin_status().await.map_err(failed)?;
    let name = card
        .profile()
        .await
        .map_err(failed)?
        .pin_status()
        .await
        .map_err(failed)?;
    let language = session.language;
    let text = format!(
        "{}: {}\n{}: {}",
        PinName::Authentication.name(language),
        pins::describe(authentication, language),
        PinName::Name.name(language),
        pins::describe(name, language),
    );
    let value = json!({
        "authentication_pin": pins::status_json(authentication),
        "name_pin": pins::status_json(name),
    });
    session.say(&text, &value);
    Ok(Exit::Done)
}

async fn name(
    card: &mut OnReader<'_>,
    pin: &mut Source<ProfilePin>,
    allow_last_try: bool,
    session: &Session,
) -> Result<Exit, Failure> {
    let failed = |error| Failure::card(&error, Some(PinName::Name), session.language);
    let mut profile = card.profile().await.map_err(failed)?;
    let status = profile.pin_status().await.map_err(failed)?;
    let last_try = pins::consider_tries(status, PinName::Name, allow_last_try, session)?;
    let (pin, _) = pin.take(None, session)?;
    let name = profile.name(&pin, last_try).await.map_err(failed)?;
    session.say(&name, &json!({ "name": name }));
    Ok(Exit::Done)
}

async fn sign(
    card: &mut OnReader<'_>,
    pin: &mut Source<AuthPin>,
    input: &Input,
    options: &SignOptions,
    session: &Session,
) -> Result<Exit, Failure> {
    let failed = |error| Failure::card(&error, Some(PinName::Authentication), session.language);
    let mut jpki = card.jpki().await.map_err(failed)?;
    let key = jpki
        .authentication_certificate()
        .await
        .map_err(failed)?
        .key();
    let digest = match (key, input) {
        (KeyAlgorithm::Rsa, Input::Sha256(digest) | Input::Both(digest, _)) => {
            Digest::Sha256(*digest)
        }
        (KeyAlgorithm::EcdsaP384, Input::Both(_, digest)) => Digest::Sha384(*digest),
        (KeyAlgorithm::EcdsaP384, Input::Sha256(_)) => return Err(wrong_digest(session.language)),
    };
    let status = jpki.pin_status().await.map_err(failed)?;
    let allowed = options.last_try.allow_last_try;
    let last_try = pins::consider_tries(status, PinName::Authentication, allowed, session)?;
    let (pin, _) = pin.take(None, session)?;
    session.progress.step(session.language.pick(
        "署名しています。カードを動かさないでください",
        "Signing: keep the card still",
    ));
    let signature = jpki
        .sign_for_authentication(&pin, &digest, last_try)
        .await
        .map_err(failed)?;
    let algorithm = match key {
        KeyAlgorithm::Rsa => "rsa-pkcs1-sha256",
        KeyAlgorithm::EcdsaP384 => "ecdsa-p384-sha384",
    };
    let text = BASE64.encode(&signature);
    let line = format!("{text}\n");
    let (bytes, format) = match options.format {
        SignatureFormat::Base64 => (line.as_bytes(), "base64"),
        SignatureFormat::Raw => (&signature[..], "raw"),
    };
    let content = Content {
        bytes,
        format,
        field: "signature",
        text: &text,
    };
    let about = json!({ "algorithm": algorithm });
    write_out(&content, about, options.output.as_deref(), session)
}

fn wrong_digest(language: Language) -> Failure {
    Failure::new(
        Exit::Usage,
        "wrong_digest",
        language.pick(
            "このカードの鍵はSHA-384に署名します。",
            "This card's key signs SHA-384 digests.",
        ),
        language.pick(
            "ファイルを指定してください。",
            "Give the file instead of its digest.",
        ),
    )
}
