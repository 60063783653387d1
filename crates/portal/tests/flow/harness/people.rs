//! Who lives in the directory, and their cards.

/// A card, as the verifier knows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Card {
    pub(crate) ppid: &'static str,
    pub(crate) name: &'static str,
}

pub(crate) const TARO: &str = "0123456789";
pub(crate) const HANAKO: &str = "1111111111";
/// A member of staff.
pub(crate) const JIRO: &str = "2222222222";
/// Taro as a member of staff.
pub(crate) const TARO_AT_WORK: &str = "3333333333";
/// Left, and was revoked.
pub(crate) const SABURO: &str = "4444444444";
/// Whose name is what somebody typed to break pages.
pub(crate) const MARKUP: &str = "5555555555";

pub(crate) const TAROS: Card = Card {
    ppid: "ppid-of-taro",
    name: "見本　太郎",
};
/// The one that Taro got after losing the first.
pub(crate) const TAROS_NEW: Card = Card {
    ppid: "new-ppid-of-taro",
    name: "見本　太郎",
};
pub(crate) const HANAKOS: Card = Card {
    ppid: "ppid-of-hanako",
    name: "見本　花子",
};
pub(crate) const JIROS: Card = Card {
    ppid: "ppid-of-jiro",
    name: "見本　次郎",
};
pub(crate) const SABUROS: Card = Card {
    ppid: "ppid-of-saburo",
    name: "見本　三郎",
};
/// A name that would be a script on a page that does not look after it.
pub(crate) const MARKED_UP: Card = Card {
    ppid: "ppid-of-markup",
    name: "見本<script>alert('1')</script>\"&amp;",
};

/// The directory, as it is imported.
pub(crate) const PEOPLE: &str = r#"
{"account": "0123456789", "kind": "student", "names": ["見本　太郎", "MIHON TARO"], "contacts": [{"address": "taro@mail.example", "outside": true}, {"address": "0123456789@mihon.example", "outside": false}], "language": "ja"}
{"account": "1111111111", "kind": "student", "names": ["見本　花子"], "contacts": [{"address": "hanako@mail.example", "outside": true}], "language": "en"}
{"account": "2222222222", "kind": "staff", "names": ["見本　次郎"], "contacts": [{"address": "jiro@mail.example", "outside": true}]}
{"account": "3333333333", "kind": "staff", "names": ["見本　太郎"], "student_account": "0123456789"}
{"account": "4444444444", "kind": "student", "names": ["見本　三郎"], "revoked_at": "2026-10-01T00:00:00+09:00"}
{"account": "5555555555", "kind": "student", "names": ["見本<script>alert('2')</script>\"&amp;"], "contacts": [{"address": "a&b'c@mail.example", "outside": true}]}
"#;
