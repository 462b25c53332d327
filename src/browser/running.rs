//! What has been started for the step-up under way, and ends with it.

use super::dom::{AbortController, Window};
use super::js::Callback;
use super::popup::Listener;
use super::timer::{Interval, Timeout};
use crate::protocol::flow::FlowId;
use wasm_bindgen::prelude::*;

/// What the gate calls: with a choice, or with the code and the detail of why it is not shown.
pub type GateCalls = (Callback, Callback);

/// What has been started for one step-up.
pub struct Running {
    /// Which one.
    pub flow: FlowId,
    /// Its window.
    pub window: Option<Window>,
    /// Who waits for its callback.
    pub listener: Option<Listener>,
    /// Who looks after its window.
    pub watch: Option<Interval>,
    /// The clock of its prompt.
    pub deadline: Option<Timeout>,
    /// What the gate calls.
    pub gate: Option<GateCalls>,
    /// What tells whose turn it is.
    pub turn: Option<Callback>,
    /// The state that what was saved for its return is found by.
    pub saved_as: Option<String>,
    /// Ends its passkey ceremony.
    pub ceremony: Option<AbortController>,
    /// Ends its requests and the app's own `authenticate`.
    pub requests: Vec<AbortController>,
    /// What the app's own function threw.
    pub cause: JsValue,
}

impl Running {
    /// Nothing is started yet.
    pub fn new(flow: FlowId) -> Self {
        Self {
            flow,
            window: None,
            listener: None,
            watch: None,
            deadline: None,
            gate: None,
            turn: None,
            saved_as: None,
            ceremony: None,
            requests: Vec::new(),
            cause: JsValue::UNDEFINED,
        }
    }

    /// The callback is through: nobody waits for it, and its window may close.
    pub fn close_window(&mut self) {
        self.watch = None;
        if let Some(listener) = self.listener.take() {
            listener.dismiss();
        }
        if let Some(window) = self.window.take() {
            let _ = window.close();
        }
    }
}

impl Running {
    /// The authenticator is asked no more.
    pub fn end_ceremony(&mut self) {
        if let Some(ceremony) = self.ceremony.take() {
            ceremony.abort();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.close_window();
        self.end_ceremony();
        for request in &self.requests {
            request.abort();
        }
    }
}
