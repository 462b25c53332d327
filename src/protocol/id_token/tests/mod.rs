//! Journeys of ID tokens, with real signatures: what the browser does with WebCrypto is done by
//! another implementation here, so that a forged signature is really found out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod claims;
mod keys;
mod opinion;
mod properties;
mod request;
mod threats;
mod vectors;

use super::*;
use crate::protocol::border::Export;
use crate::protocol::json::{self, Json};
use crate::protocol::units::EpochSeconds;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};
use ring::{digest, signature};
use serde_json::{Value, json};

const ISSUER: &str = "https://login.bank.example";
const CLIENT: &str = "bank-spa";
const NONCE: &str = "the-nonce";
const ACCESS_TOKEN: &str = "an-access-token";
const NOW: u64 = 1_800_000_000;

/// What the token endpoint's answer is compared with.
fn response() -> Expectation {
    let source = Source::Response { nonce: NONCE.into(), access_token: Secret::new(ACCESS_TOKEN) };
    expectation(source)
}

fn expectation(source: Source) -> Expectation {
    Expectation {
        issuer: ISSUER.to_owned(),
        client_id: CLIENT.to_owned(),
        source,
        algorithms: None,
        now: EpochSeconds(NOW),
    }
}

/// As it crosses to JavaScript.
fn written(value: &impl Export) -> Value {
    serde_json::from_str(&json::write(value)).unwrap()
}

/// A value as the check gets it.
fn foreign(value: &Value) -> Json {
    Json::parse(&value.to_string()).unwrap()
}

fn inspect(id_token: &str, jwks: &Value, expectation: &Expectation) -> Result<Inspected, Error> {
    super::inspect(id_token, &foreign(jwks), expectation)
}

/// Claims with nothing wrong.
fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "alice", "aud": CLIENT, "nonce": NONCE,
        "iat": NOW - 2, "exp": NOW + 600, "auth_time": NOW - 5, "acr": "AL3", "amr": ["pop"],
    })
}

/// The same with one member replaced, or removed where the new value is `null`.
fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    let members = claims.as_object_mut().unwrap();
    match value {
        Value::Null => members.remove(name),
        value => members.insert(name.to_owned(), value),
    };
    claims
}

/// A provider with one ES256 key.
struct Provider {
    pair: EcdsaKeyPair,
}

impl Provider {
    fn new() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self { pair: EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap() }
    }

    fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        json!({
            "kty": "EC", "crv": "P-256", "kid": "one", "use": "sig", "alg": "ES256",
            "x": encode(&point[1..33]), "y": encode(&point[33..]),
        })
    }

    fn jwks(&self) -> Value {
        json!({ "keys": [self.jwk()] })
    }

    fn issue(&self, claims: &Value) -> String {
        self.sign(&json!({ "alg": "ES256", "kid": "one" }).to_string(), &claims.to_string())
    }

    fn sign(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", encode(header), encode(claims));
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", encode(signature))
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What the browser module does, with ring in WebCrypto's place.
fn verify(id_token: &str, jwks: &Value, expectation: &Expectation) -> Result<Claims, Error> {
    let inspected = inspect(id_token, jwks, expectation)?;
    let valid = signature_is_valid(&inspected);
    let verified = inspected.accept(valid)?;
    let digest = verified.digest_needed().map(|(hash, data)| {
        let algorithm = match hash {
            Hash::Sha256 => &digest::SHA256,
            Hash::Sha384 => &digest::SHA384,
            Hash::Sha512 => &digest::SHA512,
        };
        digest::digest(algorithm, data)
    });
    verified.finish(digest.as_ref().map(AsRef::as_ref))
}

fn signature_is_valid(inspected: &Inspected) -> bool {
    let (message, bytes) = (inspected.signing_input(), inspected.signature());
    let bytes_of = |text: &str| decode(text).unwrap();
    let valid = match inspected.key() {
        PublicKey::Rsa { n, e } => {
            let parameters = match inspected.algorithm() {
                Algorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
                Algorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
                Algorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
                Algorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
                Algorithm::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
                Algorithm::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
                other => panic!("{other:?} with an RSA key"),
            };
            RsaPublicKeyComponents { n: bytes_of(n), e: bytes_of(e) }
                .verify(parameters, message, bytes)
        }
        PublicKey::Ec { x, y, .. } => {
            let parameters: &dyn VerificationAlgorithm = match inspected.algorithm() {
                Algorithm::Es256 => &signature::ECDSA_P256_SHA256_FIXED,
                Algorithm::Es384 => &signature::ECDSA_P384_SHA384_FIXED,
                other => panic!("{other:?} with a key on a curve"),
            };
            let point = [vec![4], bytes_of(x), bytes_of(y)].concat();
            UnparsedPublicKey::new(parameters, point).verify(message, bytes)
        }
        PublicKey::Okp { x, .. } => {
            assert_eq!(inspected.algorithm(), Algorithm::EdDsa);
            UnparsedPublicKey::new(&signature::ED25519, bytes_of(x)).verify(message, bytes)
        }
    };
    valid.is_ok()
}

/// The code, and the detail for the message of a failing test.
#[track_caller]
fn refused(outcome: Result<Claims, Error>, code: ErrorCode) {
    match outcome {
        Ok(_) => panic!("accepted, but expected {}", code.code()),
        Err(error) => assert_eq!(error.code, code, "{error}"),
    }
}
