//! Requests that ask before they leave, because a rule says so.

use super::player::*;
use super::{Call, Event, WaiterId};
use crate::protocol::config::tests::{config, with_backend, with_passkeys};
use crate::protocol::config::{Config, TokenUse};
use crate::protocol::details::Details;
use crate::protocol::flow::tests::player as step_up;
use crate::protocol::flow::tests::player::{session_is, session_of, session_with};
use crate::protocol::flow::{Choice, FlowEvent};
use crate::protocol::level::{Level, Levels};
use crate::protocol::method::Method;
use crate::protocol::requirement::{Requirement, Scope};
use crate::protocol::token::TokenAnswer;
use crate::protocol::units::EpochMillis;

const DONE: &str = "1: end, publish t1 | -, retry 1 with t1";

/// Nobody is asked before it is known that the session is not enough.
#[track_caller]
fn asks(page: &mut Page, flow: u32) {
    page.plays([(of(flow, session_of("alice")), &format!("{flow}: open window"))]);
}

fn in_order(names: &[&str]) -> Config {
    let level = |name: &&str| Level {
        name: (*name).into(),
        acr: vec![(*name).into()],
        amr: Vec::new(),
        max_age: None,
        phishing_resistant: false,
    };
    Config { levels: Levels::from(names.iter().map(level).collect::<Vec<_>>()), ..config() }
}

#[test]
fn a_request_that_matches_a_rule_asks_first_and_is_sent_once() {
    let mut page = Page::with_popup();
    page.plays([(demanded(1, &[wants("AL3")]), "1: start")]);
    asks(&mut page, 1);
    page.authenticates(1, "AL3", "t1", DONE).plays([(answered(1, 201), "")]);
}

#[test]
fn a_request_that_matches_none_leaves_as_any_other() {
    Page::with_popup().plays([(demanded(1, &[]), "let 1 go")]);
}

#[test]
fn what_is_held_is_sent_with_it_and_nobody_is_asked() {
    let mut page = Page::with_popup();
    page.plays([(challenged(1, wants("AL3")), "1: open window, 1: start")])
        .authenticates(1, "AL3", "t1", DONE);
    page.plays([
        (demanded(2, &[wants("AL3")]), "retry 2 with t1"),
        (answered(2, 200), ""),
        // What is held is for another resource.
        (demanded_of(call(FILES), 3, &[wants("AL3")]), "2: start"),
    ]);
    let mut inside = demanded(4, &[wants("AL3")]);
    if let Event::Demanded { window, .. } = &mut inside {
        *window = true;
    }
    page.plays([(inside, "drop window of 4, retry 4 with t1")]);
}

#[test]
fn a_session_that_is_enough_lets_the_request_go_with_its_own_token() {
    let mut page = Page::with_popup();
    page.plays([
        (demanded(1, &[wants("AL1")]), "1: start"),
        (ensured(2, wants("AL1")), ""),
        (of(1, step_up::secrets()), ""),
        (of(1, step_up::metadata()), ""),
        (of(1, session_with("id-s")), "1: verify id-s"),
        (of(1, session_is("alice")), "1: end, let 1 go, settle 2"),
    ]);
}

#[test]
fn the_session_is_not_enough_for_an_api_that_wants_a_token_for_each_request() {
    let mut config = config();
    config.apis[0].token_use = Some(TokenUse::Once);
    let mut page = Page::new(config);
    page.plays([(demanded(1, &[wants("AL1")]), "1: open window, 1: start")]).authenticates(
        1,
        "AL1",
        "t1",
        "1: end, publish - | -, retry 1 with t1",
    );
    // Used up: the next one asks for its own.
    page.plays([
        (answered(1, 200), ""),
        (demanded(2, &[wants("AL1")]), "2: open window, 2: start"),
    ]);
}

#[test]
fn t11_an_api_that_demands_the_same_again_is_a_loop() {
    let mut page = Page::with_popup();
    page.plays([(demanded(1, &[wants("AL3")]), "1: start")]);
    asks(&mut page, 1);
    page.authenticates(1, "AL3", "t1", DONE)
        .plays([(again(1, wants("AL3")), "reject 1 loop_detected")]);
}

#[test]
fn what_the_api_demands_besides_is_asked_for_as_ever() {
    let mut page = Page::with_popup();
    page.plays([(demanded(1, &[wants("AL2")]), "1: start")]);
    asks(&mut page, 1);
    page.authenticates(1, "AL2", "t1", DONE)
        .plays([(again(1, wants("AL3")), "2: open window, 2: start")])
        .authenticates(2, "AL3", "t2", "2: end, publish t2 | -, retry 1 with t2")
        // Two step-ups for one request, and no more.
        .plays([(again(1, wants("AL4")), "reject 1 loop_detected")]);
}

#[test]
fn of_several_rules_the_strongest_counts() {
    let mut page = Page::new(in_order(&["AL1", "AL2", "AL3"]));
    let rules = [
        wants_within("AL3", 300),
        wants_within("AL2", 60),
        Requirement { scope: Scope::parse("transfers"), ..wants("") },
    ];
    page.plays([(demanded(1, &rules), "1: start")]);
    asks(&mut page, 1);
    page.navigates(1);
    let url = page.urls.pop().unwrap();
    for part in ["acr_values=AL3", "max_age=60", "transfers"] {
        assert!(url.contains(part), "{part} in {url}");
    }
}

#[test]
fn rules_that_no_answer_can_satisfy_are_a_mistake() {
    Page::with_popup().plays([(
        demanded(1, &[wants("urn:a"), wants("urn:b")]),
        "reject 1 configuration_invalid",
    )]);
}

#[test]
fn t22_requests_at_the_same_time_share_one_prompt() {
    let mut page = Page::with_popup();
    page.plays([
        (demanded(1, &[wants("AL3")]), "1: start"),
        (demanded(2, &[wants("AL3")]), ""),
        (ensured(3, wants("AL3")), ""),
    ]);
    asks(&mut page, 1);
    page.plays([(challenged(4, wants("AL3")), ""), (demanded(5, &[wants("AL3")]), "")]);
    page.authenticates(
        1,
        "AL3",
        "t1",
        "1: end, publish t1 | -, retry 1 with t1, retry 2 with t1, settle 3, retry 4 with t1, \
         retry 5 with t1",
    );
}

#[test]
fn what_cannot_be_sent_twice_is_sent_once_and_no_more() {
    let stream = Call { replayable: false, ..call(API) };
    let mut page = Page::with_popup();
    page.plays([(demanded_of(stream, 1, &[wants("AL2")]), "1: start")]);
    asks(&mut page, 1);
    page.authenticates(1, "AL2", "t1", DONE);
    page.plays([(again(1, wants("AL3")), "2: open window, 2: start")]).authenticates(
        2,
        "AL3",
        "t2",
        "2: end, publish t2 | -, reject 1 replay_unavailable",
    );
}

#[test]
fn a_rule_is_the_apps_own_wish_and_knows_no_cool_down() {
    let mut page = Page::with_popup();
    page.plays([
        (challenged(1, wants("AL3")), "1: open window, 1: start"),
        (of(1, FlowEvent::WindowBlocked), "1: show open"),
        (of(1, FlowEvent::Chosen(Choice::Cancel)), "1: end, reject 1 cancelled"),
        (challenged(2, wants("AL3")), "reject 2 prompt_suppressed"),
        (demanded(3, &[wants("AL3")]), "2: start"),
    ]);
}

#[test]
fn a_rule_knows_no_ceiling() {
    let mut config = config();
    config.apis[0].scopes = Some(Scope::parse("read"));
    let write = Requirement { scope: Scope::parse("write"), ..wants("") };
    Page::new(config).plays([
        (challenged(1, write.clone()), "reject 1 scope_refused"),
        (demanded(2, &[write]), "1: start"),
    ]);
}

#[test]
fn a_request_that_was_given_up_does_not_leave() {
    let mut page = Page::with_popup();
    page.plays([(demanded(1, &[wants("AL3")]), "1: start"), (aborted(1), "1: end")]);
    page.plays([
        (demanded(2, &[wants("AL3")]), "2: start"),
        (Event::Cleared, "2: end, publish - | -, reject 2 session_changed"),
    ]);
}

#[test]
fn with_a_backend_the_raised_session_is_enough_for_the_next_one() {
    let mut page = Page::new(Config { methods: vec![Method::Passkey], ..with_backend() });
    page.plays([
        (demanded(1, &[wants("AL3")]), "1: start"),
        (of(1, step_up::secrets()), "1: ask https://app.example/bff/options for options"),
        (of(1, step_up::options("o1")), "1: check gesture"),
        (of(1, FlowEvent::GestureRead(true)), "1: assert o1"),
        (
            of(1, step_up::asserted(r#"{"id":"a1"}"#)),
            "1: send {\"acr_values\":\"AL3\",\"credential\":{\"id\":\"a1\"}} to \
             https://app.example/bff/verify",
        ),
        (
            of(1, FlowEvent::BackendAnswered(Ok(crate::protocol::backend::Told::default()))),
            "1: end, publish - | -, retry 1 with its cookie",
        ),
        (answered(1, 200), ""),
    ]);
    let later = Call { sent_at: EpochMillis(step_up::NOW.0 + 1), ..call(API) };
    page.later(1).plays([(demanded_of(later, 2, &[wants("AL3")]), "retry 2 with its cookie")]);
}

#[test]
fn with_the_apps_own_authenticate_what_nothing_vouches_for_serves_one_request() {
    let mut page = Page::with_own();
    page.plays([(demanded(1, &[wants("AL3")]), "1: start")]).brings(
        1,
        "t1",
        "1: end, publish - | -, retry 1 with t1",
    );
    let later = Call { sent_at: EpochMillis(step_up::NOW.0 + 1), ..call(API) };
    page.later(1).plays([(demanded_of(later, 2, &[wants("AL3")]), "2: start")]);
}

#[test]
fn a_redirect_saves_the_request_that_has_not_left_and_it_leaves_once() {
    let redirects = || Config { methods: vec![Method::Redirect], ..config() };
    let mut page = Page::new(redirects());
    page.plays([(demanded(1, &[wants("AL3")]), "1: start")]);
    for event in [step_up::session_of("alice"), step_up::metadata(), step_up::secrets()] {
        page.on(of(1, event));
    }
    page.plays([
        (of(1, FlowEvent::GestureRead(true)), "1: await quiet"),
        (of(1, FlowEvent::Quiet), "1: save 1"),
        (of(1, FlowEvent::Saved(Ok(()))), "1: leave"),
    ]);
    let mut next = Page::new(redirects());
    let saved = page.saved.clone().expect("something was saved");
    let query = "?code=c1&state=the-state&iss=https%3A%2F%2Flogin.example".into();
    let (waiter, waiters) = (WaiterId(50), vec![Some(WaiterId(51))]);
    next.plays([
        (
            Event::Resumed { waiter, saved, query, waiters },
            "1: start, 1: close window, 1: hide gate, 1: exchange c1",
        ),
        (of(1, step_up::no_session()), ""),
        (of(1, step_up::tokens("t1")), "1: verify id-t1"),
        (
            of(1, step_up::proves("alice", "AL3")),
            "1: end, publish t1 | -, settle 50, retry 51 with t1",
        ),
        (answered(51, 201), ""),
    ]);
}

#[test]
fn a_window_inside_the_click_serves_where_nothing_held_is_enough() {
    let mut page = Page::with_popup();
    let wants_window = |page: &Page, url: &str, wanted: &[Requirement]| {
        page.core.wants_window_for(call(url), wanted.to_vec(), page.now)
    };
    assert!(wants_window(&page, API, &[wants("AL3")]));
    assert!(!wants_window(&page, API, &[]));
    page.plays([(challenged(1, wants("AL3")), "1: open window, 1: start")]);
    page.authenticates(1, "AL3", "t1", DONE);
    assert!(!wants_window(&page, API, &[wants("AL3")]));
    assert!(wants_window(&page, API, &[wants("AL4")]));
    assert!(wants_window(&page, FILES, &[wants("AL3")]), "it is for another resource");
}

#[test]
fn a_token_that_was_offered_to_the_next_request_goes_with_it() {
    let mut page = Page::with_own();
    page.plays([(challenged_stream(1, wants("AL3")), "1: start")]).brings(
        1,
        "t1",
        "1: end, publish t1 once | -, reject 1 replay_unavailable",
    );
    let later = Call { sent_at: EpochMillis(step_up::NOW.0 + 1), ..call(API) };
    page.later(1)
        .plays([(demanded_of(later, 2, &[wants("AL3")]), "retry 2 with t1, publish - | -")]);
}

#[test]
fn a_passkey_is_asked_for_by_a_rule_as_by_a_challenge() {
    let mut page = Page::new(with_passkeys());
    page.plays([
        (demanded(1, &[wants("AL3")]), "1: start"),
        (of(1, session_of("alice")), ""),
        (of(1, step_up::metadata()), ""),
        (of(1, step_up::secrets()), "1: ask https://login.example/passkey/options for options"),
        (of(1, step_up::options("o1")), "1: check gesture"),
        (of(1, FlowEvent::GestureRead(true)), "1: assert o1"),
    ]);
}

#[test]
fn t03_a_rule_that_demands_nothing_in_particular_adopts_nobody() {
    let mut page = Page::with_popup();
    page.plays([
        (demanded(1, &[wants("")]), "1: start"),
        (of(1, step_up::no_session()), "1: end, reject 1 subject_unknown"),
    ]);
}

#[test]
fn what_a_request_is_about_is_asked_for_first_too_and_confirmed_alone() {
    let about = |amount: &str| Call {
        authorization_details: Details::new([r#"[{"type":"pay","amount":"#, amount, "}]"].concat()),
        ..call(API)
    };
    let mut page = Page::with_popup();
    page.plays([
        (demanded_of(about("1"), 1, &[wants("AL3")]), "1: open window, 1: start"),
        // Another payment is another prompt.
        (demanded_of(about("2"), 2, &[wants("AL3")]), ""),
    ]);
    page.navigates(1);
    assert!(
        page.urls.pop().unwrap().contains("authorization_details=%5B%7B%22type%22%3A%22pay%22")
    );
}

/// About one payment.
fn paying(payee: &str, requirement: Requirement) -> Requirement {
    let details = format!(r#"[{{"type":"transfer","payee":"{payee}"}}]"#);
    Requirement { authorization_details: Details::new(details), ..requirement }
}

#[test]
fn t09_what_a_rule_says_that_a_request_is_about_is_so_for_its_whole_life() {
    let mut page = Page::with_popup();
    page.plays([(demanded(1, &[paying("rent", wants("AL3"))]), "1: open window, 1: start")]);
    page.navigates(1);
    let granted = TokenAnswer {
        authorization_details: paying("rent", wants("")).authorization_details,
        ..step_up::answer("t1")
    };
    page.plays([
        (of(1, step_up::code("c1")), "1: close window, 1: hide gate, 1: exchange c1"),
        (of(1, FlowEvent::TokenAnswered(Ok(granted))), "1: verify id-t1"),
        (of(1, step_up::proves("alice", "AL3")), "1: end, publish - | -, retry 1 with t1"),
        // Demanded again, it is still about that payment: the answer has not helped.
        (again(1, wants("AL3")), "reject 1 loop_detected"),
    ]);
}

#[test]
fn a_general_rule_and_one_about_a_payment_are_met_together() {
    let mut page = Page::with_popup();
    let both = [wants(""), paying("rent", wants("AL3"))];
    page.plays([(demanded(1, &both), "1: open window, 1: start")]);
    let two = [paying("rent", wants("AL3")), paying("savings", wants("AL3"))];
    page.plays([(demanded(2, &two), "reject 2 configuration_invalid")]);
}
