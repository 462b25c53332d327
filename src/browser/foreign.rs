//! JavaScript values, as the core reads and writes them.

use super::js::{self, Object};
use crate::protocol::border::Foreign;
use wasm_bindgen::prelude::*;

impl Foreign for JsValue {
    fn get(&self, name: &str) -> Self {
        js::get(self, name)
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
        self.is_array().then(|| js::items(self))
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
        js::array(items).into()
    }

    fn object() -> Self {
        Object::new().into()
    }

    fn set(&mut self, name: &str, value: Self) {
        if !value.is_undefined() {
            self.unchecked_ref::<Object>().set(name, &value);
        }
    }
}
