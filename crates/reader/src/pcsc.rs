//! PC/SC: blocking calls on a thread per reader.

use crate::link::{Job, Link, Reply, Request, Worker};
use crate::{ReaderInfo, ReaderKind, ReaderState};
use kazasu_card::ChannelLimits;
use pcsc::ffi::DWORD;
use pcsc::{Card, Context, Disposition, Error, Protocols, Scope, ShareMode, State, Transaction};
use std::ffi::{CStr, CString};
use std::io;
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

/// `CM_IOCTL_GET_FEATURE_REQUEST` (PC/SC part 10 §2.2), as pcsc-lite's `reader.h` numbers it.
const GET_FEATURES: DWORD = pcsc::ctl_code(3400);
/// `FEATURE_GET_TLV_PROPERTIES`, PC/SC part 10 §2.3.
const TLV_PROPERTIES: u8 = 0x12;
/// `dwMaxAPDUDataSize`, PC/SC part 10 §2.6.14: 0 means short APDUs only.
const MAX_APDU_DATA_SIZE: u8 = 0x0A;
/// pcscd looks at its readers every 0.4 s (`PCSCLITE_STATUS_POLL_RATE`). Before it has, its books
/// are not to be touched.
const SETTLING: Duration = Duration::from_millis(600);
/// Powering a card costs some tenths of a second: not at each look.
const BETWEEN_REVIVALS: Duration = Duration::from_secs(1);
/// Longest response APDU, extended, with its status word.
const RECEIVE_BUFFER: usize = ChannelLimits::EXTENDED.response;

/// Starts a thread for a reader. Nothing is connected before the first look for a card.
pub(crate) fn open(name: &str) -> io::Result<Link> {
    let name = CString::new(name).map_err(|_| io::ErrorKind::InvalidInput)?;
    let (link, worker) = Link::new();
    thread::Builder::new()
        .name("pcsc".to_owned())
        .spawn(move || {
            let Worker { mut jobs, closed } = worker;
            serve(&name, &mut jobs);
            drop(closed);
        })?;
    Ok(link)
}

/// The PC/SC readers and their states; `None` if the service does not run.
pub(crate) async fn list() -> Option<Vec<ReaderInfo>> {
    tokio::task::spawn_blocking(|| list_now().ok())
        .await
        .ok()
        .flatten()
}

fn list_now() -> Result<Vec<ReaderInfo>, Error> {
    let context = Context::establish(Scope::User)?;
    let names = match context.list_readers_owned() {
        Err(Error::NoReadersAvailable) => Vec::new(),
        names => names?,
    };
    let mut states: Vec<_> = names
        .into_iter()
        .map(|name| pcsc::ReaderState::new(name, State::UNAWARE))
        .collect();
    if !states.is_empty() {
        // With an unknown current state this returns at once.
        context.get_status_change(None, &mut states)?;
    }
    Ok(states.iter().map(info).collect())
}

fn info(reader: &pcsc::ReaderState) -> ReaderInfo {
    let event = reader.event_state();
    let state = if event.intersects(State::UNKNOWN | State::UNAVAILABLE) {
        ReaderState::Unreachable
    } else if event.intersects(State::EXCLUSIVE | State::INUSE) {
        ReaderState::InUse
    } else if event.contains(State::PRESENT) && !event.contains(State::MUTE) {
        ReaderState::CardPresent
    } else {
        ReaderState::Empty
    };
    ReaderInfo {
        name: reader.name().to_string_lossy().into_owned(),
        kind: ReaderKind::PcSc,
        state,
    }
}

fn serve(name: &CStr, jobs: &mut mpsc::Receiver<Job>) {
    let Ok(context) = Context::establish(Scope::User) else {
        return;
    };
    let mut slot = Slot {
        context,
        name,
        lost: None,
        revived: None,
    };
    let mut next = jobs.blocking_recv();
    while let Some(job) = next {
        next = match slot.connect(&job.request) {
            Ok(card) => slot.serve_card(card, job, jobs),
            Err(reply) => {
                let _ = job.answer.send(reply);
                jobs.blocking_recv()
            }
        };
    }
}

/// A reader as this thread knows it.
struct Slot<'a> {
    context: Context,
    name: &'a CStr,
    /// When a card was lost, until the next one is connected.
    lost: Option<Instant>,
    /// When a mute card was last powered anew.
    revived: Option<Instant>,
}

impl Slot<'_> {
    fn connect(&mut self, request: &Request) -> Result<Card, Reply> {
        if !matches!(request, Request::Poll) {
            return Err(Reply::CardLost);
        }
        if self.lost.is_some_and(|at| at.elapsed() < SETTLING) {
            return Err(Reply::NoCard);
        }
        let connected = self
            .context
            .connect(self.name, ShareMode::Exclusive, Protocols::ANY)
            .and_then(|card| self.after_loss(card))
            .or_else(|error| self.revive(error));
        connected.map_err(|error| match error {
            Error::NoSmartcard
            | Error::RemovedCard
            | Error::UnpoweredCard
            | Error::UnresponsiveCard
            | Error::ProtoMismatch => Reply::NoCard,
            Error::SharingViolation => Reply::InUse,
            _ => Reply::ReaderGone,
        })
    }

    /// A card that was lifted for less time than pcscd takes to notice is still powered in its
    /// books only.
    fn after_loss(&mut self, mut card: Card) -> Result<Card, Error> {
        if self.lost.take().is_some() {
            let (exclusive, any) = (ShareMode::Exclusive, Protocols::ANY);
            card.reconnect(exclusive, any, Disposition::UnpowerCard)?;
        }
        Ok(card)
    }

    /// A card that once failed to power up, because it lay badly, stays mute for pcscd until it
    /// is taken away. It may lie well now.
    fn revive(&mut self, error: Error) -> Result<Card, Error> {
        let lately = self
            .revived
            .is_some_and(|at| at.elapsed() < BETWEEN_REVIVALS);
        if error != Error::UnresponsiveCard || lately {
            return Err(error);
        }
        self.revived = Some(Instant::now());
        let protocols = Protocols::UNDEFINED;
        let mut card = self
            .context
            .connect(self.name, ShareMode::Direct, protocols)?;
        let (exclusive, any) = (ShareMode::Exclusive, Protocols::ANY);
        card.reconnect(exclusive, any, Disposition::UnpowerCard)?;
        Ok(card)
    }

    /// Serves one card, found by the job `found`, and returns the job that looks for another.
    fn serve_card(
        &mut self,
        mut card: Card,
        found: Job,
        jobs: &mut mpsc::Receiver<Job>,
    ) -> Option<Job> {
        let limits = limits(&card);
        let next = match card.transaction() {
            Ok(transaction) => {
                let _ = found.answer.send(Reply::Card(limits));
                self.exchange(transaction, limits, jobs)
            }
            Err(error) => {
                let _ = found.answer.send(self.failure(error));
                jobs.blocking_recv()
            }
        };
        // Without power the card forgets which PINs were verified. One that is gone has, and
        // pcscd loses count of insertions if it is told to power nothing off.
        let _ = card.disconnect(match self.lost {
            None => Disposition::UnpowerCard,
            Some(_) => Disposition::LeaveCard,
        });
        next
    }

    fn exchange(
        &mut self,
        mut transaction: Transaction<'_>,
        limits: ChannelLimits,
        jobs: &mut mpsc::Receiver<Job>,
    ) -> Option<Job> {
        let mut buffer = Zeroizing::new(vec![0; RECEIVE_BUFFER]);
        while let Some(Job { request, answer }) = jobs.blocking_recv() {
            let outcome = match request {
                Request::Poll => return Some(Job { request, answer }),
                Request::Transceive { command, .. } => transaction
                    .transmit(&command, &mut buffer)
                    .map(|response| match response {
                        // Some drivers report a card that was pulled away like this.
                        [] => Reply::CardLost,
                        response => Reply::Response(Zeroizing::new(response.to_vec())),
                    }),
                Request::Reset => power_cycle(&mut transaction).map(|()| Reply::Card(limits)),
            };
            let reply = outcome.unwrap_or_else(|error| self.failure(error));
            match reply {
                Reply::CardLost => self.lost = Some(Instant::now()),
                Reply::Card(_) => self.lost = None,
                _ => {}
            }
            // Nobody may wait for it any more; then nobody gets it.
            let _ = answer.send(reply);
        }
        None
    }

    fn failure(&self, error: Error) -> Reply {
        match error {
            Error::InsufficientBuffer => Reply::Garbage(RECEIVE_BUFFER + 1),
            Error::SharingViolation => Reply::InUse,
            // ProtoMismatch: pcscd took the card for a new one and powered it anew.
            Error::NoSmartcard
            | Error::RemovedCard
            | Error::ResetCard
            | Error::UnpoweredCard
            | Error::UnresponsiveCard
            | Error::ProtoMismatch
            | Error::Timeout => Reply::CardLost,
            // A card pulled away in the middle of an exchange looks like this, and so does a
            // reader.
            Error::NotTransacted | Error::CommError | Error::CommDataLost if self.is_listed() => {
                Reply::CardLost
            }
            _ => Reply::ReaderGone,
        }
    }

    fn is_listed(&self) -> bool {
        self.context
            .list_readers_owned()
            .is_ok_and(|names| names.iter().any(|listed| listed.as_c_str() == self.name))
    }
}

fn power_cycle(transaction: &mut Transaction<'_>) -> Result<(), Error> {
    transaction.reconnect(
        ShareMode::Exclusive,
        Protocols::ANY,
        Disposition::UnpowerCard,
    )
}

/// What the reader says it carries. Those that do not say take extended APDUs, or refuse them in
/// a way from which the card crate falls back.
fn limits(card: &Card) -> ChannelLimits {
    if max_apdu_data(card) == Some(0) {
        ChannelLimits::SHORT
    } else {
        ChannelLimits::EXTENDED
    }
}

fn max_apdu_data(card: &Card) -> Option<u32> {
    let mut buffer = [0; 256];
    let features = card.control(GET_FEATURES, &[], &mut buffer).ok()?;
    let code = u32::from_be_bytes(find(features, TLV_PROPERTIES)?);
    let properties = card.control(DWORD::from(code), &[], &mut buffer).ok()?;
    find(properties, MAX_APDU_DATA_SIZE).map(u32::from_le_bytes)
}

/// The four-byte value of a tag in a list of one-byte tags, one-byte lengths and values.
fn find(mut list: &[u8], wanted: u8) -> Option<[u8; 4]> {
    while let [tag, length, rest @ ..] = list {
        let (value, after) = rest.split_at_checked(usize::from(*length))?;
        if *tag == wanted {
            return value.try_into().ok();
        }
        list = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_is_found_among_others() {
        let list = [0x01, 2, 9, 9, 0x0A, 4, 0, 0, 1, 0];
        assert_eq!(find(&list, MAX_APDU_DATA_SIZE), Some([0, 0, 1, 0]));
        assert_eq!(find(&list, 0x01), None);
        assert_eq!(find(&list, 0x02), None);
    }

    #[test]
    fn lying_lengths_in_properties_find_nothing() {
        assert_eq!(find(&[0x0A, 200, 0, 0], MAX_APDU_DATA_SIZE), None);
        assert_eq!(find(&[0x0A], MAX_APDU_DATA_SIZE), None);
    }
}
