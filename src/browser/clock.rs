//! How it is known that the clock was set back.

use super::dom::time;
use crate::protocol::held::JITTER;
use crate::protocol::units::Millis;
use std::cell::Cell;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Goes forward only (High Resolution Time §4), but in some browsers not while the machine sleeps.
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn steady() -> f64;
}

/// The clock that tells the time, beside the one that only goes forward.
pub struct Clock(Cell<(f64, f64)>);

impl Clock {
    /// Looks at both.
    pub fn new() -> Self {
        Self(Cell::new((time(), steady())))
    }

    /// By how much it was set back since somebody looked last, if it was.
    pub fn set_back(&self) -> Option<Millis> {
        let (time, passed) = (time(), steady());
        let (last, began) = self.0.replace((time, passed));
        let back = (passed - began) - (time - last);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let back = Millis(back as u64);
        Some(back).filter(|back| *back >= JITTER)
    }
}
