//! Passkeys, and the app's own backend, as a page sees them.

use super::player::*;
use super::{Call, Event, WaiterId};
use crate::protocol::backend::Told;
use crate::protocol::config::tests::{with_backend, with_passkeys};
use crate::protocol::config::{Config, Passkey, PasskeyServer};
use crate::protocol::flow::tests::player as step_up;
use crate::protocol::flow::{Choice, FlowEvent};
use crate::protocol::method::Method;

/// Only challenges carry options, and only those of the first API are believed.
fn carried() -> Config {
    let server = PasskeyServer::Endpoints {
        options: None,
        token: "https://login.example/passkey/token".into(),
        grant_type: None,
        nonce: true,
    };
    let mut config =
        Config { passkey: Some(Passkey { server, acr_values: None }), ..with_passkeys() };
    config.apis[0].passkey_server = true;
    config
}

#[test]
fn options_of_the_passkey_server_are_used() {
    let mut page = Page::new(carried());
    page.plays([
        (carrying(API, 1, wants("AL3")), "1: start"),
        (of(1, step_up::session_of("alice")), ""),
        (of(1, step_up::secrets()), "1: check gesture"),
        (of(1, FlowEvent::GestureRead(true)), "1: assert o1"),
    ]);
}

#[test]
fn t45_options_of_any_other_api_are_ignored() {
    // The other API is on the list as well: that is not enough.
    Page::new(carried()).plays([(carrying(FILES, 1, wants("AL3")), "1: open window, 1: start")]);
    let mut page = Page::new(with_passkeys());
    page.plays([
        (carrying(API, 1, wants("AL3")), "1: start"),
        (of(1, step_up::session_of("alice")), ""),
        (of(1, step_up::secrets()), "1: ask https://login.example/passkey/options for options"),
    ]);
}

#[test]
fn t45_nor_are_they_in_a_second_challenge() {
    let mut config = carried();
    config.apis[0].passkey_server = false;
    let mut page = Page::new(config);
    page.plays([(challenged(1, wants("AL2")), "1: open window, 1: start")]).authenticates(
        1,
        "AL2",
        "t1",
        "1: end, publish t1 | -, retry 1 with t1",
    );
    let offer = Some(step_up::offer("o1"));
    let again = Event::ChallengedAgain {
        waiter: WaiterId(1),
        status: 401,
        requirement: wants("AL3"),
        offer,
    };
    page.plays([(again, "2: open window, 2: start")]);
}

#[test]
fn t22_who_could_not_join_a_ceremony_joins_with_the_next_that_can() {
    let young = || wants_within("AL3", 5);
    let mut page = Page::new(with_passkeys());
    page.plays([
        (challenged(1, wants("AL3")), "1: start"),
        (of(1, step_up::session_of("alice")), ""),
        (of(1, step_up::metadata()), ""),
        (of(1, step_up::secrets()), "1: ask https://login.example/passkey/options for options"),
        (of(1, step_up::options("o1")), "1: check gesture"),
        (of(1, FlowEvent::GestureRead(true)), "1: assert o1"),
        // The authenticator is asked already.
        (challenged(2, young()), ""),
        (of(1, FlowEvent::Chosen(Choice::Another)), "1: end ceremony, 1: show passkey or popup"),
        (challenged(3, young()), ""),
        (of(1, step_up::uses(Method::Passkey)), "1: show waiting, 1: assert o1"),
        (
            of(1, step_up::asserted(r#"{"id":"a1"}"#)),
            "1: show busy, 1: send {\"id\":\"a1\"} to https://login.example/passkey/token",
        ),
        (of(1, step_up::tokens("t1")), "1: verify id-t1"),
        (
            of(1, step_up::proves("alice", "AL3")),
            "1: end, publish t1 | -, retry 1 with t1, retry 2 with t1, retry 3 with t1",
        ),
    ]);
}

#[test]
fn requests_for_which_the_app_admits_other_methods_do_not_share_a_prompt() {
    let only = |waiter, methods| Event::Challenged {
        waiter: WaiterId(waiter),
        call: Call { methods, ..call(API) },
        status: 401,
        requirement: wants("AL3"),
        sent_with: None,
        offer: None,
    };
    let mut page = Page::new(with_passkeys());
    page.plays([
        (only(1, Some(vec![Method::Popup])), "1: open window, 1: start"),
        (only(2, None), ""),
        (only(3, Some(vec![Method::Popup])), ""),
        (
            of(1, FlowEvent::DeadlinePassed),
            "1: end, reject 1 timed_out, reject 3 timed_out, 2: start",
        ),
    ]);
}

#[test]
fn a_demand_that_a_passkey_does_not_reach_does_not_join_one() {
    let mut config = with_passkeys();
    config.passkey.iter_mut().for_each(|it| it.acr_values = Some(vec!["AL2".into()]));
    let mut page = Page::new(config);
    page.plays([
        (challenged(1, wants("AL2 AL3")), "1: start"),
        (challenged(2, wants("AL3")), ""),
        (of(1, FlowEvent::DeadlinePassed), "1: end, reject 1 timed_out, 2: open window, 2: start"),
    ]);
}

#[test]
fn where_no_method_is_possible_each_is_told_and_the_queue_goes_on() {
    let none = |waiter| Event::Challenged {
        waiter: WaiterId(waiter),
        call: Call { methods: Some(Vec::new()), ..call(API) },
        status: 401,
        requirement: wants("AL3"),
        sent_with: None,
        offer: None,
    };
    Page::with_popup().plays([
        (none(1), "1: end, reject 1 configuration_invalid"),
        (challenged(2, wants("AL3")), "2: open window, 2: start"),
        (none(3), ""),
        (
            of(2, FlowEvent::DeadlinePassed),
            "2: end, reject 2 timed_out, 3: end, reject 3 configuration_invalid",
        ),
    ]);
}

/// The whole passkey journey at a backend.
#[track_caller]
fn raises(page: &mut Page, flow: u32, told: Told, effects: &str) {
    for event in [
        step_up::secrets(),
        step_up::options("o1"),
        FlowEvent::GestureRead(true),
        step_up::asserted(r#"{"id":"a1"}"#),
    ] {
        page.on(of(flow, event));
    }
    page.plays([(of(flow, FlowEvent::BackendAnswered(Ok(told))), effects)]);
}

#[test]
fn a_raised_session_serves_all_who_wait_and_publishes_no_token() {
    let mut page = Page::new(with_backend());
    page.plays([
        (challenged(1, wants("AL3")), "1: start"),
        (challenged(2, wants("AL3")), ""),
        (ensured(3, wants("AL3")), ""),
    ]);
    let served =
        "1: end, publish - | -, retry 1 with its cookie, retry 2 with its cookie, settle 3";
    raises(&mut page, 1, Told::default(), served);
}

#[test]
fn ensure_rests_on_a_session_that_was_raised_just_now() {
    let mut page = Page::new(with_backend());
    page.plays([(ensured(1, wants_within("AL3", 60)), "1: start")]);
    raises(&mut page, 1, Told::default(), "1: end, publish - | -, settle 1");
    page.later(60).plays([(ensured(2, wants_within("AL3", 60)), "settle 2")]);
    page.later(6).plays([(ensured(3, wants_within("AL3", 60)), "2: start")]);
}

#[test]
fn a_request_that_carried_the_raised_session_and_is_challenged_leads_to_a_prompt() {
    let mut page = Page::new(with_backend());
    page.plays([(ensured(1, wants("AL3")), "1: start")]);
    page.later(1);
    raises(&mut page, 1, Told::default(), "1: end, publish - | -, settle 1");
    // It had left before: the same again will do. It left afterwards: it will not.
    page.plays([
        (left_at(0, 2, wants("AL3")), "retry 2 with its cookie"),
        (left_at(2, 3, wants("AL3")), "2: start"),
    ]);
}

#[test]
fn what_the_backend_tells_is_told_and_is_not_verified() {
    let mut page = Page::new(with_backend());
    page.plays([(ensured(1, wants("AL3")), "1: start")]);
    let told = Told {
        acr: Some("AL3".into()),
        amr: Some(vec!["hwk".into()]),
        auth_time: Some(page.now.seconds()),
    };
    raises(&mut page, 1, told, "1: end, publish - | -, settle 1");
    let assurance = page.told().into_iter().find_map(|notice| match notice {
        super::Notice::Authenticated { assurance, .. } => Some(assurance),
        _ => None,
    });
    let assurance = assurance.unwrap();
    assert_eq!(assurance.acr.as_deref(), Some("AL3"));
    assert_eq!(assurance.amr, Some(vec!["hwk".to_owned()]));
    assert!(assurance.auth_time.is_some() && !assurance.verified);
}
