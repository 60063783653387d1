//! Protocol Buffers that are none, or say what no companion says.

use crate::grpc::{GRPC, METHODS, path};
use crate::target::{MARK, Target, random};
use crate::wire::{Called, call, framed};
use axum::http::StatusCode;
use kazasu_proto::companion::v1::SubmitAssertionRequest;
use kazasu_statement::Reason;
use prost::Message as _;
use rand::Rng as _;
use tonic::Code;

/// The answer says what is wrong with the request, and carries nothing.
#[track_caller]
fn assert_refused(called: &Called, what: &dyn std::fmt::Debug) {
    assert_eq!(called.http, StatusCode::OK, "{what:?}");
    let code = called.code().expect("a status");
    // A submission that can be read has an outcome.
    if code == Code::Ok {
        let reason = refusal(&called.body);
        let defined = [Reason::StatementMismatch, Reason::TicketUnknown];
        assert!(defined.contains(&reason), "{what:?}: {reason}");
        return;
    }
    let defined = [
        Code::NotFound,
        Code::InvalidArgument,
        Code::Internal, // what tonic says of a message that cannot be read
        Code::OutOfRange,
    ];
    assert!(defined.contains(&code), "{what:?}: {called:?}");
    let unreadable = code == Code::Internal || code == Code::OutOfRange;
    assert!(
        unreadable || called.reason().is_some(),
        "{what:?}: {called:?}"
    );
    assert!(called.body.is_empty(), "{what:?}");
    let status = format!("{:?}", called.status);
    assert!(!status.contains(MARK), "{status}");
}

#[tokio::test]
async fn messages_that_cannot_be_read_are_refused_by_every_method() {
    let target = Target::start().await;
    let before = target.rows();
    let channel = target.channel().await;
    let mark = MARK.as_bytes();
    let field = |key: &[u8], value: &[u8]| [key, &[value.len() as u8], value].concat();
    let messages: Vec<Vec<u8>> = vec![
        // Nothing at all: every field has its default.
        vec![],
        // Field 1, length-delimited: longer than the message, by one, by 2 GiB, by 2^64 - 1.
        [&[0x0A, mark.len() as u8 + 1], mark].concat(),
        [&[0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x07], mark].concat(),
        [
            &[
                0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01,
            ],
            mark,
        ]
        .concat(),
        // Field 1 as a varint, as eight bytes, as four bytes.
        vec![0x08, 0x01],
        [&[0x09][..], &[7; 8]].concat(),
        [&[0x0D][..], &[7; 4]].concat(),
        // A varint of eleven bytes, one that never ends, a key cut off.
        [&[0x08][..], &[0xFF; 11]].concat(),
        vec![0xFF; 32],
        vec![0x0A],
        // Field number 0, wire types 6 and 7, the end of a group that did not begin.
        field(&[0x02], mark),
        vec![0x0E, 1],
        vec![0x0F, 1],
        vec![0x0C],
        // Groups a thousand deep, open and closed.
        vec![0x0B; 1000],
        [vec![0x13; 1000], vec![0x14; 1000]].concat(),
        // Text that is not UTF-8, a NUL, the same field many times, and fields nobody knows.
        field(&[0x0A], &[0xC3, 0x28, 0xFF]),
        field(&[0x0A], b"\0"),
        field(&[0x0A], mark).repeat(500),
        field(&[0xFA, 0x3F], mark).repeat(500),
        [field(&[0x0A], mark), vec![0xFF]].concat(),
    ];
    for method in METHODS {
        for message in &messages {
            let called = call(&channel, &path(method), &[GRPC], framed(message)).await;
            let what = (method, hex::encode(&message[..message.len().min(16)]));
            assert_refused(&called, &what);
        }
    }
    target.assert_unharmed(&before).await;
}

#[tokio::test]
async fn random_bytes_are_refused_by_every_method() {
    let target = Target::start().await;
    let before = target.rows();
    let channel = target.channel().await;
    let mut random = random();
    for method in METHODS {
        for _ in 0..150 {
            let mut message = vec![0; random.random_range(1..600)];
            random.fill(&mut message[..]);
            if random.random_bool(0.5) {
                // A believable beginning, so that not all die at the first byte.
                let length = message.len() as u8 & 0x7F;
                message.splice(..0, [0x0A, length]);
            }
            let called = call(&channel, &path(method), &[GRPC], framed(&message)).await;
            assert_refused(&called, &(method, hex::encode(&message)));
        }
    }
    target.assert_unharmed(&before).await;
}

/// What the last line of defence is for: the caller is the real companion, gone mad.
#[tokio::test]
async fn a_submission_mangled_anywhere_is_refused_with_a_reason() {
    let mut target = Target::start().await;
    target.serves().await;
    let before = target.rows();
    let channel = target.channel().await;
    let mut random = random();
    let good = SubmitAssertionRequest {
        companion_secret: target.secret.clone(),
        challenge: vec![1; 66],
        certificate: vec![0x30; 1500],
        signature: vec![2; 256],
        name: MARK.to_owned(),
    };
    let good = good.encode_to_vec();
    for _ in 0..400 {
        let mut message = good.clone();
        for _ in 0..random.random_range(1..4) {
            let at = random.random_range(0..message.len());
            match random.random_range(0..4) {
                0 => message[at] ^= 1 << random.random_range(0..8),
                1 => message.truncate(at.max(1)),
                2 => message.insert(at, random.random()),
                _ => drop(message.remove(at)),
            }
        }
        let called = call(
            &channel,
            &path("SubmitAssertion"),
            &[GRPC],
            framed(&message),
        )
        .await;
        assert_refused(&called, &hex::encode(&message));
    }
    target.assert_unharmed(&before).await;
}

/// The reason in the answer to a submission.
fn refusal(body: &[u8]) -> Reason {
    use kazasu_proto::companion::v1::SubmitAssertionResponse;
    use kazasu_proto::companion::v1::submit_assertion_response::Outcome;
    let response = SubmitAssertionResponse::decode(&body[5..]).unwrap();
    match response.outcome.unwrap() {
        Outcome::Rejected(reason) => reason.try_into().unwrap(),
        Outcome::Accepted(_) => panic!("nonsense was accepted"),
    }
}
