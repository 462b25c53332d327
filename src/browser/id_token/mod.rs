//! The second wasm module: checks an ID token while the user is still at the prompt.
//!
//! What comes in does so as JSON text: serde_json is in here anyway for the token itself.

#[cfg(test)]
mod tests;
mod webcrypto;

use super::foreign::get;
use crate::protocol::border::{Export, Foreign};
use crate::protocol::claims::Claims;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::id_token::{self, Request};
use js_sys::{Array, JSON};
use serde_json::Value;
use wasm_bindgen::prelude::*;

/// Checks an ID token: `{ idToken, jwks, expectation }` gives `{ claims }` or `{ code, detail }`.
/// A bad token does not reject.
#[wasm_bindgen(unchecked_return_type = "{ claims: object } | { code: string, detail: string }")]
pub async fn verify_id_token(
    #[wasm_bindgen(
        unchecked_param_type = "{ idToken: string, jwks: object, expectation: object }"
    )]
    request: JsValue,
) -> Result<JsValue, JsValue> {
    let mut answer = JsValue::object();
    match verify(&request).await {
        Ok(claims) => answer.set("claims", claims.export()),
        Err(error) => {
            answer.set("code", error.code.code().into());
            answer.set("detail", error.detail.into());
        }
    }
    Ok(answer)
}

async fn verify(request: &JsValue) -> Result<Claims, Error> {
    let request = JSON::stringify(&with_readable_keys(request))
        .ok()
        // `JSON.stringify(undefined)` is no string.
        .and_then(|json| Request::from_json(&JsValue::from(json).as_string()?))
        .ok_or_else(|| {
            Error::new(ErrorCode::ConfigurationInvalid, "verify_id_token: not a request")
        })?;
    let inspected =
        id_token::inspect(request.id_token.expose(), &request.jwks, &request.expectation)?;
    let valid = webcrypto::verify(&inspected).await?;
    let verified = inspected.accept(valid)?;
    let digest = match verified.digest_needed() {
        Some((hash, data)) => Some(webcrypto::digest(hash, data).await?),
        None => None,
    };
    verified.finish(digest.as_deref())
}

/// The request without the keys that are no JSON for serde, by their depth or their characters: one such
/// key must not hide the others.
fn with_readable_keys(request: &JsValue) -> JsValue {
    let keys = get(&get(request, "jwks"), "keys");
    if !keys.is_array() {
        return request.clone();
    }
    let readable = |key: &JsValue| {
        let json = JSON::stringify(key).ok().and_then(|json| JsValue::from(json).as_string());
        // In the request it lies three levels deeper.
        let json = json.map(|json| ["[[[", &json, "]]]"].concat());
        json.is_some_and(|json| serde_json::from_slice::<Value>(json.as_bytes()).is_ok())
    };
    let keys: Array = Array::from(&keys).iter().filter(readable).collect();
    let (mut jwks, mut copy) = (JsValue::object(), JsValue::object());
    jwks.set("keys", keys.into());
    copy.set("jwks", jwks);
    for name in ["idToken", "expectation"] {
        copy.set(name, get(request, name));
    }
    copy
}
