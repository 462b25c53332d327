//! One passkey ceremony: JSON in, JSON out (WebAuthn Level 3 §5.1).
//!
//! ```text
//!  options ──► page (is it possible here?) ──► decode ──► the app's beforeCeremony
//!          ──► turn (one at a time) ──► page (does it have the focus?)
//!          ──► navigator.credentials ──► encode ──► the response's JSON
//! ```
//!
//! Whatever is waited for, the caller's signal ends it at once.

mod ceremony;
mod decode;
mod encode;
mod export;
mod page;
mod signal;
#[cfg(test)]
mod tests;
mod turn;

use crate::browser::dom::AbortSignal;
use crate::browser::js::Function;
use crate::protocol::error::Error;
use crate::protocol::passkey::Ceremony;
use wasm_bindgen::prelude::*;

/// What a ceremony may be given besides its options.
#[derive(Default)]
pub struct Settings {
    /// Ends it.
    pub signal: Option<AbortSignal>,
    /// How the user is involved (Credential Management §2.3.2), as the browser takes it.
    pub mediation: Option<String>,
    /// The app's own function, awaited before the user is asked: it may end a ceremony of its own.
    pub before: Option<Function>,
}

/// Why there is no credential.
#[derive(Debug)]
pub enum Failure {
    /// It failed; with what the browser or the app threw, or undefined.
    Failed(Error, JsValue),
    /// The signal fired; the caller knows its reason.
    Aborted,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Failed(error, JsValue::UNDEFINED)
    }
}

/// Asks for an assertion: `PublicKeyCredentialRequestOptionsJSON` in, `AuthenticationResponseJSON`
/// out, as a plain object (WebAuthn Level 3 §5.1.9, §5.1).
///
/// # Errors
///
/// `passkey_refused`, `passkey_busy`, `passkey_unavailable`, `embedding_blocked`, and
/// `configuration_invalid` for options or a page that cannot work.
pub async fn get(options: &JsValue, settings: Settings) -> Result<JsValue, Failure> {
    ceremony::hold(Ceremony::Get, options, settings, &ceremony::PATIENCE).await
}

/// Registers a passkey: `PublicKeyCredentialCreationOptionsJSON` in, `RegistrationResponseJSON` out.
///
/// # Errors
///
/// As [`get`], and `passkey_exists`.
pub async fn create(options: &JsValue, settings: Settings) -> Result<JsValue, Failure> {
    ceremony::hold(Ceremony::Create, options, settings, &ceremony::PATIENCE).await
}
