//! Which request is sent again, with which token, and which is not.

use super::super::waiter::Waiter;
use super::super::{Effect, WaiterId};
use super::player::*;
use crate::protocol::config::tests::config;
use crate::protocol::details::Details;
use crate::protocol::flow::FlowEvent;
use crate::protocol::flow::Obtained;
use crate::protocol::flow::tests::player::{self as step_up, claims};
use crate::protocol::requirement::Scope;
use crate::protocol::secret::Secret;
use crate::protocol::token::TokenSet;
use crate::protocol::units::Seconds;

/// Alice has proved AL3 ten seconds ago, within a request of her own.
#[track_caller]
fn page_with_al3() -> Page {
    let mut page = Page::with_popup();
    page.plays([(ensured(100, wants("AL3")), "1: start")]).authenticates(
        1,
        "AL3",
        "t1",
        "1: end, publish t1 | -, settle 100",
    );
    page
}

#[test]
fn a_request_that_left_before_the_prompt_was_over_needs_none_of_its_own() {
    page_with_al3().plays([
        (challenged(1, wants("AL3")), "retry 1 with t1"),
        // Exactly once: that it came back says that the token is not enough.
        (again(1, wants("AL3")), "2: open window, 2: start"),
        (challenged_at(FILES, 2, wants("AL3")), ""),
    ]);
    page_with_al3().plays([
        (challenged(1, wants("")), "retry 1 with t1"),
        (again(1, wants("")), "2: open window, 2: start"),
    ]);
}

#[test]
fn a_request_that_was_sent_with_the_token_is_not_sent_with_it_again() {
    page_with_al3().plays([
        (challenged_with(1, 1, wants("AL3")), "2: open window, 2: start"),
        (of(2, FlowEvent::DeadlinePassed), "2: end, reject 1 timed_out"),
        (challenged_with(1, 2, wants("")), "3: open window, 3: start"),
    ]);
}

#[test]
fn an_older_and_stronger_token_is_used_before_the_user_is_asked() {
    let mut page = page_with_al3();
    page.plays([(ensured(101, wants("AL2")), "2: start")])
        .authenticates(2, "AL2", "t2", "2: end, publish t2 | -, settle 101")
        .plays([
            (challenged_with(2, 1, wants("AL3")), "retry 1 with t1"),
            // Both have been tried now.
            (again(1, wants("AL2")), "3: open window, 3: start"),
            (of(3, FlowEvent::DeadlinePassed), "3: end, reject 1 timed_out"),
            // What seemed to be enough was not: an older one will not do either.
            (challenged_with(2, 2, wants("")), "4: open window, 4: start"),
        ]);
}

#[test]
fn a_newer_token_than_the_one_that_was_not_enough_is_tried() {
    let mut page = page_with_al3();
    page.later(60)
        .plays([(ensured(101, wants_within("AL3", 60)), "2: start")])
        .authenticates(2, "AL3", "t2", "2: end, publish t2 | -, settle 101")
        .plays([(challenged_with(1, 1, wants("AL3")), "retry 1 with t2")]);
}

#[test]
fn a_token_at_hand_that_has_aged_or_expired_is_not_used() {
    page_with_al3()
        .later(55)
        .plays([
            (challenged(1, wants_within("AL3", 60)), "retry 1 with t1"),
            (answered(1, 200), ""),
        ])
        .later(5)
        .plays([
            (challenged(2, wants_within("AL3", 60)), "2: open window, 2: start"),
            (challenged(3, wants("AL3")), "retry 3 with t1"),
        ]);
    page_with_al3().later(300).plays([(challenged(1, wants("AL3")), "2: open window, 2: start")]);
}

#[test]
fn t49_a_stream_is_not_sent_again_and_the_token_is_kept() {
    Page::with_popup()
        .plays([(challenged_stream(1, wants("AL3")), "1: open window, 1: start")])
        .authenticates(1, "AL3", "t1", "1: end, publish t1 | -, reject 1 replay_unavailable")
        .plays([(ensured(2, wants("AL3")), "settle 2")]);
    page_with_al3().plays([(challenged_stream(1, wants("AL3")), "reject 1 replay_unavailable")]);
}

#[test]
fn t52_a_retry_that_fails_on_the_way_is_not_repeated() {
    let failed = |waiter| super::Event::Answered { waiter: WaiterId(waiter), status: None };
    page_with_al3().plays([
        (challenged(1, wants("AL3")), "retry 1 with t1"),
        (failed(1), ""),
        (again(1, wants("AL4")), ""),
    ]);
}

#[test]
fn t13_an_origin_off_the_list_prompts_nobody_and_gets_no_token() {
    for url in [
        "https://api.example.evil.test/transfers",
        "https://api.example:8443/transfers",
        "http://api.example/transfers",
        "https://files.example/v2/statement",
    ] {
        let refused = "reject 1 origin_not_allowed";
        Page::with_popup().plays([(challenged_at(url, 1, wants("AL3")), refused)]);
        page_with_al3().plays([(challenged_at(url, 1, wants("AL3")), refused)]);
    }
}

#[test]
fn t14_an_api_of_the_list_in_the_clear_prompts_nobody_and_gets_no_token() {
    let mut config = config();
    config.apis[0].origin = "http://api.example".into();
    let asked = challenged_at("http://api.example/transfers", 1, wants("AL3"));
    Page::new(config).plays([(asked, "reject 1 origin_not_allowed")]);
}

#[test]
fn t14_where_a_token_may_go_is_looked_at_again_when_it_goes() {
    let url = "https://api.example.evil.test/transfers";
    let mut page = Page::with_popup();
    let tokens = TokenSet {
        access_token: Secret::new("t1"),
        id_token: None,
        lifetime: Seconds(300),
        scope: Scope::default(),
        refresh: None,
        authorization_details: Details::default(),
        key: None,
    };
    let proof = Some(claims("alice", "AL3"));
    let goal = step_up::goal("AL3");
    let held = page.core.wallet.take(Obtained::Tokens(tokens), proof, &goal, page.now);
    let id = WaiterId(1);
    // However it got in.
    let mut waiter = Waiter::new(id, wants("AL3"), None);
    waiter.call = Some(call(url));
    page.core.waiters.push(waiter);
    let mut effects = Vec::new();
    page.core.send(id, &held, &mut effects);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Retry { .. })), "{effects:?}");
    let rejected = effects.iter().any(|effect| match effect {
        Effect::Reject { error, .. } => error.code.code() == "origin_not_allowed",
        _ => false,
    });
    assert!(rejected && page.core.waiters.is_empty());
}
