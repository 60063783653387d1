//! The fewest exchanges and bytes the work can be done with, were nothing but speed wanted: no
//! question for the tries left before a PIN is sent, and every short form known to the card.

use kazasu_emulator::field::Totals;

/// Bytes of SELECT with an identifier of ten.
const SELECT: usize = 15;
/// READ BINARY by offset or short file identifier, with Le of one byte, and with Le of three.
const READ: usize = 5;
const READ_EXTENDED: usize = 7;
/// VERIFY with four digits.
const VERIFY: usize = 9;
/// COMPUTE DIGITAL SIGNATURE with a digest of 32 bytes and Le; its answer.
const SIGN: usize = 38;
const SIGNATURE: usize = 256;
/// Status word.
const SW: usize = 2;

/// SELECT, a certificate in reads of 256 bytes, VERIFY, signature.
pub(crate) fn sign_short(certificate: usize) -> Totals {
    let reads = certificate.div_ceil(256);
    Totals {
        exchanges: 3 + reads,
        sent: SELECT + READ * reads + VERIFY + SIGN,
        received: certificate + SIGNATURE + SW * (3 + reads),
    }
}

/// The same with one read in the extended form.
pub(crate) fn sign_extended(certificate: usize) -> Totals {
    Totals {
        exchanges: 4,
        sent: SELECT + READ_EXTENDED + VERIFY + SIGN,
        received: certificate + SIGNATURE + SW * 4,
    }
}

/// SELECT, VERIFY, and a read of the 32 bytes that end with a name of five characters.
pub(crate) fn name() -> Totals {
    Totals {
        exchanges: 3,
        sent: SELECT + VERIFY + READ,
        received: 32 + SW * 3,
    }
}

/// A read of the label, 32 bytes, with the application selected.
pub(crate) fn token_kind() -> Totals {
    Totals {
        exchanges: 1,
        sent: READ,
        received: 32 + SW,
    }
}

/// SELECT of the issuer security domain, whose identifier has seven bytes.
pub(crate) fn leave() -> Totals {
    Totals {
        exchanges: 1,
        sent: SELECT - 3,
        received: SW,
    }
}
