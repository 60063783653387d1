//! The ID token: who tapped, as one relying party knows them. docs/relying-party.md explains each
//! claim.

use crate::app::App;
use crate::failure::Failure;
use crate::ppid::ppid;
use crate::sealed_name;
use crate::settings::RelyingParty;
use crate::store::oidc::Redeemed;
use openidconnect::core::{
    CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, Audience, AuthenticationContextClass, AuthenticationMethodReference,
    EmptyExtraTokenFields, EndUserName, IdTokenClaims, IdTokenFields, IssuerUrl, Nonce,
    StandardClaims, StandardTokenResponse, SubjectIdentifier,
};
use serde::{Deserialize, Serialize};
use std::str::FromStr as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The claims that OpenID Connect does not have.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TapClaims {
    purpose: String,
    mode: String,
    /// The companion read it; the card's signature binds it, but nobody checked its source.
    #[serde(skip_serializing_if = "Option::is_none")]
    name_assurance: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    relink_required: bool,
}

impl AdditionalClaims for TapClaims {}

type Fields = IdTokenFields<
    TapClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type IdToken = openidconnect::IdToken<
    TapClaims,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

/// The answer of the token endpoint.
pub(super) type Tokens = StandardTokenResponse<Fields, CoreTokenType>;

/// The signed ID token of a transaction that was redeemed at `now`.
pub(super) async fn id_token(
    app: &App,
    party: &RelyingParty,
    redeemed: &Redeemed,
    now: i64,
) -> Result<IdToken, Failure> {
    let version = redeemed.subject.pairwise_version;
    let sub = ppid(&app.keys, version, &party.sector, &redeemed.subject_id).await?;
    let claims = claims(app, party, redeemed, sub, now)?;
    // `openidconnect` signs while it waits, and a key in a token takes its time.
    let algorithm = party.id_token_algorithm;
    let signed = app.keys.sign_token(algorithm, &claims, now).await?;
    Ok(IdToken::from_str(&signed).expect("it was made of such claims"))
}

fn claims(
    app: &App,
    party: &RelyingParty,
    redeemed: &Redeemed,
    sub: String,
    now: i64,
) -> Result<IdTokenClaims<TapClaims, CoreGenderClaim>, Failure> {
    let transaction = &redeemed.transaction;
    let open = |sealed| sealed_name::open(&app.keys, &transaction.id, sealed);
    let name = match &transaction.sealed_name {
        None => None,
        Some(sealed) => Some(open(sealed).ok_or(Failure::NameSealed)?),
    };
    let extra = TapClaims {
        purpose: transaction.purpose.to_string(),
        mode: transaction
            .mode
            .map_or_else(String::new, |mode| mode.to_string()),
        name_assurance: name.as_ref().map(|_| "companion".to_owned()),
        relink_required: redeemed.subject.lineage_broken,
    };
    let name = name.map(|name| EndUserName::new(name.to_string()).into());
    // RFC 8176: a smart card, and its PIN.
    let amr = ["sc", "pin"].map(|method| AuthenticationMethodReference::new(method.to_owned()));
    Ok(IdTokenClaims::new(
        IssuerUrl::new(app.settings.origin.clone()).expect("an origin is a URL"),
        vec![Audience::new(party.id.clone())],
        (time(now) + seconds(app.settings.lifetimes.id_token)).into(),
        time(now).into(),
        StandardClaims::new(SubjectIdentifier::new(sub)).set_name(name),
        extra,
    )
    .set_auth_time(Some(time(transaction.auth_time.unwrap_or(now)).into()))
    .set_nonce(Some(Nonce::new(transaction.nonce.clone())))
    .set_auth_context_ref(Some(AuthenticationContextClass::new(app.settings.acr())))
    .set_auth_method_refs(Some(amr.into())))
}

fn time(epoch: i64) -> SystemTime {
    UNIX_EPOCH + seconds(epoch)
}

/// Lifetimes and times of ours are never negative.
pub(super) fn seconds(number: i64) -> Duration {
    Duration::from_secs(number.unsigned_abs())
}
