//! Random bytes and SHA-256 from WebCrypto.

use super::js::{Promise, Uint8Array, octets};
use super::task::settled;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::transaction::{Entropy, Secrets};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues, catch)]
    fn get_random_values(bytes: &mut [u8]) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = digest, catch)]
    fn digest(algorithm: &str, bytes: &[u8]) -> Result<Promise, JsValue>;
}

/// Draws the secrets of a transaction, with the SHA-256 digest of the verifier (RFC 7636 §4.2).
///
/// # Errors
///
/// `configuration_invalid` where the page has no WebCrypto: it is not in a secure context.
pub async fn draw() -> Result<(Secrets, [u8; 32]), Error> {
    let mut entropy = Entropy([0; 96]);
    get_random_values(&mut entropy.0).map_err(unavailable)?;
    let secrets = Secrets::draw(&entropy);
    let digest = sha256(secrets.verifier.expose()).await?;
    Ok((secrets, digest))
}

/// The SHA-256 digest of a text.
///
/// # Errors
///
/// `configuration_invalid` as above.
pub async fn sha256(text: &str) -> Result<[u8; 32], Error> {
    let digested = digest("SHA-256", text.as_bytes()).map_err(unavailable)?;
    let hash = settled(&digested).await.map_err(unavailable)?;
    octets(&Uint8Array::new(&hash)).try_into().map_err(|_| unavailable(hash))
}

fn unavailable(_: JsValue) -> Error {
    Error::new(ErrorCode::ConfigurationInvalid, "no WebCrypto: not a secure context")
}
