//! The ceremony's own signal, which the caller's leads to.

use super::Failure;
use crate::browser::dom::{AbortController, AbortSignal, fired, first};
use crate::browser::host::get;
use crate::browser::js::{Function, Promise, pending};
use crate::browser::task::settled;
use crate::browser::timer::Timeout;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::units::Millis;
use wasm_bindgen::prelude::*;

/// Ends a ceremony when the caller says so, or when nobody waits for it any more.
pub struct Leash {
    controller: AbortController,
    /// The caller's signal, and what it calls: the browser's own function, which works also when
    /// this instance has died.
    caller: Option<(AbortSignal, Function)>,
    /// Settles when the signal fires.
    fired: Promise,
}

impl Leash {
    /// A leash in the caller's hand, if the caller has one.
    ///
    /// # Errors
    ///
    /// Where the signal has fired already.
    pub fn new(caller: Option<AbortSignal>) -> Result<Self, Failure> {
        let impossible = |_| Error::new(ErrorCode::ConfigurationInvalid, "no AbortController");
        let controller = AbortController::new().map_err(impossible)?;
        if caller.as_ref().is_some_and(AbortSignal::aborted) {
            return Err(Failure::Aborted);
        }
        let fired = fired(&controller.signal());
        let caller = caller.map(|signal| {
            let abort: Function = get(&controller, "abort").unchecked_into();
            let abort = abort.bind(&controller);
            let _ = signal.listen("abort", &abort);
            (signal, abort)
        });
        Ok(Self { controller, caller, fired })
    }

    /// What the browser is given.
    pub fn signal(&self) -> AbortSignal {
        self.controller.signal()
    }

    /// Whether the caller's signal has fired.
    pub fn is_pulled(&self) -> bool {
        self.controller.signal().aborted()
    }

    /// What a promise comes to.
    ///
    /// # Errors
    ///
    /// Where the caller's signal fires before; what comes later is dropped.
    pub async fn outcome(&self, promise: &Promise) -> Result<Result<JsValue, JsValue>, Failure> {
        let outcome = settled(&first(promise, &self.fired)).await;
        match self.is_pulled() {
            true => Err(Failure::Aborted),
            false => Ok(outcome),
        }
    }

    /// Waits this long, and not longer than until `event` has settled.
    ///
    /// # Errors
    ///
    /// Where the caller's signal fires before.
    pub async fn pause(&self, limit: Millis, event: Option<Promise>) -> Result<(), Failure> {
        let (passed, pass, _) = pending();
        let _clock = Timeout::after(limit.0, move || {
            let _ = pass.call0(&JsValue::UNDEFINED);
        });
        let first = match event {
            Some(event) => first(&event, &passed),
            None => passed,
        };
        self.outcome(&first).await.map(drop)
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        if let Some((signal, abort)) = &self.caller {
            let _ = signal.unlisten("abort", abort);
        }
        // Nobody waits any more: neither may the browser's dialog.
        self.controller.abort();
    }
}
