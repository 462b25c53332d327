//! To be written.

use e2e::engine::Tools;
use serde_json::{Value, json};

/// Measures in one engine.
pub fn measure(_tools: Tools, _quick: bool) -> Value {
    json!({})
}
