//! The second wasm module: checks an ID token while the user is still at the prompt.
//!
//! What crosses the border does so as JSON text: serde_json is in here anyway for the token itself.

#[cfg(test)]
mod tests;
mod webcrypto;

use crate::protocol::claims::Claims;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::id_token::{self, Request};
use serde::Serialize;
use wasm_bindgen::prelude::*;

/// What came out.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer<'a> {
    Checked { claims: Claims },
    Refused { code: &'static str, detail: &'a str },
}

/// Checks an ID token: `{ idToken, jwks, expectation }` gives `{ claims }` or `{ code, detail }`.
/// A bad token does not reject.
#[wasm_bindgen(unchecked_return_type = "{ claims: object } | { code: string, detail: string }")]
pub async fn verify_id_token(
    #[wasm_bindgen(
        unchecked_param_type = "{ idToken: string, jwks: object, expectation: object }"
    )]
    request: JsValue,
) -> Result<JsValue, JsValue> {
    let outcome = verify(&request).await;
    let answer = match &outcome {
        Ok(claims) => Answer::Checked { claims: claims.clone() },
        Err(error) => Answer::Refused { code: error.code.code(), detail: &error.detail },
    };
    let answer =
        serde_json::to_string(&answer).map_err(|error| JsError::new(&error.to_string()))?;
    js_sys::JSON::parse(&answer)
}

async fn verify(request: &JsValue) -> Result<Claims, Error> {
    let request = js_sys::JSON::stringify(request)
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
