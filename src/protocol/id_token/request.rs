//! The request for one check, as it crosses from JavaScript.

use super::{Expectation, Secret, Source};
use crate::protocol::border::{Foreign, import};

/// What is to be checked, and against what. What the core writes for an [`Expectation`] is what is read
/// here; a test holds the two together.
#[derive(Debug)]
pub struct Request<F> {
    /// The ID token.
    pub id_token: Secret,
    /// The provider's key set (RFC 7517 §5).
    pub jwks: F,
    /// What the token must match.
    pub expectation: Expectation,
}

impl<F: Foreign> Request<F> {
    /// Reads `{ idToken, jwks, expectation }`.
    #[must_use]
    pub fn read(from: &F) -> Option<Self> {
        let jwks = from.get("jwks");
        Some(Self {
            id_token: import(&from.get("idToken"))?,
            expectation: expectation(&from.get("expectation"))?,
            jwks: Some(jwks).filter(|jwks| !jwks.is_undefined())?,
        })
    }
}

fn expectation<F: Foreign>(from: &F) -> Option<Expectation> {
    let source = from.get("source");
    let secret = |name: &str| source.get(name).text().map(Secret::new);
    let source = match source.get("kind").text()?.as_str() {
        "response" => {
            Source::Response { nonce: secret("nonce")?, access_token: secret("accessToken")? }
        }
        "renewal" => {
            Source::Renewal { nonce: secret("nonce"), access_token: secret("accessToken")? }
        }
        "session" => Source::Session,
        "authenticate" => Source::Authenticate { access_token: secret("accessToken")? },
        _ => return None,
    };
    // What cannot be read must not mean that all are accepted.
    let algorithms = from.get("algorithms");
    let algorithms = match algorithms.is_undefined() {
        true => None,
        false => Some(import(&algorithms)?),
    };
    Some(Expectation {
        issuer: import(&from.get("issuer"))?,
        client_id: import(&from.get("clientId"))?,
        source,
        algorithms,
        now: import(&from.get("now"))?,
    })
}
