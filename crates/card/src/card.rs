//! A card on a channel: exchanges, files, signatures. The applications build on these.

use crate::apdu::{CommandApdu, ResponseApdu};
use crate::error::CardError;
use crate::jpki::Jpki;
use crate::profile::Profile;
use crate::status::StatusWord;
use crate::tlv::Header;
use crate::transceive::{ChannelError, Transceive};
use crate::verify::Probe;
use zeroize::Zeroizing;

/// GlobalPlatform's issuer security domain (GlobalPlatform Card Specification 2.3 §H.1.3, 7 bytes
/// as the card knows it). Selecting it ends every application's security status.
const ISD: [u8; 7] = [0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00];

/// Below this many bytes a longer response is not worth the extended form.
const EXTENDED_WORTHWHILE: usize = 512;
/// Largest certificate accepted from a card; those known are 1,301 to 1,758 bytes.
const CERTIFICATE_MAX: usize = 4096;

/// An elementary file: its identifier. Those used here are ≤ 001E, so that the low five bits are
/// also its short EF identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileId(pub(crate) u8);

impl FileId {
    /// P1 of READ BINARY, P2 of VERIFY and COMPUTE DIGITAL SIGNATURE: bit 8 and the short id.
    pub(crate) fn short_reference(self) -> u8 {
        0x80 | self.0
    }
}

/// A card reached through a channel.
///
/// **Invariant:** at most one exchange is under way, and after one was abandoned (its future
/// dropped) nothing is sent until [`Card::reset`].
#[derive(Debug)]
pub struct Card<T> {
    channel: T,
    in_flight: bool,
    /// The card refused short EF identifiers.
    pub(crate) plain_files: bool,
    /// The card refused the extended form.
    short_only: bool,
    /// The last exchange, if it was an empty VERIFY: what it told still holds.
    pub(crate) probe: Option<Probe>,
}

impl<T: Transceive> Card<T> {
    /// A card that has just been activated.
    pub fn new(channel: T) -> Self {
        Self {
            channel,
            in_flight: false,
            plain_files: false,
            short_only: false,
            probe: None,
        }
    }

    /// Selects the JPKI application (公的個人認証AP).
    ///
    /// # Errors
    /// [`CardError::NotMyNumberCard`] if the card has none.
    pub async fn jpki(&mut self) -> Result<Jpki<'_, T>, CardError> {
        self.select_application(&crate::jpki::AID).await?;
        Ok(Jpki::new(self))
    }

    /// Selects the profile application (券面事項入力補助AP).
    ///
    /// # Errors
    /// [`CardError::NotMyNumberCard`] if the card has none.
    pub async fn profile(&mut self) -> Result<Profile<'_, T>, CardError> {
        self.select_application(&crate::profile::AID).await?;
        Ok(Profile::new(self))
    }

    /// Leaves the card cleanly: selects the issuer security domain, which forgets every verified
    /// PIN. A card keeps that status over disconnection and warm reset otherwise.
    ///
    /// # Errors
    /// The channel's, or [`CardError::UnexpectedStatus`].
    pub async fn leave(&mut self) -> Result<(), CardError> {
        let command = select_by_name(&ISD);
        let response = self.exchange(&command).await?;
        expect_ok(&command, &response)
    }

    /// Activates the card anew. The only way on after an interrupted exchange.
    ///
    /// # Errors
    /// The channel's.
    pub async fn reset(&mut self) -> Result<(), CardError> {
        self.probe = None;
        // Stays in flight if this future is dropped too.
        self.in_flight = true;
        self.channel.reset().await?;
        self.in_flight = false;
        // It may be another card, which knows other forms.
        self.plain_files = false;
        self.short_only = false;
        Ok(())
    }

    /// Gives the channel back.
    pub fn into_channel(self) -> T {
        self.channel
    }

    /// Sends one command, once.
    pub(crate) async fn exchange(
        &mut self,
        command: &CommandApdu,
    ) -> Result<ResponseApdu, CardError> {
        self.probe = None;
        if self.in_flight {
            return Err(ChannelError::Poisoned.into());
        }
        let length = command.to_bytes().len();
        let limit = self.channel.limits().command;
        if length > limit {
            return Err(ChannelError::CommandTooLong { length, limit }.into());
        }
        self.in_flight = true;
        let outcome = self.channel.transceive(command).await;
        self.in_flight = false;
        let response = outcome?;
        let asked = command.expected().unwrap_or(0) as usize;
        if response.data().len() > asked {
            return Err(CardError::Malformed("answer, longer than asked for,"));
        }
        Ok(response)
    }

    async fn select_application(&mut self, aid: &[u8]) -> Result<(), CardError> {
        let command = select_by_name(aid);
        let mut response = self.exchange(&command).await?;
        if response.status() == StatusWord::NO_DIAGNOSIS {
            // A card that has just been powered may answer its first command so (`myna-card`).
            response = self.exchange(&command).await?;
        }
        match response.status() {
            StatusWord::OK => Ok(()),
            status if means_no_such_application(status) => Err(CardError::NotMyNumberCard),
            _ => Err(unexpected(&command, &response)),
        }
    }

    /// Makes `file` current by its identifier.
    pub(crate) async fn select_file(&mut self, file: FileId) -> Result<(), CardError> {
        // SELECT, P1 02: EF under the current DF; P2 0C: no answer data (ISO 7816-4 §11.2.2).
        let command = CommandApdu::new(0x00, 0xA4, 0x02, 0x0C)
            .with_data(&[0x00, file.0])
            .expect("two bytes fit");
        let response = self.exchange(&command).await?;
        expect_ok(&command, &response)
    }

    /// Reads from the start of `file`, up to `length` bytes, and leaves it current.
    pub(crate) async fn read_start(
        &mut self,
        file: FileId,
        length: u32,
    ) -> Result<Zeroizing<Vec<u8>>, CardError> {
        let mut refusal = None;
        if !self.plain_files {
            let by_short_id = CommandApdu::new(0x00, 0xB0, file.short_reference(), 0x00);
            let mut command = by_short_id.clone().expecting(length);
            let mut response = self.exchange(&command).await?;
            if command.is_extended() && refuses_form(&response) {
                command = by_short_id.expecting(256);
                response = self.exchange(&command).await?;
                self.short_only = true;
            }
            if response.status().data_is_valid() {
                return Ok(Zeroizing::new(response.data().to_vec()));
            }
            if !response.status().suggests_plain_form() {
                return Err(unexpected(&command, &response));
            }
            refusal = Some(unexpected(&command, &response));
        }
        self.select_file(file).await.map_err(|e| match e {
            // A file that is not there answers both forms alike: report the first.
            CardError::UnexpectedStatus { .. } => refusal.take().unwrap_or(e),
            other => other,
        })?;
        let data = self.read_on(0, length.min(256)).await?;
        self.plain_files = true;
        Ok(data)
    }

    /// Reads on in the current file.
    pub(crate) async fn read_on(
        &mut self,
        offset: usize,
        length: u32,
    ) -> Result<Zeroizing<Vec<u8>>, CardError> {
        // P1 P2 is a 15-bit offset while bit 8 of P1 is 0 (ISO 7816-4 §11.3.3).
        let [high, low] = u16::try_from(offset)
            .ok()
            .filter(|o| *o <= 0x7FFF)
            .ok_or(CardError::Malformed("file, too long to be read,"))?
            .to_be_bytes();
        let command = CommandApdu::new(0x00, 0xB0, high, low).expecting(length);
        let response = self.exchange(&command).await?;
        if !response.status().data_is_valid() {
            return Err(unexpected(&command, &response));
        }
        Ok(Zeroizing::new(response.data().to_vec()))
    }

    /// Reads a DER element that starts `file`; whatever follows it in the file is left out.
    pub(crate) async fn read_der(&mut self, file: FileId) -> Result<Vec<u8>, CardError> {
        let mut der = self.read_start(file, self.block()).await?;
        let header = Header::parse(&der)
            .ok()
            .filter(|h| h.tag == 0x30 && h.total() <= CERTIFICATE_MAX)
            .ok_or(CardError::Malformed("certificate"))?;
        while der.len() < header.total() {
            let missing = (header.total() - der.len()) as u32;
            let more = self.read_on(der.len(), missing.min(self.block())).await?;
            if more.is_empty() {
                return Err(CardError::Malformed("certificate"));
            }
            der.extend_from_slice(&more);
        }
        der.truncate(header.total());
        Ok(std::mem::take(&mut *der))
    }

    /// The most bytes to ask for at once: the whole channel where it carries more than a short
    /// APDU by far, a short APDU's 256 otherwise.
    fn block(&self) -> u32 {
        let limits = self.channel.limits();
        let most = limits.response.saturating_sub(2);
        if self.short_only || most < EXTENDED_WORTHWHILE {
            most.clamp(1, 256) as u32
        } else {
            most.min(65_536) as u32
        }
    }

    /// COMPUTE DIGITAL SIGNATURE with `key`: tries each (P1, data) form in turn by short id, then
    /// the last one with the key file selected.
    pub(crate) async fn compute_signature(
        &mut self,
        key: FileId,
        forms: &[(u8, &[u8])],
    ) -> Result<Vec<u8>, CardError> {
        let by_short_id = forms
            .iter()
            .map(|(p1, data)| (*p1, key.short_reference(), *data));
        let plain = forms.last().map(|(p1, data)| (*p1, 0x80, *data));
        let skipped = if self.plain_files { forms.len() } else { 0 };
        let mut outcome = Err(CardError::Malformed("signature"));
        for (p1, p2, data) in by_short_id.chain(plain).skip(skipped) {
            if p2 == 0x80 {
                self.select_file(key).await?;
            }
            let command = CommandApdu::new(0x80, 0x2A, p1, p2)
                .with_data(data)
                .expect("a digest fits")
                .expecting(256);
            let response = self.exchange(&command).await?;
            if response.status() == StatusWord::OK {
                return Ok(response.data().to_vec());
            }
            let refused = response.status().suggests_plain_form();
            outcome = Err(unexpected(&command, &response));
            if !refused {
                break;
            }
        }
        outcome
    }
}

/// SELECT by name, no answer data (ISO 7816-4 §11.2.2).
fn select_by_name(aid: &[u8]) -> CommandApdu {
    CommandApdu::new(0x00, 0xA4, 0x04, 0x0C)
        .with_data(aid)
        .expect("an AID fits")
}

/// What cards without the application answer: 6A82 by the book, and what others were seen or are
/// allowed to say to an unknown name.
fn means_no_such_application(status: StatusWord) -> bool {
    let [sw1, _] = status.to_bytes();
    matches!(sw1, 0x6A | 0x6D | 0x6E) || matches!(u16::from(status), 0x6700 | 0x6999)
}

fn refuses_form(response: &ResponseApdu) -> bool {
    response.status().suggests_plain_form()
        || response.status() == StatusWord::CONDITIONS
        || response.status() == StatusWord::INSTRUCTION_NOT_SUPPORTED
}

fn expect_ok(command: &CommandApdu, response: &ResponseApdu) -> Result<(), CardError> {
    if response.status() == StatusWord::OK {
        Ok(())
    } else {
        Err(unexpected(command, response))
    }
}

pub(crate) fn unexpected(command: &CommandApdu, response: &ResponseApdu) -> CardError {
    CardError::UnexpectedStatus {
        command: command.header(),
        sw: response.status(),
    }
}
