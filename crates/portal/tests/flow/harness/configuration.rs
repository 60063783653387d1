//! What the portal of these tests is configured with.

pub(super) fn configuration(
    origin: &str,
    database: &str,
    [verifier, sign_in]: [&str; 2],
) -> String {
    let listen = origin.trim_start_matches("http://");
    format!(
        r#"
        origin = "{origin}"
        listen = "{listen}"
        database = "{database}"
        keys = "keys.toml"
        support = {{ ja = "https://desk.example/ja", en = "https://desk.example/en" }}
        verifier = {{ issuer = "{verifier}", client_id = "portal" }}
        mail = {{ smtp = "smtp://127.0.0.1:1", from = "noreply@mihon.example" }}

        [sign_in]
        issuer = "{sign_in}"
        client_id = "kazasu-portal"
        acr_values = ["urn:mfa"]

        [pages]
        institution = {{ ja = "見本大学", en = "Sample University" }}
        "#
    )
}
