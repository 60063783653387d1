use super::*;
use crate::holder::EmptyVerify;

#[test]
fn an_empty_verify_tells_the_counter_and_spends_nothing() {
    let mut card = card();
    for _ in 0..5 {
        assert_eq!(after(&mut card, &[SELECT_JPKI, "00200098"]), 0x63C3);
    }
    assert_eq!(status(&mut card, "0020009B"), 0x63C5);
    assert_eq!(card.pin_counters().verifies, 0);
}

#[test]
fn a_verify_with_le_is_a_wrong_length() {
    assert_eq!(after(&mut card(), &[SELECT_JPKI, "0020009800"]), 0x6700);
}

#[test]
fn third_wrong_pin_blocks_the_card_and_the_right_one_comes_too_late() {
    let mut card = card();
    let wrong = verify(0x98, "0000");
    assert_eq!(after(&mut card, &[SELECT_JPKI, &wrong]), 0x63C2);
    assert_eq!(status(&mut card, &wrong), 0x63C1);
    assert_eq!(status(&mut card, &wrong), 0x63C0);
    assert_eq!(status(&mut card, &verify(0x98, "1234")), 0x6984);
    assert_eq!(status(&mut card, "00200098"), 0x63C0);
    card.power_off();
    assert_eq!(
        after(&mut card, &[SELECT_JPKI, &verify(0x98, "1234")]),
        0x6984
    );
}

#[test]
fn a_card_may_say_blocked_in_isos_words() {
    let mut card = card_with(|holder| holder.behaviour.blocked_is_6983 = true);
    card.set_tries_left(Secret::Authentication, 0);
    assert_eq!(
        after(&mut card, &[SELECT_JPKI, &verify(0x98, "1234")]),
        0x6983
    );
}

#[test]
fn the_right_pin_restores_the_counter() {
    let mut card = card();
    assert_eq!(
        after(&mut card, &[SELECT_JPKI, &verify(0x98, "9999")]),
        0x63C2
    );
    assert_eq!(status(&mut card, &verify(0x98, "1234")), 0x9000);
    assert_eq!(card.tries_left(Secret::Authentication), Some(3));
}

#[test]
fn an_empty_verify_after_login_answers_as_the_switch_says() {
    let login = verify(0x98, "1234");
    let commands = [SELECT_JPKI, &login, "00200098"];
    assert_eq!(after(&mut card(), &commands), 0x9000);
    let mut other = card_with(|holder| {
        holder.behaviour.empty_verify_after_login = EmptyVerify::Counter;
    });
    assert_eq!(after(&mut other, &commands), 0x63C3);
}

#[test]
fn the_card_notices_the_same_wrong_pin_twice_in_a_row() {
    let mut card = card();
    assert_eq!(
        after(&mut card, &[SELECT_JPKI, &verify(0x98, "0000")]),
        0x63C2
    );
    assert_eq!(status(&mut card, &verify(0x98, "1111")), 0x63C1);
    assert_eq!(card.pin_counters().repeated_wrong_pins, 0);
    assert_eq!(status(&mut card, &verify(0x98, "1111")), 0x63C0);
    let seen = PinCounters {
        verifies: 3,
        repeated_wrong_pins: 1,
    };
    assert_eq!(card.pin_counters(), seen);
}

#[test]
fn a_verified_pin_survives_a_warm_reset_only() {
    let sign = format!("802A009733{DIGEST_INFO}{}00", "11".repeat(32));
    let login = [SELECT_JPKI, &verify(0x98, "1234"), &sign];

    let mut reset = card();
    assert_eq!(after(&mut reset, &login), 0x9000);
    reset.warm_reset();
    assert_eq!(after(&mut reset, &[SELECT_JPKI, &sign]), 0x9000);

    let mut off = card();
    assert_eq!(after(&mut off, &login), 0x9000);
    off.power_off();
    assert_eq!(after(&mut off, &[SELECT_JPKI, &sign]), 0x6982);
}

#[test]
fn selecting_another_application_or_the_isd_forgets_the_pin() {
    let sign = format!("802A009733{DIGEST_INFO}{}00", "11".repeat(32));
    for other in [SELECT_PROFILE, SELECT_ISD] {
        let login = verify(0x98, "1234");
        let commands = [SELECT_JPKI, &login, other, SELECT_JPKI, &sign];
        assert_eq!(after(&mut card(), &commands), 0x6982, "{other}");
    }
}

#[test]
fn a_wrong_pin_takes_back_the_right_one() {
    let mut card = card();
    assert_eq!(
        after(&mut card, &[SELECT_JPKI, &verify(0x98, "1234")]),
        0x9000
    );
    assert_eq!(status(&mut card, &verify(0x98, "0000")), 0x63C2);
    let sign = format!("802A009733{DIGEST_INFO}{}00", "11".repeat(32));
    assert_eq!(status(&mut card, &sign), 0x6982);
}

#[test]
fn a_pin_is_changed_only_when_verified() {
    let mut card = card();
    assert_eq!(
        after(&mut card, &[SELECT_JPKI, "002401980434333231"]),
        0x6982
    );
    let login = verify(0x98, "1234");
    assert_eq!(after(&mut card, &[&login, "002401980434333231"]), 0x9000);
    assert_eq!(status(&mut card, &verify(0x98, "1234")), 0x63C2);
    assert_eq!(status(&mut card, &verify(0x98, "4321")), 0x9000);
}

#[test]
fn the_blocked_reference_of_the_profile_is_blocked_from_birth() {
    assert_eq!(after(&mut card(), &[SELECT_PROFILE, "00200092"]), 0x63C0);
}
