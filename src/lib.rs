//! Step-up authentication for single-page apps, compiled to WebAssembly.
//!
//! In scope: recognising an API's step-up challenge, obtaining a token of higher assurance, checking
//! it, and sending the original request again. Out of scope: signing users in and out in general,
//! keeping a session, and anything a server must decide.

pub mod protocol;

#[cfg(target_family = "wasm")]
mod allocator;
#[cfg(target_family = "wasm")]
mod browser;
