//! Journeys of one step-up: what happens on the left, all that is to be done on the right.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod answer;
mod details;
mod dpop;
mod first_party;
mod keys;
mod own;
mod passkey;
pub(in crate::protocol) mod player;
mod push;
mod redirect;
mod second_look;
mod subject;
mod turn;
mod window;

use super::*;
