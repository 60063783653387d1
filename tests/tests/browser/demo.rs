//! The browser demo, walked through by `demo.mjs`.

use crate::{chromium, folder, packages};
use kazasu_demo::web::Web;
use kazasu_tests::not_run;
use tokio::process::Command;

#[tokio::test]
async fn every_procedure_can_be_tried_in_the_browser_demo() {
    let (Some(packages), Some(chromium)) = (packages(), chromium()) else {
        let needed = "needs Chromium and the packages of tests/browser (./dev setup)";
        not_run("demo.mjs", needed);
        return;
    };
    let files = tempfile::tempdir().unwrap();
    let web = Web::start(files.path()).await.unwrap();
    let walked = Command::new("node")
        .arg(folder().join("demo.mjs"))
        .args([&web.front, &web.portal, &web.phone, &web.sign_in])
        .env("KAZASU_NODE", packages)
        .env("KAZASU_CHROMIUM", chromium)
        .kill_on_drop(true)
        .status();
    let walked = walked.await.expect("node starts");
    assert!(walked.success());
    web.stop().await.unwrap();
}
