//! A second opinion: what is accepted here, jsonwebtoken accepts as well.
//!
//! `jsonwebtoken::decode` wants to verify the signature itself, at once and in Rust, which is why it is
//! the oracle here and no part of the product. Its "key" is a note of the one message and signature that
//! were found to be right; the provider below compares with that.

use super::properties::{CLAIMS, any_object};
use super::*;
use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error as JwtError, ErrorKind};
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{DecodingKey, DecodingKeyKind, Validation};
use proptest::prelude::*;
use std::sync::Once;

/// That this signature of this message is right.
struct Note {
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl Verifier<Vec<u8>> for Note {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        match message == self.message && *signature == self.signature {
            true => Ok(()),
            false => Err(signature::Error::new()),
        }
    }
}

impl JwtVerifier for Note {
    fn algorithm(&self) -> jsonwebtoken::Algorithm {
        jsonwebtoken::Algorithm::ES256
    }
}

fn unsupported() -> JwtError {
    ErrorKind::UnsupportedAlgorithm.into()
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(unsupported()),
    verifier_factory: |_, key| match key.kind() {
        DecodingKeyKind::RsaModulusExponent { n, e } => {
            Ok(Box::new(Note { message: n.clone(), signature: e.clone() }))
        }
        _ => Err(unsupported()),
    },
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| Err(unsupported()),
        rsa_pub_components_from_public_key: |_| Err(unsupported()),
        ec_pub_components_from_private_key: |_, _| Err(unsupported()),
        ed_pub_components_from_private_key: |_, _| Err(unsupported()),
        compute_digest: |_, _| Err(unsupported()),
    },
};

/// The claims as jsonwebtoken reads them from a token of ES256 whose signature is right.
fn second_opinion(id_token: &str, now: u64) -> Result<Value, JwtError> {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| PROVIDER.install_default().unwrap());
    let (message, signature) = id_token.rsplit_once('.').unwrap();
    let signature = decode(signature).unwrap();
    let key = DecodingKey::from_rsa_raw_components(message.as_bytes(), &signature);
    let mut validation = Validation::new(jsonwebtoken::Algorithm::ES256);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[CLIENT]);
    // It would read the clock.
    validation.validate_exp = false;
    let claims = jsonwebtoken::decode::<Value>(id_token, &key, &validation)?.claims;
    assert!(claims["exp"].as_f64().unwrap() > (now - 61) as f64);
    Ok(claims)
}

#[test]
fn it_accepts_what_is_right_and_refuses_what_is_wrong() {
    let provider = Provider::new();
    let sub = second_opinion(&provider.issue(&claims()), NOW).unwrap()["sub"].clone();
    assert_eq!(sub, "alice");
    for (name, value) in [
        ("iss", json!("https://login.evil.example")),
        ("aud", json!("another")),
        ("sub", Value::Null),
        ("exp", Value::Null),
    ] {
        let id_token = provider.issue(&claims_with(name, value));
        assert!(second_opinion(&id_token, NOW).is_err(), "{name}");
        assert!(verify(&id_token, &provider.jwks(), &response()).is_err(), "{name}");
    }
}

proptest! {
    #[test]
    fn what_is_accepted_here_it_accepts_too(replaced in any_object(CLAIMS)) {
        let provider = Provider::new();
        let mut claims = claims();
        for (name, value) in replaced.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let id_token = provider.issue(&claims);
        if let Ok(checked) = verify(&id_token, &provider.jwks(), &response()) {
            let theirs = second_opinion(&id_token, NOW);
            prop_assert!(theirs.is_ok(), "{:?} {}", theirs, claims);
            prop_assert_eq!(&theirs.unwrap()["sub"], &checked.sub);
        }
    }
}
