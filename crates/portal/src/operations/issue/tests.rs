use super::*;
use std::sync::atomic::{AtomicI64, Ordering};

const NOON: i64 = 1_793_747_100;

fn issued() -> Arc<Issued> {
    Arc::new(Issued {
        account: AccountId::parse("0123456789", None).unwrap(),
        secret: IssuedSecret::ChosenPassword,
    })
}

/// Whether a second click that comes at noon gets what the first one got that ends at `end`, where
/// `late` seconds pass until the second one goes on.
async fn second_click_gets_it(end: i64, late: i64) -> bool {
    let issuing = Issuing::default();
    let kind = OperationKind::Password;
    let Err(first) = issuing.join(&("procedure".to_owned(), kind.as_str())) else {
        panic!("nobody was first");
    };
    let time = Arc::new(AtomicI64::new(NOON));
    let clock: Clock = {
        let time = time.clone();
        Arc::new(move || time.load(Ordering::SeqCst))
    };
    let second = issuing.second_click("procedure", kind, &clock);
    // Polled in this order: the second click waits before the first one ends.
    let (second, ()) = tokio::join!(second, async {
        time.store(end + late, Ordering::SeqCst);
        first.send_replace(Some((Ok(issued()), end)));
    });
    second.is_some()
}

#[tokio::test]
async fn a_second_click_waits_for_the_first_one_however_long_that_takes() {
    for seconds in [0, 1, 4, 60] {
        assert!(second_click_gets_it(NOON + seconds, 0).await, "{seconds}");
    }
}

#[tokio::test]
async fn a_secret_is_shown_again_for_some_seconds_from_when_it_was_first() {
    assert!(second_click_gets_it(NOON, SECOND_CLICK).await);
    assert!(!second_click_gets_it(NOON, SECOND_CLICK + 1).await);
    assert!(!second_click_gets_it(NOON, -1).await);
}
