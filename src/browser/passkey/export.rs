//! What `passkey.js` calls.

use super::{Failure, Settings};
use crate::browser::host::object;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

/// Holds a ceremony; `create` says which. Rejects with `{ code, detail, cause }`, or with undefined
/// if the signal fired.
#[wasm_bindgen]
pub async fn passkey_ceremony(
    create: bool,
    options: JsValue,
    signal: Option<AbortSignal>,
    mediation: Option<String>,
    before: Option<js_sys::Function>,
) -> Result<JsValue, JsValue> {
    let settings = Settings { signal, mediation, before };
    let outcome = match create {
        true => super::create(&options, settings).await,
        false => super::get(&options, settings).await,
    };
    outcome.map_err(|failure| match failure {
        Failure::Aborted => JsValue::UNDEFINED,
        Failure::Failed(error, cause) => object(&[
            ("code", error.code.code().into()),
            ("detail", error.detail.into()),
            ("cause", cause),
        ])
        .into(),
    })
}
