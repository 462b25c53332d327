//! The browser's side: turns what happens into events for the core, and does what it wants done.
//!
//! ```text
//!  js/engine.js ──► client ──► driver ◄──► protocol::coordinator
//!                                │ perform ──► popup, random, timer, the app's functions
//!                                │ provider ─► network
//!                                └ notice ───► events
//! ```

#[cfg(feature = "core")]
mod client;
#[cfg(feature = "core")]
mod clock;
#[cfg(feature = "core")]
mod dom;
#[cfg(feature = "core")]
mod driver;
mod foreign;
#[cfg(feature = "core")]
mod host;
#[cfg(feature = "id-token")]
mod id_token;
mod js;
#[cfg(feature = "core")]
mod network;
#[cfg(feature = "core")]
mod notice;
#[cfg(feature = "core")]
pub mod passkey;
#[cfg(feature = "core")]
mod perform;
#[cfg(feature = "core")]
mod popup;
#[cfg(feature = "core")]
mod proof;
#[cfg(feature = "core")]
mod provider;
#[cfg(feature = "core")]
mod random;
#[cfg(feature = "core")]
mod renewal;
#[cfg(feature = "core")]
mod resource;
#[cfg(feature = "core")]
mod running;
#[cfg(feature = "core")]
mod shared;
mod task;
#[cfg(all(test, feature = "core"))]
mod tests;
#[cfg(feature = "core")]
mod timer;
