//! What a checked ID token says about the user and the authentication.

use super::border::{Export, Foreign, record};
use super::units::EpochSeconds;

/// The claims of an ID token whose signature, issuer, audience, nonce and times have been checked
/// (OpenID Connect Core §2).
#[derive(Clone, Debug, PartialEq, Eq)]
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
    pub auth_time: Option<i64>,
    /// When the token was issued.
    pub iat: EpochSeconds,
    /// When the token expires.
    pub exp: EpochSeconds,
}

record!(Claims {
    iss: "iss",
    sub: "sub",
    acr: "acr",
    amr: "amr",
    auth_time: "authTime",
    iat: "iat",
    exp: "exp"
});

/// What the ID token must match, and the time to judge it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The configured issuer, compared exactly.
    pub issuer: String,
    /// The client, which must be in the audience.
    pub client_id: String,
    /// Where the token comes from.
    pub source: Source,
    /// The signature algorithms that the app accepts, by their names; every one that can be checked,
    /// where it does not say.
    pub algorithms: Option<Vec<String>>,
    /// The time now.
    pub now: EpochSeconds,
}

record!(export Expectation {
    issuer: "issuer",
    client_id: "clientId",
    source: "source",
    algorithms: "algorithms",
    now: "now"
});

/// Where an ID token comes from, which decides what more it must match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The token endpoint's answer in this transaction.
    Response {
        /// The nonce that was sent (OpenID Connect Core §3.1.3.7, step 11).
        nonce: super::secret::Secret,
        /// The access token that came with it, for `at_hash` (§3.1.3.6).
        access_token: super::secret::Secret,
    },
    /// A renewal's answer (OpenID Connect Core §12.2).
    Renewal {
        /// The nonce of the authentication, where it is known. It need not be repeated.
        nonce: Option<super::secret::Secret>,
        /// The access token that came with it, for `at_hash` (§3.1.3.6).
        access_token: super::secret::Secret,
    },
    /// The app's own session: it tells who the user is, and may have expired since.
    Session,
    /// The app's own `authenticate`, whose nonce only the app knows.
    Authenticate {
        /// The access token that came with it, for `at_hash` (§3.1.3.6).
        access_token: super::secret::Secret,
    },
}

impl Export for Source {
    fn export<F: Foreign>(&self) -> F {
        let (kind, nonce, access_token) = match self {
            Self::Response { nonce, access_token } => ("response", Some(nonce), Some(access_token)),
            Self::Renewal { nonce, access_token } => {
                ("renewal", nonce.as_ref(), Some(access_token))
            }
            Self::Session => ("session", None, None),
            Self::Authenticate { access_token } => ("authenticate", None, Some(access_token)),
        };
        let mut object = F::object();
        object.set("kind", F::of_text(kind));
        object.set("nonce", nonce.map_or_else(F::undefined, Export::export));
        object.set("accessToken", access_token.map_or_else(F::undefined, Export::export));
        object
    }
}
