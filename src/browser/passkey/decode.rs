//! The options out of their JSON form (WebAuthn Level 3 §5.1.8, §5.1.9).
//!
//! The browser's own function is used where there is one. Ours, for Chrome before 129 and Safari
//! before 18.4, differs in two points: members of which the browser knows nothing are left in, and
//! members that are not given get their defaults only when the browser reads them.

use crate::browser::dom::{TypeError, assign, global, keys};
use crate::browser::host::get;
use crate::browser::js::{Array, Function, Object, Uint8Array, items};
use crate::protocol::base64::from_base64url;
use crate::protocol::encode::concat;
use crate::protocol::passkey::Ceremony;
use wasm_bindgen::prelude::*;

/// The options as `navigator.credentials` takes them.
///
/// # Errors
///
/// What the browser's own function throws, or a `TypeError`.
pub fn options(ceremony: Ceremony, json: &JsValue) -> Result<JsValue, JsValue> {
    let interface = get(&global(), "PublicKeyCredential");
    let method = match ceremony {
        Ceremony::Get => "parseRequestOptionsFromJSON",
        Ceremony::Create => "parseCreationOptionsFromJSON",
    };
    match get(&interface, method).dyn_ref::<Function>() {
        Some(native) => native.call1(&interface, json),
        None => by_hand(ceremony, json).map(JsValue::from),
    }
}

/// The same without the browser's help.
pub(super) fn by_hand(ceremony: Ceremony, json: &JsValue) -> Result<Object, JsValue> {
    if !json.is_object() {
        return Err(wrong("the options"));
    }
    let options = copy(json);
    decode(&options, "challenge")?;
    match ceremony {
        Ceremony::Get => decode_each_id(&options, "allowCredentials")?,
        Ceremony::Create => {
            change(&options, "user", |user| decode(user, "id"))?;
            decode_each_id(&options, "excludeCredentials")?;
        }
    }
    // Null is an empty dictionary (Web IDL §3.2.17).
    if !get(&options, "extensions").is_null() {
        if_given(&options, "extensions", |options, name| change(options, name, extensions))?;
    }
    Ok(options)
}

/// The extensions whose inputs have bytes in them (WebAuthn Level 3 §10.1.4, §10.1.5; CTAP 2.2
/// §12.2).
fn extensions(inputs: &Object) -> Result<(), JsValue> {
    if_given(inputs, "credBlob", decode)?;
    if_given(inputs, "largeBlob", |inputs, name| {
        change(inputs, name, |blob| if_given(blob, "write", decode))
    })?;
    if_given(inputs, "prf", |inputs, name| {
        change(inputs, name, |prf| {
            if_given(prf, "eval", |prf, name| change(prf, name, salts))?;
            if_given(prf, "evalByCredential", |prf, name| {
                change(prf, name, |by_credential| {
                    for id in items(&keys(by_credential)) {
                        change(by_credential, &id.as_string().unwrap_or_default(), salts)?;
                    }
                    Ok(())
                })
            })
        })
    })
}

fn salts(values: &Object) -> Result<(), JsValue> {
    decode(values, "first")?;
    if_given(values, "second", decode)
}

fn decode_each_id(options: &Object, list: &str) -> Result<(), JsValue> {
    if_given(options, list, |options, list| {
        let given = get(options, list);
        if !given.is_array() {
            return Err(wrong(list));
        }
        let decoded = Array::new();
        for descriptor in items(&given) {
            let descriptor = copy(&descriptor);
            decode(&descriptor, "id")?;
            decoded.push(&descriptor);
        }
        options.set(list, &decoded);
        Ok(())
    })
}

/// Replaces base64url by what it stands for: "encoding […] with all trailing '=' characters omitted"
/// (WebAuthn Level 3 §3). Bits that are left over at the end are let pass, as all browsers do.
fn decode(of: &Object, name: &str) -> Result<(), JsValue> {
    let text = get(of, name).as_string().ok_or_else(|| wrong(name))?;
    let bytes = from_base64url(&text).ok_or_else(|| wrong(name))?;
    of.set(name, &Uint8Array::of_bytes(&bytes).buffer());
    Ok(())
}

/// Replaces an object by a copy that is changed: the caller's stays as it is.
fn change(
    of: &Object,
    name: &str,
    by: impl FnOnce(&Object) -> Result<(), JsValue>,
) -> Result<(), JsValue> {
    let given = get(of, name);
    if !given.is_object() {
        return Err(wrong(name));
    }
    let copied = copy(&given);
    by(&copied)?;
    of.set(name, &copied);
    Ok(())
}

fn if_given(
    of: &Object,
    name: &str,
    then: impl FnOnce(&Object, &str) -> Result<(), JsValue>,
) -> Result<(), JsValue> {
    match get(of, name).is_undefined() {
        true => Ok(()),
        false => then(of, name),
    }
}

fn copy(object: &JsValue) -> Object {
    assign(&Object::new(), object)
}

fn wrong(name: &str) -> JsValue {
    TypeError::new(&concat(&[name, " does not have the expected form"])).into()
}
