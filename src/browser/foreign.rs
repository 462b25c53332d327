//! JavaScript values, as the core reads and writes them.

use crate::protocol::border::Foreign;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// An object of ours: any property can be set.
    #[wasm_bindgen(js_name = Object)]
    type Plain;

    #[wasm_bindgen(constructor, js_class = Object)]
    fn new() -> Plain;
    #[wasm_bindgen(method, indexing_setter)]
    fn put(this: &Plain, name: &str, value: &JsValue);
    #[wasm_bindgen(js_name = Uint8Array)]
    type Octets;
    #[wasm_bindgen(method)]
    fn slice(this: &Octets) -> Vec<u8>;
    // What is no object has no properties, and a getter may throw.
    #[wasm_bindgen(js_namespace = Reflect, js_name = get, catch)]
    fn property(of: &JsValue, name: &str) -> Result<JsValue, JsValue>;
}

/// A property, or undefined. What is no object has none, and is not asked: an import that throws costs a
/// place in wasm-bindgen's table of references for ever, besides the time that the exception takes.
pub fn get(value: &JsValue, name: &str) -> JsValue {
    if !value.is_object() && !value.is_function() {
        return JsValue::UNDEFINED;
    }
    property(value, name).unwrap_or(JsValue::UNDEFINED)
}

/// A copy of what is in an array of octets.
pub fn octets(array: &Uint8Array) -> Vec<u8> {
    array.unchecked_ref::<Octets>().slice()
}

impl Foreign for JsValue {
    fn get(&self, name: &str) -> Self {
        get(self, name)
    }

    fn is_object(&self) -> bool {
        Self::is_object(self)
    }

    fn is_undefined(&self) -> bool {
        Self::is_undefined(self)
    }

    fn is_null(&self) -> bool {
        Self::is_null(self)
    }

    fn text(&self) -> Option<String> {
        self.as_string()
    }

    fn number(&self) -> Option<f64> {
        self.as_f64()
    }

    fn flag(&self) -> Option<bool> {
        self.as_bool()
    }

    fn items(&self) -> Option<Vec<Self>> {
        self.is_array().then(|| Array::from(self).iter().collect())
    }

    fn undefined() -> Self {
        Self::UNDEFINED
    }

    fn of_text(text: &str) -> Self {
        Self::from_str(text)
    }

    fn of_number(number: f64) -> Self {
        Self::from_f64(number)
    }

    fn of_flag(flag: bool) -> Self {
        Self::from_bool(flag)
    }

    fn of_items(items: Vec<Self>) -> Self {
        items.into_iter().collect::<Array>().into()
    }

    fn object() -> Self {
        Plain::new().into()
    }

    fn set(&mut self, name: &str, value: Self) {
        if !value.is_undefined() {
            self.unchecked_ref::<Plain>().put(name, &value);
        }
    }
}
