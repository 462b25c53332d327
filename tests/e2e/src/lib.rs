//! Journeys through the bank, its API and its provider in Chromium, Firefox and WebKitGTK, and what they
//! stand on: a WebDriver client, the engines, the server and what it has recorded.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod authenticator;
pub mod base64;
pub mod bench;
pub mod elsewhere;
pub mod engine;
pub mod journeys;
pub mod pages;
pub mod pool;
pub mod process;
pub mod scratch;
pub mod server;
pub mod wait;
pub mod webdriver;

use std::path::{Path, PathBuf};

/// The top of the repository.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
