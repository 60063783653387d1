//! What is sealed cannot be changed unseen.

use crate::site::{NOW, sites};
use kazasu_service::audit::{Details, Finding, record};

#[tokio::test]
async fn what_was_sealed_is_verified_and_what_was_not_is_told() {
    for site in sites().await {
        assert_eq!(site.verify(None).await.head, None);
        site.fill().await;
        site.record("g").await;
        let report = site.verify(Some("heads")).await;
        assert_eq!(report.findings, []);
        assert_eq!((report.seals, report.events, report.exported), (3, 6, 3));
        assert_eq!(report.head.unwrap().number, 3);
        assert_eq!((report.unsealed, report.unsealed_since), (1, Some(NOW)));
    }
}

#[tokio::test]
async fn every_way_of_tampering_is_seen_where_it_was_done() {
    use Finding::*;
    let cases: &[(&[&'static str], &[Finding])] = &[
        (
            &["UPDATE audit_events SET details = '{}' WHERE seal = 2 AND details LIKE '%\"c\"%'"],
            &[Changed { seal: 2 }],
        ),
        (
            &["UPDATE audit_events SET at = at + 1 WHERE seal = 1"],
            &[Changed { seal: 1 }],
        ),
        (
            &["UPDATE audit_events SET kind = 'x' WHERE seal = 3"],
            &[Changed { seal: 3 }],
        ),
        (
            &["UPDATE audit_events SET details = CASE details
                 WHEN '{\"word\":\"c\"}' THEN '{\"word\":\"d\"}' ELSE '{\"word\":\"c\"}' END
               WHERE seal = 2"],
            &[Changed { seal: 2 }],
        ),
        (
            &["DELETE FROM audit_events WHERE details LIKE '%\"d\"%'"],
            &[Removed {
                seal: 2,
                missing: 1,
            }],
        ),
        (
            &["INSERT INTO audit_events (at, kind, details, seal) VALUES (1, 'x', '{}', 2)"],
            &[Inserted { seal: 2, more: 1 }],
        ),
        (
            &["UPDATE audit_events SET seal = 3 WHERE details LIKE '%\"c\"%'"],
            &[
                Removed {
                    seal: 2,
                    missing: 1,
                },
                Inserted { seal: 3, more: 1 },
            ],
        ),
        (
            &["UPDATE audit_seals SET sealed_at = sealed_at - 60 WHERE number = 2"],
            &[Changed { seal: 2 }, Signature { seal: 2 }],
        ),
        (
            &["UPDATE audit_seals SET signature =
                 (SELECT signature FROM audit_seals WHERE number = 1) WHERE number = 2"],
            &[Signature { seal: 2 }],
        ),
        (
            &["DELETE FROM audit_seals WHERE number = 2"],
            &[SealRemoved { seal: 2 }, WithoutSeal { events: 2 }],
        ),
        (
            &[
                "DELETE FROM audit_events WHERE seal = 2",
                "DELETE FROM audit_seals WHERE number = 2",
            ],
            &[SealRemoved { seal: 2 }],
        ),
        (
            &["UPDATE audit_events SET seal = 9 WHERE seal = 1"],
            &[
                Removed {
                    seal: 1,
                    missing: 2,
                },
                WithoutSeal { events: 2 },
            ],
        ),
    ];
    for (tampering, expected) in cases {
        for site in sites().await {
            site.fill().await;
            for sql in *tampering {
                site.tamper(sql).await;
            }
            assert_eq!(site.findings(None).await, *expected, "{tampering:?}");
        }
    }
}

#[tokio::test]
async fn more_than_one_look_takes_in_is_sealed_and_verified_all_the_same() {
    for site in sites().await {
        let sealer = site.sealer("heads");
        // More events than one seal covers, and more seals than one read of the database.
        let many = site
            .store
            .write(|c| (0..501).try_for_each(|_| record(c, NOW, "tested", &Details::default())));
        many.await.unwrap();
        sealer.seal(NOW).await.unwrap();
        for _ in 0..200 {
            site.record("a").await;
            sealer.seal(NOW).await.unwrap();
        }
        let report = site.verify(Some("heads")).await;
        assert_eq!((report.findings, report.unsealed), (vec![], 0));
        assert_eq!(report.events, 701);
        assert!(report.seals > 201, "one seal cannot cover as much");
        site.tamper("UPDATE audit_events SET at = 0 WHERE seal = 201")
            .await;
        assert_eq!(site.findings(None).await, [Finding::Changed { seal: 201 }]);
    }
}

#[tokio::test]
async fn an_event_that_comes_late_with_a_lower_number_is_sealed_too() {
    for site in sites().await {
        // PostgreSQL hands out numbers by itself, in the order of statements, not of commits.
        if !site.is_sqlite() {
            continue;
        }
        site.record("a").await;
        site.tamper("UPDATE audit_events SET sequence = 10").await;
        let sealer = site.sealer("heads");
        sealer.seal(NOW).await.unwrap();
        site.tamper(
            "INSERT INTO audit_events (sequence, at, kind, details) VALUES (5, 1, 'x', '{}')",
        )
        .await;
        assert_eq!(sealer.seal(NOW).await.unwrap().unwrap().events, 1);
        let report = site.verify(Some("heads")).await;
        assert_eq!((report.unsealed, report.findings), (0, vec![]));
    }
}
