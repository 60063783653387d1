//! Another site makes a person's browser send our forms, shows our pages in its frame, or borrows
//! our address to send people elsewhere.

use crate::harness::{Browser, REDIRECT_URI};
use crate::stage::{FORMS, Stage, rows};
use crate::world::World;
use reqwest::header::{CONTENT_SECURITY_POLICY, COOKIE, HOST, LOCATION, ORIGIN};
use reqwest::{Method, StatusCode};

#[tokio::test]
async fn no_form_is_taken_from_another_site_at_any_stage() {
    let world = World::start().await;
    let origin = &world.server.origin;
    let port = origin.rsplit_once(':').unwrap().1;
    let neighbour = format!("http://evil.127.0.0.1.example:{port}");
    let https = origin.replace("http:", "https:");
    let longer = format!("{origin}.evil.example");
    let senders: [&[(&str, &str)]; 11] = [
        &[],
        &[("origin", "null")],
        &[("origin", "https://evil.example")],
        &[("origin", &neighbour)],
        &[("origin", &https)],
        &[("origin", &longer)],
        &[("origin", REDIRECT_URI)],
        &[("sec-fetch-site", "cross-site"), ("origin", origin)],
        &[("sec-fetch-site", "same-site"), ("origin", origin)],
        &[("sec-fetch-site", "none"), ("origin", origin)],
        &[("referer", origin)],
    ];
    for stage in Stage::ALL
        .into_iter()
        .filter(|stage| *stage != Stage::Expired)
    {
        let scene = stage.reach(&world).await;
        let cookie = scene.browser.cookie.clone().unwrap();
        let before = rows(&world);
        for sender in senders {
            for (form, fields) in FORMS {
                let url = format!("{}/{form}", scene.page);
                let mut request = world.server.http.post(url).header(COOKIE, &cookie);
                for (name, value) in sender {
                    request = request.header(*name, *value);
                }
                let answer = request.form(fields).send().await.unwrap();
                let status = answer.status();
                assert_eq!(status, StatusCode::FORBIDDEN, "{stage:?} {form} {sender:?}");
                assert!(answer.headers().get(LOCATION).is_none());
            }
        }
        assert_eq!(rows(&world), before, "{stage:?}");
    }
}

#[tokio::test]
async fn no_form_works_as_a_link() {
    let world = World::start().await;
    let scene = Stage::Claimed.reach(&world).await;
    let cookie = scene.browser.cookie.clone().unwrap();
    let before = rows(&world);
    for (form, fields) in FORMS {
        for method in [
            Method::GET,
            Method::HEAD,
            Method::PUT,
            Method::DELETE,
            Method::OPTIONS,
        ] {
            let url = format!("{}/{form}", scene.page);
            let request = world.server.http.request(method.clone(), url).query(fields);
            let request = request.header(COOKIE, &cookie);
            let request = request.header(ORIGIN, &world.server.origin);
            let answer = request.send().await.unwrap();
            let leads = answer
                .headers()
                .get(LOCATION)
                .map(|to| to.to_str().unwrap());
            match method {
                // A form's address that is reloaded shows the page; a mere look shows nothing.
                Method::GET => assert_eq!(leads, Some(&*scene.page), "{form}"),
                Method::HEAD => assert_eq!(leads, None, "{form}"),
                _ => {
                    let status = answer.status();
                    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{method} {form}");
                }
            }
        }
    }
    assert_eq!(rows(&world), before);
}

#[tokio::test]
async fn no_page_can_be_put_into_a_frame() {
    let world = World::start().await;
    for stage in Stage::ALL {
        let scene = stage.reach(&world).await;
        let cookie = scene.browser.cookie.clone().unwrap();
        let nothing = format!("{}/nothing/here", world.server.origin);
        let unknown = format!("{}/tap/unknown", world.server.origin);
        let addresses = [&scene.page, &nothing, &unknown];
        for url in scene.addresses.iter().chain(addresses) {
            let request = world.server.http.get(url).header(COOKIE, &cookie);
            let answer = request.send().await.unwrap();
            let is_page = answer.headers().get("content-type");
            let is_page = is_page.is_some_and(|kind| kind.to_str().unwrap().contains("html"));
            if is_page {
                let policy = answer.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
                assert!(policy.contains("frame-ancestors 'none'"), "{url}: {policy}");
                assert!(policy.contains("default-src 'none'"), "{url}: {policy}");
                assert!(!policy.contains("unsafe-"), "{url}: {policy}");
            }
            assert_eq!(
                answer.headers()["x-content-type-options"],
                "nosniff",
                "{url}"
            );
            // Pages let their own forms say where they come from; nothing leaves for other sites.
            let referrer = if is_page {
                "same-origin"
            } else {
                "no-referrer"
            };
            assert_eq!(answer.headers()["referrer-policy"], referrer, "{url}");
        }
    }
}

#[tokio::test]
async fn the_authorization_endpoint_sends_nobody_to_an_address_from_its_own_link() {
    let world = World::start().await;
    let server = &world.server;
    let evil = "https://evil.example/";
    let good = server.authorization(&[]).await;
    let handle = "urn:ietf:params:oauth:request_uri:";
    let urls = [
        format!(
            "{}/oidc/authorize?client_id=portal&redirect_uri={evil}",
            server.origin
        ),
        format!(
            "{}/oidc/authorize?client_id=portal&response_type=code&scope=openid&prompt=none&redirect_uri={evil}&purpose=view&nonce=n",
            server.origin
        ),
        format!(
            "{}/oidc/authorize?client_id=portal&request_uri={evil}",
            server.origin
        ),
        format!(
            "{}/oidc/authorize?client_id=portal&request_uri={handle}",
            server.origin
        ),
        format!(
            "{}/oidc/authorize?client_id={evil}&request_uri={handle}x",
            server.origin
        ),
    ];
    for url in urls {
        let shown = Browser::new(server).get(&url).await;
        let location = shown.location.unwrap_or_default();
        assert!(!location.contains("evil"), "{url} leads to {location}");
        // The page may link to itself in the other language, with all of its own address.
        for lead in ["href=\"http", "url=http", "action=\"http", "src=\"http"] {
            let evil = format!("{lead}s://evil");
            assert!(!shown.html.contains(&evil), "{url}");
        }
        assert!(shown.status.is_client_error(), "{url}: {}", shown.status);
    }
    // What is added to a good link does not count either.
    let mut browser = Browser::new(server);
    let url = format!("{good}&redirect_uri={evil}&state=evil&prompt=none");
    let page = browser.get(&url).await.location.unwrap();
    assert!(
        page.starts_with(&format!("{}/tap/", server.origin)),
        "{page}"
    );
    let back = browser.post(&format!("{page}/cancel"), &[]).await;
    let back = back.location.unwrap();
    assert!(
        back.starts_with(REDIRECT_URI) && !back.contains("evil"),
        "{back}"
    );
}

#[tokio::test]
async fn no_address_of_ours_leads_elsewhere_whatever_the_host_header_says() {
    let world = World::start().await;
    let origin = &world.server.origin;
    for path in [
        "/return/https:%2F%2Fevil.example",
        "/return//evil.example",
        "//evil.example/return/x",
        "/t//evil.example",
        "/tap//evil.example",
        "/tap/https:%2F%2Fevil.example/",
    ] {
        let mut browser = world.server.begin(&[]).await.0;
        let shown = browser.get(&format!("{origin}{path}")).await;
        assert_eq!(shown.location, None, "{path}");
        assert!(!shown.html.contains("evil"), "{path}");
    }
    let scene = Stage::Accepted.reach(&world).await;
    let return_url = &scene.addresses[0];
    let request = world.server.http.get(return_url);
    let request = request.header(COOKIE, scene.browser.cookie.unwrap());
    let request = request.header(HOST, "evil.example");
    let request = request.header("x-forwarded-host", "evil.example");
    let request = request.header("forwarded", "host=evil.example;proto=https");
    let answer = request.send().await.unwrap();
    if let Some(location) = answer.headers().get(LOCATION) {
        assert_eq!(location.to_str().unwrap(), scene.page);
    }
}
