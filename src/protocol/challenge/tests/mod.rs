//! What holds of the challenge parser: by example, by property, and against abuse.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod faults;
mod grammar;
mod properties;
mod step_up;
mod threats;
