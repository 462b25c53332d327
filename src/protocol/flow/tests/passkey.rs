//! A passkey in the page: by endpoints, carried in the challenge, and by the app's backend.

use super::super::{Choice, FlowEvent, Goal};
use super::player::*;
use crate::protocol::assertion::Offer;
use crate::protocol::backend::Told;
use crate::protocol::config::tests::{with_backend, with_passkeys};
use crate::protocol::config::{Config, Passkey, PasskeyServer};
use crate::protocol::error::ErrorCode;
use crate::protocol::method::{Method, Passkeys};
use crate::protocol::secret::Secret;
use crate::protocol::token::TokenAnswer;

const ASKS: &str = "ask https://login.example/passkey/options for options";
const SENDS: &str = "send a1 to https://login.example/passkey/token";
const SHOWS: &str = "show passkey or popup";

fn alive() -> FlowEvent {
    FlowEvent::GestureRead(true)
}

fn gone() -> FlowEvent {
    FlowEvent::GestureRead(false)
}

fn no_gate() -> FlowEvent {
    FlowEvent::GateRefused(ErrorCode::PopupBlocked.into())
}

fn refusal(error: &str) -> FlowEvent {
    let error = Some(error.to_owned());
    FlowEvent::TokenAnswered(Ok(TokenAnswer { error, ..TokenAnswer::default() }))
}

/// Only challenges carry options.
fn carried() -> Config {
    let server = PasskeyServer::Endpoints {
        options: None,
        token: "https://login.example/passkey/token".into(),
        grant_type: None,
        nonce: true,
    };
    Config { passkey: Some(Passkey { server, acr_values: None }), ..with_passkeys() }
}

fn goal_with(public_key: &str) -> Goal {
    Goal { offer: Some(offer(public_key)), ..goal("AL3") }
}

/// One for AL3 whose options are here; the session tells that it must be Alice.
#[track_caller]
fn with_options() -> Journey {
    let mut journey = Journey::starts(with_passkeys(), goal("AL3"), GATHERS);
    journey.plays([
        (session_of("alice"), ""),
        (metadata(), ""),
        (secrets(), ASKS),
        (options("o1"), "check gesture"),
    ]);
    journey
}

/// One whose user is at the authenticator.
#[track_caller]
fn asserting() -> Journey {
    let mut journey = with_options();
    journey.plays([(alive(), "assert o1")]);
    journey
}

#[test]
fn a_window_from_the_click_serves_only_where_a_window_is_admitted() {
    let only = Config { methods: vec![Method::Passkey], ..with_passkeys() };
    Journey::starts_with(true, only, goal("AL3"), GATHERS).plays([
        (session_of("alice"), ""),
        (metadata(), ""),
        (secrets(), ASKS),
    ]);
}

#[test]
fn options_a_passkey_and_a_checked_token() {
    asserting().plays([
        (asserted("a1"), SENDS),
        (tokens("t1"), "verify id-t1"),
        (proves("alice", "AL3"), "done t1"),
    ]);
}

#[test]
fn options_are_asked_for_without_waiting_for_the_metadata() {
    Journey::starts(with_passkeys(), goal("AL3"), GATHERS).plays([
        (secrets(), ""),
        (session_of("alice"), ASKS),
        (options("o1"), "check gesture"),
        (alive(), "assert o1"),
        (asserted("a1"), SENDS),
        (tokens("t1"), ""),
        (metadata(), "verify id-t1"),
        (proves("alice", "AL3"), "done t1"),
    ]);
}

#[test]
fn t38_when_the_gesture_is_gone_the_gate_asks_first() {
    with_options().plays([
        (gone(), SHOWS),
        (uses(Method::Passkey), "show waiting, assert o1"),
        (asserted("a1"), &format!("show busy, {SENDS}")),
        (tokens("t1"), "verify id-t1"),
        (proves("alice", "AL3"), "done t1"),
    ]);
}

#[test]
fn a_click_in_the_gate_may_choose_the_window_instead() {
    with_options().plays([
        (gone(), SHOWS),
        (uses(Method::Popup), "open window"),
        (FlowEvent::WindowOpened, "hide gate, go to provider"),
        (code("c1"), "close window, hide gate, exchange c1"),
        (tokens("t1"), "verify id-t1"),
        (proves("alice", "AL3"), "done t1"),
    ]);
    with_options().plays([
        (gone(), SHOWS),
        (uses(Method::Popup), "open window"),
        // Not even inside a click: what is left is offered.
        (FlowEvent::WindowBlocked, "show passkey"),
        (cancel(), "done popup_blocked"),
    ]);
}

#[test]
fn t42_a_refusal_is_shown_and_nothing_is_tried_by_itself() {
    asserting().plays([
        (refused(ErrorCode::PasskeyRefused), "show passkey_refused"),
        (alive(), ""),
        (options("o2"), ""),
        // The user may: with new options, since these may be spent.
        (FlowEvent::Chosen(Choice::Retry), &format!("show busy, {ASKS}")),
        (options("o2"), "show waiting, assert o2"),
        (refused(ErrorCode::PasskeyRefused), "show passkey_refused"),
        (FlowEvent::Chosen(Choice::Another), SHOWS),
        (uses(Method::Popup), "open window"),
        (FlowEvent::WindowOpened, "hide gate, go to provider"),
    ]);
}

#[test]
fn t42_who_gives_up_after_a_refusal_learns_of_the_refusal() {
    asserting().plays([
        (refused(ErrorCode::PasskeyRefused), "show passkey_refused"),
        (cancel(), "done passkey_refused"),
    ]);
    asserting().plays([
        (refused(ErrorCode::PasskeyRefused), "show passkey_refused"),
        (no_gate(), "done passkey_refused"),
    ]);
    asserting().plays([(cancel(), "done cancelled")]);
}

#[test]
fn t43_an_assertion_that_comes_late_is_dropped() {
    let mut journey = asserting();
    journey.plays([(refused(ErrorCode::PasskeyBusy), "show passkey_busy"), (asserted("a1"), "")]);
    with_options().plays([
        (gone(), SHOWS),
        (uses(Method::Passkey), "show waiting, assert o1"),
        (FlowEvent::Chosen(Choice::Another), &format!("end ceremony, {SHOWS}")),
        (asserted("a1"), ""),
    ]);
    asserting().plays([(FlowEvent::DeadlinePassed, "done timed_out"), (asserted("a1"), "")]);
}

#[test]
fn t39_where_passkeys_turn_out_not_to_work_the_window_is_offered() {
    for code in [ErrorCode::EmbeddingBlocked, ErrorCode::PasskeyUnavailable] {
        asserting().plays([
            (refused(code), "show open"),
            (FlowEvent::Chosen(Choice::Open), "open window"),
            (FlowEvent::WindowOpened, "hide gate, go to provider"),
        ]);
    }
    let blocked = || Config { passkeys: Passkeys::Blocked, ..with_passkeys() };
    let opens = "open window, start clock, read session, read metadata, draw secrets";
    Journey::starts(blocked(), goal("AL3"), opens);
    let only = Config { methods: vec![Method::Passkey], ..blocked() };
    Journey::starts(only, goal("AL3"), "done embedding_blocked");
}

#[test]
fn where_no_method_is_possible_it_ends_at_once() {
    let only = || Config { methods: vec![Method::Passkey], ..with_passkeys() };
    let absent = Config { passkeys: Passkeys::Absent, ..only() };
    Journey::starts(absent, goal("AL3"), "done passkey_unavailable");
    let mut low = only();
    low.passkey.iter_mut().for_each(|it| it.acr_values = Some(vec!["AL2".into()]));
    Journey::starts(low, goal("AL3"), "done passkey_unavailable");
    let nothing = Goal { methods: Some(Vec::new()), ..goal("AL3") };
    Journey::starts(with_passkeys(), nothing, "done configuration_invalid");
}

#[test]
fn the_app_may_admit_fewer_methods_for_a_request() {
    let popup = Goal { methods: Some(vec![Method::Popup]), ..goal("AL3") };
    let opens = "open window, start clock, read session, read metadata, draw secrets";
    Journey::starts(with_passkeys(), popup, opens)
        .plays([(FlowEvent::WindowBlocked, "show open"), (uses(Method::Passkey), "")]);
}

#[test]
fn what_the_server_refuses_is_shown_and_asked_for_anew() {
    asserting().plays([
        (asserted("a1"), SENDS),
        (refusal("invalid_grant"), "show token_refused"),
        (FlowEvent::Chosen(Choice::Retry), &format!("show busy, {ASKS}")),
        (FlowEvent::OptionsRead(Err(ErrorCode::ProviderUnreachable.into())), {
            "show provider_unreachable"
        }),
        (cancel(), "done provider_unreachable"),
    ]);
}

#[test]
fn t46_the_level_is_what_the_servers_answer_says() {
    asserting().plays([
        (asserted("a1"), SENDS),
        (tokens("t1"), "verify id-t1"),
        // Only presence was proved, and the server knows.
        (proves("alice", "AL1"), "done assurance_not_met"),
    ]);
}

#[test]
fn t01_another_users_passkey_is_refused() {
    asserting().plays([
        (asserted("a1"), SENDS),
        (tokens("t1"), "verify id-t1"),
        (proves("bob", "AL3"), "done subject_mismatch"),
    ]);
}

#[test]
fn t07_without_an_id_token_a_passkeys_token_is_not_believed() {
    let bare = TokenAnswer { id_token: None, ..answer("t1") };
    asserting().plays([
        (asserted("a1"), SENDS),
        (FlowEvent::TokenAnswered(Ok(bare)), "done assurance_unverifiable"),
    ]);
}

#[test]
fn options_that_a_challenge_carries_save_the_request_for_them() {
    Journey::starts(carried(), goal_with("o1"), GATHERS).plays([
        (metadata(), ""),
        (secrets(), ""),
        (session_of("alice"), "check gesture"),
        (alive(), "assert o1"),
        (asserted("a1"), SENDS),
        (tokens("t1"), "verify id-t1"),
        (proves("alice", "AL3"), "done t1"),
    ]);
}

#[test]
fn carried_options_are_good_for_one_answer() {
    let mut journey = Journey::starts(carried(), goal_with("o1"), GATHERS);
    journey.plays([
        (metadata(), ""),
        (secrets(), ""),
        (session_of("alice"), "check gesture"),
        (alive(), "assert o1"),
        // Not answered, they are good still.
        (refused(ErrorCode::PasskeyRefused), "show passkey_refused"),
        (FlowEvent::Chosen(Choice::Retry), "show waiting, assert o1"),
        (asserted("a1"), &format!("show busy, {SENDS}")),
        (refusal("invalid_grant"), "show open"),
        (FlowEvent::Chosen(Choice::Retry), "open window"),
    ]);
    let only = Config { methods: vec![Method::Passkey], ..carried() };
    Journey::starts(only, goal_with("o1"), GATHERS).plays([
        (metadata(), ""),
        (secrets(), ""),
        (session_of("alice"), "check gesture"),
        (alive(), "assert o1"),
        (asserted("a1"), SENDS),
        (refusal("invalid_grant"), "done token_refused"),
    ]);
}

#[test]
fn without_carried_options_there_is_no_passkey() {
    let opens = "open window, start clock, read session, read metadata, draw secrets";
    Journey::starts(carried(), goal("AL3"), opens);
}

#[test]
fn the_session_that_came_with_options_goes_back_with_the_answer() {
    let session = Some(Secret::new("s1"));
    let named = Offer { auth_session: session, ..offer("o1") };
    let mut journey = Journey::starts(with_passkeys(), goal("AL3"), GATHERS);
    journey.plays([
        (session_of("alice"), ""),
        (metadata(), ""),
        (secrets(), ASKS),
        (FlowEvent::OptionsRead(Ok(named)), "check gesture"),
        (alive(), "assert o1"),
        (asserted("a1"), "send a1 with s1 to https://login.example/passkey/token"),
    ]);
}

#[test]
fn without_a_gate_the_authenticator_is_asked_all_the_same() {
    with_options().plays([(gone(), SHOWS), (no_gate(), "assert o1")]);
    let framed = || FlowEvent::GateRefused(ErrorCode::EmbeddingBlocked.into());
    with_options().plays([(gone(), SHOWS), (framed(), "done embedding_blocked")]);
}

#[test]
fn a_session_that_cannot_be_read_ends_it() {
    let failed = FlowEvent::SessionRead(Err(ErrorCode::ConfigurationInvalid.into()));
    Journey::starts(with_passkeys(), goal("AL3"), GATHERS)
        .plays([(secrets(), ""), (failed, "done configuration_invalid")]);
}

const BACKEND: &str = "start clock, draw secrets";
const ASKS_BACKEND: &str = "ask https://app.example/bff/options for options";
const SENDS_TO_BACKEND: &str = concat!(
    r#"send {"acr_values":"AL3","credential":{"id":"a1"}}"#,
    " to https://app.example/bff/verify"
);

fn told() -> FlowEvent {
    FlowEvent::BackendAnswered(Ok(Told { acr: Some("AL3".into()), ..Told::default() }))
}

#[test]
fn a_backend_takes_the_answer_and_raises_the_session() {
    Journey::starts(with_backend(), goal("AL3"), BACKEND).plays([
        (secrets(), ASKS_BACKEND),
        (options("o1"), "check gesture"),
        (alive(), "assert o1"),
        (asserted(r#"{"id":"a1"}"#), SENDS_TO_BACKEND),
        (told(), "done session"),
    ]);
}

#[test]
fn what_a_backend_refuses_is_shown() {
    let no = FlowEvent::BackendAnswered(Err(ErrorCode::TokenRefused.into()));
    Journey::starts(with_backend(), goal("AL3"), BACKEND).plays([
        (secrets(), ASKS_BACKEND),
        (options("o1"), "check gesture"),
        (alive(), "assert o1"),
        (told(), ""),
        (asserted(r#"{"id":"a1"}"#), SENDS_TO_BACKEND),
        (no, "show token_refused"),
        (told(), ""),
        (cancel(), "done token_refused"),
    ]);
}

#[test]
fn a_backends_window_comes_back_by_its_state() {
    let popup = || Config { methods: vec![Method::Popup], ..with_backend() };
    let opens = "open window, start clock, draw secrets";
    let at_the_backend = || {
        let mut journey = Journey::starts(popup(), goal("AL3"), opens);
        journey.plays([(FlowEvent::WindowOpened, "hide gate"), (secrets(), "go to provider")]);
        journey
    };
    let back = |query: &str| FlowEvent::Responded(format!("?{query}").into());
    let done = "close window, hide gate, done session";
    at_the_backend().plays([
        (back("stepup_state=forged"), ""),
        (back("state=the-state"), ""),
        (back("stepup_state=the-state"), done),
    ]);
    at_the_backend().plays([
        (FlowEvent::WindowLost, "show lost"),
        (FlowEvent::Chosen(Choice::Open), "open window"),
        (FlowEvent::WindowOpened, "hide gate, go to provider"),
        (back("stepup_state=the-state&error=access_denied"), "done cancelled"),
    ]);
}
