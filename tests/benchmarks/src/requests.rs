//! What one request costs: by `fetch` itself, by the package in each of its states, and by what a user
//! would pick instead. All of them are in one page and take turns; see `pages/requests/page.js`.

use e2e::engine::Tools;
use serde_json::{Value, json};

use crate::choice::Choice;
use crate::page::Page;

/// Measures in one engine.
pub fn measure(tools: Tools, choice: &Choice) -> Value {
    Page::open("requests", &tools).measure(json!({ "quick": choice.quick }), |_, _| Value::Null)
}
