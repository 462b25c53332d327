//! Timers that end with the value that holds them.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(run: &Closure<dyn FnMut()>, millis: f64) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);
    #[wasm_bindgen(js_name = setInterval)]
    fn set_interval(run: &Closure<dyn FnMut()>, millis: f64) -> JsValue;
    #[wasm_bindgen(js_name = clearInterval)]
    fn clear_interval(timer: &JsValue);
}

/// The longest a browser's timer takes; a longer one would fire at once.
const LONGEST: f64 = 2_147_483_647.0;

/// Runs once, later, unless it is dropped before.
pub struct Timeout {
    timer: JsValue,
    _run: Closure<dyn FnMut()>,
}

impl Timeout {
    /// Starts the clock.
    #[allow(clippy::cast_precision_loss)]
    pub fn after(millis: u64, run: impl FnMut() + 'static) -> Self {
        let run = Closure::new(run);
        Self { timer: set_timeout(&run, (millis as f64).min(LONGEST)), _run: run }
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
    _run: Closure<dyn FnMut()>,
}

impl Interval {
    /// Starts the clock.
    #[allow(clippy::cast_precision_loss)]
    pub fn every(millis: u64, run: impl FnMut() + 'static) -> Self {
        let run = Closure::new(run);
        Self { timer: set_interval(&run, (millis as f64).min(LONGEST)), _run: run }
    }
}

impl Drop for Interval {
    fn drop(&mut self) {
        clear_interval(&self.timer);
    }
}
