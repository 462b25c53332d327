//! ID tokens: from the text of one to claims that have been checked.
//!
//! Nothing here computes a signature or a hash. The browser does, and is told what to compute:
//!
//! ```text
//!   token, JWKS, Expectation
//!        │ inspect            header, issuer, choice of the key
//!        ▼
//!    Inspected ── algorithm, key, signing input, signature ──▶ SubtleCrypto.verify
//!        │ accept(valid)      the rest of the claims
//!        ▼
//!     Verified ── hash and access token, if there is an at_hash ──▶ SubtleCrypto.digest
//!        │ finish(digest)     at_hash
//!        ▼
//!      Claims
//! ```
//!
//! Follows OpenID Connect Core §3.1.3.7 except as follows:
//! - An ID token is always signed, also when it comes straight from the token endpoint (step 6
//!   would allow to trust TLS).
//! - The algorithm need not be the registered one (step 7), unless the app names those it accepts:
//!   any asymmetric one of [`Algorithm`] will do, `none` and the symmetric ones (step 8) never.
//! - Another audience besides the client (step 3) is accepted only if `azp` is the client.
//! - `acr` and `auth_time` (steps 12 and 13) are handed on unjudged.

mod algorithm;
mod checks;
mod header;
mod keys;
mod members;
mod request;
#[cfg(all(test, not(target_family = "wasm")))]
mod tests;

pub use algorithm::{Algorithm, Hash};
pub use keys::PublicKey;
pub use request::Request;

use super::base64::strict_base64url;
use super::border::Foreign;
use super::claims::{Claims, Expectation, Source};
use super::encode::concat;
use super::error::{Error, ErrorCode};
use super::secret::Secret;
use checks::AtHash;
use header::Header;
use members::Members;

/// Longer than any ID token; what is longer is not looked at.
const LONGEST: usize = 128 * 1024;

/// Reads the header, compares the issuer, and chooses the key.
///
/// # Errors
/// `id_token_invalid` where the token is none, or its algorithm or key is unacceptable;
/// `issuer_mismatch`; `key_unknown` where the set has no such key, so that fetching the set anew
/// may help.
pub fn inspect(
    id_token: &str,
    jwks: &impl Foreign,
    expectation: &Expectation,
) -> Result<Inspected, Error> {
    if id_token.len() > LONGEST {
        return Err(invalid("it is too long"));
    }
    // RFC 7515 §3.1: three parts. Five would be an encrypted token.
    let mut parts = id_token.split(['.']);
    let (Some(header), Some(payload), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(invalid("it is not of three parts"));
    };
    let header = Header::parse(header)?;
    let name = header.algorithm.name();
    if expectation.algorithms.as_ref().is_some_and(|all| !all.iter().any(|one| one == name)) {
        return Err(invalid(&concat(&["algorithm ", name, " is not one that the app accepts"])));
    }
    let signature = decode(signature).ok_or_else(|| invalid("its signature is not base64url"))?;
    // Only to refuse, before anything is fetched or computed for another issuer's token.
    let peeked = decode(payload).and_then(|json| Members::from_json(&json));
    let peeked = peeked.ok_or_else(|| invalid("its claims are no JSON object of unique names"))?;
    checks::issuer(&peeked, &expectation.issuer)?;
    let key = keys::choose(jwks, header.algorithm, header.kid.as_deref())?;
    Ok(Inspected {
        token: Secret::new(id_token),
        algorithm: header.algorithm,
        key,
        signature,
        expectation: expectation.clone(),
    })
}

/// A token whose signature is to be verified. Not one of its claims is visible yet.
#[derive(Debug)]
pub struct Inspected {
    token: Secret,
    algorithm: Algorithm,
    key: PublicKey,
    signature: Vec<u8>,
    expectation: Expectation,
}

impl Inspected {
    /// The algorithm to verify with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key to verify with.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// What was signed (RFC 7515 §5.2, step 8): header and payload as they were sent.
    #[must_use]
    pub fn signing_input(&self) -> &[u8] {
        self.token.expose().rsplit_once(['.']).map_or(&[], |(message, _)| message.as_bytes())
    }

    /// The signature; for ES256 and ES384 the concatenation `r || s` (RFC 7518 §3.4).
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Takes the verdict on exactly these values, and checks the claims. It cannot be given twice.
    ///
    /// # Errors
    /// `id_token_invalid` where the signature is wrong or a claim is; `issuer_mismatch`.
    pub fn accept(self, signature_is_valid: bool) -> Result<Verified, Error> {
        if !signature_is_valid {
            return Err(invalid("its signature is wrong"));
        }
        // Read from the very text that was signed.
        let payload = self.token.expose().split(['.']).nth(1).and_then(decode);
        let members = payload.and_then(|json| Members::from_json(&json));
        let members =
            members.ok_or_else(|| invalid("its claims are no JSON object of unique names"))?;
        let claims = checks::judge(&members, &self.expectation)?;
        let access_token = match self.expectation.source {
            Source::Response { access_token, .. }
            | Source::Renewal { access_token, .. }
            | Source::Authenticate { access_token } => Some(access_token),
            Source::Session => None,
        };
        let at_hash = AtHash::find(&members, self.algorithm, access_token)?;
        Ok(Verified { claims, at_hash })
    }
}

/// A token whose claims are as expected, but for the hash of its access token.
#[derive(Debug)]
pub struct Verified {
    claims: Claims,
    at_hash: Option<AtHash>,
}

impl Verified {
    /// What must be hashed, and how, before the claims come out; `None` if nothing.
    #[must_use]
    pub fn digest_needed(&self) -> Option<(Hash, &[u8])> {
        self.at_hash
            .as_ref()
            .map(|at_hash| (at_hash.hash, at_hash.access_token.expose().as_bytes()))
    }

    /// Compares the digest, if one was needed, and gives the claims.
    ///
    /// # Errors
    /// `id_token_invalid` where the access token is not the one that this ID token was issued with,
    /// or the digest is missing although it was needed.
    pub fn finish(self, digest: Option<&[u8]>) -> Result<Claims, Error> {
        if let Some(at_hash) = self.at_hash {
            at_hash.compare(digest)?;
        }
        Ok(self.claims)
    }
}

/// The code for everything that is wrong with an ID token, except its issuer and an unknown key.
fn invalid(detail: &str) -> Error {
    Error::new(ErrorCode::IdTokenInvalid, concat(&["ID token: ", detail]))
}

/// Foreign text for a developer's eyes: quoted, escaped, and cut.
fn quoted(text: &str) -> String {
    let mut shown = String::from("\"");
    for character in text.chars().take(80) {
        match character {
            '"' | '\\' => shown.extend(['\\', character]),
            ' '..='~' => shown.push(character),
            _ => {
                shown.push_str("\\u{");
                let nibbles = (0..6).rev().map(|at| u32::from(character) >> (4 * at) & 15);
                let digits = nibbles.skip_while(|nibble| *nibble == 0);
                shown.extend(digits.filter_map(|nibble| char::from_digit(nibble, 16)));
                shown.push('}');
            }
        }
    }
    shown.push('"');
    shown
}

/// base64url without padding (RFC 7515 §2).
fn decode(text: &str) -> Option<Vec<u8>> {
    strict_base64url(text)
}
