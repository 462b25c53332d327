//! One step-up: from the wish for a prompt to a checked token.
//!
//! ```text
//!            session, metadata, secrets, window
//!  start ──► Preparing ─┬─ navigate ──► Awaiting ── code ──► Exchanging ── tokens ──► Verifying ──► done
//!                       │                 │  ▲                                           ▲
//!                       │   window lost   ▼  │ open again                                │
//!                       │               (button)                                         │
//!                       └─ app's own ──► Authenticating ── tokens ───────────────────────┘
//! ```
//!
//! The machine is a value: [`Flow::on`] takes what happened and returns what is to be done. It ends
//! with exactly one [`FlowEffect::Done`]; what arrives afterwards changes nothing.

mod effect;
mod event;
mod machine;
mod prepare;
mod subject;
#[cfg(test)]
pub(super) mod tests;
mod verify;

pub use effect::{Button, FlowEffect, Success};
pub use event::{Choice, FlowEvent, OwnAnswer, Session};
pub use machine::{Context, Flow, FlowId, Goal};
pub use subject::User;
