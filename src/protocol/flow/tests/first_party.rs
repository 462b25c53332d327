//! The authorization challenge endpoint: a code without a window, as far as that goes.

use super::super::{Choice, FlowEvent};
use super::player::*;
use crate::protocol::config::tests::with_passkeys;
use crate::protocol::config::{Config, Passkey, PasskeyServer};
use crate::protocol::error::ErrorCode;
use crate::protocol::first_party::ChallengeAnswer;
use crate::protocol::metadata::Metadata;
use crate::protocol::method::Method;
use crate::protocol::secret::Secret;

const ASKS: &str = "ask as first party";

fn config() -> Config {
    let server = PasskeyServer::FirstParty;
    Config { passkey: Some(Passkey { server, acr_values: None }), ..with_passkeys() }
}

fn only_passkeys() -> Config {
    Config { methods: vec![Method::Passkey], ..config() }
}

fn says(error: &str) -> ChallengeAnswer {
    ChallengeAnswer { error: Some(error.into()), ..ChallengeAnswer::default() }
}

fn event(answer: ChallengeAnswer) -> FlowEvent {
    FlowEvent::ChallengeAnswered(Ok(answer))
}

fn wants_a_passkey(options: &str, session: &str) -> FlowEvent {
    event(ChallengeAnswer {
        public_key: Some(options.into()),
        auth_session: Some(Secret::new(session)),
        ..says("insufficient_authorization")
    })
}

fn gives_a_code() -> FlowEvent {
    let authorization_code = Some(Secret::new("c1"));
    event(ChallengeAnswer { authorization_code, ..ChallengeAnswer::default() })
}

#[track_caller]
fn asked(config: Config) -> Journey {
    let mut journey = Journey::starts(config, goal("AL3"), GATHERS);
    journey.plays([(session_of("alice"), ""), (secrets(), ""), (metadata(), ASKS)]);
    journey
}

#[track_caller]
fn answered(config: Config) -> Journey {
    let mut journey = asked(config);
    journey.plays([
        (wants_a_passkey("o1", "s1"), "check gesture"),
        (FlowEvent::GestureRead(true), "assert o1"),
        (asserted("a1"), "ask as first party with s1 with a1"),
    ]);
    journey
}

#[test]
fn a_passkey_becomes_a_code_and_the_code_tokens_without_a_redirect_uri() {
    answered(config()).plays([
        (gives_a_code(), "exchange c1 directly"),
        (tokens("t1"), "verify id-t1"),
        (proves("alice", "AL3"), "done t1"),
    ]);
}

#[test]
fn what_the_endpoint_has_been_told_is_not_widened() {
    let more = wants_scope("AL3", "payees:write");
    let mut early = Journey::starts(config(), goal("AL3"), GATHERS);
    assert!(early.flow.widen(&more, &config()));
    let mut told = asked(config());
    assert!(!told.flow.widen(&more, &config()));
    // Where the passkey's answer tells it, there is time until then.
    let mut journey = Journey::starts(with_passkeys(), goal("AL3"), GATHERS);
    journey.plays([
        (session_of("alice"), ""),
        (metadata(), ""),
        (secrets(), "ask https://login.example/passkey/options for options"),
    ]);
    assert!(journey.flow.widen(&more, &with_passkeys()));
}

#[test]
fn an_answer_that_nobody_waits_for_changes_nothing() {
    answered(config()).plays([
        (gives_a_code(), "exchange c1 directly"),
        (gives_a_code(), ""),
        (event(says("invalid_session")), ""),
        (tokens("t1"), "verify id-t1"),
    ]);
    asked(config()).plays([
        (wants_a_passkey("o1", "s1"), "check gesture"),
        (gives_a_code(), ""),
        (FlowEvent::GestureRead(true), "assert o1"),
        (event(says("redirect_to_web")), ""),
        (asserted("a1"), "ask as first party with s1 with a1"),
    ]);
    // Nor where nobody has asked that endpoint at all.
    let mut journey = Journey::at_the_provider(with_passkeys());
    journey.plays([(gives_a_code(), ""), (code("c2"), "close window, hide gate, exchange c2")]);
}

#[test]
fn carried_options_wait_for_the_metadata() {
    let goal = crate::protocol::flow::Goal { offer: Some(offer("o1")), ..goal("AL3") };
    Journey::starts(config(), goal, GATHERS).plays([
        (session_of("alice"), ""),
        (secrets(), ""),
        (metadata(), "check gesture"),
        (FlowEvent::GestureRead(true), "assert o1"),
        (asserted("a1"), "ask as first party with a1"),
    ]);
}

#[test]
fn a_server_that_asks_for_nothing_gives_the_code_at_once() {
    asked(config()).plays([(gives_a_code(), "exchange c1 directly")]);
}

#[test]
fn t47_redirect_to_web_leads_to_the_window() {
    let web = || event(says("redirect_to_web"));
    asked(config()).plays([
        (web(), "open window"),
        (FlowEvent::WindowOpened, "hide gate, go to provider"),
        (code("c1"), "close window, hide gate, exchange c1"),
    ]);
    // After the passkey there is no gesture any more: the gate asks for a click.
    answered(config()).plays([
        (web(), "open window"),
        (FlowEvent::WindowBlocked, "show open"),
        (FlowEvent::Chosen(Choice::Open), "open window"),
        (FlowEvent::WindowOpened, "hide gate, go to provider"),
    ]);
    asked(only_passkeys()).plays([(web(), "done authorization_refused")]);
}

#[test]
fn t47_where_the_app_has_no_windows_it_leads_to_a_redirect() {
    let config = Config { methods: vec![Method::Passkey, Method::Redirect], ..config() };
    let kept = ChallengeAnswer { request_uri: Some("urn:r:1".into()), ..says("redirect_to_web") };
    let mut journey = asked(config);
    journey.plays([
        (event(kept), "check leave"),
        (FlowEvent::GestureRead(true), "await quiet"),
        (FlowEvent::Quiet, "save the-state"),
    ]);
    let saved = journey.flow.on(
        FlowEvent::Saved(Ok(())),
        &mut super::super::Context {
            config: &journey.config,
            user: None,
            proof: None,
            keys_refetched: &mut None,
            now: NOW,
        },
    );
    let url = saved.iter().find_map(|effect| match effect {
        super::super::FlowEffect::Leave { url, .. } => Some(url.expose().to_owned()),
        _ => None,
    });
    let expect = "https://login.example/auth?client_id=spa&request_uri=urn%3Ar%3A1";
    assert_eq!(url.as_deref(), Some(expect));
}

#[test]
fn t47_a_request_that_the_server_keeps_is_named_by_its_uri() {
    let kept = ChallengeAnswer { request_uri: Some("urn:r:1".into()), ..says("redirect_to_web") };
    let mut journey = asked(config());
    journey.plays([(event(kept), "open window")]);
    let opened = journey.flow.on(
        FlowEvent::WindowOpened,
        &mut super::super::Context {
            config: &journey.config,
            user: None,
            proof: None,
            keys_refetched: &mut None,
            now: NOW,
        },
    );
    let url = opened.iter().find_map(|effect| match effect {
        super::super::FlowEffect::GoTo { url, .. } => Some(url.expose().to_owned()),
        _ => None,
    });
    let expect = "https://login.example/auth?client_id=spa&request_uri=urn%3Ar%3A1";
    assert_eq!(url.as_deref(), Some(expect));
}

#[test]
fn t48_an_invalid_session_begins_anew_once() {
    let invalid = || event(says("invalid_session"));
    answered(config()).plays([
        (invalid(), ASKS),
        (wants_a_passkey("o2", "s2"), "check gesture"),
        (FlowEvent::GestureRead(true), "assert o2"),
        (asserted("a2"), "ask as first party with s2 with a2"),
        (invalid(), "show token_refused"),
    ]);
}

#[test]
fn a_passkey_that_is_not_enough_is_told() {
    answered(config()).plays([
        (wants_a_passkey("o2", "s2"), "show token_refused"),
        (FlowEvent::Chosen(Choice::Another), "show passkey or popup"),
    ]);
    answered(config()).plays([(event(says("insufficient_authorization")), "open window")]);
}

#[test]
fn a_refusal_is_an_error_of_its_own() {
    let unmet = event(says("unmet_authentication_requirements"));
    answered(only_passkeys())
        .plays([(unmet, "show assurance_unavailable"), (cancel(), "done assurance_unavailable")]);
    let error = FlowEvent::ChallengeAnswered(Err(ErrorCode::ProviderUnreachable.into()));
    asked(config()).plays([(error, "show provider_unreachable")]);
}

#[test]
fn a_provider_without_the_endpoint_is_no_provider_for_it() {
    let FlowEvent::MetadataRead(Ok(metadata)) = metadata() else { panic!("there is metadata") };
    let without = Metadata { authorization_challenge_endpoint: None, ..metadata };
    Journey::starts(config(), goal("AL3"), GATHERS)
        .plays([(FlowEvent::MetadataRead(Ok(without)), "done metadata_invalid")]);
}

#[test]
fn what_arrives_when_it_is_not_asked_changes_nothing() {
    let mut journey = Journey::starts(config(), goal("AL3"), GATHERS);
    journey.plays([(gives_a_code(), ""), (session_of("alice"), ""), (secrets(), "")]);
    let mut done = answered(config());
    done.plays([(gives_a_code(), "exchange c1 directly"), (gives_a_code(), "")]);
}
