//! The receipt: proof that one signature was verified, for jsonwebtoken to accept.
//!
//! `jsonwebtoken::decode` wants to verify the signature itself, at once and in Rust. Here it has
//! been verified already, by the browser. So the provider below does no cryptography: the "key" it
//! is given is the receipt, and it accepts the one algorithm, message and signature that are written
//! in there. There is no state beside it: each verification brings its own receipt along, so two of
//! them in flight cannot be mixed up, and redeeming one uses it up.

use super::{Algorithm, Error, ErrorCode, Expectation, Members, Secret, decode, invalid};
use crate::protocol::encode::concat;
use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error as JwtError, ErrorKind};
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{DecodingKey, DecodingKeyKind, Validation};
use serde::de::IgnoredAny;
use std::sync::OnceLock;

/// What was verified. Deliberately neither `Clone` nor `Copy`.
pub(super) struct Receipt {
    algorithm: jsonwebtoken::Algorithm,
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl Receipt {
    /// To be written only after the signature has been verified.
    pub(super) const fn new(algorithm: Algorithm, message: Vec<u8>, signature: Vec<u8>) -> Self {
        Self { algorithm: algorithm.jsonwebtoken(), message, signature }
    }

    /// Hands the token to jsonwebtoken, which checks that it is the one of this receipt, that it
    /// has `exp`, `iss`, `aud` and `sub`, and that issuer and audience are those expected.
    pub(super) fn redeem(
        self,
        token: &Secret,
        expectation: &Expectation,
    ) -> Result<Members, Error> {
        if !installed() {
            return Err(invalid("another cryptography provider is installed for jsonwebtoken"));
        }
        let mut validation = Validation::new(self.algorithm);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&expectation.issuer]);
        validation.set_audience(&[&expectation.client_id]);
        // These would read the clock; `checks` compares with the time that came in.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        jsonwebtoken::decode::<IgnoredAny>(token.expose(), &self.into_key(), &validation)
            .map_err(|error| refusal(&error))?;
        let payload = token.expose().split(['.']).nth(1).and_then(decode);
        let members = payload.and_then(|json| Members::from_json(&json));
        members.ok_or_else(|| invalid("its claims are no JSON object of unique names"))
    }

    /// Writes the receipt into the only thing that reaches a verifier. The two byte strings of an
    /// RSA key hold it whole, whatever the algorithm.
    pub(super) fn into_key(self) -> DecodingKey {
        let mut signature = vec![self.algorithm as u8];
        signature.extend_from_slice(&self.signature);
        DecodingKey::from_rsa_raw_components(&self.message, &signature)
    }

    /// Reads it again.
    fn from_key(algorithm: jsonwebtoken::Algorithm, key: &DecodingKey) -> Option<Self> {
        let DecodingKeyKind::RsaModulusExponent { n, e } = key.kind() else { return None };
        let (&written, signature) = e.split_first()?;
        (written == algorithm as u8).then(|| Self {
            algorithm,
            message: n.clone(),
            signature: signature.to_vec(),
        })
    }
}

impl Verifier<Vec<u8>> for Receipt {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        if message == self.message && *signature == self.signature {
            Ok(())
        } else {
            Err(signature::Error::new())
        }
    }
}

impl JwtVerifier for Receipt {
    fn algorithm(&self) -> jsonwebtoken::Algorithm {
        self.algorithm
    }
}

/// Accepts receipts, and can do nothing else: whatever is asked of it besides is an error.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(unsupported()),
    verifier_factory: |algorithm, key| {
        Receipt::from_key(*algorithm, key)
            .map(|receipt| -> Box<dyn JwtVerifier> { Box::new(receipt) })
            .ok_or_else(|| ErrorKind::InvalidAlgorithm.into())
    },
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| Err(unsupported()),
        rsa_pub_components_from_public_key: |_| Err(unsupported()),
        ec_pub_components_from_private_key: |_, _| Err(unsupported()),
        ed_pub_components_from_private_key: |_, _| Err(unsupported()),
        compute_digest: |_, _| Err(unsupported()),
    },
};

fn unsupported() -> JwtError {
    ErrorKind::UnsupportedAlgorithm.into()
}

/// Installs the provider, once. False where another part of the program was there before: a real
/// provider must never see a receipt.
fn installed() -> bool {
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    *INSTALLED.get_or_init(|| PROVIDER.install_default().is_ok())
}

/// jsonwebtoken's reason in our words. Its own may quote what is in the token.
fn refusal(error: &JwtError) -> Error {
    match error.kind() {
        ErrorKind::InvalidIssuer => ErrorCode::IssuerMismatch.into(),
        ErrorKind::MissingRequiredClaim(claim) if claim == "iss" => {
            ErrorCode::IssuerMismatch.into()
        }
        ErrorKind::MissingRequiredClaim(claim) => {
            invalid(&concat(&[claim, " is missing or malformed"]))
        }
        ErrorKind::InvalidAudience => invalid("aud does not name this client"),
        ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm => {
            invalid("it is not the token whose signature was verified")
        }
        _ => invalid("jsonwebtoken cannot read it"),
    }
}
