//! A step-up for which the page is left.

use super::super::{Choice, Flow, FlowEffect, FlowEvent, FlowId, Pending, Session};
use super::player::*;
use crate::protocol::config::Config;
use crate::protocol::config::tests::{config, with_backend};
use crate::protocol::error::ErrorCode;
use crate::protocol::json;
use crate::protocol::method::Method;
use crate::protocol::units::Seconds;

fn redirects() -> Config {
    Config { methods: vec![Method::Redirect], ..config() }
}

fn popup_first() -> Config {
    Config { methods: vec![Method::Popup, Method::Redirect], ..config() }
}

fn alive() -> FlowEvent {
    FlowEvent::GestureRead(true)
}

fn saved() -> FlowEvent {
    FlowEvent::Saved(Ok(()))
}

/// All is known for a redirect of Alice.
#[track_caller]
fn ready() -> Journey {
    let mut journey = Journey::starts(redirects(), goal("AL3"), GATHERS);
    journey.plays([(session_of("alice"), ""), (secrets(), ""), (metadata(), "check leave")]);
    journey
}

/// What Alice's page saved, by way of its text.
fn pending() -> Pending {
    let mut journey = ready();
    let mut context = super::super::Context {
        config: &journey.config,
        user: None,
        proof: None,
        keys_refetched: &mut None,
        now: NOW,
    };
    let _ = journey.flow.on(alive(), &mut context);
    let effects = journey.flow.on(FlowEvent::Quiet, &mut context);
    let text = effects.iter().find_map(|effect| match effect {
        FlowEffect::Save(pending) => Some(json::write(pending)),
        _ => None,
    });
    let text = text.expect("something is saved");
    json::read(&text).expect("it can be read again")
}

/// Alice is back with this query.
#[track_caller]
fn back(config: Config, query: &str, effects: &str) -> Journey {
    let (mut keys_refetched, now) = (None, NOW);
    let mut context = super::super::Context {
        config: &config,
        user: None,
        proof: None,
        keys_refetched: &mut keys_refetched,
        now,
    };
    let (flow, done) = Flow::resume(FlowId(1), pending(), query, &mut context);
    assert_eq!(done.iter().map(said).collect::<Vec<_>>().join(", "), effects);
    let url = String::new();
    Journey { flow, config, user: None, proof: None, keys_refetched, now, url, session: None }
}

const QUERY: &str = "?code=c1&state=the-state&iss=https%3A%2F%2Flogin.example";
const TRADES: &str = "start clock, read session, close window, hide gate, exchange c1";

#[test]
fn the_page_is_left_when_everything_is_saved() {
    ready().plays([
        (alive(), "await quiet"),
        (FlowEvent::Quiet, "save the-state"),
        (saved(), "leave"),
        (saved(), ""),
    ]);
}

#[test]
fn t66_what_cannot_be_saved_is_not_left() {
    let full = FlowEvent::Saved(Err(ErrorCode::StorageUnavailable.into()));
    ready().plays([
        (alive(), "await quiet"),
        (FlowEvent::Quiet, "save the-state"),
        (full, "done storage_unavailable"),
        (saved(), ""),
    ]);
}

#[test]
fn t36_the_page_is_never_left_without_the_users_doing() {
    let gone = || FlowEvent::GestureRead(false);
    ready().plays([
        (gone(), "show redirect"),
        (uses(Method::Redirect), "show busy, await quiet"),
        (FlowEvent::Quiet, "save the-state"),
        (saved(), "leave"),
    ]);
    let none = FlowEvent::GateRefused(ErrorCode::PopupBlocked.into());
    ready().plays([(gone(), "show redirect"), (none, "done popup_blocked")]);
    ready().plays([(gone(), "show redirect"), (cancel(), "done cancelled")]);
}

#[test]
fn t36_after_a_blocked_window_the_redirect_is_offered_not_taken() {
    let opens = "open window, start clock, read session, read metadata, draw secrets";
    let mut journey = Journey::starts(popup_first(), goal("AL3"), opens);
    journey.plays([
        (session_of("alice"), ""),
        (secrets(), ""),
        (metadata(), ""),
        (FlowEvent::WindowBlocked, "show popup or redirect"),
        (FlowEvent::Chosen(Choice::Open), "open window"),
        // Not even inside a click.
        (FlowEvent::WindowBlocked, "show redirect"),
        (uses(Method::Redirect), "show busy, await quiet"),
        (FlowEvent::Quiet, "save the-state"),
    ]);
    let mut journey = Journey::starts(popup_first(), goal("AL3"), opens);
    journey.plays([
        (FlowEvent::WindowBlocked, "show popup or redirect"),
        (FlowEvent::Chosen(Choice::Open), "open window"),
        (FlowEvent::WindowBlocked, "show redirect"),
        (cancel(), "done popup_blocked"),
    ]);
}

#[test]
fn a_page_that_is_not_left_after_all_ends_by_its_time_limit() {
    ready().plays([
        (alive(), "await quiet"),
        (FlowEvent::Quiet, "save the-state"),
        (saved(), "leave"),
        (FlowEvent::DeadlinePassed, "done timed_out"),
    ]);
}

#[test]
fn who_leaves_is_known_for_certain() {
    Journey::starts(redirects(), goal("AL3"), GATHERS).plays([
        (session_with("id-session"), ""),
        (secrets(), ""),
        (metadata(), "verify id-session"),
        (session_is("alice"), "check leave"),
    ]);
}

#[test]
fn what_was_saved_goes_on_where_it_was() {
    back(redirects(), QUERY, TRADES).plays([
        (no_session(), ""),
        (tokens("t1"), "verify id-t1"),
        (proves("alice", "AL3"), "done t1"),
    ]);
    // The answer is not final before the app's session has been read.
    back(redirects(), QUERY, TRADES).plays([
        (tokens("t1"), "verify id-t1"),
        (proves("alice", "AL3"), ""),
        (session_of("alice"), "done t1"),
    ]);
}

#[test]
fn t01_another_user_came_back() {
    back(redirects(), QUERY, TRADES).plays([
        (no_session(), ""),
        (tokens("t1"), "verify id-t1"),
        (proves("bob", "AL3"), "done subject_mismatch"),
    ]);
}

#[test]
fn t67_another_user_has_signed_in_to_the_app_meanwhile() {
    back(redirects(), QUERY, TRADES).plays([(session_of("bob"), "done session_changed")]);
    back(redirects(), QUERY, TRADES).plays([
        (session_with("id-session"), "verify id-session"),
        (tokens("t1"), "verify id-t1"),
        (proves("alice", "AL3"), ""),
        (session_is("bob"), "done session_changed"),
    ]);
    back(redirects(), QUERY, TRADES).plays([
        (session_with("id-session"), "verify id-session"),
        (session_is("alice"), ""),
        (tokens("t1"), "verify id-t1"),
        (proves("alice", "AL3"), "done t1"),
    ]);
}

#[test]
fn t28_the_response_is_judged_as_in_a_window() {
    let started = "start clock, read session, done";
    for (query, code) in [
        ("?code=c1&state=the-state&iss=https%3A%2F%2Fevil.test", "issuer_mismatch"),
        ("?error=access_denied&state=the-state&iss=https%3A%2F%2Flogin.example", "cancelled"),
        (
            "?error=unmet_authentication_requirements&state=the-state\
             &iss=https%3A%2F%2Flogin.example",
            "assurance_unavailable",
        ),
        ("?code=c1&code=c2&state=the-state&iss=https%3A%2F%2Flogin.example", "response_malformed"),
        ("?code=c1&state=another", "state_mismatch"),
    ] {
        back(redirects(), query, &format!("{started} {code}"));
    }
}

#[test]
fn t02_an_app_with_another_issuer_does_not_take_it_up() {
    let mut other = redirects();
    other.provider.iter_mut().for_each(|it| it.issuer = "https://other.example".into());
    back(other, QUERY, "start clock, done issuer_mismatch");
}

#[test]
fn t53_it_says_when_it_is_too_late() {
    let config = Config { pending_ttl: Seconds(60), ..redirects() };
    let mut journey = Journey::starts(config, goal("AL3"), GATHERS);
    journey.plays([(session_of("alice"), ""), (secrets(), ""), (metadata(), "check leave")]);
    let mut context = super::super::Context {
        config: &journey.config,
        user: None,
        proof: None,
        keys_refetched: &mut None,
        now: NOW,
    };
    let _ = journey.flow.on(alive(), &mut context);
    let effects = journey.flow.on(FlowEvent::Quiet, &mut context);
    let until = effects.iter().find_map(|effect| match effect {
        FlowEffect::Save(pending) => Some(pending.until),
        _ => None,
    });
    assert_eq!(until, Some(NOW.plus(Seconds(60).millis())));
}

#[test]
fn a_backends_login_page_is_gone_to_and_come_back_from() {
    let config = || Config { methods: vec![Method::Redirect], ..with_backend() };
    let mut journey = Journey::starts(config(), goal("AL3"), "start clock, draw secrets");
    journey.plays([(secrets(), "check leave")]);
    let mut context = super::super::Context {
        config: &journey.config,
        user: None,
        proof: None,
        keys_refetched: &mut None,
        now: NOW,
    };
    let _ = journey.flow.on(alive(), &mut context);
    let effects = journey.flow.on(FlowEvent::Quiet, &mut context);
    let Some(FlowEffect::Save(pending)) = effects.into_iter().next() else {
        panic!("something is saved")
    };
    let query = "?stepup_state=the-state";
    let (mut flow, done) = Flow::resume(FlowId(1), *pending, query, &mut context);
    let done: Vec<_> = done.iter().map(said).collect();
    assert_eq!(done, ["start clock", "read session", "close window", "hide gate", "done session"]);
    assert!(flow.on(FlowEvent::SessionRead(Ok(Session::default())), &mut context).is_empty());
}
