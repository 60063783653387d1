//! A server that is down, and recipients that are refused.

use super::*;
use crate::mail::outbox::pause;
use crate::mail::transport::{Outgoing, Smtp, Transport, Trouble};
use kazasu_demo::smtp::Behaviour;
use lettre::transport::smtp::extension::ClientId;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

#[tokio::test]
async fn a_server_that_is_down_for_a_day_loses_nothing_and_gets_nothing_twice() {
    let Some(mut office) = office("down for a day").await else {
        return;
    };
    office.smtp.stop().await.unwrap();
    office.tell("O1", "hanako@mihon.example").await;
    for _ in 0..24 {
        assert_eq!(office.deliver().await, Round::ServerTrouble);
        office.wait(HOUR);
    }
    assert_eq!(office.metric("kazasu_mail_waiting"), "1");
    assert_eq!(
        office.metric("kazasu_mail_oldest_seconds"),
        (23 * HOUR).to_string()
    );
    assert_eq!(office.metric("kazasu_mail_server_troubles_total"), "24");
    office.smtp.start_again().await.unwrap();
    assert_eq!(office.deliver().await, Round::Done);
    office.wait(DAY);
    assert_eq!(office.deliver().await, Round::Done);
    assert_eq!(office.received().len(), 1);
    assert_eq!(office.metric("kazasu_mail_waiting"), "0");
    assert_eq!(office.metric("kazasu_mail_oldest_seconds"), "0");
    assert_eq!(
        office.metric("kazasu_mail_sent_total{notice=\"password\"}"),
        "1"
    );
}

#[tokio::test]
async fn a_recipient_that_is_put_off_gets_its_mail_later_and_others_do_not_wait() {
    let Some(office) = office("put off").await else {
        return;
    };
    let greylisted = Behaviour::RefuseRecipient(Some("taro@mihon.example"), "451 4.7.1 Later");
    office.smtp.behave(greylisted).unwrap();
    office.tell("O1", "taro@mihon.example").await;
    office.tell("O2", "hanako@mihon.example").await;
    // Each pause is twice the one before.
    for pause in [60, 120, 240] {
        assert_eq!(office.deliver().await, Round::Done);
        let tries = office.metric("kazasu_mail_put_off_total");
        office.wait(pause - 1);
        office.deliver().await;
        assert_eq!(office.metric("kazasu_mail_put_off_total"), tries);
        office.wait(1);
    }
    assert_eq!(office.metric("kazasu_mail_put_off_total"), "3");
    assert_eq!(office.received().len(), 1);
    office.smtp.behave(Behaviour::Accept).unwrap();
    office.deliver().await;
    let received = office.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[1].to, ["taro@mihon.example"]);
    assert!(office.audited().await.is_empty());
}

#[test]
fn pauses_grow_to_six_hours() {
    assert_eq!(
        [0, 1, 8, 9, 63, i64::MAX].map(pause),
        [60, 120, 15_360, 21_600, 21_600, 21_600]
    );
}

#[tokio::test]
async fn a_recipient_that_is_refused_is_given_up_and_that_is_told() {
    let Some(office) = office("refused").await else {
        return;
    };
    let unknown = Behaviour::RefuseRecipient(Some("taro@mihon.example"), "550 5.1.1 Unknown");
    office.smtp.behave(unknown).unwrap();
    for (event, address) in [("O1", "taro@mihon.example"), ("O2", "hanako@mihon.example")] {
        office.tell(event, address).await;
    }
    assert_eq!(office.deliver().await, Round::Done);
    office
        .smtp
        .behave(Behaviour::RefuseContent("554 5.7.1 Spam"))
        .unwrap();
    office.tell("O3", "hanako@mihon.example").await;
    office.deliver().await;
    office.smtp.behave(Behaviour::Accept).unwrap();
    office.wait(DAY);
    office.deliver().await;
    assert_eq!(office.received().len(), 1);
    let event =
        |id| format!(r#"mail_given_up {{"event":"{id}","notice":"password","reason":"refused"}}"#);
    assert_eq!(office.audited().await, [event("O1"), event("O3")]);
    let given_up = "kazasu_mail_given_up_total{reason=\"refused\"}";
    assert_eq!(office.metric(given_up), "2");
}

#[tokio::test]
async fn a_mail_is_given_up_after_five_days() {
    let Some(mut office) = office("five days").await else {
        return;
    };
    office
        .smtp
        .behave(Behaviour::RefuseRecipient(None, "452 4.2.2 Full"))
        .unwrap();
    office.tell("O1", "taro@mihon.example").await;
    office.wait(5 * DAY - 1);
    office.deliver().await;
    assert_eq!(office.waiting().await, 1);
    office.wait(HOUR);
    office.deliver().await;
    assert_eq!(office.waiting().await, 0);
    // Likewise if the server cannot be reached.
    office.smtp.stop().await.unwrap();
    office.tell("O2", "taro@mihon.example").await;
    office.wait(5 * DAY);
    office.tell("O3", "taro@mihon.example").await;
    assert_eq!(office.deliver().await, Round::ServerTrouble);
    assert_eq!(office.waiting().await, 1);
    let event =
        |id| format!(r#"mail_given_up {{"event":"{id}","notice":"password","reason":"late"}}"#);
    assert_eq!(office.audited().await, [event("O1"), event("O2")]);
    assert_eq!(
        office.metric("kazasu_mail_given_up_total{reason=\"late\"}"),
        "2"
    );
}

#[tokio::test]
async fn a_server_that_wants_nothing_from_us_costs_no_recipient_their_mail() {
    let Some(office) = office("sender refused").await else {
        return;
    };
    for reply in [
        "550 5.7.1 Sender rejected",
        "421 4.3.2 Closing",
        "451 4.3.0 Later",
    ] {
        office.smtp.behave(Behaviour::RefuseSender(reply)).unwrap();
        office.tell(reply, "hanako@mihon.example").await;
        assert_eq!(office.deliver().await, Round::ServerTrouble, "{reply}");
        // A mail that waits for the server is due as soon as that is tried again.
        office.wait(60);
    }
    let closing = Behaviour::RefuseRecipient(None, "421 4.3.2 Closing");
    office.smtp.behave(closing).unwrap();
    assert_eq!(office.deliver().await, Round::ServerTrouble);
    office.wait(60);
    // None of that made a recipient's pauses longer.
    let greylisted = Behaviour::RefuseRecipient(None, "451 4.7.1 Later");
    office.smtp.behave(greylisted).unwrap();
    assert_eq!(office.deliver().await, Round::Done);
    office.wait(60);
    office.smtp.behave(Behaviour::Accept).unwrap();
    assert_eq!(office.deliver().await, Round::Done);
    assert_eq!(office.received().len(), 3);
    assert!(office.audited().await.is_empty());
}

#[tokio::test]
async fn a_row_of_another_version_is_given_up_and_stops_nothing() {
    let Some(office) = office("another version").await else {
        return;
    };
    for event in ["O1", "O2", "O3"] {
        office.tell(event, "hanako@mihon.example").await;
    }
    let changed = office.store.write(|c| {
        c.execute(
            "UPDATE mails SET kind = 'of_tomorrow' WHERE event = 'O1'",
            &[],
        )?;
        c.execute("UPDATE mails SET details = '{' WHERE event = 'O2'", &[])
    });
    changed.await.unwrap();
    assert_eq!(office.deliver().await, Round::Done);
    assert_eq!(office.received().len(), 1);
    let unreadable = "kazasu_mail_given_up_total{reason=\"unreadable\"}";
    assert_eq!(office.metric(unreadable), "2");
}

/// Hands a mail to a server that answers the recipient's address with `answer`.
async fn recipient_is_answered(answer: &'static str) -> Trouble {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        let mut next = "220 here\r\n";
        while write.write_all(next.as_bytes()).await.is_ok() {
            let Ok(Some(line)) = lines.next_line().await else {
                return;
            };
            next = match line.starts_with("RCPT") {
                true => answer,
                false => "250 yes\r\n",
            };
        }
    });
    let transport = Transport::Smtp(Box::new(Smtp {
        host: "127.0.0.1".to_owned(),
        port,
        tls: None,
        credentials: None,
        hello: ClientId::Domain("mihon.example".to_owned()),
    }));
    let address = "taro@mihon.example".parse().unwrap();
    let outgoing = Outgoing {
        id: "id",
        from: &address,
        to: &address,
        bytes: b"mail",
    };
    let mut session = transport.open().await.unwrap();
    session.send(&outgoing).await.unwrap_err()
}

#[tokio::test]
async fn what_a_server_says_about_a_recipient_is_not_logged() {
    for (answer, said) in [
        ("421 4.7.0 too many for <taro@mihon.example>\r\n", "421"),
        ("<taro@mihon.example> is unwanted\r\n", "RCPT TO"),
        ("2x1 taro@mihon.example\r\n", "RCPT TO"),
    ] {
        let trouble = recipient_is_answered(answer).await;
        let text = anyhow::Error::new(trouble);
        let text = format!("{text:#} {text:?}");
        assert!(text.contains(said) && !text.contains("taro"), "{text}");
    }
}
