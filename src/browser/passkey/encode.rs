//! The response as JSON (WebAuthn Level 3 §5.1, `toJSON`).

use crate::browser::dom::{ArrayBuffer, TypeError, keys};
use crate::browser::host::{get, object};
use crate::browser::js::{Array, Function, Object, Uint8Array, array, items, octets};
use crate::protocol::base64::base64url;
use wasm_bindgen::prelude::*;

/// The credential as a plain object, by its own `toJSON` where that works: what has replaced the
/// browser's passkeys may have taken over the prototype without what belongs to it.
///
/// # Errors
///
/// A `TypeError` for what is no credential.
pub fn response(credential: &JsValue) -> Result<JsValue, JsValue> {
    let native = get(credential, "toJSON");
    let native = native.dyn_ref::<Function>().and_then(|to_json| to_json.call0(credential).ok());
    match native.filter(JsValue::is_object) {
        Some(json) => Ok(json),
        None => by_hand(credential).map(JsValue::from),
    }
}

/// The same without the browser's help.
pub(super) fn by_hand(credential: &JsValue) -> Result<Object, JsValue> {
    let response = get(credential, "response");
    let Some(id) = get(credential, "id").as_string().filter(|_| response.is_object()) else {
        return Err(TypeError::new("not a credential").into());
    };
    let called = |method: &str| call(&response, method);
    let (client_data, attestation) =
        (bytes(&get(&response, "clientDataJSON")), bytes(&get(&response, "attestationObject")));
    let response = if attestation.is_undefined() {
        object(&[
            ("clientDataJSON", client_data),
            ("authenticatorData", bytes(&get(&response, "authenticatorData"))),
            ("signature", bytes(&get(&response, "signature"))),
            ("userHandle", bytes(&get(&response, "userHandle"))),
        ])
    } else {
        let transports = called("getTransports");
        object(&[
            ("clientDataJSON", client_data),
            ("authenticatorData", bytes(&called("getAuthenticatorData"))),
            (
                "transports",
                if transports.is_undefined() { Array::new().into() } else { transports },
            ),
            ("publicKey", bytes(&called("getPublicKey"))),
            ("publicKeyAlgorithm", called("getPublicKeyAlgorithm")),
            ("attestationObject", attestation),
        ])
    };
    let attachment = get(credential, "authenticatorAttachment");
    Ok(object(&[
        ("id", id.into()),
        ("rawId", bytes(&get(credential, "rawId"))),
        ("response", response.into()),
        (
            "authenticatorAttachment",
            if attachment.is_null() { JsValue::UNDEFINED } else { attachment },
        ),
        ("clientExtensionResults", plain(&call(credential, "getClientExtensionResults"))),
        ("type", get(credential, "type")),
    ]))
}

/// A value with base64url in the place of bytes, however deep: the results of PRF and of large
/// blobs, and of extensions to come.
fn plain(value: &JsValue) -> JsValue {
    let text = bytes(value);
    if !text.is_undefined() || !value.is_object() {
        return if text.is_undefined() { value.clone() } else { text };
    }
    if value.is_array() {
        return array(items(value).iter().map(plain)).into();
    }
    let copy = Object::new();
    for name in items(&keys(value)).iter().filter_map(JsValue::as_string) {
        copy.set(&name, &plain(&get(value, &name)));
    }
    copy.into()
}

/// Bytes as base64url; undefined for anything else.
fn bytes(value: &JsValue) -> JsValue {
    let all = if ArrayBuffer::is_view(value) {
        let part = |name| get(value, name).as_f64().unwrap_or_default();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let (offset, length) = (part("byteOffset") as u32, part("byteLength") as u32);
        Uint8Array::part_of(&get(value, "buffer"), offset, length)
    } else if value.is_instance_of::<ArrayBuffer>() {
        Uint8Array::new(value)
    } else {
        return JsValue::UNDEFINED;
    };
    base64url(&octets(&all)).into()
}

fn call(of: &JsValue, method: &str) -> JsValue {
    let method = get(of, method);
    let called = method.dyn_ref::<Function>().and_then(|method| method.call0(of).ok());
    called.unwrap_or(JsValue::UNDEFINED)
}
