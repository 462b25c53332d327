//! One step-up: from the wish for a prompt to a checked token.
//!
//! ```text
//!  start ──► Preparing: session, metadata, secrets, a pushed request, and
//!               │ a window ─────────► Awaiting ── code ──► Exchanging ── tokens ──► Verifying ──► done
//!               │                       └ the backend is back ────────────────────────────────────► done
//!               │ options, a gesture ► Asserting ── credential ──► Submitting ── tokens ► Verifying
//!               │                       ▲     │                       └ the session is raised ────► done
//!               │       the user chose  │     ▼ failed
//!               │                      Choosing (the gate)
//!               │ a gesture ────────► Leaving ── saved ──► the page is left … resume ► Exchanging
//!               └ the app's own ─────► Authenticating ── tokens ──► Verifying
//! ```
//!
//! The machine is a value: [`Flow::on`] takes what happened and returns what is to be done. It ends
//! with exactly one [`FlowEffect::Done`]; what arrives afterwards changes nothing.

mod choose;
mod effect;
mod event;
mod first_party;
mod machine;
mod passkey;
mod push;
mod redirect;
mod subject;
#[cfg(test)]
pub(super) mod tests;
mod verify;
mod window;

pub use effect::{FlowEffect, Obtained, Question, Success, Target};
pub use event::{Choice, FlowEvent, OwnAnswer, Session};
pub use machine::{Context, Flow, FlowId, Goal};
pub use redirect::Pending;
pub use subject::User;
