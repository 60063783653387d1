//! A letter as it goes over the wire.

use super::letter::Letter;
use lettre::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};
use std::time::{Duration, SystemTime};

/// Whom mails are from.
pub(super) struct Sender {
    pub(super) from: Mailbox,
    pub(super) reply_to: Option<Mailbox>,
}

/// The address, if mail can be sent to it everywhere: ASCII only, since a server that a mail passes
/// on its way need not know anything else.
pub(super) fn parse_address(text: &str) -> Option<Address> {
    text.parse().ok().filter(|_| text.is_ascii())
}

/// The bytes of the mail `id`, the same whenever they are made: a receiver that gets it twice can
/// tell by its Message-ID.
pub(super) fn message(
    sender: &Sender,
    to: Address,
    letter: Letter,
    id: &str,
    queued_at: i64,
) -> Result<Vec<u8>, lettre::error::Error> {
    let queued_at = Duration::from_secs(u64::try_from(queued_at).unwrap_or_default());
    let domain = sender.from.email.domain();
    let header = |name, value| HeaderValue::new(HeaderName::new_from_ascii_str(name), value);
    let mut builder = Message::builder()
        .from(sender.from.clone())
        .to(Mailbox::new(None, to))
        .subject(letter.subject)
        .date(SystemTime::UNIX_EPOCH + queued_at)
        .message_id(Some(format!("<{id}@{domain}>")))
        // RFC 3834: no holiday reply comes to it.
        .raw_header(header("Auto-Submitted", "auto-generated".to_owned()))
        .raw_header(header("Content-Language", letter.languages));
    if let Some(reply_to) = &sender.reply_to {
        builder = builder.reply_to(reply_to.clone());
    }
    let parts = MultiPart::alternative_plain_html(letter.text, letter.html);
    Ok(builder.multipart(parts)?.formatted())
}
