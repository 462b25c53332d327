//! The two things that WebCrypto computes here: is a signature valid, and what is a hash.

use crate::browser::js::{Promise, Uint8Array, get, octets, parse_json};
use crate::browser::task;
use crate::protocol::border::Export;
use crate::protocol::encode::concat;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::id_token::{Algorithm, Hash, Inspected};
use wasm_bindgen::prelude::*;

// Named by `globalThis`, which windows and workers have alike. Byte arguments are views of this
// module's memory: WebCrypto copies them before it returns.
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["globalThis", "crypto", "subtle"], js_name = importKey)]
    fn import_key(
        format: &str,
        key: &JsValue,
        algorithm: &JsValue,
        extractable: bool,
        usages: &JsValue,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["globalThis", "crypto", "subtle"], js_name = verify)]
    fn verify_signature(
        algorithm: &JsValue,
        key: &JsValue,
        signature: &[u8],
        data: &[u8],
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["globalThis", "crypto", "subtle"], js_name = digest)]
    fn compute_digest(algorithm: &str, data: &[u8]) -> Result<Promise, JsValue>;

    #[wasm_bindgen(js_name = Error)]
    type JsError;
}

/// Whether the signature is valid. An answer other than yes or no is an error.
pub(super) async fn verify(inspected: &Inspected) -> Result<bool, Error> {
    let parameters = parse(parameters(inspected.algorithm()))?;
    let jwk: JsValue = inspected.key().export();
    let key = settled(import_key("jwk", &jwk, &parameters, false, &parse(r#"["verify"]"#)?))
        .await
        .map_err(|reason| match inspected.algorithm() {
            Algorithm::EdDsa if is_unsupported(&reason) => {
                failed("this browser cannot verify Ed25519", &reason)
            }
            _ => failed("the key cannot be imported", &reason),
        })?;
    let (signature, message) = (inspected.signature(), inspected.signing_input());
    let valid = settled(verify_signature(&parameters, &key, signature, message))
        .await
        .map_err(|reason| failed("the signature cannot be verified", &reason))?;
    Ok(valid.is_truthy())
}

/// The digest of the data.
pub(super) async fn digest(hash: Hash, data: &[u8]) -> Result<Vec<u8>, Error> {
    let digest = settled(compute_digest(name(hash), data))
        .await
        .map_err(|reason| failed("the hash cannot be computed", &reason))?;
    Ok(octets(&Uint8Array::new(&digest)))
}

/// What a call comes to. It throws instead of rejecting where there is no `subtle` at all.
async fn settled(call: Result<Promise, JsValue>) -> Result<JsValue, JsValue> {
    task::settled(&call?).await
}

/// The algorithm as WebCrypto names it, with all that importing and verifying want to know.
const fn parameters(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Rs256 => r#"{"name":"RSASSA-PKCS1-v1_5","hash":"SHA-256"}"#,
        Algorithm::Rs384 => r#"{"name":"RSASSA-PKCS1-v1_5","hash":"SHA-384"}"#,
        Algorithm::Rs512 => r#"{"name":"RSASSA-PKCS1-v1_5","hash":"SHA-512"}"#,
        // RFC 7518 §3.5: "The size of the salt value is the same size as the hash function output."
        Algorithm::Ps256 => r#"{"name":"RSA-PSS","hash":"SHA-256","saltLength":32}"#,
        Algorithm::Ps384 => r#"{"name":"RSA-PSS","hash":"SHA-384","saltLength":48}"#,
        Algorithm::Ps512 => r#"{"name":"RSA-PSS","hash":"SHA-512","saltLength":64}"#,
        Algorithm::Es256 => r#"{"name":"ECDSA","namedCurve":"P-256","hash":"SHA-256"}"#,
        Algorithm::Es384 => r#"{"name":"ECDSA","namedCurve":"P-384","hash":"SHA-384"}"#,
        Algorithm::EdDsa => r#"{"name":"Ed25519"}"#,
    }
}

const fn name(hash: Hash) -> &'static str {
    match hash {
        Hash::Sha256 => "SHA-256",
        Hash::Sha384 => "SHA-384",
        Hash::Sha512 => "SHA-512",
    }
}

fn parse(json: &str) -> Result<JsValue, Error> {
    parse_json(json).map_err(|reason| failed("JSON cannot be read", &reason))
}

/// Whether the browser does not know the algorithm (Web Cryptography §18.4.4). Ed25519 came to Chrome
/// with 137, to Firefox with 129, to Safari with 17.
fn is_unsupported(reason: &JsValue) -> bool {
    told(reason, "name").is_some_and(|name| name == "NotSupportedError")
}

/// WebCrypto's own reason: `NotSupportedError` where the browser lacks an algorithm, `TypeError` where
/// the page is no secure context and there is no WebCrypto.
fn failed(what: &str, reason: &JsValue) -> Error {
    let reason = match (told(reason, "name"), told(reason, "message")) {
        (Some(name), Some(message)) => concat(&[" (", &name, ": ", &message, ")"]),
        _ => String::new(),
    };
    Error::new(ErrorCode::IdTokenInvalid, concat(&["ID token: ", what, &reason]))
}

/// What an error says of itself.
fn told(reason: &JsValue, member: &str) -> Option<String> {
    get(reason, member).as_string().filter(|_| reason.is_instance_of::<JsError>())
}
