//! One step-up: from the wish for a prompt to a checked token.
//!
//! ```text
//!  start ──► Looking: what the session's own ID token proves ── enough ─────────────────────► over
//!     │         │ too little
//!     ▼         ▼
//!            Preparing: session, metadata, secrets, the turn of this tab, a pushed request, and
//!               │ a window ─────────► Awaiting ── code ──► Exchanging ── tokens ──► Verifying ──► done
//!               │                       └ the backend is back ────────────────────────────────────► done
//!               │ options, a gesture ► Asserting ── credential ──► Submitting ── tokens ► Verifying
//!               │                       ▲     │                       └ the session is raised ────► done
//!               │       the user chose  │     ▼ failed
//!               │                      Choosing (the gate)
//!               │ a gesture ────────► Leaving ── saved ──► the page is left … resume ► Exchanging
//!               ├ the app's own ─────► Authenticating ── tokens ──► Verifying
//!               └ another tab hands over what it has obtained ───────────────────────────────────► done
//! ```
//!
//! The machine is a value: [`Flow::on`] takes what happened and returns what is to be done. It ends
//! with exactly one [`FlowEffect::Done`]; what arrives afterwards changes nothing.

mod choose;
mod effect;
mod event;
mod first_party;
mod look;
mod machine;
mod passkey;
mod push;
mod redirect;
mod second_look;
mod subject;
#[cfg(test)]
pub(super) mod tests;
mod turn;
mod verify;
mod window;

pub use effect::{FlowEffect, Obtained, Question, Success, Target};
pub use event::{Choice, FlowEvent, OwnAnswer, Session};
pub use look::SessionProof;
pub use machine::{Context, Flow, FlowId, Goal};
pub use redirect::Pending;
pub use subject::User;
pub(in crate::protocol) use verify::may_refetch;
