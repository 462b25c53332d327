//! An ID token, from its text to checked claims, beside an oracle that checks the same with serde_json.
//!
//! The browser's verdict on the signature is given as true, so that all depends on the other checks; that
//! nothing passes without it is looked at apart.

use crate::unique::Pairs;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use stepup::protocol::claims::{Claims, Expectation, Source};
use stepup::protocol::error::{Error, ErrorCode};
use stepup::protocol::id_token::{Hash, Request, inspect};
use stepup::protocol::json::Json;
use stepup::protocol::secret::Secret;
use stepup::protocol::units::EpochSeconds;

const ISSUER: &str = "https://login.example";
const CLIENT: &str = "spa";
const NONCE: &str = "n1";
const NOW: u64 = 1_800_000_000;
const SKEW: f64 = 60.0;
const LONGEST: usize = 128 * 1024;
/// Where the browser would digest the access token.
const DIGEST: [u8; 64] = [7; 64];
const ALGORITHMS: [&str; 9] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];

/// An octet that says where the token comes from, then either `{header}\n{claims}`, which is made into a
/// token, or a token as it is.
pub fn id_token(bytes: &[u8]) {
    let Some((&kind, rest)) = bytes.split_first() else { return };
    let expectation = expectation(kind);
    let token = match split(rest) {
        Some((header, claims)) => {
            let encode = |part| URL_SAFE_NO_PAD.encode(part);
            [encode(header), encode(claims), encode(&b"signed"[..])].join(".")
        }
        None => crate::text(rest),
    };
    if let Some(request) = Json::parse(&crate::text(rest)).and_then(|json| Request::read(&json)) {
        is_bounded(request.id_token.expose(), &request.jwks, &request.expectation);
    }
    is_bounded(&token, &key_set(), &expectation);
    let Ok(claims) = checked(&token, &key_set(), &expectation, true) else { return };
    assert!(checked(&token, &key_set(), &expectation, false).is_err(), "unsigned, yet accepted");
    let again = checked(&token, &key_set(), &expectation, true);
    assert_eq!(again.as_ref(), Ok(&claims), "a second look sees something else");
    holds(&token, &expectation, &claims);
}

fn split(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|&octet| octet == b'\n')?;
    Some((&text[..at], &text[at + 1..]))
}

fn expectation(kind: u8) -> Expectation {
    let access_token = Secret::new("an-access-token");
    let source = match kind % 5 {
        0 => Source::Response { nonce: NONCE.into(), access_token },
        1 => Source::Renewal { nonce: Some(NONCE.into()), access_token },
        2 => Source::Renewal { nonce: None, access_token },
        3 => Source::Session,
        _ => Source::Authenticate { access_token },
    };
    let algorithms = (kind & 64 != 0).then(|| vec!["ES256".to_owned()]);
    let now = EpochSeconds(NOW);
    Expectation { issuer: ISSUER.into(), client_id: CLIENT.into(), source, algorithms, now }
}

/// One key for each family of algorithms, and one whose use is another.
fn key_set() -> Json {
    let modulus = "A".repeat(8) + &"q".repeat(342);
    let keys = json!({ "keys": [
        { "kty": "RSA", "kid": "r", "n": modulus, "e": "AQAB" },
        { "kty": "EC", "crv": "P-256", "kid": "e", "x": "eA", "y": "eQ" },
        { "kty": "EC", "crv": "P-384", "kid": "f", "x": "eA", "y": "eQ" },
        { "kty": "OKP", "crv": "Ed25519", "kid": "o", "x": "eA" },
        { "kty": "EC", "crv": "P-256", "kid": "enc", "use": "enc", "x": "eA", "y": "eQ" },
    ] });
    Json::parse(&keys.to_string()).expect("it is JSON")
}

fn checked(
    token: &str,
    jwks: &Json,
    expectation: &Expectation,
    valid: bool,
) -> Result<Claims, Error> {
    let verified = inspect(token, jwks, expectation)?.accept(valid)?;
    let digest = verified.digest_needed().map(|(hash, data)| {
        assert_eq!(data, b"an-access-token");
        let octets = match hash {
            Hash::Sha256 => 32,
            Hash::Sha384 => 48,
            Hash::Sha512 => 64,
        };
        &DIGEST[..octets]
    });
    verified.finish(digest)
}

/// Whatever is said about a token is short, and of the three codes there are.
fn is_bounded(token: &str, jwks: &Json, expectation: &Expectation) {
    let Err(error) = inspect(token, jwks, expectation).map(drop) else {
        assert!(token.len() <= LONGEST);
        return;
    };
    let codes = [ErrorCode::IdTokenInvalid, ErrorCode::IssuerMismatch, ErrorCode::KeyUnknown];
    assert!(codes.contains(&error.code), "{error}");
    // Foreign text is cut to 80 characters, which an escape makes ten times as long at most.
    assert!(error.detail.len() <= 2048, "{error}");
    assert!(!error.detail.chars().any(char::is_control), "{:?}", error.detail);
}

/// Every check of OpenID Connect Core §3.1.3.7 holds for what was accepted.
fn holds(token: &str, expectation: &Expectation, accepted: &Claims) {
    let parts: Vec<_> = token.split('.').collect();
    assert_eq!(parts.len(), 3, "{token}");
    let read = |part: &str| URL_SAFE_NO_PAD.decode(part).ok().and_then(|json| Pairs::read(&json));
    let header = read(parts[0]).expect("the header is an object");
    let claims = read(parts[1]).expect("the claims are an object");
    assert!(header.are_unique() && claims.are_unique(), "a name occurs twice");

    let algorithm = header.text("alg").expect("there is an algorithm");
    assert!(ALGORITHMS.contains(&algorithm), "{algorithm}");
    let named = expectation.algorithms.as_ref();
    assert!(named.is_none_or(|names| names.iter().any(|name| name == algorithm)), "{algorithm}");
    assert!(!header.0.iter().any(|(name, _)| name == "crit"));
    let kind = header.text("typ").unwrap_or_default().to_ascii_lowercase();
    assert!(!kind.ends_with("at+jwt") && !kind.ends_with("logout+jwt"), "{kind}");
    if let Some(kid) = header.get("kid") {
        let family = match &algorithm[..2] {
            "RS" | "PS" => "r",
            "Ed" => "o",
            _ if algorithm == "ES256" => "e",
            _ => "f",
        };
        assert_eq!(kid, family, "a key of another kind");
    }

    assert_eq!(claims.text("iss"), Some(ISSUER));
    assert_eq!(accepted.iss, ISSUER);
    let sub = claims.text("sub").expect("there is a subject");
    assert!((1..=255).contains(&sub.len()));
    assert_eq!(accepted.sub, sub);
    is_for_this_client(&claims);
    is_in_time(&claims, expectation, accepted);
    match (&expectation.source, claims.get("nonce")) {
        (Source::Response { .. }, nonce) => assert_eq!(nonce, Some(&json!(NONCE))),
        (Source::Renewal { nonce: Some(_), .. }, Some(nonce)) => assert_eq!(nonce, NONCE),
        _ => {}
    }
    if let (Some(at_hash), false) = (claims.get("at_hash"), expectation.source == Source::Session) {
        let half = URL_SAFE_NO_PAD.decode(at_hash.as_str().expect("it is text")).unwrap();
        assert!([16, 24, 32].contains(&half.len()) && half.iter().all(|&octet| octet == 7));
    }
    assert_eq!(accepted.acr, listed(claims.get("acr")), "acr");
    assert_eq!(accepted.amr, listed(claims.get("amr")), "amr");
}

/// Steps 3 to 5.
fn is_for_this_client(claims: &Pairs) {
    let audience = listed(claims.get("aud"));
    assert!(audience.iter().any(|one| one == CLIENT), "{audience:?}");
    match claims.get("azp") {
        Some(azp) => assert_eq!(azp, CLIENT),
        None => assert!(audience.iter().all(|one| one == CLIENT), "{audience:?}"),
    }
}

/// Steps 9 and 10, and RFC 7519 §4.1.5.
#[allow(clippy::cast_precision_loss)]
fn is_in_time(claims: &Pairs, expectation: &Expectation, accepted: &Claims) {
    let now = NOW as f64;
    let time = |name: &str| claims.get(name).map(|it| it.as_f64().expect("a time is a number"));
    let (exp, iat) = (time("exp").expect("it ends"), time("iat").expect("it was issued"));
    assert!(exp >= 0.0 && iat >= 0.0);
    assert!(expectation.source == Source::Session || exp.floor() + SKEW > now, "{exp}");
    assert!(iat.floor() <= now + SKEW, "{iat}");
    assert!(time("nbf").is_none_or(|nbf| nbf.floor() <= now + SKEW));
    assert!(accepted.exp.0 as f64 <= exp && accepted.iat.0 as f64 <= iat);
    assert_eq!(accepted.auth_time.is_some(), claims.get("auth_time").is_some());
}

/// A string, or a list of them.
fn listed(value: Option<&Value>) -> Vec<String> {
    match value {
        None => Vec::new(),
        Some(Value::Array(list)) => {
            list.iter().map(|one| one.as_str().expect("it lists text").to_owned()).collect()
        }
        Some(one) => vec![one.as_str().expect("it is text").to_owned()],
    }
}
