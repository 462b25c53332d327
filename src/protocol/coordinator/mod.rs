//! All requests that wait, and the one prompt at a time that serves them.
//!
//! ```text
//!  Challenged, Ensured ──► satisfied already? ── yes ──► Retry / Settle
//!                                 │ no
//!                                 ▼
//!            joins the step-up whose answer will satisfy it, else queues
//!                                 │ done
//!                                 ▼
//!          Retry each fetch, Settle each ensure, or Reject all; then the queue's next
//! ```

mod admit;
mod asks_first;
mod assured;
mod clock;
mod effect;
mod event;
mod machine;
mod memory;
mod outcome;
mod patience;
mod renew;
mod saved;
mod single_use;
mod stock;
#[cfg(test)]
mod tests;
mod waiter;

pub use asks_first::First;
pub use assured::Assurance;
pub use effect::{Effect, Notice, Outcome, Published};
pub use event::{Call, Event, WaiterId};
pub use machine::Coordinator;
pub use renew::{RenewalEffect, RenewalEvent};
pub use saved::Saved;
