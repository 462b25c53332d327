//! Timers that end with the value that holds them.

use super::js::{Callback, callback};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(run: &JsValue, millis: f64) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);
    #[wasm_bindgen(js_name = setInterval)]
    fn set_interval(run: &JsValue, millis: f64) -> JsValue;
    #[wasm_bindgen(js_name = clearInterval)]
    fn clear_interval(timer: &JsValue);
}

/// The longest a browser's timer takes; a longer one would fire at once.
const LONGEST: f64 = 2_147_483_647.0;

#[allow(clippy::cast_precision_loss)]
fn at_most(millis: u64) -> f64 {
    (millis as f64).min(LONGEST)
}

/// Runs once, later, unless it is dropped before.
pub struct Timeout {
    timer: JsValue,
    _run: Callback,
}

impl Timeout {
    /// Starts the clock.
    pub fn after(millis: u64, mut run: impl FnMut() + 'static) -> Self {
        let run = callback(move |_, _| run());
        Self { timer: set_timeout(run.as_ref(), at_most(millis)), _run: run }
    }
}

impl Drop for Timeout {
    fn drop(&mut self) {
        clear_timeout(&self.timer);
    }
}

/// Runs again and again until it is dropped.
pub struct Interval {
    timer: JsValue,
    _run: Callback,
}

impl Interval {
    /// Starts the clock.
    pub fn every(millis: u64, mut run: impl FnMut() + 'static) -> Self {
        let run = callback(move |_, _| run());
        Self { timer: set_interval(run.as_ref(), at_most(millis)), _run: run }
    }
}

impl Drop for Interval {
    fn drop(&mut self) {
        clear_interval(&self.timer);
    }
}
