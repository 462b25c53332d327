//! One tab asks at a time, and what it obtains serves the others.

use super::player::*;
use super::{Choice, FlowEvent, Obtained};
use crate::protocol::config::Config;
use crate::protocol::config::tests::{config, with_backend, with_passkeys};
use crate::protocol::details::Details;
use crate::protocol::dpop::Thumbprint;
use crate::protocol::error::ErrorCode;
use crate::protocol::handover::HandOver;
use crate::protocol::method::Method;
use crate::protocol::requirement::Scope;
use crate::protocol::secret::Secret;
use crate::protocol::token::TokenSet;
use crate::protocol::units::Seconds;

const HERE: FlowEvent = FlowEvent::Chosen(Choice::Here);

/// What another tab has obtained for Alice, bound to this key.
fn handed_bound_to(key: Option<&str>) -> FlowEvent {
    let FlowEvent::HandedOver(mut handed) = handed("alice", "AL3") else { panic!("no result") };
    if let Obtained::Tokens(tokens) = &mut handed.obtained {
        tokens.key = key.map(|key| Thumbprint(key.into()));
    }
    FlowEvent::HandedOver(handed)
}

/// What another tab has obtained for this user.
fn handed(sub: &str, acr: &str) -> FlowEvent {
    FlowEvent::HandedOver(Box::new(HandOver {
        obtained: Obtained::Tokens(TokenSet {
            access_token: Secret::new("t-other"),
            id_token: Some(Secret::new("id-other")),
            lifetime: Seconds(300),
            scope: Scope::default(),
            refresh: None,
            authorization_details: Details::default(),
            key: None,
        }),
        claims: Some(claims(sub, acr)),
        proved: wants(acr),
        resource: None,
        received: NOW,
    }))
}

fn raised(acr: &str) -> FlowEvent {
    let obtained = Obtained::Session { told: Default::default(), scope: Scope::default() };
    FlowEvent::HandedOver(Box::new(HandOver {
        obtained,
        claims: None,
        proved: wants(acr),
        resource: None,
        received: NOW,
    }))
}

/// Another tab asks already; here everything else is ready.
#[track_caller]
fn waiting(config: Config) -> Journey {
    let mut journey = Journey::among_others(true, config, goal("AL3"), GATHERS);
    journey.plays([
        (FlowEvent::TurnAwaited, "close window, show elsewhere"),
        (session_of("alice"), ""),
        (metadata(), ""),
        (secrets(), ""),
    ]);
    journey
}

#[test]
fn nobody_is_asked_before_the_turn_has_come() {
    let mut popup = Journey::among_others(true, config(), goal("AL3"), GATHERS);
    popup.plays([
        (session_of("alice"), ""),
        (metadata(), ""),
        (secrets(), ""),
        (FlowEvent::TurnTaken, "go to provider"),
    ]);
    let mut passkey = Journey::among_others(false, with_passkeys(), goal("AL3"), GATHERS);
    passkey.plays([
        (session_of("alice"), ""),
        (metadata(), ""),
        (secrets(), ""),
        (FlowEvent::TurnTaken, "ask https://login.example/passkey/options for options"),
    ]);
}

#[test]
fn nobody_is_asked_for_a_click_before_the_turn_has_come() {
    let opens = "open window, start clock, read session, read metadata, draw secrets";
    let blocked = || {
        let mut journey = Journey::among_others(false, config(), goal("AL3"), opens);
        journey.plays([(FlowEvent::WindowBlocked, "")]);
        journey
    };
    blocked().plays([(FlowEvent::TurnTaken, "show open")]);
    blocked().plays([
        (FlowEvent::TurnAwaited, "show elsewhere"),
        (FlowEvent::TurnTaken, "hide gate, open window"),
        (FlowEvent::WindowBlocked, "show open"),
    ]);
}

#[test]
fn t58_a_result_that_another_tab_hands_over_spares_the_prompt() {
    waiting(config()).plays([(handed("alice", "AL3"), "done t-other handed over")]);
}

#[test]
fn t58_a_result_that_is_bound_to_another_key_or_to_none_is_not_taken() {
    let bound = Config { dpop: true, ..config() };
    for (config, ours, theirs, taken) in [
        (&bound, Some("k1"), Some("k1"), true),
        (&bound, Some("k1"), Some("k2"), false),
        (&bound, Some("k1"), None, false),
        (&config(), None, Some("k1"), false),
    ] {
        let mut journey = Journey::among_others(true, config.clone(), goal("AL3"), GATHERS);
        journey.plays([
            (FlowEvent::TurnAwaited, "close window, show elsewhere"),
            (session_of("alice"), ""),
            (metadata(), ""),
            // Whose key is this one's is not known yet.
            (handed_bound_to(theirs), ""),
        ]);
        let secrets = ours.map_or_else(secrets, secrets_with);
        let done = if taken { "done t-other handed over" } else { "" };
        journey.plays([(secrets, done)]);
    }
}

#[test]
fn t58_another_users_or_a_weaker_result_is_not_taken_and_it_asks_in_its_turn() {
    for other in [handed("bob", "AL3"), handed("alice", "AL2"), raised("AL3")] {
        waiting(config()).plays([
            (other, ""),
            (FlowEvent::TurnTaken, "hide gate, open window"),
            (FlowEvent::WindowBlocked, "show open"),
            (FlowEvent::Chosen(Choice::Open), "open window"),
            (FlowEvent::WindowOpened, "hide gate, go to provider"),
        ]);
    }
}

#[test]
fn t67_a_result_is_not_taken_where_another_user_has_signed_in_meanwhile() {
    for session in [session_of("bob"), no_session()] {
        waiting(config())
            .session_becomes(session)
            .plays([(handed("alice", "AL3"), "done session_changed")]);
    }
    waiting(config()).session_becomes(session_with("id-session")).plays([
        (handed("alice", "AL3"), "verify id-session"),
        // Nobody is asked while it may not be needed.
        (FlowEvent::TurnTaken, "hide gate"),
        (session_is("bob"), "done session_changed"),
    ]);
}

#[test]
fn a_result_is_not_made_too_little_by_who_comes_after_it() {
    let mut journey = Journey::among_others(true, config(), goal("AL3"), GATHERS);
    journey.plays([
        (FlowEvent::TurnAwaited, "close window, show elsewhere"),
        (session_with("id-session"), ""),
        (secrets(), ""),
    ]);
    let more = wants_scope("AL3", "payees:write");
    journey.plays([(handed("alice", "AL3"), "")]);
    assert!(!journey.flow.widen(&more, &config()));
    journey.plays([
        (metadata(), "verify id-session"),
        (session_is("alice"), "done t-other handed over"),
    ]);
}

#[test]
fn after_a_result_that_came_too_late_the_session_is_looked_at_again() {
    let mut journey = waiting(config());
    journey.session_becomes(session_with("id-session")).plays([
        (handed("alice", "AL3"), "verify id-session"),
        (FlowEvent::TurnTaken, "hide gate"),
    ]);
    journey.now = NOW.plus(Seconds(300).millis());
    journey.plays([
        // It has expired while the keys were fetched.
        (session_is("alice"), "open window"),
        (FlowEvent::WindowOpened, "hide gate, go to provider"),
    ]);
    journey.session_becomes(session_of("bob")).plays([
        (code("c1"), "close window, hide gate, exchange c1"),
        (tokens("t1"), "verify id-t1"),
        (proves("alice", "AL3"), "done session_changed"),
    ]);
}

#[test]
fn a_result_waits_for_the_check_of_the_sessions_id_token() {
    let claimed = || {
        let mut journey = Journey::among_others(true, config(), goal("AL3"), GATHERS);
        journey.plays([
            (FlowEvent::TurnAwaited, "close window, show elsewhere"),
            (session_with("id-session"), ""),
            (secrets(), ""),
            (handed("alice", "AL3"), ""),
            // The turn follows at once, and nobody is asked while it may not be needed.
            (FlowEvent::TurnTaken, "hide gate"),
            (metadata(), "verify id-session"),
        ]);
        journey
    };
    claimed().plays([(session_is("alice"), "done t-other handed over")]);
    claimed().plays([
        (session_is("bob"), "open window"),
        (FlowEvent::WindowOpened, "hide gate, go to provider"),
    ]);
}

#[test]
fn after_a_while_the_user_may_go_on_here() {
    waiting(config()).plays([
        (HERE, ""),
        (FlowEvent::TurnOverdue, "show continue here"),
        (HERE, "hide gate, open window, force turn"),
        (HERE, ""),
        (FlowEvent::WindowOpened, "hide gate"),
        (FlowEvent::TurnTaken, "go to provider"),
    ]);
}

#[test]
fn what_the_other_tab_hands_over_ends_the_prompt_here_as_well() {
    waiting(config()).plays([
        (FlowEvent::TurnOverdue, "show continue here"),
        (HERE, "hide gate, open window, force turn"),
        (FlowEvent::WindowOpened, "hide gate"),
        (FlowEvent::TurnTaken, "go to provider"),
        (handed("alice", "AL3"), "done t-other handed over"),
    ]);
    waiting(config()).plays([
        (FlowEvent::TurnOverdue, "show continue here"),
        (HERE, "hide gate, open window, force turn"),
        (FlowEvent::WindowOpened, "hide gate"),
        (FlowEvent::TurnTaken, "go to provider"),
        (handed("alice", "AL2"), ""),
        (code("c1"), "close window, hide gate, exchange c1"),
        // Its own answer is on its way.
        (handed("alice", "AL3"), ""),
        (tokens("t1"), "verify id-t1"),
    ]);
}

#[test]
fn while_another_tab_asks_nothing_else_can_be_chosen_here() {
    waiting(config()).plays([
        (FlowEvent::Chosen(Choice::Open), ""),
        (uses(Method::Popup), ""),
        (FlowEvent::Chosen(Choice::Another), ""),
        (FlowEvent::WindowBlocked, ""),
        (cancel(), "done cancelled"),
    ]);
}

#[test]
fn where_no_gate_shows_it_goes_on_here_by_itself_when_the_time_has_come() {
    let refused = || FlowEvent::GateRefused(ErrorCode::PopupBlocked.into());
    waiting(config()).plays([
        (refused(), ""),
        (FlowEvent::TurnOverdue, "show continue here"),
        (refused(), "hide gate, open window, force turn"),
        (FlowEvent::WindowBlocked, ""),
        (FlowEvent::TurnTaken, "show open"),
        (refused(), "done popup_blocked"),
    ]);
}

#[test]
fn the_turn_is_nobodys_business_once_the_user_is_asked() {
    Journey::at_the_provider(config()).plays([
        (FlowEvent::TurnAwaited, ""),
        (FlowEvent::TurnOverdue, ""),
        (HERE, ""),
        (FlowEvent::TurnTaken, ""),
        (code("c1"), "close window, hide gate, exchange c1"),
    ]);
}

#[test]
fn a_passkey_is_asked_for_when_the_turn_has_come() {
    let mut journey = Journey::among_others(false, with_passkeys(), goal("AL3"), GATHERS);
    journey.plays([
        (FlowEvent::TurnAwaited, "show elsewhere"),
        (session_of("alice"), ""),
        (metadata(), ""),
        (secrets(), ""),
        (FlowEvent::TurnTaken, "hide gate, ask https://login.example/passkey/options for options"),
    ]);
}

#[test]
fn a_raised_session_is_every_tabs() {
    let config = Config { methods: vec![Method::Popup], ..with_backend() };
    let mut journey = Journey::among_others(true, config, goal("AL3"), "start clock, draw secrets");
    journey.plays([
        (FlowEvent::TurnAwaited, "close window, show elsewhere"),
        (secrets(), ""),
        (raised("AL2"), ""),
        (raised("AL3"), "done session handed over"),
    ]);
}
