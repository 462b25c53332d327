//! The second wasm module: checks an ID token while the user is still at the prompt.

#[cfg(test)]
mod tests;
mod webcrypto;

use super::js::Promise;
use super::task::promise;
use crate::protocol::border::{Export, Foreign};
use crate::protocol::claims::Claims;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::id_token::{self, Request};
use wasm_bindgen::prelude::*;

/// Checks an ID token: `{ idToken, jwks, expectation }` gives `{ claims }` or `{ code, detail }`.
/// A bad token does not reject.
#[wasm_bindgen(
    unchecked_return_type = "Promise<{ claims: object } | { code: string, detail: string }>"
)]
pub fn verify_id_token(
    #[wasm_bindgen(
        unchecked_param_type = "{ idToken: string, jwks: object, expectation: object }"
    )]
    request: JsValue,
) -> Promise {
    promise(async move {
        let mut answer = JsValue::object();
        match verify(&request).await {
            Ok(claims) => answer.set("claims", claims.export()),
            Err(error) => {
                answer.set("code", error.code.code().into());
                answer.set("detail", error.detail.into());
            }
        }
        Ok(answer)
    })
}

async fn verify(request: &JsValue) -> Result<Claims, Error> {
    let request = Request::read(request).ok_or_else(|| {
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
