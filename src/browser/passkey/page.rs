//! What is known of the page before anybody is asked.

use crate::browser::dom::global;
use crate::browser::host::get;
use crate::browser::js::{Function, items};
use crate::protocol::encode::concat;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::passkey::Ceremony;
use wasm_bindgen::prelude::*;

/// Whether a ceremony is possible on this page at all.
///
/// # Errors
///
/// `configuration_invalid` outside of a secure context, `passkey_unavailable` where the browser has
/// no WebAuthn, `embedding_blocked` where the policy of the frame forbids it.
pub fn check(ceremony: Ceremony) -> Result<(), Error> {
    let global = global();
    // Without it the interface is not there either (WebAuthn Level 3 §5.1), which is no fault of
    // the browser's.
    if get(&global, "isSecureContext") == JsValue::FALSE {
        return Err(Error::new(ErrorCode::ConfigurationInvalid, "not a secure context"));
    }
    let credentials = get(&get(&global, "navigator"), "credentials");
    if get(&global, "PublicKeyCredential").is_undefined() || !credentials.is_object() {
        return Err(Error::new(ErrorCode::PasskeyUnavailable, "this browser has no WebAuthn"));
    }
    if is_forbidden(&get(&global, "document"), ceremony.feature()) {
        let detail = concat(&["the frame lacks allow=\"", ceremony.feature(), "\""]);
        return Err(Error::new(ErrorCode::EmbeddingBlocked, detail));
    }
    Ok(())
}

/// Whether the document's policy is known to forbid the feature (Permissions Policy §9.2; WebAuthn
/// Level 3 §5.9). Where the engine does not expose its policy, or does not list the feature, that is
/// not known, and the ceremony itself will tell.
fn is_forbidden(document: &JsValue, feature: &str) -> bool {
    // Chromium has it by its former name.
    let policy = match get(document, "permissionsPolicy") {
        policy if policy.is_object() => policy,
        _ => get(document, "featurePolicy"),
    };
    let feature = JsValue::from_str(feature);
    let known = call(&policy, "features", &JsValue::UNDEFINED)
        .is_some_and(|all| all.is_array() && items(&all).contains(&feature));
    known && call(&policy, "allowsFeature", &feature) == Some(JsValue::FALSE)
}

/// Whether the page is known to lack the focus, without which a browser refuses or hides its dialog.
///
/// What counts is the top of a frame's tree: inside a frame of another origin nothing is known of
/// it, and the frame itself need not have the focus.
pub fn lacks_focus() -> bool {
    let top = get(&global(), "top");
    call(&get(&top, "document"), "hasFocus", &JsValue::UNDEFINED) == Some(JsValue::FALSE)
}

/// Calls a method that may be missing, or fail.
fn call(of: &JsValue, method: &str, argument: &JsValue) -> Option<JsValue> {
    get(of, method).dyn_ref::<Function>()?.call1(of, argument).ok()
}
