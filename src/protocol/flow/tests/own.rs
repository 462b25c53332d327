//! The app's own `authenticate`.

use super::FlowEvent::{self, WindowBlocked, WindowOpened};
use super::player::*;
use super::{Choice, FlowEffect, OwnAnswer};
use crate::protocol::claims::{Claims, Source};
use crate::protocol::config::tests::config;
use crate::protocol::config::{Arrangement, Config};
use crate::protocol::error::ErrorCode;
use crate::protocol::flow::Goal;
use crate::protocol::requirement::Scope;
use crate::protocol::secret::Secret;
use crate::protocol::units::EpochSeconds;

/// Without a provider nothing can be checked.
fn own_only() -> Config {
    let arrangement = Arrangement::Own;
    Config { arrangement, provider: None, require_verified: false, ..config() }
}

/// With one, the app may hand over an ID token.
fn with_provider() -> Config {
    Config { arrangement: Arrangement::Own, require_verified: false, ..config() }
}

#[test]
fn the_apps_own_answer_is_unverified_where_nothing_can_be_checked() {
    let mut journey = Journey::starts(own_only(), goal("AL3"), "start clock, read session");
    journey.plays([(no_session(), "authenticate"), (own("t1", None), "done t1 unverified")]);
    // An ID token that nobody can check vouches for nothing.
    let mut journey = Journey::starts(own_only(), goal("AL3"), "start clock, read session");
    journey.plays([
        (session_with("id-session"), "authenticate"),
        (own("t1", Some("id-t1")), "done t1 unverified"),
    ]);
}

#[test]
fn where_verification_is_required_an_answer_without_an_id_token_is_refused() {
    for config in [own_only(), with_provider()] {
        let begins = match config.provider {
            Some(_) => "start clock, read session, read metadata",
            None => "start clock, read session",
        };
        let config = Config { require_verified: true, ..config };
        let mut journey = Journey::starts(config, goal("AL3"), begins);
        journey.plays([
            (session_of("alice"), "authenticate"),
            (own("t1", None), "done assurance_unverifiable"),
        ]);
    }
}

#[test]
fn its_id_token_is_checked_also_where_it_arrives_before_the_metadata() {
    let begins = "start clock, read session, read metadata";
    let mut journey = Journey::starts(with_provider(), goal("AL3"), begins);
    journey.plays([
        (session_of("alice"), "authenticate"),
        (own("t1", Some("id-t1")), ""),
        (metadata(), "verify id-t1"),
        (proves("alice", "AL3"), "done t1"),
    ]);
    let mut journey = Journey::starts(with_provider(), goal("AL3"), begins);
    journey.plays([
        (session_with("id-session"), "authenticate"),
        (own("t1", Some("id-t1")), ""),
        (metadata(), "verify id-session, verify id-t1"),
        (proves("alice", "AL3"), ""),
        (session_is("alice"), "done t1"),
    ]);
}

#[test]
fn t01_its_answer_about_somebody_else_is_refused() {
    let begins = "start clock, read session, read metadata";
    let mut journey = Journey::starts(with_provider(), goal("AL3"), begins);
    journey.plays([
        (metadata(), ""),
        (session_of("alice"), "authenticate"),
        (own("t1", Some("id-t1")), "verify id-t1"),
        (proves("bob", "AL3"), "done subject_mismatch"),
    ]);
}

#[test]
fn t04_its_answer_is_held_to_what_was_asked_for() {
    let begins = "start clock, read session, read metadata";
    let mut journey = Journey::starts(with_provider(), goal("AL3"), begins);
    journey.plays([
        (metadata(), ""),
        (session_of("alice"), "authenticate"),
        (own("t1", Some("id-t1")), "verify id-t1"),
        (proves("alice", "AL1"), "done assurance_not_met"),
    ]);
}

#[test]
fn its_nonce_is_its_own_affair() {
    let begins = "start clock, read session, read metadata";
    let mut journey = Journey::starts(with_provider(), goal("AL3"), begins);
    journey.plays([(metadata(), ""), (session_of("alice"), "authenticate")]);
    let mut context = super::Context {
        config: &journey.config,
        user: None,
        proof: None,
        keys_refetched: &mut journey.keys_refetched,
        now: NOW,
    };
    let effects = journey.flow.on(own("t1", Some("id-t1")), &mut context);
    let [FlowEffect::Verify { expectation, .. }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(
        expectation.source,
        Source::Authenticate { access_token: Secret::new("t1") },
        "{expectation:?}"
    );
}

#[test]
fn it_is_called_once_and_answers_once() {
    let mut journey = Journey::starts(own_only(), goal("AL3"), "start clock, read session");
    journey.plays([
        (no_session(), "authenticate"),
        (no_session(), ""),
        (code("evil"), ""),
        (tokens("evil"), ""),
        (own("t1", None), "done t1 unverified"),
        (own("t2", None), ""),
    ]);
}

#[test]
fn a_failure_of_its_own_is_told() {
    let failed = FlowEvent::OwnAnswered(Err(ErrorCode::AuthenticateFailed.into()));
    let mut journey = Journey::starts(own_only(), goal("AL3"), "start clock, read session");
    journey.plays([(no_session(), "authenticate"), (failed, "done authenticate_failed")]);
}

#[test]
fn a_window_for_it_is_opened_before_it_is_called() {
    let config = Config { arrangement: Arrangement::OwnInWindow, ..own_only() };
    let begins = "open window, start clock, read session";
    let mut journey = Journey::starts(config.clone(), goal("AL3"), begins);
    journey.plays([
        (WindowBlocked, "show open"),
        (no_session(), ""),
        (FlowEvent::Chosen(Choice::Open), "open window"),
        (WindowOpened, "hide gate, authenticate"),
        (FlowEvent::WindowLost, ""),
        (own("t1", None), "done t1 unverified"),
    ]);
    let mut journey = Journey::starts_with(true, config, goal("AL3"), "start clock, read session");
    journey.plays([(no_session(), "authenticate")]);
}

#[test]
fn what_it_names_is_what_was_granted() {
    let answer = |scope: Option<&str>, token_type: Option<&str>| {
        FlowEvent::OwnAnswered(Ok(OwnAnswer {
            access_token: Some(Secret::new("t1")),
            id_token: None,
            expires_in: None,
            scope: scope.map(Scope::parse),
            token_type: token_type.map(str::to_owned),
            authorization_details: None,
        }))
    };
    for (event, told) in [
        (answer(None, None), "done t1 unverified"),
        (answer(Some("payees:write"), Some("bearer")), "done t1 unverified"),
        (answer(None, Some("DPoP")), "done token_refused"),
    ] {
        let goal = Goal { requirement: wants_scope("", "payees:write"), ..goal("") };
        let mut journey = Journey::starts(own_only(), goal, "start clock, read session");
        journey.plays([(no_session(), "authenticate"), (event, told)]);
    }
}

#[test]
fn an_old_id_token_is_no_fresh_proof() {
    // Nothing binds it to this moment but its own times.
    let now = i64::try_from(NOW.seconds().0).unwrap();
    for (age, told) in [(100, "done t1"), (126, "done assurance_stale")] {
        let config = Config { arrangement: Arrangement::Own, ..config() };
        let goal = Goal { requirement: wants_within("AL3", 60), ..goal("AL3") };
        let mut journey = Journey::starts(config, goal, "start clock, read session, read metadata");
        let iat = EpochSeconds(NOW.seconds().0 - age);
        let auth_time = Some(now - i64::try_from(age).unwrap());
        let proof = Claims { auth_time, iat, ..claims("alice", "AL3") };
        journey.plays([
            (session_of("alice"), "authenticate"),
            (metadata(), ""),
            (own("t1", Some("id-t1")), "verify id-t1"),
            (FlowEvent::AnswerVerified(Ok(proof)), told),
        ]);
    }
}
