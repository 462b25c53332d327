//! Tokens that are bound to a key: by every way they are obtained, and never a weaker one.

use super::super::{Context, Flow, FlowEffect, FlowEvent, FlowId};
use super::player::*;
use crate::protocol::config::Config;
use crate::protocol::config::tests::{config, with_passkeys};
use crate::protocol::error::ErrorCode;
use crate::protocol::json;
use crate::protocol::method::Method;

fn bound() -> Config {
    Config { dpop: true, ..config() }
}

/// One for AL3 whose user is at the provider, the key being k1.
#[track_caller]
fn at_the_provider() -> Journey {
    let mut journey = Journey::starts_with(true, bound(), goal("AL3"), GATHERS);
    let all_is_known = (secrets_with("k1"), "go to provider");
    journey.plays([(session_of("alice"), ""), (metadata(), ""), all_is_known]);
    journey
}

const EXCHANGES: &str = "close window, hide gate, exchange c1 holding k1";

#[test]
fn code_and_token_are_bound_to_one_key() {
    let mut journey = at_the_provider();
    assert_eq!(journey.sent("dpop_jkt").as_deref(), Some("k1"));
    journey.plays([
        (code("c1"), EXCHANGES),
        (tokens_of("dpop", "t1"), "verify id-t1"),
        (proves("alice", "AL3"), "done t1"),
    ]);
}

#[test]
fn t10_a_bearer_token_in_the_place_of_a_bound_one_ends_it() {
    for (token_type, told) in [
        ("Bearer", "done downgrade_refused"),
        ("bearer", "done downgrade_refused"),
        ("N_A", "done token_refused"),
    ] {
        at_the_provider()
            .plays([(code("c1"), EXCHANGES), (tokens_of(token_type, "t1"), told)])
            .plays([(proves("alice", "AL3"), "")]);
    }
}

#[test]
fn t10_without_a_key_no_token_is_taken() {
    let mut journey = Journey::starts_with(true, bound(), goal("AL3"), GATHERS);
    journey.plays([
        (session_of("alice"), ""),
        (metadata(), ""),
        (secrets(), "go to provider"),
        (code("c1"), "close window, hide gate, exchange c1"),
        (tokens("t1"), "done downgrade_refused"),
    ]);
}

#[test]
fn a_bound_token_that_nobody_asked_for_is_of_no_use() {
    let mut journey = Journey::at_the_provider(config());
    assert_eq!(journey.sent("dpop_jkt"), None);
    journey.plays([
        (code("c1"), "close window, hide gate, exchange c1"),
        (tokens_of("DPoP", "t1"), "done token_refused"),
    ]);
}

#[test]
fn t10_a_passkey_gets_a_bound_token_or_none() {
    let sends = "send a1 to https://login.example/passkey/token holding k1";
    let asserted = || {
        let config = Config { dpop: true, ..with_passkeys() };
        let mut journey = Journey::starts(config, goal("AL3"), GATHERS);
        journey.plays([
            (session_of("alice"), ""),
            (metadata(), ""),
            (secrets_with("k1"), "ask https://login.example/passkey/options for options"),
            (options("o1"), "check gesture"),
            (FlowEvent::GestureRead(true), "assert o1"),
            (asserted("a1"), sends),
        ]);
        journey
    };
    asserted()
        .plays([(tokens_of("DPoP", "t1"), "verify id-t1"), (proves("alice", "AL3"), "done t1")]);
    // The gate offers no second try: it would bring the same.
    asserted().plays([(tokens_of("Bearer", "t1"), "done downgrade_refused")]);
}

#[test]
fn the_key_outlives_the_page() {
    let config = Config { methods: vec![Method::Redirect], ..bound() };
    let mut journey = Journey::starts(config, goal("AL3"), GATHERS);
    journey.plays([
        (session_of("alice"), ""),
        (metadata(), ""),
        (secrets_with("k1"), "check leave"),
        (FlowEvent::GestureRead(true), "await quiet"),
    ]);
    let mut keys_refetched = None;
    let mut context = Context {
        config: &journey.config,
        user: None,
        proof: None,
        keys_refetched: &mut keys_refetched,
        now: NOW,
    };
    let effects = journey.flow.on(FlowEvent::Quiet, &mut context);
    let [FlowEffect::Save(pending)] = effects.as_slice() else { panic!("{effects:?}") };
    let text = json::write(pending);
    let pending = json::read(&text).unwrap();
    let query = "?code=c1&state=the-state&iss=https%3A%2F%2Flogin.example";
    let (_, wanted) = Flow::resume(FlowId(1), pending, query, &mut context);
    let wanted = wanted.iter().map(said).collect::<Vec<_>>().join(", ");
    assert!(wanted.ends_with("exchange c1 holding k1"), "{wanted}");
}

#[test]
fn a_key_that_cannot_be_had_ends_it_before_the_user_is_asked() {
    let mut journey = Journey::starts_with(true, bound(), goal("AL3"), GATHERS);
    let failed = FlowEvent::MetadataRead(Err(ErrorCode::ConfigurationInvalid.into()));
    journey.plays([(session_of("alice"), ""), (failed, "done configuration_invalid")]);
}
