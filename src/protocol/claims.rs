//! What a checked ID token says about the user and the authentication.

use super::units::EpochSeconds;
use serde::{Deserialize, Serialize};

/// The claims of an ID token whose signature, issuer, audience, nonce and times have been checked
/// (OpenID Connect Core §2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claims {
    /// The issuer, equal to the configured one.
    pub iss: String,
    /// The subject.
    pub sub: String,
    /// The authentication context; some providers send a list.
    pub acr: Vec<String>,
    /// The authentication methods (RFC 8176).
    pub amr: Vec<String>,
    /// When the user authenticated: NumericDate, a fraction floored. Unjudged: may be zero,
    /// negative, or in the future.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// When the token was issued.
    pub iat: EpochSeconds,
    /// When the token expires.
    pub exp: EpochSeconds,
}

/// What the ID token must match, and the time to judge it by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Expectation {
    /// The configured issuer, compared exactly.
    pub issuer: String,
    /// The client, which must be in the audience.
    pub client_id: String,
    /// Where the token comes from.
    pub source: Source,
    /// The signature algorithms that the app accepts, by their names; every one that can be checked,
    /// where it does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithms: Option<Vec<String>>,
    /// The time now.
    pub now: EpochSeconds,
}

/// Where an ID token comes from, which decides what more it must match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Source {
    /// The token endpoint's answer in this transaction.
    #[serde(rename_all = "camelCase")]
    Response {
        /// The nonce that was sent (OpenID Connect Core §3.1.3.7, step 11).
        nonce: super::secret::Secret,
        /// The access token that came with it, for `at_hash` (§3.1.3.6).
        access_token: super::secret::Secret,
    },
    /// A renewal's answer (OpenID Connect Core §12.2).
    #[serde(rename_all = "camelCase")]
    Renewal {
        /// The nonce of the authentication, where it is known. It need not be repeated.
        nonce: Option<super::secret::Secret>,
        /// The access token that came with it, for `at_hash` (§3.1.3.6).
        access_token: super::secret::Secret,
    },
    /// The app's own session: it tells who the user is, and may have expired since.
    Session,
    /// The app's own `authenticate`, whose nonce only the app knows.
    #[serde(rename_all = "camelCase")]
    Authenticate {
        /// The access token that came with it, for `at_hash` (§3.1.3.6).
        access_token: super::secret::Secret,
    },
}
