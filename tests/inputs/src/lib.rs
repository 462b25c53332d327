//! What must hold for whatever comes in from outside, as functions of bytes that panic where it does not.
//!
//! ```text
//!  libFuzzer (fuzz/fuzz_targets) ──bytes──┐
//!  the corpora (tests/corpus.rs) ──bytes──┴─► TARGETS ──► stepup::protocol
//!                                                │
//!                                                └─ oracles that read the same bytes another way
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod carried;
mod challenge;
mod id_token;
mod page;
mod pending;
mod requirement;
mod response;
mod unique;

pub use carried::carried;
pub use challenge::challenge;
pub use id_token::id_token;
pub use pending::pending;
pub use response::response;

/// Looks at one input.
pub type Target = fn(&[u8]);

/// Each by its name, which is that of its corpus and of its fuzz target.
pub const TARGETS: [(&str, Target); 5] = [
    ("carried", carried),
    ("challenge", challenge),
    ("id_token", id_token),
    ("pending", pending),
    ("response", response),
];

/// The text of an input: UTF-8, or else one character for each octet, as browsers read headers.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}
