//! The protocol, without input or output.
//!
//! Nothing here awaits, reads a clock, draws a random number or names a browser type: time and
//! randomness come in as arguments, and what is to be done goes out as values.

pub mod challenge;
pub mod claims;
pub mod error;
#[cfg(feature = "id-token")]
pub mod id_token;
pub mod requirement;
pub mod secret;
pub mod units;
