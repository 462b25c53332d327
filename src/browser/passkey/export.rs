//! What `passkey.js` calls.

use super::{Failure, Settings};
use crate::browser::dom::AbortSignal;
use crate::browser::host::object;
use crate::browser::js::{Function, Promise};
use crate::browser::task::promise;
use wasm_bindgen::prelude::*;

/// Holds a ceremony; `create` says which. Rejects with `{ code, detail, cause }`, or with undefined
/// if the signal fired.
#[wasm_bindgen]
pub fn passkey_ceremony(
    create: bool,
    options: JsValue,
    signal: Option<AbortSignal>,
    mediation: Option<String>,
    before: Option<Function>,
) -> Promise {
    let settings = Settings { signal, mediation, before };
    promise(async move {
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
    })
}
