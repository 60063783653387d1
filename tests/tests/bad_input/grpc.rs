//! gRPC that is none: frames, headers, methods.

use crate::target::{MARK, Target};
use crate::wire::{call, framed};
use axum::http::StatusCode;
use kazasu_proto::companion::v1::ClaimTicketRequest;
use prost::Message as _;
use tonic::Code;

pub(crate) const METHODS: [&str; 6] = [
    "ClaimTicket",
    "StartPairing",
    "WatchTransaction",
    "BeginAssertion",
    "SubmitAssertion",
    "Cancel",
];

pub(crate) fn path(method: &str) -> String {
    format!("/kazasu.companion.v1.CompanionService/{method}")
}

pub(crate) const GRPC: (&str, &str) = ("content-type", "application/grpc");

fn marked() -> Vec<u8> {
    let ticket = MARK.to_owned();
    ClaimTicketRequest { ticket }.encode_to_vec()
}

#[tokio::test]
async fn frames_that_are_none_are_refused_by_every_method() {
    let target = Target::start().await;
    let before = target.rows();
    let channel = target.channel().await;
    let good = framed(&marked());
    let mut long = good.clone();
    long[1..5].copy_from_slice(&u32::MAX.to_be_bytes());
    let mut one_more = good.clone();
    one_more[4] += 1;
    let mut compressed = good.clone();
    compressed[0] = 1;
    let mut strange = good.clone();
    strange[0] = 0xFF;
    let frames = [
        Vec::new(),
        vec![0],
        vec![0; 4],
        good[..good.len() - 1].to_vec(),
        long,
        one_more,
        compressed,
        strange,
        [&good[..], &good[..3]].concat(),
        vec![0xFF; 64],
    ];
    for method in METHODS {
        for frame in &frames {
            let called = call(&channel, &path(method), &[GRPC], frame.clone()).await;
            assert_eq!(called.http, StatusCode::OK, "{method} {frame:?}");
            let code = called.code().expect("a status");
            assert_ne!(code, Code::Ok, "{method} {frame:?}");
            assert!(called.body.is_empty(), "{method} {frame:?}");
            let status = format!("{:?}", called.status);
            assert!(!status.contains(MARK), "{method}: {status}");
        }
    }
    target.assert_unharmed(&before).await;
}

#[tokio::test]
async fn methods_types_and_encodings_that_are_unknown_are_said_to_be_so() {
    let target = Target::start().await;
    let before = target.rows();
    let channel = target.channel().await;
    for method in [
        "Nothing",
        MARK,
        "claimticket",
        "ClaimTicket/",
        "ClaimTicket%00",
    ] {
        let called = call(&channel, &path(method), &[GRPC], framed(&marked())).await;
        let refused =
            called.http == StatusCode::NOT_FOUND || called.code() == Some(Code::Unimplemented);
        assert!(refused, "{method}: {called:?}");
    }
    for service in [
        "/kazasu.companion.v1.Nothing/Do",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    ] {
        let called = call(&channel, service, &[GRPC], framed(&[])).await;
        assert_eq!(called.http, StatusCode::NOT_FOUND, "{service}: {called:?}");
    }
    for kind in ["application/json", "text/plain", "application/grpcx"] {
        let headers = [("content-type", kind)];
        let called = call(&channel, &path("ClaimTicket"), &headers, framed(&marked())).await;
        let refused =
            called.http.is_client_error() || called.code().is_some_and(|code| code != Code::Ok);
        assert!(refused, "{kind}: {called:?}");
    }
    let mut compressed = framed(&marked());
    compressed[0] = 1;
    for encoding in ["gzip", "zstd", MARK] {
        let headers = [GRPC, ("grpc-encoding", encoding)];
        let called = call(&channel, &path("ClaimTicket"), &headers, compressed.clone()).await;
        assert_eq!(called.code(), Some(Code::Unimplemented), "{encoding}");
    }
    for timeout in ["", "S", "-1S", "99999999999H", "1x", "１S"] {
        let headers = [GRPC, ("grpc-timeout", timeout)];
        let called = call(&channel, &path("ClaimTicket"), &headers, framed(&marked())).await;
        assert_eq!(called.code(), Some(Code::NotFound), "{timeout}: {called:?}");
    }
    target.assert_unharmed(&before).await;
}

#[tokio::test]
async fn a_second_message_in_a_call_for_one_counts_for_nothing() {
    let target = Target::start().await;
    let before = target.rows();
    let channel = target.channel().await;
    let ticket = target.ticket.clone();
    let real = framed(&ClaimTicketRequest { ticket }.encode_to_vec());
    let both = [framed(&marked()), real].concat();
    let called = call(&channel, &path("ClaimTicket"), &[GRPC], both).await;
    assert_ne!(called.code(), Some(Code::Ok), "{called:?}");
    target.assert_unharmed(&before).await;
}
