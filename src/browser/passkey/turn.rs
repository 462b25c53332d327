//! One ceremony at a time: browsers have room for one, and each ends a second in its own way.

use super::Failure;
use super::signal::Leash;
use crate::browser::js::{Function, Promise, pending};
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::units::Millis;
use std::cell::Cell;
use wasm_bindgen::prelude::*;

thread_local! {
    /// Settles when the ceremony under way has ended.
    static UNDER_WAY: Cell<Option<Promise>> = const { Cell::new(None) };
}

/// The right to hold a ceremony, until it is dropped.
pub struct Turn {
    end: Function,
}

impl Turn {
    /// Takes the turn, after one wait for the ceremony that is under way.
    ///
    /// # Errors
    ///
    /// `passkey_busy` if that does not end within the limit, or if another one was faster.
    pub async fn take(leash: &Leash, limit: Millis) -> Result<Self, Failure> {
        if let Some(before) = under_way() {
            leash.pause(limit, Some(before)).await?;
        }
        if under_way().is_some() {
            return Err(busy());
        }
        let (ended, end, _) = pending();
        UNDER_WAY.set(Some(ended));
        Ok(Self { end })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        UNDER_WAY.set(None);
        let _ = self.end.call0(&JsValue::UNDEFINED);
    }
}

fn under_way() -> Option<Promise> {
    let ended = UNDER_WAY.take();
    UNDER_WAY.set(ended.clone());
    ended
}

fn busy() -> Failure {
    Error::new(ErrorCode::PasskeyBusy, "another ceremony is under way").into()
}
