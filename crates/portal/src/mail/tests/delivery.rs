//! Every mail once, whatever happens around it.

use super::*;
use crate::mail::keep_sending;
use kazasu_demo::smtp::Behaviour;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Instant;

fn message_ids(received: &[Received]) -> BTreeSet<String> {
    let ids = received.iter().map(|mail| mail.header("Message-ID"));
    ids.map(|id| id.unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_crash_before_the_mail_is_noted_sends_it_again_with_the_same_message_id() {
    let Some(office) = office("crash").await else {
        return;
    };
    office.tell("O1", "hanako@mihon.example").await;
    office.smtp.behave(Behaviour::Silence).unwrap();
    let (post, store, now) = (
        office.post.clone(),
        office.store.clone(),
        office.now.clone(),
    );
    let sending = tokio::spawn(async move {
        let clock = move || now.load(Ordering::Relaxed);
        post.deliver(&store, &clock).await.map(drop)
    });
    until("the server got the mail", || office.received().len() == 1).await;
    sending.abort();
    assert!(sending.await.unwrap_err().is_cancelled());
    office.smtp.behave(Behaviour::Accept).unwrap();
    // It may still be under way, so nobody else takes it yet.
    office.wait(60);
    assert_eq!(office.deliver().await, Round::Done);
    assert_eq!(office.received().len(), 1);
    office.wait(HOUR);
    assert_eq!(office.deliver().await, Round::Done);
    let received = office.received();
    assert_eq!(received.len(), 2);
    assert_eq!(message_ids(&received).len(), 1);
    assert_eq!(received[0].header("Date"), received[1].header("Date"));
    office.wait(DAY);
    office.deliver().await;
    assert_eq!(office.received().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_at_once_send_each_mail_once() {
    let Some(office) = office("two workers").await else {
        return;
    };
    for number in 0..40 {
        office
            .tell(&format!("O{number}"), "hanako@mihon.example")
            .await;
    }
    let other = Delivery::Smtp(server_settings(office.smtp.port()));
    let other = Arc::new(post(other, &Metrics::new()));
    let now = office.now.clone();
    let clock = Arc::new(move || now.load(Ordering::Relaxed));
    while office.waiting().await > 0 {
        let workers = [office.post.clone(), other.clone()].map(|post| {
            let (store, clock) = (office.store.clone(), clock.clone());
            tokio::spawn(async move { post.deliver(&store, &*clock).await.unwrap() })
        });
        for worker in workers {
            assert_eq!(worker.await.unwrap(), Round::Done);
        }
    }
    let received = office.received();
    assert_eq!(received.len(), 40);
    assert_eq!(message_ids(&received).len(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_that_wait_keep_nobody_else_waiting() {
    let Some(office) = office("ten thousand").await else {
        return;
    };
    let filled = office.store.write(|c| {
        let whom = recipient("crowd@mihon.example");
        (0..10_000).try_for_each(|number| {
            let notice = notice(&format!("C{number}"), Kind::Linked);
            enqueue(c, &notice, &whom, &key(1), START).map(drop)
        })
    });
    filled.await.unwrap();
    office.wait(1);
    office.tell("O1", "hanako@mihon.example").await;
    let (post, store, now) = (
        office.post.clone(),
        office.store.clone(),
        office.now.clone(),
    );
    let sending = tokio::spawn(async move {
        let clock = move || now.load(Ordering::Relaxed);
        post.deliver(&store, &clock).await.map(drop)
    });
    let to_hanako = |mail: &Received| mail.to == ["hanako@mihon.example"];
    until("the new one arrived", || {
        office.received().iter().any(to_hanako)
    })
    .await;
    let position = office.received().iter().position(to_hanako);
    assert!(position.is_some_and(|at| at < 8), "{position:?}");
    // While they are being sent, others can write, and what they write is sent next.
    office.wait(1);
    office.tell("O2", "taro@mihon.example").await;
    let before = office.received().len();
    let to_taro = |mail: &Received| mail.to == ["taro@mihon.example"];
    until("the next one arrived", || {
        office.received().iter().any(to_taro)
    })
    .await;
    let position = office.received().iter().position(to_taro);
    assert!(position.is_some_and(|at| at < before + 24), "{position:?}");
    sending.abort();
}

#[tokio::test]
async fn people_are_told_in_the_order_given_and_the_newest_event_first() {
    let Some(office) = office("order").await else {
        return;
    };
    let addresses = ["c@mihon.example", "a@mihon.example", "b@mihon.example"];
    for event in ["O1", "O2"] {
        for address in addresses {
            office.tell(event, address).await;
        }
        office.wait(1);
    }
    office.deliver().await;
    let received = office.received();
    let told: Vec<_> = received.iter().map(|mail| mail.to[0].as_str()).collect();
    assert_eq!(told, [addresses, addresses].concat());
    assert!(received[0].header("Date") > received[3].header("Date"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_enqueued_is_sent_at_once() {
    let Some(office) = office("at once").await else {
        return;
    };
    let (post, store, now) = (
        office.post.clone(),
        office.store.clone(),
        office.now.clone(),
    );
    let sending = tokio::spawn(async move {
        let clock = move || now.load(Ordering::Relaxed);
        keep_sending(&post, &store, &clock).await
    });
    let began = Instant::now();
    for number in 0..10 {
        office
            .tell(&format!("O{number}"), "hanako@mihon.example")
            .await;
        office.post.wake();
        until("it arrived", || office.received().len() == number + 1).await;
    }
    // Looking again from time to time would take five seconds for each.
    assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
    sending.abort();
}

#[tokio::test]
async fn a_folder_gets_a_file_for_each_mail() {
    let (store, folder) = store().await;
    let metrics = Metrics::new();
    let mails = folder.path().join("mails");
    let post = post(Delivery::Folder(mails.clone()), &metrics);
    let whom = recipient("hanako@mihon.example");
    let enqueued =
        store.write(move |c| enqueue(c, &notice("O1", Kind::Password), &whom, &key(1), START));
    assert_eq!(enqueued.await.unwrap(), Enqueued::Waiting);
    std::fs::write(&mails, "in the way").unwrap();
    let round = post.deliver(&store, &|| START).await.unwrap();
    assert_eq!(round, Round::ServerTrouble);
    std::fs::remove_file(&mails).unwrap();
    let later = || START + HOUR;
    assert_eq!(post.deliver(&store, &later).await.unwrap(), Round::Done);
    let mode = std::fs::metadata(&mails).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
    let files: Vec<_> = std::fs::read_dir(&mails).unwrap().flatten().collect();
    let [file] = files.as_slice() else {
        panic!("{files:?}");
    };
    let text = std::fs::read_to_string(file.path()).unwrap();
    assert!(file.file_name().to_string_lossy().ends_with(".eml"));
    assert!(text.contains("To: hanako@mihon.example"), "{text}");
}
