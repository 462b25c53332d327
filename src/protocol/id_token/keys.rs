//! The choice of one key from the provider's set (RFC 7517).

use super::{Algorithm, Error, ErrorCode, decode, invalid, quoted};
use crate::protocol::border::{Export, Foreign};
use crate::protocol::encode::concat;

/// RFC 7518 §3.3 and §3.5: "A key of size 2048 bits or larger MUST be used".
const RSA_BYTES: usize = 2048 / 8;

/// A public key: nothing but the key itself, as a JWK. Exported as one, for `importKey`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// RSA (RFC 7518 §6.3.1).
    Rsa {
        /// The modulus.
        n: String,
        /// The exponent.
        e: String,
    },
    /// An elliptic curve (RFC 7518 §6.2.1).
    Ec {
        /// The curve, the one that belongs to the algorithm.
        crv: &'static str,
        /// The x coordinate.
        x: String,
        /// The y coordinate.
        y: String,
    },
    /// An octet key pair (RFC 8037 §2).
    Okp {
        /// The curve, the one that belongs to the algorithm.
        crv: &'static str,
        /// The public key.
        x: String,
    },
}

impl Export for PublicKey {
    fn export<F: Foreign>(&self) -> F {
        let members = match self {
            Self::Rsa { n, e } => [("kty", "RSA"), ("n", n), ("e", e), ("", "")],
            Self::Ec { crv, x, y } => [("kty", "EC"), ("crv", crv), ("x", x), ("y", y)],
            Self::Okp { crv, x } => [("kty", "OKP"), ("crv", crv), ("x", x), ("", "")],
        };
        let mut object = F::object();
        for (name, value) in members.into_iter().filter(|(name, _)| !name.is_empty()) {
            object.set(name, F::of_text(value));
        }
        object
    }
}

/// The one key of the set that can have signed. A key of the set that makes no sense is passed
/// over, so that it does not hide the others.
pub(super) fn choose(
    jwks: &impl Foreign,
    algorithm: Algorithm,
    kid: Option<&str>,
) -> Result<PublicKey, Error> {
    let keys = jwks.get("keys").items().unwrap_or_default();
    let mut why_not = None;
    let mut fitting: Vec<PublicKey> = Vec::new();
    for jwk in &keys {
        if kid.is_some() && jwk.get("kid").text().as_deref() != kid {
            continue;
        }
        match fit(jwk, algorithm) {
            Ok(key) if fitting.contains(&key) => {}
            Ok(key) => fitting.push(key),
            Err(reason) => why_not = Some(reason),
        }
    }
    let mut fitting = fitting.into_iter();
    match (fitting.next(), fitting.next(), kid, why_not) {
        (Some(key), None, _, _) => Ok(key),
        // OpenID Connect Core §10.1: with several keys, the token must name its own.
        (Some(_), Some(_), _, _) => Err(invalid("several keys of the set could have signed it")),
        (None, _, Some(kid), Some(reason)) => Err(invalid(&concat(&[
            "key ",
            &quoted(kid),
            " cannot have made a signature of ",
            algorithm.name(),
            ": ",
            reason,
        ]))),
        (None, _, Some(kid), None) => {
            Err(Error::new(ErrorCode::KeyUnknown, concat(&["the set has no key ", &quoted(kid)])))
        }
        (None, _, None, _) => Err(Error::new(
            ErrorCode::KeyUnknown,
            concat(&["the set has no key for ", algorithm.name()]),
        )),
    }
}

/// The key, if it is one for this algorithm, else why not.
fn fit(jwk: &impl Foreign, algorithm: Algorithm) -> Result<PublicKey, &'static str> {
    // RFC 7517 §4.2.
    let usage = jwk.get("use");
    if !usage.is_undefined() && usage.text().as_deref() != Some("sig") {
        return Err("its use is not sig");
    }
    // RFC 7517 §4.3.
    let operations = jwk.get("key_ops");
    if !operations.is_undefined()
        && !operations
            .items()
            .is_some_and(|list| list.iter().any(|one| one.text().as_deref() == Some("verify")))
    {
        return Err("its key_ops are without verify");
    }
    // RFC 7517 §4.4. RFC 9864 has another name for EdDSA on this curve.
    let alg = jwk.get("alg");
    let named = alg.text();
    if !alg.is_undefined()
        && named.as_deref() != Some(algorithm.name())
        && !(algorithm == Algorithm::EdDsa && named.as_deref() == Some("Ed25519"))
    {
        return Err("its alg is another");
    }
    // Who publishes the private key, or a shared one, has not signed anything with it.
    if !jwk.get("d").is_undefined() || !jwk.get("k").is_undefined() {
        return Err("it is not public");
    }
    let kty = jwk.get("kty").text();
    let member = |name: &str| jwk.get(name).text().ok_or("a member is missing");
    let curve = |crv: &'static str| match jwk.get("crv").text().as_deref() == Some(crv) {
        true => Ok(crv),
        false => Err("its crv is another"),
    };
    match (algorithm, kty.as_deref()) {
        (
            Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512
            | Algorithm::Ps256
            | Algorithm::Ps384
            | Algorithm::Ps512,
            Some("RSA"),
        ) => {
            let n = member("n")?;
            let modulus = decode(&n).ok_or("its modulus is not base64url")?;
            if modulus.iter().skip_while(|&&byte| byte == 0).count() < RSA_BYTES {
                return Err("it is too short");
            }
            Ok(PublicKey::Rsa { n, e: member("e")? })
        }
        (Algorithm::Es256, Some("EC")) => {
            Ok(PublicKey::Ec { crv: curve("P-256")?, x: member("x")?, y: member("y")? })
        }
        (Algorithm::Es384, Some("EC")) => {
            Ok(PublicKey::Ec { crv: curve("P-384")?, x: member("x")?, y: member("y")? })
        }
        (Algorithm::EdDsa, Some("OKP")) => {
            Ok(PublicKey::Okp { crv: curve("Ed25519")?, x: member("x")? })
        }
        _ => Err("its kty is another"),
    }
}
