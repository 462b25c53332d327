//! The ceremony itself, from the options to the response.

use super::signal::Leash;
use super::turn::Turn;
use super::{Failure, Settings, decode, encode, page};
use crate::browser::host::{get, object, own_error};
use crate::browser::js::{Object, Promise};
use crate::protocol::encode::concat;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::passkey::{Ceremony, failure};
use crate::protocol::units::Millis;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["navigator", "credentials"], js_name = get)]
    fn ask(options: &Object) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["navigator", "credentials"], js_name = create)]
    fn register(options: &Object) -> Result<Promise, JsValue>;
}

/// How long something is waited for, once.
pub struct Patience {
    /// The end of another ceremony of this SDK.
    pub turn: Millis,
    /// The end of a foreign ceremony, of which nobody tells.
    pub foreign: Millis,
    /// Between two looks whether the page has the focus.
    pub focus: Millis,
}

/// What pages get.
pub const PATIENCE: Patience =
    Patience { turn: Millis(5000), foreign: Millis(1000), focus: Millis(100) };

/// Holds a ceremony.
pub async fn hold(
    ceremony: Ceremony,
    options: &JsValue,
    settings: Settings,
    patience: &Patience,
) -> Result<JsValue, Failure> {
    let leash = Leash::new(settings.signal)?;
    page::check(ceremony)?;
    let stopped = |thrown| stopped(ceremony, thrown, leash.is_pulled());
    let public_key = decode::options(ceremony, options).map_err(stopped)?;
    if let Some(before) = settings.before {
        let called = before.call0(&JsValue::UNDEFINED);
        let outcome = match called {
            Ok(promise) => leash.outcome(&Promise::resolve(&promise)).await?,
            Err(thrown) => Err(thrown),
        };
        outcome.map_err(|cause| {
            let detail = "beforeCeremony() failed";
            let error = own_error(&cause, ErrorCode::ConfigurationInvalid, detail);
            Failure::Failed(error, cause)
        })?;
    }
    let _turn = Turn::take(&leash, patience.turn).await?;
    while page::lacks_focus() {
        leash.pause(patience.focus, None).await?;
    }
    let request = object(&[
        ("publicKey", public_key),
        ("mediation", settings.mediation.map_or(JsValue::UNDEFINED, JsValue::from)),
        ("signal", leash.signal().into()),
    ]);
    let mut answer = asked(ceremony, &request, &leash).await?;
    if answer.as_ref().is_err_and(|thrown| {
        failure(ceremony, &name(thrown), leash.is_pulled()) == Some(ErrorCode::PasskeyBusy)
    }) {
        leash.pause(patience.foreign, None).await?;
        answer = asked(ceremony, &request, &leash).await?;
    }
    let credential = answer.map_err(stopped)?;
    // Credential Management §2.5.1: null where there is none.
    if !credential.is_object() {
        return Err(Error::new(ErrorCode::PasskeyRefused, "no credential").into());
    }
    encode::response(&credential).map_err(stopped)
}

/// Asks the browser. The inner error is what it threw.
async fn asked(
    ceremony: Ceremony,
    request: &Object,
    leash: &Leash,
) -> Result<Result<JsValue, JsValue>, Failure> {
    let promise = match ceremony {
        Ceremony::Get => ask(request),
        Ceremony::Create => register(request),
    };
    match promise {
        // What replaces the browser's function may return anything.
        Ok(promise) => leash.outcome(&Promise::resolve(&promise)).await,
        Err(thrown) => Ok(Err(thrown)),
    }
}

fn name(thrown: &JsValue) -> String {
    get(thrown, "name").as_string().unwrap_or_default()
}

fn stopped(ceremony: Ceremony, thrown: JsValue, aborted: bool) -> Failure {
    let (name, message) = (name(&thrown), get(&thrown, "message").as_string().unwrap_or_default());
    match failure(ceremony, &name, aborted) {
        None => Failure::Aborted,
        Some(code) => Failure::Failed(Error::new(code, concat(&[&name, ": ", &message])), thrown),
    }
}
