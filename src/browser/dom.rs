//! The page's own objects, as far as they are used.

use super::js::{Array, Object, Promise, array, pending};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// A window, of this page or of another.
    #[derive(Clone, Debug)]
    #[wasm_bindgen(extends = EventTarget)]
    pub type Window;
    #[wasm_bindgen(method, catch)]
    pub fn close(this: &Window) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    pub fn focus(this: &Window) -> Result<(), JsValue>;
    // A severed window throws.
    #[wasm_bindgen(method, getter, catch)]
    pub fn closed(this: &Window) -> Result<bool, JsValue>;
    #[wasm_bindgen(method, getter, catch)]
    pub fn location(this: &Window) -> Result<Location, JsValue>;
    pub type Location;
    #[wasm_bindgen(method, catch)]
    pub fn replace(this: &Location, url: &str) -> Result<(), JsValue>;
    /// Opens a window, unless the browser blocks it.
    #[wasm_bindgen(catch, js_name = open)]
    pub fn open(url: &str, name: &str, features: &str) -> Result<Option<Window>, JsValue>;

    #[derive(Clone, Debug)]
    pub type AbortController;
    #[wasm_bindgen(constructor, catch)]
    pub fn new() -> Result<AbortController, JsValue>;
    #[wasm_bindgen(method, getter)]
    pub fn signal(this: &AbortController) -> AbortSignal;
    #[wasm_bindgen(method)]
    pub fn abort(this: &AbortController);
    #[derive(Clone, Debug)]
    #[wasm_bindgen(extends = EventTarget)]
    pub type AbortSignal;
    #[wasm_bindgen(method, getter)]
    pub fn aborted(this: &AbortSignal) -> bool;

    pub type BroadcastChannel;
    #[wasm_bindgen(constructor, catch)]
    pub fn new(name: &str) -> Result<BroadcastChannel, JsValue>;
    #[wasm_bindgen(method, setter)]
    pub fn set_onmessage(this: &BroadcastChannel, run: &JsValue);
    #[wasm_bindgen(method, catch, js_name = postMessage)]
    pub fn post_message(this: &BroadcastChannel, message: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method)]
    pub fn close(this: &BroadcastChannel);

    /// Whatever has listeners.
    #[derive(Clone, Debug)]
    pub type EventTarget;
    #[wasm_bindgen(method, catch, js_name = addEventListener)]
    pub fn listen(this: &EventTarget, kind: &str, run: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = removeEventListener)]
    pub fn unlisten(this: &EventTarget, kind: &str, run: &JsValue) -> Result<(), JsValue>;

    pub type ArrayBuffer;
    #[wasm_bindgen(static_method_of = ArrayBuffer, js_name = isView)]
    pub fn is_view(value: &JsValue) -> bool;
    #[wasm_bindgen(js_name = TypeError)]
    pub type TypeError;
    #[wasm_bindgen(constructor)]
    pub fn new(message: &str) -> TypeError;

    #[wasm_bindgen(js_namespace = Object)]
    pub fn assign(target: &Object, source: &JsValue) -> Object;
    #[wasm_bindgen(js_namespace = Object)]
    pub fn is(one: &JsValue, other: &JsValue) -> bool;
    #[wasm_bindgen(js_namespace = Object)]
    pub fn keys(of: &JsValue) -> Array;
    /// Settles as the first of them.
    #[wasm_bindgen(js_namespace = Promise)]
    fn race(promises: &Array) -> Promise;
    #[wasm_bindgen(js_namespace = JSON, js_name = stringify, catch)]
    pub fn to_json(value: &JsValue) -> Result<Option<String>, JsValue>;
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    pub fn time() -> f64;

    #[wasm_bindgen(thread_local_v2, js_name = globalThis)]
    static GLOBAL: JsValue;
}

/// The page's window, or what stands in its place.
pub fn global() -> Window {
    GLOBAL.with(|global| global.clone()).unchecked_into()
}

/// A promise that settles as the first of two.
pub fn first(one: &Promise, other: &Promise) -> Promise {
    race(&array([one.into(), other.into()]))
}

/// A promise that settles when a signal fires.
pub fn fired(signal: &AbortSignal) -> Promise {
    let (fired, end, _) = pending();
    // Every signal takes a listener.
    let _ = signal.listen("abort", &end);
    fired
}
