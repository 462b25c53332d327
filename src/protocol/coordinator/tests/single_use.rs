//! APIs that discard a token after one use.

use super::super::{Effect, Event, RenewalEvent, WaiterId};
use super::player::*;
use crate::protocol::config::tests::config;
use crate::protocol::config::{Api, Config, TokenUse};
use crate::protocol::error::ErrorCode;
use crate::protocol::flow::FlowEvent;
use crate::protocol::flow::tests::player as step_up;
use crate::protocol::held::Serial;
use crate::protocol::method::Method;
use crate::protocol::requirement::Requirement;
use crate::protocol::token::TokenAnswer;

/// Another API, which takes a token for as long as it lives.
const MORE: &str = "https://more.example/account";

fn once() -> Config {
    let mut config = config();
    config.apis[0].token_use = Some(TokenUse::Once);
    let more =
        Api { origin: "https://more.example".into(), token_use: None, ..config.apis[0].clone() };
    config.apis.push(more);
    config
}

fn page() -> Page {
    Page::new(once())
}

fn renewing() -> Page {
    Page::new(Config { renew: true, ..once() })
}

fn answers(serial: u32, token: &str, refresh: &str) -> Event {
    renewal(serial, RenewalEvent::Answered(Ok(renewed(token, refresh))))
}

fn spent(serial: u32) -> Event {
    Event::TokenSpent { serial: Serial(serial) }
}

/// A request that left after the page's beginning.
fn later(waiter: u32, requirement: Requirement) -> Event {
    left_at(1, waiter, requirement)
}

#[test]
fn a_token_serves_one_request_and_is_never_published() {
    page()
        .plays([(challenged(1, wants("AL3")), "1: open window, 1: start")])
        .authenticates(1, "AL3", "t1", "1: end, publish - | - | -, retry 1 with t1")
        .plays([(answered(1, 200), ""), (challenged(2, wants("AL3")), "2: open window, 2: start")]);
}

#[test]
fn without_renewal_each_of_several_requests_has_its_own_prompt() {
    page()
        .plays([
            (challenged(1, wants("AL3")), "1: open window, 1: start"),
            (challenged(2, wants("AL3")), ""),
        ])
        .authenticates(
            1,
            "AL3",
            "t1",
            "1: end, publish - | - | -, retry 1 with t1, 2: open window, 2: start",
        )
        .authenticates(2, "AL3", "t2", "2: end, publish - | - | -, retry 2 with t2");
}

#[test]
fn without_renewal_a_prompt_is_for_what_its_own_request_demands() {
    let asked = |config: Config| {
        let mut page = Page::new(config);
        let _ = page.on(challenged(1, wants_scope("AL3", "a")));
        let _ = page.on(challenged(2, wants_scope("AL3", "b")));
        page.core.flow.unwrap().goal().requirement.clone()
    };
    assert_eq!(asked(once()), wants_scope("AL3", "a"));
    assert_eq!(asked(Config { renew: true, ..once() }), wants_scope("AL3", "a b"));
}

#[test]
fn who_says_no_to_one_prompt_is_not_shown_the_next() {
    page().plays([
        (challenged(1, wants("AL3")), "1: open window, 1: start"),
        (challenged(2, wants("AL3")), ""),
        (of(1, step_up::cancel()), "1: end, reject 1 cancelled, reject 2 cancelled"),
    ]);
}

#[test]
fn with_renewal_one_prompt_serves_all_that_wait_each_by_a_token_of_its_own() {
    renewing()
        .plays([
            (challenged(1, wants("AL3")), "1: open window, 1: start"),
            (challenged(2, wants("AL3")), ""),
            (challenged(3, wants_within("AL3", 60)), ""),
        ])
        .authenticates_with(
            1,
            "AL3",
            ("t1", "r1"),
            "1: end, publish - | - | -, retry 1 with t1, renewal of 1: ask with r1",
        )
        .plays([
            (answers(1, "t2", "r2"), "retry 2 with t2, renewal of 1: ask with r2"),
            (answers(1, "t3", "r3"), "retry 3 with t3"),
            // That was all: nobody waits, and what comes next is asked for.
            (challenged(4, wants("AL3")), "2: open window, 2: start"),
        ]);
}

#[test]
fn t08_a_later_challenge_is_not_answered_by_the_refresh_token() {
    renewing()
        .plays([(challenged(1, wants("AL3")), "1: open window, 1: start")])
        .authenticates_with(1, "AL3", ("t1", "r1"), "1: end, publish - | - | -, retry 1 with t1")
        .plays([(challenged(2, wants("AL3")), "2: open window, 2: start")]);
    // Nor that of somebody who comes while further tokens are made for others.
    renewing()
        .plays([
            (challenged(1, wants("AL3")), "1: open window, 1: start"),
            (challenged(2, wants("AL3")), ""),
        ])
        .authenticates_with(
            1,
            "AL3",
            ("t1", "r1"),
            "1: end, publish - | - | -, retry 1 with t1, renewal of 1: ask with r1",
        )
        .plays([(challenged(3, wants("AL3")), "2: open window, 2: start")]);
}

#[test]
fn where_no_further_token_comes_the_user_is_asked() {
    for failure in [
        RenewalEvent::Answered(Err(ErrorCode::TimedOut.into())),
        RenewalEvent::Answered(Ok(TokenAnswer {
            error: Some("invalid_grant".into()),
            ..TokenAnswer::default()
        })),
    ] {
        renewing()
            .plays([
                (challenged(1, wants("AL3")), "1: open window, 1: start"),
                (challenged(2, wants("AL3")), ""),
            ])
            .authenticates_with(
                1,
                "AL3",
                ("t1", "r1"),
                "1: end, publish - | - | -, retry 1 with t1, renewal of 1: ask with r1",
            )
            .plays([(renewal(1, failure), "2: open window, 2: start")]);
    }
}

#[test]
fn a_further_token_serves_nobody_whom_the_authentication_is_too_old_for() {
    let mut page = renewing();
    page.plays([
        (challenged(1, wants("AL3")), "1: open window, 1: start"),
        (challenged(2, wants_within("AL3", 10)), ""),
        (challenged(3, wants("AL3")), ""),
    ])
    .authenticates_with(
        1,
        "AL3",
        ("t1", "r1"),
        "1: end, publish - | - | -, retry 1 with t1, renewal of 1: ask with r1",
    )
    .later(10)
    .plays([(answers(1, "t2", "r2"), "retry 3 with t2, 2: open window, 2: start")]);
}

#[test]
fn t11_a_token_that_was_used_up_is_no_loop_and_the_same_demand_again_is_one() {
    page()
        .plays([
            (challenged(1, wants("AL3")), "1: open window, 1: start"),
            (challenged(2, wants("AL3")), ""),
        ])
        .authenticates(
            1,
            "AL3",
            "t1",
            "1: end, publish - | - | -, retry 1 with t1, 2: open window, 2: start",
        )
        .authenticates(2, "AL3", "t2", "2: end, publish - | - | -, retry 2 with t2")
        .plays([
            (again(1, wants("AL3")), "reject 1 loop_detected"),
            (again(2, wants("AL4")), "3: open window, 3: start"),
        ])
        .authenticates(3, "AL4", "t3", "3: end, publish - | - | -, retry 2 with t3");
}

#[test]
fn a_used_up_token_that_the_api_calls_invalid_is_not_renewed() {
    let mut page = renewing();
    page.plays([(challenged(1, wants("AL3")), "1: open window, 1: start")]).authenticates_with(
        1,
        "AL3",
        ("t1", "r1"),
        "1: end, publish - | - | -, retry 1 with t1",
    );
    assert!(!page.core.may_renew_for(WaiterId(1)));
}

#[test]
fn what_an_ensure_obtained_goes_with_the_first_request_that_is_challenged() {
    page()
        .plays([(ensured(1, wants("AL3")), "1: start")])
        .authenticates(1, "AL3", "t1", "1: end, publish - | - | -, settle 1")
        .plays([
            (ensured(2, wants("AL3")), "settle 2"),
            (later(3, wants("AL3")), "retry 3 with t1"),
            (later(4, wants("AL3")), "2: open window, 2: start"),
            (ensured(5, wants("AL3")), ""),
        ]);
}

#[test]
fn a_request_goes_before_an_ensure() {
    renewing()
        .plays([(ensured(1, wants("AL3")), "1: start"), (challenged(2, wants("AL3")), "")])
        .authenticates_with(
            1,
            "AL3",
            ("t1", "r1"),
            "1: end, publish - | - | -, settle 1, retry 2 with t1",
        );
}

#[test]
fn t49_a_stream_has_it_published_for_the_apps_own_next_request() {
    let mut page = page();
    page.plays([(challenged_stream(1, wants("AL3")), "1: open window, 1: start")])
        .authenticates(
            1,
            "AL3",
            "t1",
            "1: end, publish t1 once | - | -, reject 1 replay_unavailable",
        )
        .plays([
            // It is offered to one already.
            (later(2, wants("AL3")), "2: open window, 2: start"),
            (aborted(2), "2: end"),
            // Whatever else happens, until that one has it.
            (Event::TokenExpired, "publish t1 once | - | -"),
            (spent(1), "publish - | - | -"),
            (later(3, wants("AL3")), "3: open window, 3: start"),
        ]);
}

#[test]
fn a_token_that_the_app_reads_is_the_apps() {
    let mut page = page();
    page.plays([(ensured(1, wants("AL3")), "1: start")]).authenticates(
        1,
        "AL3",
        "t1",
        "1: end, publish - | - | -, settle 1",
    );
    let read =
        |page: &Page| page.core.token(&wants("AL3"), page.now).map(|it| it.expose().to_owned());
    assert_eq!(read(&page).as_deref(), Some("t1"));
    assert_eq!(page.core.token_for_one_use(&wants("AL3"), page.now), Some(Serial(1)));
    page.plays([(spent(1), "publish - | - | -")]);
    assert_eq!(read(&page), None);
}

#[test]
fn what_is_for_one_use_and_what_is_not_are_kept_apart_also_without_resources() {
    page()
        .plays([(challenged_at(MORE, 1, wants("AL3")), "1: open window, 1: start")])
        // The one that takes a token once must not get one that others have had.
        .authenticates(1, "AL3", "t1", "1: end, publish - | - | t1, retry 1 with t1")
        .plays([(challenged(2, wants("AL3")), "2: open window, 2: start")])
        .authenticates(2, "AL3", "t2", "2: end, publish - | - | t1, retry 2 with t2")
        .plays([(challenged_at(MORE, 3, wants("AL3")), "retry 3 with t1")]);
    // Nor do they share a prompt.
    page()
        .plays([
            (challenged_at(MORE, 1, wants("AL3")), "1: open window, 1: start"),
            (challenged(2, wants("AL3")), ""),
        ])
        .authenticates(
            1,
            "AL3",
            "t1",
            "1: end, publish - | - | t1, retry 1 with t1, 2: open window, 2: start",
        );
}

#[test]
fn t58_what_is_for_one_use_says_so() {
    let mut page = page();
    let _ = page.on(challenged(1, wants("AL3")));
    assert!(page.core.flow.as_ref().unwrap().goal().single_use);
    let mut other = Page::new(once());
    let _ = other.on(challenged_at(MORE, 1, wants("AL3")));
    assert!(!other.core.flow.as_ref().unwrap().goal().single_use);
}

#[test]
fn t58_what_is_for_one_use_is_handed_to_no_other_tab() {
    let hands = |mut page: Page, url| {
        let _ = page.on(challenged_at(url, 1, wants("AL3")));
        page.navigates(1);
        let mut handed = Vec::new();
        for event in [step_up::code("c1"), step_up::tokens("t1"), step_up::proves("alice", "AL3")] {
            handed.extend(page.core.on(of(1, event), page.now));
            let again = page.core.on(of(1, step_up::session_of("alice")), page.now);
            handed.extend(again);
        }
        assert!(handed.iter().any(|it| matches!(it, Effect::Retry { .. })), "{handed:?}");
        handed.iter().any(|it| matches!(it, Effect::HandOver { .. }))
    };
    assert!(!hands(page(), API));
    assert!(hands(page(), MORE));
}

#[test]
fn t67_another_user_gets_no_further_tokens_of_the_one_before() {
    let mut page = renewing();
    page.plays([
        (challenged(1, wants("AL3")), "1: open window, 1: start"),
        (challenged(2, wants("AL3")), ""),
    ])
    .authenticates_with(
        1,
        "AL3",
        ("t1", "r1"),
        "1: end, publish - | - | -, retry 1 with t1, renewal of 1: ask with r1",
    )
    .plays([
        (challenged(3, wants("AL4")), "2: open window, 2: start"),
        (of(2, step_up::session_of("bob")), "publish - | - | -, clear others but bob's"),
        (answers(1, "t2", "r2"), ""),
        // Who waited for one is asked for in turn.
        (of(2, FlowEvent::DeadlinePassed), "2: end, reject 3 timed_out, 3: open window, 3: start"),
    ]);
}

#[test]
fn a_request_that_is_saved_says_so_too() {
    let redirect = Config { methods: vec![Method::Redirect], ..once() };
    let mut page = Page::new(redirect);
    let _ = page.on(challenged(1, wants("AL3")));
    page.navigates(1);
    for event in [FlowEvent::GestureRead(true), FlowEvent::Quiet] {
        let _ = page.on(of(1, event));
    }
    assert!(page.saved.unwrap().step_up.goal.single_use);
}
