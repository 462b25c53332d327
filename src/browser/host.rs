//! What the JavaScript around the core offers it.

pub use super::js::get;
use super::js::{Array, Function, Object, Promise};
use super::network::Request;
use crate::protocol::border::{Foreign, Import};
use crate::protocol::encode::concat;
use crate::protocol::error::{Error, ErrorCode};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The object that `engine.js` makes.
    pub type Host;

    #[wasm_bindgen(method)]
    pub fn emit(this: &Host, kind: &str, detail: &Object);
    #[wasm_bindgen(method)]
    pub fn diagnose(this: &Host, code: &str, message: &str);
    #[wasm_bindgen(method)]
    pub fn publish(this: &Host, all: &Array);
    #[wasm_bindgen(method)]
    pub fn own(this: &Host, request: &Request);
    #[wasm_bindgen(method)]
    pub fn session(this: &Host) -> Promise;
    #[wasm_bindgen(method)]
    pub fn authenticate(this: &Host, request: &Object) -> Promise;
    #[wasm_bindgen(method)]
    pub fn verifier(this: &Host) -> Promise;
    #[wasm_bindgen(method)]
    pub fn settle(this: &Host, waiter: u32, assurance: &JsValue);
    #[wasm_bindgen(method)]
    pub fn reject(this: &Host, waiter: u32, code: &str, message: &str, cause: &JsValue);
    /// Resolves with the response that the waiter has.
    #[wasm_bindgen(method, js_name = giveBack)]
    pub fn give_back(this: &Host, waiter: u32);
    /// Resolves with the function that ends it when no other tab renews a token of this provider, and
    /// rejects when that takes too long.
    #[wasm_bindgen(method, js_name = renewalLock)]
    pub fn renewal_lock(this: &Host) -> Promise;
    /// `key` is the thumbprint of the key that the token is bound to.
    #[wasm_bindgen(method)]
    pub fn retry(this: &Host, waiter: u32, token: Option<&str>, key: Option<&str>, flow: &str);
    /// The thumbprint of the key that tokens are to be bound to from now on.
    #[wasm_bindgen(method)]
    pub fn key(this: &Host) -> Promise;
    /// A proof that the key of this thumbprint is held, for one request to the provider.
    #[wasm_bindgen(method)]
    pub fn prove(this: &Host, key: &str, method: &str, url: &str) -> Promise;
    /// Sends a request that has not left yet as any other; if it is `on_trial`, it is told to
    /// `went_through` when it was answered with a success.
    #[wasm_bindgen(method, js_name = letGo)]
    pub fn let_go(this: &Host, waiter: u32, on_trial: bool);
    /// Resolves with whether options for a passkey are at hand.
    #[wasm_bindgen(method)]
    pub fn prepared(this: &Host, waiter: u32, ready: bool);
    /// Saves what must survive a redirect, with the requests of these waiters. `until` is in
    /// milliseconds since the epoch.
    #[wasm_bindgen(method)]
    pub fn save(this: &Host, state: &str, until: f64, saved: &JsValue, waiters: &Array) -> Promise;
    /// Resolves when none of the app's requests is on the wire, or after some time.
    #[wasm_bindgen(method)]
    pub fn quiet(this: &Host) -> Promise;
    /// Whether the user has just done something and is not writing, so that the page may be left at
    /// once.
    #[wasm_bindgen(method, js_name = mayLeave)]
    pub fn may_leave(this: &Host) -> bool;
    /// Deletes what was saved under this state.
    #[wasm_bindgen(method)]
    pub fn forget(this: &Host, state: &str);
    /// Asks for the turn of this tab; calls `tell` with `taken`, `awaited`, `overdue`, or with `handed`
    /// and what was handed over. `patience` is in milliseconds.
    #[wasm_bindgen(method, js_name = takeTurn)]
    pub fn take_turn(this: &Host, patience: f64, tell: &Function);
    /// Takes the turn from the tab that has it.
    #[wasm_bindgen(method, js_name = forceTurn)]
    pub fn force_turn(this: &Host);
    /// It is the next tab's turn, after what is handed over now.
    #[wasm_bindgen(method, js_name = endTurn)]
    pub fn end_turn(this: &Host);
    /// Leaves this for the tabs that wait, if there are any.
    #[wasm_bindgen(method, js_name = handOver)]
    pub fn hand_over(this: &Host, result: &JsValue);
    /// Tells the other tabs that all is over for them, unless they are this user's.
    #[wasm_bindgen(method, js_name = clearOthers)]
    pub fn clear_others(this: &Host, sub: Option<&str>);
    /// Leaves the page.
    #[wasm_bindgen(method)]
    pub fn leave(this: &Host, url: &str);
    /// Calls `choose(choice)` for what the user chose, or `refuse(code, detail)` if it is not shown.
    /// `leader` is the waiter whose own gate goes before the app's.
    #[wasm_bindgen(method, js_name = showGate)]
    pub fn show_gate(
        this: &Host,
        model: &Object,
        leader: Option<u32>,
        choose: &Function,
        refuse: &Function,
    );
    /// The JSON of an answer; undefined where it is none. Rejects where it is not what it says.
    #[wasm_bindgen(method, js_name = readJson)]
    pub fn read_json(this: &Host, response: &JsValue) -> Promise;
    /// The request to a passkey endpoint as the app's adapter shapes it.
    #[wasm_bindgen(method, js_name = shapeRequest)]
    pub fn shape_request(this: &Host, target: &str, body: &str, backend: bool) -> Promise;
    /// Its answer as the adapter reads it.
    #[wasm_bindgen(method, js_name = readAnswer)]
    pub fn read_answer(this: &Host, target: &str, json: &JsValue, ok: bool) -> Promise;
    /// The app's own function that is called before a passkey ceremony.
    #[wasm_bindgen(method, getter, js_name = beforeCeremony)]
    pub fn before_ceremony(this: &Host) -> Option<Function>;
    #[wasm_bindgen(method, js_name = hideGate)]
    pub fn hide_gate(this: &Host);
}

/// A JavaScript object with these properties; undefined ones are left out.
pub fn object(properties: &[(&str, JsValue)]) -> Object {
    let mut object = <JsValue as Foreign>::object();
    for (name, value) in properties {
        object.set(name, value.clone());
    }
    object.unchecked_into()
}

/// The core's error as JavaScript gets it: `{ code, detail }`.
pub fn thrown(error: &Error) -> JsValue {
    object(&[("code", error.code.code().into()), ("detail", error.detail.as_str().into())]).into()
}

/// An error that the app's own function threw. A `StepUpError` keeps its code.
pub fn own_error(value: &JsValue, otherwise: ErrorCode, detail: &str) -> Error {
    let named = get(value, "name").as_string().is_some_and(|name| name == "StepUpError");
    let code = get(value, "code").as_string().filter(|_| named);
    match code.and_then(|code| ErrorCode::from_code(&code)) {
        Some(code) => code.into(),
        None => Error::new(otherwise, detail),
    }
}

/// A JavaScript value as one of the core's types.
///
/// # Errors
///
/// `code`, with what it was that could not be read.
pub fn from_js<T: Import>(value: JsValue, code: ErrorCode, what: &str) -> Result<T, Error> {
    let mut read = T::blank();
    match read.fill(&value) {
        true => Ok(read),
        false => Err(formless(code, what)),
    }
}

fn formless(code: ErrorCode, what: &str) -> Error {
    Error::new(code, concat(&[what, " does not have the expected form"]))
}
