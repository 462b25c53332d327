//! The protocol, without input or output.
//!
//! Nothing here awaits, reads a clock, draws a random number or names a browser type: time and
//! randomness come in as arguments, and what is to be done goes out as values.

pub mod assertion;
pub mod assurance;
pub mod backend;
pub mod base64;
pub mod border;
pub mod challenge;
pub mod claims;
pub mod claims_request;
pub mod config;
pub mod coordinator;
pub mod details;
pub mod dpop;
pub mod encode;
pub mod error;
pub mod first_party;
pub mod flow;
pub mod handover;
pub mod held;
#[cfg(feature = "id-token")]
pub mod id_token;
pub mod json;
pub mod level;
pub mod list;
pub mod metadata;
pub mod method;
pub mod origin;
pub mod passkey;
pub mod pushed;
pub mod renewal;
pub mod requirement;
pub mod resource;
pub mod response;
pub mod scope;
pub mod secret;
pub mod token;
pub mod transaction;
pub mod units;
