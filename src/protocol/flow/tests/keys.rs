//! Unknown keys: fetched again once, and not by everybody at once.

use super::FlowEvent;
use super::player::*;
use crate::protocol::config::tests::config;
use crate::protocol::error::ErrorCode;
use crate::protocol::units::{EpochMillis, Seconds};

fn unknown() -> FlowEvent {
    fails(ErrorCode::KeyUnknown)
}

/// Up to the check of the answer, the keys having been fetched again this long ago.
#[track_caller]
fn verifying(refetched: Option<EpochMillis>) -> Journey {
    let mut journey = Journey::at_the_provider(config());
    journey.keys_refetched = refetched;
    journey.plays([
        (code("c1"), "close window, hide gate, exchange c1"),
        (tokens("t1"), "verify id-t1"),
    ]);
    journey
}

#[test]
fn t63_an_unknown_key_is_looked_for_once_more_and_then_unknown() {
    let mut journey = verifying(None);
    journey.plays([(unknown(), "verify id-t1 with fresh keys"), (unknown(), "done key_unknown")]);
    assert_eq!(journey.keys_refetched, Some(NOW));
}

#[test]
fn t63_one_step_up_looks_once_however_long_that_takes() {
    let mut journey = verifying(None);
    journey.plays([(unknown(), "verify id-t1 with fresh keys")]);
    journey.now = NOW.plus(Seconds(60).millis());
    journey.plays([(unknown(), "done key_unknown")]);
}

#[test]
fn t63_a_key_that_is_new_is_found_among_the_fresh_ones() {
    verifying(None)
        .plays([(unknown(), "verify id-t1 with fresh keys"), (proves("alice", "AL3"), "done t1")]);
}

#[test]
fn t63_within_a_minute_the_keys_are_not_fetched_again() {
    for (ago, effects) in
        [(0, "done key_unknown"), (59, "done key_unknown"), (60, "verify id-t1 with fresh keys")]
    {
        let then = EpochMillis(NOW.0 - Seconds(ago).millis().0);
        verifying(Some(then)).plays([(unknown(), effects)]);
    }
}

#[test]
fn t63_the_cool_down_is_shared_by_the_session_and_the_answer() {
    let mut journey = Journey::starts_with(true, config(), goal("AL3"), GATHERS);
    journey.plays([
        (session_with("id-session"), ""),
        (metadata(), "verify id-session"),
        (secrets(), "go to provider"),
        (session_fails(ErrorCode::KeyUnknown), "verify id-session with fresh keys"),
        (session_is("alice"), ""),
        (code("c1"), "close window, hide gate, exchange c1"),
        (tokens("t1"), "verify id-t1"),
        (unknown(), "done key_unknown"),
    ]);
}

#[test]
fn t63_a_session_whose_key_stays_unknown_tells_nobody() {
    let mut journey = Journey::starts_with(true, config(), goal("AL3"), GATHERS);
    journey.plays([
        (session_with("id-session"), ""),
        (metadata(), "verify id-session"),
        (session_fails(ErrorCode::KeyUnknown), "verify id-session with fresh keys"),
        (session_fails(ErrorCode::KeyUnknown), "done subject_unknown"),
    ]);
}

#[test]
fn only_an_unknown_key_has_the_keys_fetched_again() {
    for code in [ErrorCode::IdTokenInvalid, ErrorCode::IssuerMismatch, ErrorCode::TimedOut] {
        let mut journey = verifying(None);
        journey.plays([(fails(code), &format!("done {}", code.code()))]);
        assert_eq!(journey.keys_refetched, None);
    }
}
