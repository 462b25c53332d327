//! The simulation finds what is planted around the core, and says which invariant it breaks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use simulation::{Fault, Invariant, live, live_many};

/// A modest number of lives is enough, each broken as expected and whole without the fault.
#[track_caller]
fn is_found(fault: Fault, seeds: u64, expect: Invariant) {
    let lives = live_many(0..seeds, Some(fault));
    let found = lives.breaches.iter().find(|(_, breach)| breach.invariant == expect);
    let (seed, _) = found.unwrap_or_else(|| panic!("not in {seeds} lives: {:?}", lives.breaches));
    assert_eq!(live(*seed, None, false).breach, None, "seed {seed} without the fault");
}

#[test]
fn a_record_that_is_replayed_without_being_consumed_is_found() {
    is_found(Fault::ReplayWithoutConsuming, 3_000, Invariant::SavedSentOnce);
}

#[test]
fn a_waiter_that_is_lost_is_found() {
    is_found(Fault::LostWaiter, 100, Invariant::WaiterEnds);
}

#[test]
fn a_turn_that_is_granted_to_everybody_is_found() {
    is_found(Fault::MissingLock, 100, Invariant::OnePromptAtATime);
}
