//! What the verifier of these tests is configured with.

use super::{OLDER_REDIRECT_URI, OLDER_SECRET_SHA256, REDIRECT_URI, Trust};
use jsonwebtoken::{Algorithm, EncodingKey, jwk::Jwk};
use serde_json::json;

pub(super) fn configuration(port: u16, database: &str, trust: &Trust, key: &EncodingKey) -> String {
    let jwk = Jwk::from_encoding_key(key, Algorithm::ES256).unwrap();
    let jwks = json!({ "keys": [jwk] });
    let Trust {
        anchors,
        authority,
        revocation,
        more,
    } = trust;
    let fingerprint = ["AB"; 32].join(":");
    format!(
        r#"
        origin = "http://127.0.0.1:{port}"
        ticket_origin = "http://localhost:{port}"
        listen = "127.0.0.1:{port}"
        database = "{database}"
        keys = "keys.toml"
        trust = {{ hierarchy = "test", test_anchors = {anchors:?} }}
        revocation = {{ ocsp_url = "{authority}/ocsp"{revocation} }}
        lineage = {{ url = "{authority}/lineage" }}
        {more}

        [[relying_party]]
        id = "portal"
        name = {{ ja = "見本ポータル", en = "Sample portal" }}
        sector = "portal.example"
        redirect_uris = ["{REDIRECT_URI}"]
        jwks = '{jwks}'
        purposes = ["view", "link", "recover"]
        claims = ["name"]
        start_url = "https://portal.example/"

        [[relying_party]]
        id = "nameless"
        name = {{ ja = "名無し", en = "Nameless" }}
        sector = "nameless.example"
        redirect_uris = ["https://nameless.example/"]
        jwks = '{jwks}'
        purposes = ["view"]
        id_token_signed_response_alg = "RS256"

        [[relying_party]]
        id = "desk"
        name = {{ ja = "見本窓口", en = "Sample desk" }}
        sector = "desk.example"
        redirect_uris = ["https://desk.example/"]
        start_url = "https://desk.example/start"
        jwks = '{jwks}'
        purposes = ["counter", "recover"]
        modes = {{ counter = ["local"] }}

        [[relying_party]]
        id = "older"
        name = {{ ja = "年代物", en = "Older" }}
        sector = "older.example"
        redirect_uris = ["{OLDER_REDIRECT_URI}"]
        client_secret_sha256 = "{OLDER_SECRET_SHA256}"
        allow_unpushed_requests = true
        default_purpose = "view"
        purposes = ["view", "link"]

        [pages]
        institution = {{ ja = "見本大学", en = "Sample University" }}

        [apps]
        android = [{{ package = "example.kazasu", sha256_fingerprints = ["{fingerprint}"] }}]
        ios = ["ABCDE12345.example.kazasu"]
        "#
    )
}
