//! Authorization requests that the provider keeps: pushed when a window is open or the page is about
//! to be left, and used once.

use super::super::{Choice, FlowEvent, Goal};
use super::FlowEvent::{
    Chosen, GestureRead, Quiet, Saved, WindowBlocked, WindowLost, WindowOpened,
};
use super::player::*;
use crate::protocol::config::Config;
use crate::protocol::config::tests::{config, with_passkeys};
use crate::protocol::error::ErrorCode;
use crate::protocol::flow::FlowEffect;
use crate::protocol::method::Method;
use crate::protocol::pushed::PushAnswer;
use crate::protocol::requirement::Scope;
use crate::protocol::token::Lifetime;
use crate::protocol::units::Seconds;

const PUSHES: &str = "push to https://login.example/par";

fn pushes() -> Config {
    Config { par: true, ..config() }
}

fn by_redirect() -> Config {
    Config { methods: vec![Method::Redirect], ..pushes() }
}

/// The provider keeps requests, and takes others as well or not.
fn keeping(required: bool) -> FlowEvent {
    let FlowEvent::MetadataRead(Ok(mut known)) = metadata() else { panic!("no metadata") };
    known.pushed_authorization_request_endpoint = Some("https://login.example/par".into());
    known.require_pushed_authorization_requests = required;
    FlowEvent::MetadataRead(Ok(known))
}

fn kept_for(seconds: f64, request_uri: &str) -> FlowEvent {
    FlowEvent::Pushed(Ok(PushAnswer {
        request_uri: Some(request_uri.into()),
        expires_in: Some(Lifetime(seconds)),
        error: None,
    }))
}

fn kept(request_uri: &str) -> FlowEvent {
    kept_for(60.0, request_uri)
}

fn refused(error: &str) -> FlowEvent {
    FlowEvent::Pushed(Ok(PushAnswer { error: Some(error.into()), ..PushAnswer::default() }))
}

/// One for AL3 whose window is open, and whose request is on its way.
#[track_caller]
fn pushed() -> Journey {
    let mut journey = Journey::starts_with(true, pushes(), goal("AL3"), GATHERS);
    journey.plays([(session_of("alice"), ""), (keeping(false), ""), (secrets(), PUSHES)]);
    journey
}

const EXCHANGES: &str = "close window, hide gate, exchange c1";

#[test]
fn the_window_waits_for_the_request_and_shows_nothing_of_it() {
    let mut journey = pushed();
    journey.plays([
        (session_of("alice"), ""),
        (kept("r1"), "go to r1"),
        (kept("evil"), ""),
        (code("c1"), EXCHANGES),
        (tokens("t1"), "verify id-t1"),
        (proves("alice", "AL3"), "done t1"),
    ]);
    assert_eq!(journey.url, "https://login.example/auth?client_id=spa&request_uri=r1");
}

#[test]
fn what_is_pushed_is_the_whole_request_with_a_proof_of_the_key() {
    let config = Config { dpop: true, ..pushes() };
    let mut journey = Journey::starts_with(true, config, goal("AL3"), GATHERS);
    journey.plays([(session_of("alice"), ""), (keeping(false), "")]);
    let (mut keys_refetched, now) = (None, NOW);
    let mut context = crate::protocol::flow::Context {
        config: &journey.config,
        user: None,
        proof: None,
        keys_refetched: &mut keys_refetched,
        now,
    };
    let effects = journey.flow.on(secrets_with("k1"), &mut context);
    let [FlowEffect::Send { post, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let form = crate::protocol::encode::parse_form(post.body.expose());
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "spa"),
        ("redirect_uri", "https://app.example/callback.html"),
        ("state", "the-state"),
        ("nonce", "the-nonce"),
        ("code_challenge_method", "S256"),
        ("acr_values", "AL3"),
        ("dpop_jkt", "k1"),
    ] {
        let sent = form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        assert_eq!(sent, Some(value), "{name}");
    }
    assert_eq!(post.key.as_ref().map(|key| key.0.as_str()), Some("k1"));
    assert_eq!(format!("{:?}", post.body), "[redacted]");
}

#[test]
fn it_is_pushed_where_the_provider_or_the_app_wants_it() {
    for (par, required, told) in [
        (false, false, "go to provider"),
        (false, true, PUSHES),
        (true, false, PUSHES),
        (true, true, PUSHES),
    ] {
        let config = Config { par, ..config() };
        let mut journey = Journey::starts_with(true, config, goal("AL3"), GATHERS);
        journey.plays([(session_of("alice"), ""), (keeping(required), ""), (secrets(), told)]);
    }
    let mut journey = Journey::starts_with(true, pushes(), goal("AL3"), GATHERS);
    journey.plays([(session_of("alice"), ""), (metadata(), "done metadata_invalid")]);
}

#[test]
fn the_window_is_opened_before_the_request_is_pushed() {
    let mut journey = Journey::starts(pushes(), goal("AL3"), &format!("open window, {GATHERS}"));
    journey.plays([
        (WindowBlocked, "show open"),
        (session_of("alice"), ""),
        (keeping(false), ""),
        (secrets(), ""),
        (Chosen(Choice::Open), "open window"),
        (WindowOpened, &format!("hide gate, {PUSHES}")),
        (kept("r1"), "go to r1"),
    ]);
}

#[test]
fn a_refusal_of_the_request_is_told_and_the_window_goes_nowhere() {
    for (error, told) in [
        ("invalid_request", "done authorization_refused"),
        ("unmet_authentication_requirements", "done assurance_unavailable"),
        ("access_denied", "done cancelled"),
    ] {
        pushed().plays([(refused(error), told)]);
    }
    let unreachable = FlowEvent::Pushed(Err(ErrorCode::ProviderUnreachable.into()));
    pushed().plays([(unreachable, "done provider_unreachable")]);
    pushed().plays([(FlowEvent::Pushed(Ok(PushAnswer::default())), "done authorization_refused")]);
}

#[test]
fn t32_a_request_that_is_expired_when_it_comes_is_pushed_once_more() {
    pushed().plays([(kept_for(0.0, "r1"), PUSHES), (kept("r2"), "go to r2")]);
    pushed().plays([(kept_for(0.0, "r1"), PUSHES), (kept_for(-1.0, "r2"), "done request_expired")]);
}

#[test]
fn t32_a_request_that_the_provider_has_forgotten_is_pushed_once_more() {
    let forgotten = || query("error=invalid_request_uri&state=the-state");
    let mut journey = pushed();
    journey.plays([
        (kept("r1"), "go to r1"),
        (query("error=invalid_request_uri&state=another"), ""),
        (forgotten(), PUSHES),
        (kept("r2"), "go to r2"),
    ]);
    journey.plays([(forgotten(), "done request_expired")]);
    // Where nothing was pushed there is nothing to push again.
    Journey::at_the_provider(config()).plays([(forgotten(), "done request_expired")]);
}

#[test]
fn t32_a_window_that_is_opened_again_gets_a_request_of_its_own() {
    pushed().plays([
        (kept("r1"), "go to r1"),
        (WindowLost, "show lost"),
        (Chosen(Choice::Open), "open window"),
        (WindowOpened, &format!("hide gate, {PUSHES}")),
        // The first one may answer all the same.
        (code("c1"), EXCHANGES),
        (kept("r2"), ""),
    ]);
    let mut journey = pushed();
    journey.plays([(kept("r1"), "go to r1")]);
    // By the user's own click, as often as they like.
    for number in 2..6 {
        let going = format!("go to r{number}");
        journey.plays([
            (WindowLost, "show lost"),
            (Chosen(Choice::Open), "open window"),
            (WindowOpened, &format!("hide gate, {PUSHES}")),
            (kept(&format!("r{number}")), &going),
        ]);
    }
}

#[test]
fn t37_a_push_that_fails_for_a_window_that_is_opened_again_leaves_the_first_one_its_say() {
    let fails = || FlowEvent::Pushed(Err(ErrorCode::ProviderUnreachable.into()));
    let mut journey = pushed();
    journey.plays([
        (kept("r1"), "go to r1"),
        (WindowLost, "show lost"),
        (Chosen(Choice::Open), "open window"),
        (WindowOpened, &format!("hide gate, {PUSHES}")),
        (fails(), "show lost"),
        (code("c1"), EXCHANGES),
    ]);
    // Where nobody is on the way yet, it is the end.
    pushed().plays([(fails(), "done provider_unreachable")]);
}

#[test]
fn what_waits_for_its_window_is_pushed_anew_when_it_has_expired() {
    let mut journey = pushed();
    journey.plays([(WindowLost, "show open"), (kept("r1"), "")]);
    journey.now = journey.now.plus(Seconds(61).millis());
    journey.plays([
        (Chosen(Choice::Open), "open window"),
        (WindowOpened, &format!("hide gate, {PUSHES}")),
        (kept("r2"), "go to r2"),
    ]);
}

#[test]
fn a_page_is_left_with_a_request_that_was_pushed_last_of_all() {
    let mut journey = Journey::starts(by_redirect(), goal("AL3"), GATHERS);
    let ready = (secrets(), "check leave");
    journey.plays([(session_of("alice"), ""), (keeping(false), ""), ready]);
    journey.plays([
        (GestureRead(true), "await quiet"),
        (Quiet, PUSHES),
        (Quiet, ""),
        (kept("r1"), "await quiet"),
        (Quiet, "save the-state"),
        (Saved(Ok(())), "leave"),
        (kept("r2"), ""),
    ]);
}

#[test]
fn t32_what_has_expired_while_the_page_was_saved_is_pushed_once_more() {
    let saved = || {
        let mut journey = Journey::starts(by_redirect(), goal("AL3"), GATHERS);
        let ready = (secrets(), "check leave");
        journey.plays([(session_of("alice"), ""), (keeping(true), ""), ready]);
        journey.plays([
            (GestureRead(true), "await quiet"),
            (Quiet, PUSHES),
            (kept_for(2.0, "r1"), "await quiet"),
            (Quiet, "save the-state"),
        ]);
        journey.now = journey.now.plus(Seconds(3).millis());
        journey.plays([(Saved(Ok(())), PUSHES)]);
        journey
    };
    let mut journey = saved();
    let mut context = crate::protocol::flow::Context {
        config: &journey.config,
        user: None,
        proof: None,
        keys_refetched: &mut journey.keys_refetched,
        now: journey.now,
    };
    let effects = journey.flow.on(kept("r2"), &mut context);
    let [FlowEffect::Leave { url, state }] = effects.as_slice() else { panic!("{effects:?}") };
    assert!(url.expose().ends_with("request_uri=r2") && state == "the-state", "{url}");
    saved().plays([(kept_for(0.0, "r2"), "done request_expired")]);
}

#[test]
fn t32_what_is_kept_too_briefly_for_the_wire_to_be_quiet_is_pushed_once_more() {
    let mut journey = Journey::starts(by_redirect(), goal("AL3"), GATHERS);
    let ready = (secrets(), "check leave");
    journey.plays([(session_of("alice"), ""), (keeping(true), ""), ready]);
    journey.plays([
        (GestureRead(true), "await quiet"),
        (Quiet, PUSHES),
        (kept_for(2.0, "r1"), "await quiet"),
    ]);
    journey.now = journey.now.plus(Seconds(3).millis());
    journey.plays([(Quiet, PUSHES), (kept_for(2.0, "r2"), "await quiet")]);
    journey.now = journey.now.plus(Seconds(3).millis());
    journey.plays([(Quiet, "done request_expired")]);
}

#[test]
fn what_the_provider_has_been_told_is_not_widened() {
    let more = Scope::parse("more");
    let widened = |journey: &mut Journey| {
        let wider =
            crate::protocol::requirement::Requirement { scope: more.clone(), ..wants("AL3") };
        journey.flow.widen(&wider, &journey.config)
    };
    let mut before = Journey::starts_with(true, pushes(), goal("AL3"), GATHERS);
    assert!(widened(&mut before));
    let mut asked = pushed();
    assert!(!widened(&mut asked));
    asked.plays([(WindowLost, "show open"), (kept("r1"), "")]);
    assert!(!widened(&mut asked));
}

#[test]
fn who_turns_to_a_passkey_meanwhile_is_not_bothered_by_a_refusal() {
    let config = Config { par: true, ..with_passkeys() };
    let goal = Goal { offer: Some(offer("o1")), ..goal("AL3") };
    let mut journey = Journey::starts_with(true, config, goal, GATHERS);
    journey.plays([
        (session_of("alice"), ""),
        (keeping(false), ""),
        (secrets(), PUSHES),
        (WindowLost, "show passkey or popup"),
        (Chosen(Choice::Use(Method::Passkey)), "show waiting, assert o1"),
        (refused("server_error"), ""),
        (asserted("a1"), "show busy, send a1 to https://login.example/passkey/token"),
    ]);
}
