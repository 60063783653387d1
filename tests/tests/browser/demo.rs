//! The browser demo, walked through by `demo.mjs`.

use crate::node;
use kazasu_demo::web::Web;

#[tokio::test]
async fn every_procedure_can_be_tried_in_the_browser_demo() {
    let Some(mut node) = node("demo.mjs") else {
        return;
    };
    let files = tempfile::tempdir().unwrap();
    let web = Web::start(files.path()).await.unwrap();
    node.args([&web.front, &web.portal, &web.phone, &web.sign_in]);
    let walked = node.status().await.expect("node starts");
    assert!(walked.success());
    web.stop().await.unwrap();
}
