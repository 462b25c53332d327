//! Journeys of a page: requests and clicks on the left, all that is to be done on the right.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod details;
mod dpop;
mod ends;
mod invariants;
mod levels;
mod look;
mod notices;
mod passkey;
mod patience;
mod player;
mod popup;
mod published;
mod queue;
mod random;
mod redirect;
mod renewal;
mod retries;
mod rounds;
mod session;
mod single_use;
mod tabs;

use super::*;
