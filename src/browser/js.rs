//! What JavaScript has built in, as far as it is used: bindings of our own. A function whose arguments can
//! be closures of many kinds brings what calls each of them into the module, also where nobody calls it.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Any object.
    #[derive(Clone, Debug)]
    pub type Object;
    #[wasm_bindgen(constructor)]
    pub fn new() -> Object;
    /// For an object of ours: any property can be set.
    #[wasm_bindgen(method, indexing_setter)]
    pub fn set(this: &Object, name: &str, value: &JsValue);

    #[derive(Clone, Debug)]
    pub type Array;
    #[wasm_bindgen(constructor)]
    pub fn new() -> Array;
    #[wasm_bindgen(method)]
    pub fn push(this: &Array, item: &JsValue) -> u32;
    #[wasm_bindgen(method, getter)]
    pub fn length(this: &Array) -> u32;
    #[wasm_bindgen(method, indexing_getter)]
    pub fn get(this: &Array, at: u32) -> JsValue;

    #[derive(Clone, Debug)]
    #[wasm_bindgen(is_type_of = JsValue::is_function)]
    pub type Function;
    #[wasm_bindgen(method)]
    pub fn bind(this: &Function, context: &JsValue) -> Function;
    #[wasm_bindgen(method, catch, js_name = call)]
    pub fn call0(this: &Function, context: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch, js_name = call)]
    pub fn call1(
        this: &Function,
        context: &JsValue,
        argument: &JsValue,
    ) -> Result<JsValue, JsValue>;

    #[derive(Clone, Debug)]
    pub type Promise;
    #[wasm_bindgen(constructor)]
    fn new(run: &mut dyn FnMut(JsValue, JsValue)) -> Promise;
    #[wasm_bindgen(static_method_of = Promise)]
    pub fn resolve(value: &JsValue) -> Promise;
    #[wasm_bindgen(method)]
    pub fn then(this: &Promise, resolved: &JsValue, rejected: &JsValue) -> JsValue;

    pub type Uint8Array;
    #[wasm_bindgen(constructor)]
    pub fn new(buffer: &JsValue) -> Uint8Array;
    /// A copy of these bytes.
    #[wasm_bindgen(constructor)]
    pub fn of_bytes(bytes: &[u8]) -> Uint8Array;
    #[wasm_bindgen(constructor)]
    pub fn part_of(buffer: &JsValue, from: u32, length: u32) -> Uint8Array;
    #[wasm_bindgen(method, getter)]
    pub fn buffer(this: &Uint8Array) -> JsValue;
    #[wasm_bindgen(method)]
    fn slice(this: &Uint8Array) -> Vec<u8>;

    #[wasm_bindgen(js_namespace = JSON, js_name = parse, catch)]
    pub fn parse_json(text: &str) -> Result<JsValue, JsValue>;

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

/// An array of these.
pub fn array(items: impl IntoIterator<Item = JsValue>) -> Array {
    let array = Array::new();
    for item in items {
        array.push(&item);
    }
    array
}

/// What is in an array.
pub fn items(array: &JsValue) -> Vec<JsValue> {
    let array: &Array = array.unchecked_ref();
    (0..array.length()).map(|at| array.get(at)).collect()
}

/// A copy of what is in an array of octets.
pub fn octets(array: &Uint8Array) -> Vec<u8> {
    array.slice()
}

/// A promise that is pending, with what resolves and what rejects it.
pub fn pending() -> (Promise, Function, Function) {
    let mut ends = (JsValue::UNDEFINED, JsValue::UNDEFINED);
    let promise = Promise::new(&mut |resolve, reject| ends = (resolve, reject));
    (promise, ends.0.unchecked_into(), ends.1.unchecked_into())
}

/// A function that JavaScript calls with up to two arguments. All are of one type, so that what
/// carries a call over is there once.
pub type Callback = Closure<dyn FnMut(JsValue, JsValue)>;

/// A function for JavaScript.
pub fn callback(run: impl FnMut(JsValue, JsValue) + 'static) -> Callback {
    Closure::wrap(Box::new(run))
}
