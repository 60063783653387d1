//! The portal as a client of OpenID Providers: the verifier for taps, the university's sign-in for
//! accounts. What a provider says is checked by the crate `openidconnect`; what is ours is which
//! requests are made and what is demanded of their answers.

mod client;
mod http;
mod sign_in;
mod verifier;

pub(crate) use client::{Begun, OpenIdError};
pub(crate) use sign_in::{SignInProvider, SignedIn};
pub(crate) use verifier::VerifierProvider;
