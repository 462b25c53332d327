//! The request for one check, as it crosses from JavaScript.

use super::{Expectation, Secret, Source};
use crate::protocol::units::EpochSeconds;
use serde_json::Value;

/// What is to be checked, and against what.
///
/// Read by hand: the derived readers of these types would add a tenth to the wasm module. What
/// serde writes for an [`Expectation`] is what is read here; a test holds the two together.
#[derive(Debug)]
pub struct Request {
    /// The ID token.
    pub id_token: Secret,
    /// The provider's key set (RFC 7517 §5).
    pub jwks: Value,
    /// What the token must match.
    pub expectation: Expectation,
}

impl Request {
    /// Reads `{ idToken, jwks, expectation }`.
    #[must_use]
    pub fn from_json(json: &str) -> Option<Self> {
        let mut value: Value = serde_json::from_slice(json.as_bytes()).ok()?;
        let id_token = Secret::new(text(&value, "idToken")?);
        let expectation = expectation(value.get("expectation")?)?;
        let jwks = value.get_mut("jwks")?.take();
        Some(Self { id_token, jwks, expectation })
    }
}

fn expectation(value: &Value) -> Option<Expectation> {
    let source = value.get("source")?;
    let access_token = || text(source, "accessToken").map(Secret::new);
    let source = match text(source, "kind")? {
        "response" => {
            Source::Response { nonce: text(source, "nonce")?.into(), access_token: access_token()? }
        }
        "renewal" => Source::Renewal {
            nonce: text(source, "nonce").map(Secret::new),
            access_token: access_token()?,
        },
        "session" => Source::Session,
        "authenticate" => Source::Authenticate { access_token: access_token()? },
        _ => return None,
    };
    let algorithms = match value.get("algorithms") {
        None => None,
        Some(names) => {
            let names = names.as_array()?.iter().map(|name| name.as_str().map(str::to_owned));
            Some(names.collect::<Option<Vec<String>>>()?)
        }
    };
    Some(Expectation {
        issuer: text(value, "issuer")?.to_owned(),
        client_id: text(value, "clientId")?.to_owned(),
        source,
        algorithms,
        now: EpochSeconds(value.get("now")?.as_u64()?),
    })
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}
