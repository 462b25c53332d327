//! Random bytes and SHA-256 from WebCrypto.

use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::transaction::{Entropy, Secrets};
use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

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
    let unavailable =
        |_| Error::new(ErrorCode::ConfigurationInvalid, "no WebCrypto: not a secure context");
    let mut entropy = Entropy([0; 96]);
    get_random_values(&mut entropy.0).map_err(unavailable)?;
    let secrets = Secrets::draw(&entropy);
    let digested = digest("SHA-256", secrets.verifier.expose().as_bytes()).map_err(unavailable)?;
    let hash = JsFuture::from(digested).await.map_err(unavailable)?;
    let mut bytes = [0; 32];
    let hash = Uint8Array::new(&hash);
    if hash.length() == 32 {
        hash.copy_to(&mut bytes);
    }
    Ok((secrets, bytes))
}
