//! The exported heads show what the database alone cannot.

use crate::site::{NOW, sites};
use kazasu_service::audit::Finding;
use std::os::unix::fs::PermissionsExt as _;

const CUT_OFF: [&str; 2] = [
    "DELETE FROM audit_events WHERE seal = 3",
    "DELETE FROM audit_seals WHERE number = 3",
];

#[tokio::test]
async fn a_chain_that_was_cut_off_is_whole_but_the_export_knows_better() {
    for site in sites().await {
        site.fill().await;
        for sql in CUT_OFF {
            site.tamper(sql).await;
        }
        assert_eq!(site.findings(None).await, []);
        let lost = Finding::Lost { line: 3, seal: 3 };
        assert_eq!(site.findings(Some("heads")).await, [lost]);
    }
}

#[tokio::test]
async fn another_end_signed_with_the_right_key_differs_from_the_export() {
    for site in sites().await {
        site.fill().await;
        for sql in CUT_OFF {
            site.tamper(sql).await;
        }
        site.record("something else").await;
        site.sealer("elsewhere").seal(NOW + 1).await.unwrap();
        assert_eq!(site.findings(None).await, []);
        let differs = Finding::Differs { line: 3, seal: 3 };
        assert_eq!(site.findings(Some("heads")).await, [differs]);
    }
}

#[tokio::test]
async fn a_line_of_the_export_that_nobody_signed_is_told() {
    for site in sites().await {
        site.fill().await;
        let text = std::fs::read_to_string(site.export("heads")).unwrap();
        let forged = text.replacen("\"number\":2", "\"number\":4", 1) + "not a head\n";
        std::fs::write(site.export("forged"), forged).unwrap();
        let expected = [
            Finding::ExportSignature { line: 2 },
            Finding::ExportLine { line: 4 },
        ];
        let mut findings = site.findings(Some("forged")).await;
        findings.sort_by_key(|finding| !matches!(finding, Finding::ExportSignature { .. }));
        assert_eq!(findings, expected);
    }
}

#[tokio::test]
async fn what_a_crash_left_of_a_line_is_written_anew() {
    for site in sites().await {
        site.fill().await;
        let whole = std::fs::read_to_string(site.export("heads")).unwrap();
        let torn = &whole[..whole.len() - 20];
        std::fs::write(site.export("heads"), torn).unwrap();
        site.sealer("heads").seal(NOW).await.unwrap();
        let again = std::fs::read_to_string(site.export("heads")).unwrap();
        assert_eq!(again, whole);
    }
}

#[tokio::test]
async fn the_export_is_not_for_everybody() {
    for site in sites().await {
        site.fill().await;
        let mode = std::fs::metadata(site.export("heads"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777 & !0o640, 0);
    }
}

#[tokio::test]
async fn events_stay_sealed_while_the_export_cannot_be_written() {
    for site in sites().await {
        site.record("a").await;
        let blocked = site.export("blocked");
        std::fs::create_dir(&blocked).unwrap();
        let sealer = site.sealer("blocked");
        sealer.seal(NOW).await.unwrap_err();
        assert_eq!(site.verify(None).await.unsealed, 0);
        std::fs::remove_dir(&blocked).unwrap();
        sealer.seal(NOW).await.unwrap();
        assert_eq!(site.findings(Some("blocked")).await, []);
        assert_eq!(site.verify(Some("blocked")).await.exported, 1);
    }
}
