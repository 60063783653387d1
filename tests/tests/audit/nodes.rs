//! Several nodes seal one database.

use crate::site::{NOW, sites};

const EVENTS: u64 = 300;

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_seal_every_event_once_and_export_the_same_heads() {
    for site in sites().await {
        let (one, other) = (site.sealer("one"), site.sealer("other"));
        let write = async {
            for _ in 0..EVENTS {
                site.record("busy").await;
            }
        };
        let sealing = async {
            let mut sealed = 0;
            while sealed < EVENTS {
                let (a, b) = tokio::join!(one.seal(NOW), other.seal(NOW));
                a.unwrap();
                b.unwrap();
                sealed = site.verify(None).await.events;
            }
        };
        tokio::join!(write, sealing);
        // Whoever was not the last to seal has yet to see it.
        one.seal(NOW).await.unwrap();
        other.seal(NOW).await.unwrap();
        let report = site.verify(Some("one")).await;
        assert_eq!(report.findings, []);
        assert_eq!((report.events, report.unsealed), (EVENTS, 0));
        let [one, other] = ["one", "other"].map(|name| std::fs::read(site.export(name)).unwrap());
        assert_eq!(one, other);
    }
}
