//! The two standard demands for step-up, RFC 9470 §3 and RFC 6750 §3.1, and that of Microsoft Entra.
//!
//! Each is recognised in any scheme that has an `error` parameter: Bearer, DPoP (RFC 9449 §7.1),
//! and what may come. `error_description` is for developers (RFC 6750 §3) and is not looked at.

use super::dialect::{Verdict, Why};
use super::grammar::Challenge;
use crate::protocol::claims_request::{ClaimsRequest, MAX_LENGTH};
use crate::protocol::requirement::{Requirement, Scope};
use crate::protocol::units::Seconds;

/// How many values `acr_values` may have.
pub const MAX_ACR_VALUES: usize = 32;
/// How many values `scope` may have.
pub const MAX_SCOPES: usize = 128;
/// How long one value of either may be.
pub const MAX_VALUE_LENGTH: usize = 512;
/// The largest integer that JSON carries exactly (RFC 7493 §2.2).
pub const MAX_MAX_AGE: u64 = (1 << 53) - 1;

/// RFC 9470 §3: the user must authenticate differently, or more recently. Without `acr_values` and
/// `max_age` the requirement is empty: an authentication that the API does not describe.
pub fn insufficient_user_authentication(challenge: &Challenge) -> Option<Verdict> {
    if challenge.get("error") != Some("insufficient_user_authentication") {
        return None;
    }
    Some(requirement(challenge).unwrap_or_else(|verdict| verdict))
}

/// RFC 6750 §3.1: the token must carry more scopes.
pub fn insufficient_scope(challenge: &Challenge) -> Option<Verdict> {
    if challenge.get("error") != Some("insufficient_scope") {
        return None;
    }
    let verdict = scope(challenge).map(|scope| match scope.is_empty() {
        true => Verdict::Ignored(Why::ScopeMissing),
        false => Verdict::Demands(Box::new(Requirement { scope, ..Requirement::default() })),
    });
    Some(verdict.unwrap_or_else(|verdict| verdict))
}

/// Microsoft Entra's claims challenge: what is to be asked for with the `claims` parameter (OpenID
/// Connect Core §5.5), as JSON in base64. `authorization_uri` is not followed: the app has configured
/// its provider.
pub fn insufficient_claims(challenge: &Challenge) -> Option<Verdict> {
    if challenge.get("error") != Some("insufficient_claims") {
        return None;
    }
    let carried = challenge.get("claims").unwrap_or_default();
    if carried.len() > MAX_LENGTH {
        return Some(Verdict::Rejected(Why::ValueTooLong));
    }
    Some(match ClaimsRequest::carried(carried).filter(|claims| !claims.is_empty()) {
        Some(claims) => {
            Verdict::Demands(Box::new(Requirement { claims, ..Requirement::default() }))
        }
        None => Verdict::Ignored(Why::Claims),
    })
}

/// RFC 6750 §3.1: the token is expired, revoked, malformed, or invalid for other reasons. That is no
/// demand for step-up.
pub fn invalid_token(challenge: &Challenge) -> bool {
    challenge.get("error") == Some("invalid_token")
}

fn requirement(challenge: &Challenge) -> Result<Verdict, Verdict> {
    // What must be rejected comes before what is merely ignored.
    let acr_values = acr_values(challenge)?;
    let scope = scope(challenge)?;
    let max_age = max_age(challenge)?;
    let requirement = Requirement { acr_values, max_age, scope, ..Requirement::default() };
    Ok(Verdict::Demands(Box::new(requirement)))
}

/// `acr_values` (RFC 9470 §3): in order of preference, each once.
fn acr_values(challenge: &Challenge) -> Result<Vec<String>, Verdict> {
    let mut values: Vec<String> = Vec::new();
    for value in split(harmless(challenge, "acr_values", MAX_ACR_VALUES)?) {
        if !values.iter().any(|held| held == value) {
            values.push(value.to_owned());
        }
    }
    Ok(values)
}

/// `scope` (RFC 6750 §3, RFC 9470 §3).
fn scope(challenge: &Challenge) -> Result<Scope, Verdict> {
    Ok(Scope::parse(harmless(challenge, "scope", MAX_SCOPES)?))
}

/// `max_age` (RFC 9470 §3): a non-negative integer, as a token or a quoted-string.
fn max_age(challenge: &Challenge) -> Result<Option<Seconds>, Verdict> {
    let Some(text) = challenge.get("max_age") else { return Ok(None) };
    // `u64::from_str` also takes a plus sign.
    let digits = text.bytes().all(|octet| octet.is_ascii_digit());
    match text.parse() {
        Ok(seconds) if digits && seconds <= MAX_MAX_AGE => Ok(Some(Seconds(seconds))),
        _ => Err(Verdict::Ignored(Why::MaxAge)),
    }
}

/// A space-separated list, once all of its values have been found harmless; empty if there is none.
///
/// They go into a URL and into a comparison, so that both lists have the characters of a
/// scope-token (RFC 6749 §3.3): visible US-ASCII without quote and backslash. RFC 9470 names no set
/// for an acr; it should be a URI or a registered name (OpenID Connect Core §2), which have no
/// others.
fn harmless<'a>(challenge: &'a Challenge, name: &str, most: usize) -> Result<&'a str, Verdict> {
    let list = challenge.get(name).unwrap_or_default();
    if !list.bytes().all(|octet| matches!(octet, b' ' | b'!' | b'#'..=b'[' | b']'..=b'~')) {
        return Err(Verdict::Rejected(Why::Character));
    }
    if split(list).count() > most {
        return Err(Verdict::Rejected(Why::TooManyValues));
    }
    if split(list).any(|value| value.len() > MAX_VALUE_LENGTH) {
        return Err(Verdict::Rejected(Why::ValueTooLong));
    }
    Ok(list)
}

fn split(list: &str) -> impl Iterator<Item = &str> {
    list.split([' ']).filter(|value| !value.is_empty())
}
