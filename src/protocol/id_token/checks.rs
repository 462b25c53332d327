//! What OpenID Connect Core §3.1.3.7 demands of the claims.

use super::{
    Algorithm, Claims, Error, ErrorCode, Expectation, Hash, Members, Secret, Source, decode,
    invalid, quoted,
};
use crate::protocol::encode::concat;
use crate::protocol::units::EpochSeconds;

/// How far the issuer's clock and ours may differ, in seconds.
const SKEW: u64 = 60;

/// "It MUST NOT exceed 255 ASCII characters in length" (OpenID Connect Core §2).
const LONGEST_SUB: usize = 255;

/// Step 2: the issuer is exactly the expected one, and it is one.
pub(super) fn issuer(members: &Members, expected: &str) -> Result<(), Error> {
    match members.text("iss") {
        Ok(Some(iss)) if iss == expected => Ok(()),
        Ok(Some(iss)) => Err(Error::new(
            ErrorCode::IssuerMismatch,
            concat(&["the ID token is from ", &quoted(iss), ", not from ", &quoted(expected)]),
        )),
        _ => Err(Error::new(ErrorCode::IssuerMismatch, "the ID token does not tell its issuer")),
    }
}

/// Every check that needs no cryptography; `at_hash` is left for [`AtHash`].
pub(super) fn judge(members: &Members, expectation: &Expectation) -> Result<Claims, Error> {
    issuer(members, &expectation.issuer)?;
    audience(members, &expectation.client_id)?;
    let sub = members.text("sub")?.unwrap_or_default();
    if sub.is_empty() || sub.len() > LONGEST_SUB {
        return Err(invalid("sub is empty or too long"));
    }
    let exp = required_time(members, "exp")?;
    let iat = required_time(members, "iat")?;
    let now = expectation.now;
    // Step 9. A session's own token tells who the user is for longer than it lives.
    if expectation.source != Source::Session && now.0 >= exp.0.saturating_add(SKEW) {
        return Err(invalid("it has expired"));
    }
    // Step 10.
    if iat.0 > now.0.saturating_add(SKEW) {
        return Err(invalid("iat lies in the future"));
    }
    // RFC 7519 §4.1.5.
    if let Some(nbf) = time(members, "nbf")?
        && nbf.0 > now.0.saturating_add(SKEW)
    {
        return Err(invalid("it is not valid yet"));
    }
    // Step 11.
    let nonce = members.text("nonce")?;
    match &expectation.source {
        Source::Response { nonce: sent, .. } if nonce != Some(sent.expose()) => {
            return Err(invalid("nonce is not the one that was sent"));
        }
        // §12.2: it may be left out.
        Source::Renewal { nonce: Some(sent), .. }
            if nonce.is_some_and(|it| it != sent.expose()) =>
        {
            return Err(invalid("nonce is not that of the authentication"));
        }
        _ => {}
    }
    Ok(Claims {
        iss: expectation.issuer.clone(),
        sub: sub.to_owned(),
        acr: members.list("acr")?,
        amr: members.list("amr")?,
        auth_time: members.time("auth_time")?,
        iat,
        exp,
    })
}

/// Steps 3 to 5.
fn audience(members: &Members, client_id: &str) -> Result<(), Error> {
    let audience = members.list("aud")?;
    if !audience.iter().any(|aud| aud == client_id) {
        return Err(invalid("aud does not name this client"));
    }
    let azp = members.text("azp")?;
    if azp.is_some_and(|azp| azp != client_id) {
        return Err(invalid("azp is another client"));
    }
    if azp.is_none() && audience.iter().any(|aud| aud != client_id) {
        return Err(invalid("aud names others besides this client, and azp is missing"));
    }
    Ok(())
}

fn required_time(members: &Members, name: &str) -> Result<EpochSeconds, Error> {
    time(members, name)?.ok_or_else(|| invalid(&concat(&[name, " is missing"])))
}

fn time(members: &Members, name: &str) -> Result<Option<EpochSeconds>, Error> {
    members
        .time(name)?
        .map(|time| match u64::try_from(time) {
            Ok(time) => Ok(EpochSeconds(time)),
            Err(_) => Err(invalid(&concat(&[name, " is negative"]))),
        })
        .transpose()
}

/// The hash of the access token that the ID token came with (OpenID Connect Core §3.1.3.6).
#[derive(Debug)]
pub(super) struct AtHash {
    pub(super) hash: Hash,
    pub(super) access_token: Secret,
    left_half: Vec<u8>,
}

impl AtHash {
    /// What there is to compare, if both sides of it are there.
    pub(super) fn find(
        members: &Members,
        algorithm: Algorithm,
        access_token: Option<Secret>,
    ) -> Result<Option<Self>, Error> {
        let (Some(at_hash), Some(access_token)) = (members.text("at_hash")?, access_token) else {
            return Ok(None);
        };
        let left_half = decode(at_hash).ok_or_else(|| invalid("at_hash is not base64url"))?;
        Ok(Some(Self { hash: algorithm.hash(), access_token, left_half }))
    }

    /// §3.1.3.8: the left half of the digest must be the claim.
    pub(super) fn compare(&self, digest: Option<&[u8]>) -> Result<(), Error> {
        let half = digest.and_then(|digest| digest.get(..digest.len() / 2)).unwrap_or_default();
        if half.is_empty() || half != self.left_half {
            return Err(invalid("at_hash belongs to another access token"));
        }
        Ok(())
    }
}
