//! The app's session is read again before anything that came back is believed.

use super::player::*;
use super::{FlowEvent, Goal, Session};
use crate::protocol::config::tests::config;
use crate::protocol::error::ErrorCode;

/// Alice has authenticated, and only her answer is left to be checked.
#[track_caller]
fn answered() -> Journey {
    let mut journey = Journey::at_the_provider(config());
    journey.plays([
        (code("c1"), "close window, hide gate, exchange c1"),
        (tokens("t1"), "verify id-t1"),
    ]);
    journey
}

#[test]
fn t67_who_has_signed_out_meanwhile_gets_no_token() {
    answered()
        .session_becomes(no_session())
        .plays([(proves("alice", "AL3"), "done session_changed")]);
}

#[test]
fn t67_another_user_meanwhile_gets_no_token_of_the_first() {
    answered()
        .session_becomes(session_of("bob"))
        .plays([(proves("alice", "AL3"), "done session_changed")]);
}

#[test]
fn t67_a_new_id_token_of_the_session_is_checked_before_anything_is_believed() {
    let renewed = || {
        let mut journey = answered();
        journey
            .session_becomes(session_with("id-new"))
            .plays([(proves("alice", "AL3"), "verify id-new")]);
        journey
    };
    renewed().plays([(session_is("alice"), "done t1")]);
    renewed().plays([(session_is("bob"), "done session_changed")]);
    renewed().plays([(session_fails(ErrorCode::IdTokenInvalid), "done subject_unknown")]);
}

#[test]
fn the_same_id_token_is_checked_once() {
    let mut journey = Journey::starts_with(true, config(), goal("AL3"), GATHERS);
    journey.plays([
        (session_with("id-session"), ""),
        (metadata(), "verify id-session"),
        (session_is("alice"), ""),
        (secrets(), "go to provider"),
        (code("c1"), "close window, hide gate, exchange c1"),
        (tokens("t1"), "verify id-t1"),
        (proves("alice", "AL3"), "done t1"),
    ]);
}

#[test]
fn a_session_that_fails_the_second_time_ends_it() {
    let failed = FlowEvent::SessionRead(Err(ErrorCode::ConfigurationInvalid.into()));
    answered()
        .session_becomes(failed)
        .plays([(proves("alice", "AL3"), "done configuration_invalid")]);
}

#[test]
fn a_sign_in_needs_no_session_the_second_time_either() {
    let sign_in = Goal { adopt: true, ..goal("") };
    let mut journey = Journey::starts_with(true, config(), sign_in, GATHERS);
    journey.plays([
        (no_session(), ""),
        (metadata(), ""),
        (secrets(), "go to provider"),
        (code("c1"), "close window, hide gate, exchange c1"),
        (tokens("t1"), "verify id-t1"),
        (proves("alice", "AL3"), "done t1"),
    ]);
}

/// What the app tells of a session that it has just renewed by itself.
#[test]
fn a_session_of_the_same_user_may_change_in_everything_else() {
    let session = Session {
        sub: Some("alice".into()),
        login_hint: Some("alice@bank.example".into()),
        ..Session::default()
    };
    answered()
        .session_becomes(FlowEvent::SessionRead(Ok(session)))
        .plays([(proves("alice", "AL3"), "done t1")]);
}

#[test]
fn a_session_that_nobody_has_asked_for_is_not_looked_at() {
    Journey::at_the_provider(config()).plays([(session_of("bob"), ""), (no_session(), "")]);
}
