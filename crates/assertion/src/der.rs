//! A reader of strict DER (X.690 §10 and §11), without copies: just what certificates, OCSP
//! answers and CRLs are made of. One encoding per value, so what is compared byte by byte is
//! compared by meaning.

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
pub(crate) const ENUMERATED: u8 = 0x0a;
pub(crate) const UTF8_STRING: u8 = 0x0c;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;
pub(crate) const PRINTABLE_STRING: u8 = 0x13;
pub(crate) const IA5_STRING: u8 = 0x16;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;

/// The tag `[number]` of a primitive (implicit) field.
pub(crate) const fn primitive(number: u8) -> u8 {
    0x80 | number
}

/// The tag `[number]` of a constructed (explicit) field.
pub(crate) const fn constructed(number: u8) -> u8 {
    0xa0 | number
}

/// Not the DER that was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

pub(crate) type Result<T> = std::result::Result<T, Malformed>;

/// One element: its tag, its contents, and all of it.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) value: &'a [u8],
    pub(crate) whole: &'a [u8],
}

/// What is left of some DER.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.rest.is_empty()
    }

    /// Succeeds when nothing is left.
    pub(crate) fn finish(self) -> Result<()> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(Malformed)
        }
    }

    /// The next element, whatever its tag.
    pub(crate) fn any(&mut self) -> Result<Element<'a>> {
        let (&tag, after_tag) = self.rest.split_first().ok_or(Malformed)?;
        if tag & 0x1f == 0x1f {
            return Err(Malformed); // no field of ours has a tag of more than one octet
        }
        let (&first, after_first) = after_tag.split_first().ok_or(Malformed)?;
        let (length, header) = match first {
            0..=0x7f => (usize::from(first), 2),
            0x81..=0x84 => {
                let count = usize::from(first & 0x0f);
                let octets = after_first.get(..count).ok_or(Malformed)?;
                let length = octets
                    .iter()
                    .fold(0_usize, |sum, &octet| sum << 8 | usize::from(octet));
                if octets[0] == 0 || length < 0x80 {
                    return Err(Malformed); // not the shortest form
                }
                (length, 2 + count)
            }
            _ => return Err(Malformed), // indefinite, reserved or beyond 4 GiB
        };
        let end = header.checked_add(length).ok_or(Malformed)?;
        let whole = self.rest.get(..end).ok_or(Malformed)?;
        self.rest = &self.rest[end..];
        Ok(Element {
            tag,
            value: &whole[header..],
            whole,
        })
    }

    /// The next element, which must have this tag.
    pub(crate) fn element(&mut self, tag: u8) -> Result<Element<'a>> {
        let element = self.any()?;
        if element.tag == tag {
            Ok(element)
        } else {
            Err(Malformed)
        }
    }

    /// The contents of the next element, which must have this tag.
    pub(crate) fn value(&mut self, tag: u8) -> Result<&'a [u8]> {
        Ok(self.element(tag)?.value)
    }

    /// The contents of the next element if it has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>> {
        if self.rest.first() == Some(&tag) {
            self.value(tag).map(Some)
        } else {
            Ok(None)
        }
    }

    /// A reader of the contents of the next element, which must have this tag.
    pub(crate) fn nested(&mut self, tag: u8) -> Result<Reader<'a>> {
        self.value(tag).map(Reader::new)
    }

    /// The content octets of an INTEGER in its shortest form, sign included.
    pub(crate) fn integer(&mut self) -> Result<&'a [u8]> {
        integer(self.value(INTEGER)?)
    }

    /// The content octets of an OBJECT IDENTIFIER.
    pub(crate) fn oid(&mut self) -> Result<&'a [u8]> {
        let value = self.value(OID)?;
        let ends = value.last().is_some_and(|last| last & 0x80 == 0);
        let mut arc_starts = true;
        for octet in value {
            if arc_starts && *octet == 0x80 {
                return Err(Malformed); // an arc with a leading zero
            }
            arc_starts = octet & 0x80 == 0;
        }
        if ends { Ok(value) } else { Err(Malformed) }
    }

    /// A BOOLEAN DEFAULT FALSE: absent is false, and DER does not write the default.
    pub(crate) fn default_false(&mut self) -> Result<bool> {
        match self.optional(BOOLEAN)? {
            None => Ok(false),
            Some([0xff]) => Ok(true),
            Some(_) => Err(Malformed),
        }
    }

    /// The octets of a BIT STRING of whole octets.
    pub(crate) fn octet_aligned_bits(&mut self) -> Result<&'a [u8]> {
        match self.value(BIT_STRING)?.split_first() {
            Some((0, octets)) => Ok(octets),
            _ => Err(Malformed),
        }
    }

    /// A time in one of the two forms that RFC 5280 §4.1.2.5 allows.
    pub(crate) fn time(&mut self) -> Result<Time> {
        let element = self.any()?;
        match element.tag {
            UTC_TIME => Ok(Time {
                unix: utc_time(element.value)?,
                generalized: false,
            }),
            GENERALIZED_TIME => Ok(Time {
                unix: generalized_time(element.value)?,
                generalized: true,
            }),
            _ => Err(Malformed),
        }
    }

    /// The next element if it is a time.
    pub(crate) fn optional_time(&mut self) -> Result<Option<Time>> {
        match self.rest.first() {
            Some(&(UTC_TIME | GENERALIZED_TIME)) => self.time().map(Some),
            _ => Ok(None),
        }
    }
}

/// Reads all of `bytes` with `read`; anything left over is malformed.
pub(crate) fn all<'a, T>(
    bytes: &'a [u8],
    read: impl FnOnce(&mut Reader<'a>) -> Result<T>,
) -> Result<T> {
    let mut reader = Reader::new(bytes);
    let value = read(&mut reader)?;
    reader.finish()?;
    Ok(value)
}

/// Checks that content octets are an INTEGER's (or ENUMERATED's) shortest form.
pub(crate) fn integer(value: &[u8]) -> Result<&[u8]> {
    match value {
        [] | [0x00, 0x00..=0x7f, ..] | [0xff, 0x80..=0xff, ..] => Err(Malformed),
        _ => Ok(value),
    }
}

/// A moment, in seconds since the Unix epoch, and how it was written.
#[derive(Clone, Copy)]
pub(crate) struct Time {
    pub(crate) unix: i64,
    pub(crate) generalized: bool,
}

/// `YYMMDDhhmmssZ`; the years 50–99 are of the last century (RFC 5280 §4.1.2.5.1).
fn utc_time(text: &[u8]) -> Result<i64> {
    let (year, rest) = text.split_at_checked(2).ok_or(Malformed)?;
    let year = digits(year)?;
    moment(if year < 50 { 2000 + year } else { 1900 + year }, rest)
}

/// `YYYYMMDDhhmmssZ`, without fractions (RFC 5280 §4.1.2.5.2).
pub(crate) fn generalized_time(text: &[u8]) -> Result<i64> {
    let (year, rest) = text.split_at_checked(4).ok_or(Malformed)?;
    moment(digits(year)?, rest)
}

fn moment(year: i64, rest: &[u8]) -> Result<i64> {
    let [m1, m2, d1, d2, h1, h2, n1, n2, s1, s2, b'Z'] = *rest else {
        return Err(Malformed);
    };
    let [month, day] = [digits(&[m1, m2])?, digits(&[d1, d2])?];
    let [hour, minute, second] = [digits(&[h1, h2])?, digits(&[n1, n2])?, digits(&[s1, s2])?];
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_in_month = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return Err(Malformed),
    };
    if !(1..=days_in_month).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return Err(Malformed);
    }
    Ok(days_since_epoch(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar. Counting years from March puts the
/// leap day last, so the length of the months before it is linear.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year
        - 719_468
}

fn digits(text: &[u8]) -> Result<i64> {
    text.iter().try_fold(0, |number, octet| {
        if octet.is_ascii_digit() {
            Ok(number * 10 + i64::from(octet - b'0'))
        } else {
            Err(Malformed)
        }
    })
}

/// One element with this tag, its contents put together from `parts`.
pub(crate) fn write(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut bytes = vec![tag];
    if length < 0x80 {
        bytes.push(length as u8);
    } else {
        let octets = length.to_be_bytes();
        let octets = &octets[length.leading_zeros() as usize / 8..];
        bytes.push(0x80 | octets.len() as u8);
        bytes.extend_from_slice(octets);
    }
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_shortest_length_is_read() {
        assert!(Reader::new(&[0x04, 0x01, 0xaa]).value(OCTET_STRING).is_ok());
        for long in [
            &[0x04, 0x81, 0x01, 0xaa][..],
            &[0x04, 0x82, 0x00, 0x01, 0xaa],
            &[0x04, 0x80, 0, 0],
        ] {
            assert!(Reader::new(long).any().is_err());
        }
        let mut bytes = vec![0x04, 0x81, 0x80];
        bytes.extend([0; 0x80]);
        assert_eq!(
            Reader::new(&bytes).value(OCTET_STRING).map(<[u8]>::len),
            Ok(0x80)
        );
        assert!(Reader::new(&bytes[..bytes.len() - 1]).any().is_err());
    }

    #[test]
    fn what_is_written_is_read_back() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000] {
            let contents = vec![7; length];
            let bytes = write(OCTET_STRING, &[&contents]);
            assert_eq!(all(&bytes, |r| r.value(OCTET_STRING)), Ok(&contents[..]));
        }
    }

    #[test]
    fn times_are_counted_from_the_epoch() {
        // `date -u -d … +%s` gave these numbers.
        let times: [(&[u8], i64); 6] = [
            (b"19700101000000Z", 0),
            (b"20251027013542Z", 1_761_528_942),
            (b"20300217145959Z", 1_897_570_799),
            (b"20240229235959Z", 1_709_251_199),
            (b"21000301000000Z", 4_107_542_400),
            (b"99991231235959Z", 253_402_300_799),
        ];
        for (text, unix) in times {
            assert_eq!(generalized_time(text), Ok(unix));
        }
        assert_eq!(
            utc_time(b"491231235959Z"),
            generalized_time(b"20491231235959Z")
        );
        assert_eq!(
            utc_time(b"500101000000Z"),
            generalized_time(b"19500101000000Z")
        );
    }

    #[test]
    fn dates_that_do_not_exist_are_malformed() {
        for text in [
            &b"20250229000000Z"[..],
            b"21000229000000Z",
            b"20251301000000Z",
            b"20250001000000Z",
            b"20250100000000Z",
            b"20250101240000Z",
            b"20250101006000Z",
            b"20250101000060Z",
            b"20250101000000",
            b"202501010000Z",
            b"20250101000000.5Z",
            b"2025010100000\xb0Z",
        ] {
            assert_eq!(generalized_time(text), Err(Malformed), "{text:?}");
        }
    }

    #[test]
    fn integers_and_object_identifiers_have_one_form() {
        for wrong in [&[][..], &[0x00, 0x01], &[0xff, 0x80]] {
            assert!(integer(wrong).is_err());
        }
        for right in [&[0x00][..], &[0x00, 0x80], &[0xff, 0x7f], &[0x80]] {
            assert!(integer(right).is_ok());
        }
        for wrong in [
            &[0x06, 0x00][..],
            &[0x06, 0x02, 0x55, 0x80],
            &[0x06, 0x03, 0x55, 0x80, 0x01],
        ] {
            assert!(Reader::new(wrong).oid().is_err());
        }
        for (bytes, value) in [
            (&[][..], Ok(false)),
            (&[1, 1, 0xff], Ok(true)),
            (&[1, 1, 0], Err(Malformed)),
        ] {
            assert_eq!(Reader::new(bytes).default_false(), value);
        }
    }
}
