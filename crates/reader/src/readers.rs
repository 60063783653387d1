//! Which readers there are, and choosing one.

use crate::channel::{OpenedReader, Opening};
use crate::libnfc::{self, ChildProgram};
use crate::{ReaderError, kernel, pcsc};
use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// libnfc's own default of 350 ms is too short for a signature.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(10);
/// Looking at several readers means opening each: not more often than this.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// Where to look for readers, and how long to wait for them.
#[derive(Debug, Clone)]
pub struct Settings {
    /// libnfc connection strings. If there are any, libnfc does not scan for more.
    pub connection_strings: Vec<String>,
    /// Whether PC/SC readers are used.
    pub pcsc: bool,
    /// How long a card may take to answer one command. 5 s or more for signatures.
    pub exchange_timeout: Duration,
    /// What to start as the child for libnfc.
    pub child: ChildProgram,
}

impl Settings {
    /// Every kind of reader, and the one that `LIBNFC_DEVICE` names as libnfc's own tools do.
    ///
    /// # Errors
    /// As [`ChildProgram::this`].
    pub fn from_environment() -> io::Result<Self> {
        let device = std::env::var("LIBNFC_DEVICE").ok();
        Ok(Self {
            connection_strings: device
                .filter(|device| !device.is_empty())
                .into_iter()
                .collect(),
            pcsc: true,
            exchange_timeout: EXCHANGE_TIMEOUT,
            child: ChildProgram::this()?,
        })
    }
}

/// The two ways to reach a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReaderKind {
    /// By libnfc; the name is a connection string.
    Libnfc,
    /// By PC/SC.
    PcSc,
}

impl fmt::Display for ReaderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Libnfc => "libnfc",
            Self::PcSc => "pcsc",
        })
    }
}

/// What a look at a reader showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReaderState {
    /// There is no card.
    Empty,
    /// There is a card.
    CardPresent,
    /// Another program uses it.
    InUse,
    /// It cannot be opened.
    Unreachable,
}

impl ReaderState {
    /// The word for it in machine-readable output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::CardPresent => "card",
            Self::InUse => "in_use",
            Self::Unreachable => "unreachable",
        }
    }
}

/// A reader and its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderInfo {
    /// The name to open it by.
    pub name: String,
    /// How it is reached.
    pub kind: ReaderKind,
    /// What a look at it showed.
    pub state: ReaderState,
}

/// Why a reader may be missing from a [`Listing`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// Kernel modules that hold USB readers before libnfc can; blacklist them.
    KernelModules(Vec<&'static str>),
    /// The PC/SC service does not run.
    NoPcscService,
}

/// The readers there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The readers.
    pub readers: Vec<ReaderInfo>,
    /// Why some may be missing.
    pub hints: Vec<Hint>,
}

/// All readers of this machine.
#[derive(Debug, Clone)]
pub struct Readers {
    settings: Settings,
}

impl Readers {
    /// Readers, found as the settings say.
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// Lists the readers and looks at each.
    ///
    /// # Errors
    /// [`ReaderError::Child`] if the process for libnfc cannot be started.
    pub async fn list(&self) -> Result<Listing, ReaderError> {
        let mut readers = Vec::new();
        for name in self.connection_strings().await? {
            let state = self
                .look_at(self.opening(&name, ReaderKind::Libnfc))
                .await?;
            readers.push(ReaderInfo {
                name,
                kind: ReaderKind::Libnfc,
                state,
            });
        }
        let mut hints = Vec::new();
        if self.settings.pcsc {
            match pcsc::list().await {
                Some(found) => readers.extend(found),
                None => hints.push(Hint::NoPcscService),
            }
        }
        let modules = kernel::claiming_modules();
        if !modules.is_empty() {
            hints.push(Hint::KernelModules(modules));
        }
        Ok(Listing { readers, hints })
    }

    /// Opens a reader: the named one, or the only one there is, or the only one on which a card
    /// lies before `wait` is over.
    ///
    /// # Errors
    /// [`ReaderError::NoReader`], [`ReaderError::UnknownReader`], [`ReaderError::SeveralCards`],
    /// [`ReaderError::SeveralReaders`] and what can go wrong on opening.
    pub async fn open(
        &self,
        name: Option<&str>,
        wait: Duration,
    ) -> Result<OpenedReader, ReaderError> {
        let (name, kind) = match name {
            Some(name) => self.find(name).await?,
            None => self.choose(wait).await?,
        };
        OpenedReader::open(self.opening(&name, kind)).await
    }

    async fn find(&self, name: &str) -> Result<(String, ReaderKind), ReaderError> {
        if libnfc::is_connection_string(name) {
            return Ok((name.to_owned(), ReaderKind::Libnfc));
        }
        let known = self.settings.pcsc
            && pcsc::list()
                .await
                .is_some_and(|readers| readers.iter().any(|reader| reader.name == name));
        if known {
            Ok((name.to_owned(), ReaderKind::PcSc))
        } else {
            Err(ReaderError::UnknownReader {
                name: name.to_owned(),
            })
        }
    }

    async fn choose(&self, wait: Duration) -> Result<(String, ReaderKind), ReaderError> {
        let give_up = Instant::now() + wait;
        loop {
            // Looking takes time, and there is nothing to choose where there is only one.
            if let [only] = &self.names().await?[..] {
                return Ok(only.clone());
            }
            let last = Instant::now() >= give_up;
            if let Some(chosen) = choice(self.list().await?.readers, last)? {
                return Ok((chosen.name, chosen.kind));
            }
            sleep(BETWEEN_LOOKS).await;
        }
    }

    async fn names(&self) -> Result<Vec<(String, ReaderKind)>, ReaderError> {
        let strings = self.connection_strings().await?.into_iter();
        let mut names: Vec<_> = strings.map(|name| (name, ReaderKind::Libnfc)).collect();
        if self.settings.pcsc {
            let found = pcsc::list().await.unwrap_or_default();
            names.extend(found.into_iter().map(|reader| (reader.name, reader.kind)));
        }
        Ok(names)
    }

    async fn connection_strings(&self) -> Result<BTreeSet<String>, ReaderError> {
        let configured = &self.settings.connection_strings;
        let names = if configured.is_empty() {
            libnfc::scan(&self.settings.child)
                .await
                .map_err(ReaderError::Child)?
        } else {
            configured.clone()
        };
        Ok(names
            .into_iter()
            .filter(|name| libnfc::is_connection_string(name))
            .collect())
    }

    async fn look_at(&self, opening: Opening) -> Result<ReaderState, ReaderError> {
        let mut reader = match OpenedReader::open(opening).await {
            Ok(reader) => reader,
            Err(ReaderError::InUse { .. }) => return Ok(ReaderState::InUse),
            Err(ReaderError::Gone { .. }) => return Ok(ReaderState::Unreachable),
            Err(error) => return Err(error),
        };
        let state = match reader.wait_for_card(Duration::ZERO).await {
            Ok(_) => ReaderState::CardPresent,
            Err(ReaderError::NoCard { .. }) => ReaderState::Empty,
            Err(ReaderError::InUse { .. }) => ReaderState::InUse,
            Err(_) => ReaderState::Unreachable,
        };
        reader.close().await;
        Ok(state)
    }

    fn opening(&self, name: &str, kind: ReaderKind) -> Opening {
        Opening {
            name: name.to_owned(),
            kind,
            child: self.settings.child.clone(),
            exchange_timeout: self.settings.exchange_timeout,
        }
    }
}

/// The reader that is meant when none is named; `None` to look again, unless it is the `last` look.
fn choice(mut readers: Vec<ReaderInfo>, last: bool) -> Result<Option<ReaderInfo>, ReaderError> {
    fn names(readers: &[ReaderInfo]) -> Vec<String> {
        readers.iter().map(|reader| reader.name.clone()).collect()
    }
    if readers.len() < 2 {
        return readers.pop().map(Some).ok_or(ReaderError::NoReader);
    }
    let (mut with_card, without): (Vec<_>, Vec<_>) = readers
        .into_iter()
        .partition(|reader| reader.state == ReaderState::CardPresent);
    match with_card.len() {
        0 if last => Err(ReaderError::SeveralReaders {
            names: names(&without),
        }),
        0 | 1 => Ok(with_card.pop()),
        _ => Err(ReaderError::SeveralCards {
            names: names(&with_card),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(name: &str, state: ReaderState) -> ReaderInfo {
        ReaderInfo {
            name: name.to_owned(),
            kind: ReaderKind::PcSc,
            state,
        }
    }

    #[test]
    fn the_only_reader_is_chosen_with_or_without_a_card() {
        let only = reader("a", ReaderState::Empty);
        let chosen = choice(vec![only.clone()], false).expect("a choice");
        assert_eq!(chosen, Some(only));
        assert!(matches!(
            choice(Vec::new(), false),
            Err(ReaderError::NoReader)
        ));
    }

    #[test]
    fn a_card_tells_which_of_several_readers_is_meant() {
        let readers = vec![
            reader("a", ReaderState::Empty),
            reader("b", ReaderState::CardPresent),
        ];
        let chosen = choice(readers, false)
            .expect("a choice")
            .expect("not yet none");
        assert_eq!(chosen.name, "b");
    }

    #[test]
    fn cards_on_several_readers_are_named_and_none_is_chosen() {
        let readers = vec![
            reader("a", ReaderState::CardPresent),
            reader("b", ReaderState::Empty),
            reader("c", ReaderState::CardPresent),
        ];
        let Err(ReaderError::SeveralCards { names }) = choice(readers, false) else {
            panic!("one was chosen");
        };
        assert_eq!(names, ["a", "c"]);
    }

    #[test]
    fn several_readers_without_a_card_are_watched_until_the_last_look() {
        let readers = vec![
            reader("a", ReaderState::Empty),
            reader("b", ReaderState::InUse),
        ];
        assert_eq!(choice(readers.clone(), false).expect("no failure"), None);
        let Err(ReaderError::SeveralReaders { names }) = choice(readers, true) else {
            panic!("one was chosen");
        };
        assert_eq!(names, ["a", "b"]);
    }
}
