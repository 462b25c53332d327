//! The ceremony in a real page whose passkeys are in the test's hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod codec;
mod conduct;
mod page;

use super::ceremony::{Patience, hold};
use super::{Failure, Settings};
use crate::browser::dom::AbortController;
use crate::browser::host::get;
use crate::browser::js::Function;
use crate::browser::task::spawn;
use crate::browser::tests::{settle, until};
use crate::protocol::error::ErrorCode;
use crate::protocol::passkey::Ceremony;
use crate::protocol::units::Millis;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/browser/passkey/tests/fake.js")]
extern "C" {
    type Fake;
    #[wasm_bindgen(constructor)]
    fn new() -> Fake;
    #[wasm_bindgen(method, getter)]
    fn calls(this: &Fake) -> js_sys::Array;
    #[wasm_bindgen(method)]
    fn put(this: &Fake, path: &str, value: &JsValue);
    #[wasm_bindgen(method)]
    fn restore(this: &Fake);

    fn exception(name: &str) -> JsValue;
    fn js(body: &str) -> JsValue;
    fn text(value: &JsValue) -> String;
    fn bare(options: &JsValue, native: &JsValue) -> String;
}

/// The page's passkeys, until the test ends.
struct Page(Fake);

impl Page {
    fn new() -> Self {
        Self(Fake::new())
    }

    fn put(&self, path: &str, body: &str) {
        self.0.put(path, &js(body));
    }

    /// How often the browser was asked.
    fn asked(&self) -> u32 {
        self.0.calls().length()
    }

    /// What it was asked with, the last time.
    fn options(&self) -> JsValue {
        get(&self.0.calls().get(self.asked() - 1), "options")
    }

    fn answer(&self, at: u32, how: &str, value: &JsValue) {
        let call = self.0.calls().get(at);
        let function: Function = get(&call, how).unchecked_into();
        function.call1(&JsValue::UNDEFINED, value).unwrap();
    }

    fn resolve(&self, at: u32) {
        self.answer(at, "resolve", &assertion());
    }

    fn reject(&self, at: u32, name: &str) {
        self.answer(at, "reject", &exception(name));
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.0.restore();
    }
}

fn assertion() -> JsValue {
    js("return { id: 'AQID', rawId: new Uint8Array([1, 2, 3]).buffer, type: 'public-key', \
        response: { clientDataJSON: new Uint8Array([4]).buffer, \
          authenticatorData: new Uint8Array([5]).buffer, signature: new Uint8Array([6]).buffer, \
          userHandle: null }, getClientExtensionResults: () => ({}) }")
}

fn options() -> JsValue {
    js("return { challenge: 'AQID' }")
}

const QUICK: Patience = Patience { turn: Millis(20), foreign: Millis(0), focus: Millis(0) };

/// A ceremony that has been started, and what has become of it.
#[derive(Clone)]
struct Held(Rc<RefCell<Option<Result<JsValue, Failure>>>>);

impl Held {
    fn start(ceremony: Ceremony, options: JsValue, settings: Settings, patience: Patience) -> Self {
        let held = Self(Rc::default());
        let into = held.clone();
        spawn(async move {
            let outcome = hold(ceremony, &options, settings, &patience).await;
            *into.0.borrow_mut() = Some(outcome);
        });
        held
    }

    fn get() -> Self {
        Self::with(Settings::default())
    }

    fn with(settings: Settings) -> Self {
        Self::start(Ceremony::Get, options(), settings, QUICK)
    }

    fn is_over(&self) -> bool {
        self.0.borrow().is_some()
    }

    async fn outcome(self) -> Result<JsValue, Failure> {
        until(|| self.is_over()).await;
        self.0.take().unwrap()
    }

    /// The code it fails with.
    async fn code(self) -> ErrorCode {
        match self.outcome().await {
            Err(Failure::Failed(error, _)) => error.code,
            other => panic!("a failure was expected, not {other:?}"),
        }
    }

    async fn ends_aborted(self) -> bool {
        matches!(self.outcome().await, Err(Failure::Aborted))
    }
}

/// Settings with a signal, and who fires it.
fn abortable() -> (AbortController, Settings) {
    let controller = AbortController::new().unwrap();
    let settings = Settings { signal: Some(controller.signal()), ..Settings::default() };
    (controller, settings)
}
