//! Getting PINs from the person: at a prompt without echo, or from a file descriptor.

use crate::Session;
use crate::failure::{Exit, Failure, tries_en};
use crate::language::Language;
use kazasu_card::{AuthPin, CardError, LastTry, PinError, PinStatus, ProfilePin};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use zeroize::Zeroizing;

/// More than any line with a PIN on it has.
const LINE_MAX: usize = 64;

/// Which of the two PINs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PinName {
    /// 利用者証明用暗証番号
    Authentication,
    /// 券面事項入力補助用暗証番号
    Name,
}

impl PinName {
    /// As people know it.
    pub(crate) fn name(self, language: Language) -> &'static str {
        match self {
            Self::Authentication => language.pick(
                "利用者証明用暗証番号",
                "the PIN for signing in (利用者証明用暗証番号)",
            ),
            Self::Name => language.pick(
                "券面事項入力補助用暗証番号",
                "the PIN for the name (券面事項入力補助用暗証番号)",
            ),
        }
    }

    /// As programs know it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::Name => "name",
        }
    }

    fn option(self) -> &'static str {
        match self {
            Self::Authentication => "--pin-fd",
            Self::Name => "--profile-pin-fd",
        }
    }
}

/// A PIN's text, wiped when dropped.
pub(crate) type Typed = Zeroizing<String>;

/// What makes a PIN of a text.
pub(crate) type Parse<P> = fn(&str) -> Result<P, PinError>;

pub(crate) const AUTH_PIN: Parse<AuthPin> = AuthPin::new;
pub(crate) const PROFILE_PIN: Parse<ProfilePin> = ProfilePin::new;

/// Where one of the PINs comes from: a file descriptor, or else the person.
pub(crate) struct Source<P> {
    pin: PinName,
    parse: Parse<P>,
    ready: Option<P>,
    descriptor: Option<File>,
}

impl<P> Source<P> {
    /// Reads the first PIN from the descriptor, if there is one, before any card is touched.
    pub(crate) fn open(
        descriptor: Option<u32>,
        pin: PinName,
        parse: Parse<P>,
        language: Language,
    ) -> Result<Self, Failure> {
        let mut source = Self {
            pin,
            parse,
            ready: None,
            descriptor: None,
        };
        if let Some(number) = descriptor {
            let unreadable = |error| unreadable_descriptor(number, &error, language);
            let file = File::open(format!("/dev/fd/{number}")).map_err(unreadable)?;
            let line = read_line(&file).map_err(unreadable)?.unwrap_or_default();
            source.ready = Some(source.parse(&line, language)?);
            source.descriptor = Some(file);
        }
        Ok(source)
    }

    /// Makes sure that there is a PIN, or somebody who can type it.
    pub(crate) fn check_available(&self, language: Language) -> Result<(), Failure> {
        if self.ready.is_some() || has_terminal() {
            Ok(())
        } else {
            Err(nobody_to_ask(self.pin, language))
        }
    }

    /// The PIN to use now. A person is asked for it where it is not there; `same` is what an empty
    /// line then stands for. Also returns what the person typed.
    pub(crate) fn take(
        &mut self,
        same: Option<&Typed>,
        session: &Session,
    ) -> Result<(P, Option<Typed>), Failure> {
        match self.ready.take() {
            Some(pin) => Ok((pin, None)),
            None => {
                prompt(self.pin, self.parse, same, session).map(|(pin, typed)| (pin, Some(typed)))
            }
        }
    }

    /// Keeps a PIN for the next [`Source::take`].
    pub(crate) fn put_back(&mut self, pin: Option<P>) {
        self.ready = pin;
    }

    /// After a wrong PIN: whether another one can be had. It is the descriptor's next line, or
    /// the person is asked.
    pub(crate) fn another(&mut self, language: Language) -> Result<bool, Failure> {
        let Some(file) = &self.descriptor else {
            return Ok(true);
        };
        match read_line(file) {
            Ok(Some(line)) => {
                self.ready = Some(self.parse(&line, language)?);
                Ok(true)
            }
            Ok(None) | Err(_) => Ok(false),
        }
    }

    fn parse(&self, line: &str, language: Language) -> Result<P, Failure> {
        (self.parse)(line).map_err(|error| Failure::malformed_pin(error, self.pin, language))
    }
}

fn unreadable_descriptor(number: u32, error: &io::Error, language: Language) -> Failure {
    let sentence = match language {
        Language::Ja => format!("ファイル記述子 {number} を読めません: {error}"),
        Language::En => format!("File descriptor {number} cannot be read: {error}"),
    };
    let next_step = language.pick(
        "たとえば `3<ファイル` のようにして渡してください。",
        "Hand it over with, for example, `3<FILE`.",
    );
    Failure::new(Exit::Usage, "pin_descriptor", sentence, next_step)
}

/// One line, byte by byte: what follows it is for the next time. `None` at the end.
fn read_line(mut file: &File) -> io::Result<Option<Typed>> {
    let mut line = Zeroizing::new(String::with_capacity(LINE_MAX));
    let mut byte = Zeroizing::new([0]);
    loop {
        if file.read(&mut *byte)? == 0 {
            return Ok(Some(line).filter(|line| !line.is_empty()));
        }
        match *byte {
            [b'\n'] => return Ok(Some(line)),
            [b'\r'] => {}
            // More than a PIN has makes the line malformed, and so does what is not ASCII.
            [other] if line.len() < LINE_MAX => line.push(char::from(other)),
            _ => return Ok(Some(line)),
        }
    }
}

/// Says how many tries are left, and learns whether the last one may be used.
pub(crate) fn consider_tries(
    status: PinStatus,
    pin: PinName,
    allowed: bool,
    session: &Session,
) -> Result<LastTry, Failure> {
    let language = session.language;
    show_tries(status, pin, session);
    match status {
        PinStatus::Blocked => Err(Failure::card(&CardError::PinBlocked, Some(pin), language)),
        PinStatus::RetriesLeft(1) if allowed || agrees_to_last_try(session) => Ok(LastTry::Allow),
        PinStatus::RetriesLeft(1) => Err(Failure::card(&CardError::LastTry, Some(pin), language)),
        _ => Ok(LastTry::Refuse),
    }
}

fn show_tries(status: PinStatus, pin: PinName, session: &Session) {
    let name = pin.name(session.language);
    let tries = describe(status, session.language);
    let text = format!("{name}: {}", session.progress.strong(&tries));
    let mut event = status_json(status);
    event["event"] = "pin_status".into();
    event["pin"] = pin.word().into();
    session.note(&text, &event);
}

/// A PIN's state in a few words.
pub(crate) fn describe(status: PinStatus, language: Language) -> String {
    match (status, language) {
        (PinStatus::RetriesLeft(left), Language::Ja) => format!("あと{left}回試せます"),
        (PinStatus::RetriesLeft(left), Language::En) => tries_en(left),
        (PinStatus::Blocked, _) => language.pick("ロックされています", "blocked").to_owned(),
        (PinStatus::Verified, _) => language.pick("確認済みです", "already verified").to_owned(),
        (PinStatus::NoCounter, _) => language
            .pick("回数の制限はありません", "no limit of tries")
            .to_owned(),
    }
}

/// A PIN's state for programs.
pub(crate) fn status_json(status: PinStatus) -> Value {
    match status {
        PinStatus::RetriesLeft(left) => json!({"state": "retries_left", "retries_left": left}),
        PinStatus::Blocked => json!({"state": "blocked", "retries_left": 0}),
        PinStatus::Verified => json!({"state": "verified"}),
        PinStatus::NoCounter => json!({"state": "no_counter"}),
    }
}

fn agrees_to_last_try(session: &Session) -> bool {
    let question = session.language.pick(
        "最後の1回です。間違えるとロックされ、市区町村の窓口でしか再設定できません。\n試しますか? 試すときは yes と入力してください: ",
        "This is the last try. If it is wrong the PIN is blocked, and only a municipal office can reset it.\nUse it? Type yes: ",
    );
    ask(question, session).is_some_and(|answer| answer == "yes")
}

/// Whether there is a person to [`ask`].
pub(crate) fn can_ask(session: &Session) -> bool {
    !session.json && io::stdin().is_terminal()
}

/// Asks a person; `None` where there is none.
pub(crate) fn ask(question: &str, session: &Session) -> Option<String> {
    if !can_ask(session) {
        return None;
    }
    session.progress.pause();
    eprint!("{question}");
    let _ = io::stderr().flush();
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).ok()?;
    Some(answer.trim().to_owned())
}

/// Whether PINs can be prompted for: that goes to the terminal itself.
fn has_terminal() -> bool {
    File::options()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .is_ok()
}

/// Prompts until what was typed is a PIN. `same` stands for an empty line.
fn prompt<P>(
    pin: PinName,
    parse: Parse<P>,
    same: Option<&Typed>,
    session: &Session,
) -> Result<(P, Typed), Failure> {
    let language = session.language;
    session.progress.pause();
    let hint = match (same, language) {
        (None, _) => "",
        (Some(_), Language::Ja) => " (同じ番号なら Enter)",
        (Some(_), Language::En) => " (Enter for the same)",
    };
    let question = format!("{}{hint}: ", pin.name(language));
    loop {
        let typed = rpassword::prompt_password(&question).map(Zeroizing::new);
        let typed = typed.map_err(|_| nobody_to_ask(pin, language))?;
        let typed = match same {
            Some(same) if typed.is_empty() => same.clone(),
            _ => typed,
        };
        match parse(&typed) {
            Ok(parsed) => return Ok((parsed, typed)),
            Err(error) => eprintln!("{}", Failure::malformed_pin(error, pin, language).sentence),
        }
    }
}

fn nobody_to_ask(pin: PinName, language: Language) -> Failure {
    let (name, option) = (pin.name(language), pin.option());
    let sentence = match language {
        Language::Ja => format!("{name}が必要ですが、入力できる端末がありません。"),
        Language::En => format!("Needed: {name}. There is no terminal to type it on."),
    };
    let next_step = match language {
        Language::Ja => format!("端末で実行するか、{option} で渡してください。"),
        Language::En => format!("Run this in a terminal, or hand it over by {option}."),
    };
    Failure::new(Exit::Usage, "pin_needed", sentence, next_step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;

    fn descriptor_of(content: &str) -> (File, u32) {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), content).expect("it can be written");
        let file = file.reopen().expect("it can be read");
        let number = u32::try_from(file.as_raw_fd()).expect("descriptors are not negative");
        (file, number)
    }

    fn source(content: &str) -> Result<Source<AuthPin>, Failure> {
        let (_file, number) = descriptor_of(content);
        Source::open(
            Some(number),
            PinName::Authentication,
            AUTH_PIN,
            Language::En,
        )
    }

    #[test]
    fn a_pin_is_one_line_of_a_descriptor() {
        for content in ["1234", "1234\n", "1234\r\n", "1234\n5678\n"] {
            assert!(
                source(content).is_ok_and(|source| source.ready.is_some()),
                "{content:?}"
            );
        }
    }

    #[test]
    fn what_is_not_a_pin_is_refused_before_any_card_is_touched() {
        let endless = "1".repeat(1000);
        for content in [
            "",
            "\n1234",
            "123",
            "12345",
            " 1234",
            "１２３４",
            "12 34",
            &endless,
        ] {
            let failure = source(content).err().expect("not a PIN");
            assert_eq!(failure.exit, Exit::Usage, "{content}");
        }
    }

    #[test]
    fn after_a_wrong_pin_the_next_line_is_the_next_try() {
        let mut source = source("1111\n1234\n").expect("a PIN");
        assert!(source.another(Language::En).expect("a second line"));
        assert!(!source.another(Language::En).expect("no third line"));
    }

    #[test]
    fn a_descriptor_that_is_not_open_is_a_usage_error() {
        let outcome = Source::open(Some(999_999), PinName::Name, PROFILE_PIN, Language::En);
        assert_eq!(outcome.err().expect("not open").code, "pin_descriptor");
    }
}
