//! What arrives, as Python's email and HTML parsers read it.

use super::*;
use crate::mail::TEXTS;
use kazasu_service::page::{Language, Texts};

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn text_of(key: &str, language: Language) -> String {
    Texts::new(&[TEXTS]).words(language).say(key)
}

#[test]
fn every_text_is_in_both_languages_and_every_notice_has_some() {
    let (both, one) = TEXTS.keys();
    assert!(one.is_empty(), "{one:?}");
    for kind in Kind::ALL {
        let key = format!("mail-{}", kind.as_str());
        assert!(both.contains(&key), "{key}");
        assert!(both.contains(&format!("{key}.what")), "{key}");
        assert_eq!(Kind::from_word(kind.as_str()), Some(kind));
    }
}

#[tokio::test]
async fn every_notice_says_the_same_as_text_and_as_html_in_the_readers_language() {
    let Some(office) = office("every notice").await else {
        return;
    };
    let languages = [None, Some(Language::Japanese), Some(Language::English)];
    let mut expected = Vec::new();
    for kind in Kind::ALL {
        for language in languages {
            let event = format!("{} {language:?}", kind.as_str());
            let recipient = Recipient {
                language,
                ..recipient("hanako@mihon.example")
            };
            office.enqueue(&notice(&event, kind), &recipient).await;
            expected.push((kind, language));
        }
    }
    assert_eq!(office.deliver().await, Round::Done);
    let received = office.received();
    assert_eq!(received.len(), expected.len());
    for (kind, language) in expected {
        let heading = |l| text_of(&format!("mail-{}", kind.as_str()), l);
        let (ja, en) = (heading(Language::Japanese), heading(Language::English));
        let (subject, tags) = match language {
            None => (
                format!("【見本大学】 {ja} / [Mihon University] {en}"),
                "ja, en",
            ),
            Some(Language::Japanese) => (format!("【見本大学】 {ja}"), "ja"),
            Some(Language::English) => (format!("[Mihon University] {en}"), "en"),
        };
        let found = received
            .iter()
            .find(|mail| mail.header("Subject") == Some(subject.as_str()));
        let mail = found.unwrap_or_else(|| panic!("no {subject}"));
        assert_eq!(mail.header("Content-Language"), Some(tags), "{subject}");
        assert!(mail.defects.is_empty(), "{subject}: {:?}", mail.defects);
        assert_eq!(words(&mail.text), mail.html_text, "{subject}");
        let when = match language {
            Some(Language::English) => "4 November 2026, 08:04 (Japan time, UTC+09:00)",
            _ => "2026年11月4日 8:04（日本時間）",
        };
        assert!(mail.html_text.contains(when), "{}", mail.html_text);
        assert!(mail.html_text.contains("Firefox, Android"), "{subject}");
        assert!(mail.html_text.contains("https://desk.mihon.example/"));
        // One page to go to, and nothing that is loaded.
        let pages = tags.split(", ").count();
        let page = "https://portal.example/notice/T0ken".to_owned();
        assert_eq!(mail.links, vec![page; pages], "{subject}");
    }
}

#[tokio::test]
async fn a_mail_has_the_headers_that_machines_look_at() {
    let Some(office) = office("headers").await else {
        return;
    };
    office.tell("O1", "hanako@mihon.example").await;
    office.wait(HOUR);
    office.deliver().await;
    let received = office.received();
    let [mail] = received.as_slice() else {
        panic!("{received:?}");
    };
    assert_eq!(mail.from, "noreply@mihon.example");
    assert_eq!(mail.to, ["hanako@mihon.example"]);
    let header = |name| mail.header(name).unwrap();
    assert_eq!(header("From"), "見本大学 <noreply@mihon.example>");
    assert_eq!(header("To"), "hanako@mihon.example");
    assert_eq!(header("Reply-To"), "desk@mihon.example");
    assert_eq!(header("Auto-Submitted"), "auto-generated");
    assert_eq!(header("Date"), "Tue, 03 Nov 2026 23:05:00 +0000");
    assert!(header("Message-ID").ends_with("@mihon.example>"));
    assert!(mail.raw.is_ascii());
    assert!(mail.raw.lines().all(|line| line.len() <= 998));
}

#[tokio::test]
async fn what_a_mail_says_besides_depends_on_what_happened() {
    let Some(office) = office("details").await else {
        return;
    };
    let mut linked = notice("L1", Kind::Linked);
    linked.details.matures_at = Some(START + DAY);
    let former = Recipient {
        contact_until: Some(START - 10 * DAY),
        ..recipient("before@mihon.example")
    };
    office.enqueue(&linked, &former).await;
    let mut erased = notice("L2", Kind::Erased);
    erased.details.objection = None;
    erased.details.browser.clear();
    office.enqueue(&erased, &recipient("a@mihon.example")).await;
    let mut frozen = notice("F1", Kind::Frozen);
    frozen.details.objection = None;
    office.enqueue(&frozen, &recipient("b@mihon.example")).await;
    office.deliver().await;
    let received = office.received();
    let to = |address: &str| {
        let found = received.iter().find(|mail| mail.to == [address]);
        found.unwrap().html_text.clone()
    };
    let linked = to("before@mihon.example");
    assert!(linked.contains("2026年11月5日 8:05（日本時間）から、このカードで"));
    assert!(linked.contains("until 25 October 2026, 08:05"), "{linked}");
    assert!(linked.contains("「自分ではないので、止める」を押してください"));
    let erased = to("a@mihon.example");
    assert!(erased.contains("操作した端末：不明") && erased.contains("On: an unknown device"));
    assert!(erased.contains("すぐに大学の相談窓口に連絡") && !erased.contains("次のページ"));
    let frozen = to("b@mihon.example");
    assert!(frozen.contains("次にすること") && frozen.contains("support desk"));
    assert!(!frozen.contains("心当たりがないとき"));
}

#[tokio::test]
async fn nothing_that_is_put_in_becomes_markup_or_a_header() {
    let Some(mut office) = office("injection").await else {
        return;
    };
    let evil = "<img src=x>&amp;\r\nBcc: evil@mihon.example\r\n\r\n.\r\nQUIT";
    let both = Bilingual {
        ja: format!("見本\r\nBcc: evil@mihon.example\r\n\r\n{evil}"),
        en: evil.to_owned(),
    };
    let letterhead = Letterhead::new(both, None, Zone::default());
    let delivery = Delivery::Smtp(server_settings(office.smtp.port()));
    let post = Post::new(&settings(delivery), letterhead, &Metrics::new());
    office.post = Arc::new(post.unwrap());
    let mut notice = notice("O1", Kind::Password);
    notice.details.browser = evil.to_owned();
    let whom = recipient("hanako@mihon.example");
    assert_eq!(office.enqueue(&notice, &whom).await, Enqueued::Waiting);
    for address in [
        "hanako@mihon.example\r\nBcc: evil@mihon.example",
        "hanako@mihon.example>\r\nRCPT TO:<evil@mihon.example",
        "hanako@mihon.example, evil@mihon.example",
        "花子@mihon.example",
        "hanako@見本.example",
        "hanako",
        "",
    ] {
        let enqueued = office.enqueue(&notice, &recipient(address)).await;
        assert_eq!(enqueued, Enqueued::NotAnAddress, "{address}");
    }
    assert_eq!(office.deliver().await, Round::Done);
    let received = office.received();
    let [mail] = received.as_slice() else {
        panic!("{received:?}");
    };
    assert_eq!(mail.to, ["hanako@mihon.example"]);
    assert!(mail.header("Bcc").is_none() && mail.defects.is_empty());
    assert_eq!(words(&mail.text), mail.html_text);
    assert!(mail.html_text.contains("<img src=x>&amp; Bcc: evil"));
    assert!(!mail.links.iter().any(|link| link == "x"));
}
