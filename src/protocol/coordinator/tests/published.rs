//! Which token the next requests carry.

use super::super::{Call, Event, WaiterId};
use super::player::*;
use crate::protocol::claims::Claims;
use crate::protocol::config::tests::config;
use crate::protocol::config::{Api, Config};
use crate::protocol::flow::FlowEvent::{self, AnswerVerified, TokenAnswered};
use crate::protocol::flow::Session;
use crate::protocol::flow::tests::player as step_up;
use crate::protocol::held::Serial;
use crate::protocol::requirement::Scope;
use crate::protocol::token::{Lifetime, TokenAnswer};
use crate::protocol::units::Seconds;

#[test]
fn a_token_for_one_resource_is_never_published_for_another() {
    Page::with_popup()
        .plays([(challenged_at(FILES, 1, wants("AL3")), "1: open window, 1: start")])
        .authenticates(1, "AL3", "t1", "1: end, publish - | t1, retry 1 with t1")
        // What is held for the files is nothing that the other API may see.
        .plays([(challenged(2, wants("AL3")), "2: open window, 2: start")])
        .authenticates(2, "AL3", "t2", "2: end, publish t2 | t1, retry 2 with t2");
}

#[test]
fn apis_without_resources_share_a_token() {
    let other = "https://more.example".to_owned();
    let mut config = config();
    config.apis.push(Api {
        origin: other,
        path_prefix: None,
        resource: None,
        passkey_server: false,
        token_use: None,
        scopes: None,
    });
    Page::new(config)
        .plays([(challenged(1, wants("AL3")), "1: open window, 1: start")])
        .authenticates(1, "AL3", "t1", "1: end, publish t1 | - | t1, retry 1 with t1");
}

#[test]
fn what_was_granted_before_is_asked_for_again() {
    let mut page = Page::with_popup();
    page.plays([(challenged(1, wants_scope("", "accounts:read")), "1: open window, 1: start")])
        .authenticates(1, "AL1", "t1", "1: end, publish t1 | -, retry 1 with t1")
        .plays([(
            challenged_with(1, 2, wants_scope("", "payees:write")),
            "2: open window, 2: start",
        )]);
    let kept = |page: &Page| page.core.flow.as_ref().unwrap().goal().keep.clone();
    assert_eq!(kept(&page), Scope::parse("openid accounts:read"));
    // But not by a token for something else.
    page.plays([
        (of(2, FlowEvent::DeadlinePassed), "2: end, reject 2 timed_out"),
        (challenged_at(FILES, 3, wants("AL3")), "3: open window, 3: start"),
    ]);
    assert_eq!(kept(&page), Scope::default());
}

#[test]
fn t09_a_narrower_token_is_used_once_and_does_not_replace_a_wider_one() {
    for (granted, published) in
        [("openid payees:write", "t1"), ("openid accounts:read payees:write", "t2")]
    {
        let scope = Some(granted.to_owned());
        let answer = TokenAnswer { scope, ..step_up::answer("t2") };
        let retried = format!("2: end, publish {published} | -, retry 2 with t2");
        Page::with_popup()
            .plays([(challenged(1, wants_scope("", "accounts:read")), "1: open window, 1: start")])
            .authenticates(1, "AL1", "t1", "1: end, publish t1 | -, retry 1 with t1")
            .plays([(
                challenged_with(1, 2, wants_scope("", "payees:write")),
                "2: open window, 2: start",
            )])
            .navigates(2)
            .plays([
                (of(2, step_up::code("c1")), "2: close window, 2: hide gate, 2: exchange c1"),
                (of(2, TokenAnswered(Ok(answer))), "2: verify id-t2"),
                (of(2, step_up::proves("alice", "AL1")), &retried),
            ]);
    }
}

#[test]
fn a_token_that_lacks_what_the_session_has_is_not_published() {
    let session =
        Session { sub: Some("alice".into()), scope: Scope::parse("admin"), ..Session::default() };
    for (granted, published) in [("openid", "- | -"), ("openid admin", "t1 | -")] {
        let scope = Some(granted.to_owned());
        let answer = TokenAnswer { scope, ..step_up::answer("t1") };
        let retried = format!("1: end, publish {published}, retry 1 with t1");
        Page::with_popup().plays([
            (challenged(1, wants("AL3")), "1: open window, 1: start"),
            (of(1, FlowEvent::WindowOpened), "1: hide gate"),
            (of(1, FlowEvent::SessionRead(Ok(session.clone()))), ""),
            (of(1, step_up::metadata()), ""),
            (of(1, step_up::secrets()), "1: go to provider"),
            (of(1, step_up::code("c1")), "1: close window, 1: hide gate, 1: exchange c1"),
            (of(1, TokenAnswered(Ok(answer))), "1: verify id-t1"),
            (of(1, step_up::proves("alice", "AL3")), &retried),
        ]);
    }
}

/// A step-up of Alice's whose token is granted this for so many seconds.
#[track_caller]
fn grants(page: &mut Page, flow: u32, acr: &str, granted: (&str, &str, f64), effects: &str) {
    let (token, scope, seconds) = granted;
    let expires_in = Some(Lifetime(seconds));
    let answer = TokenAnswer { scope: Some(scope.into()), expires_in, ..step_up::answer(token) };
    page.navigates(flow).brings_back(flow, "alice", acr, answer, effects);
}

#[test]
fn a_low_token_is_not_used_after_a_raise() {
    let mut page = Page::with_popup();
    page.plays([(challenged(1, wants("AL1")), "1: open window, 1: start")]);
    grants(&mut page, 1, "AL1", ("low", "a", 900.0), "1: end, publish low | -, retry 1 with low");
    page.plays([(challenged_with(1, 2, wants("AL3")), "2: open window, 2: start")]);
    grants(
        &mut page,
        2,
        "AL3",
        ("high", "a", 300.0),
        "2: end, publish high | -, retry 2 with high",
    );
    page.plays([
        // Also by who had left with the low one, or without any.
        (challenged_with(1, 3, wants("AL3")), "retry 3 with high"),
        (challenged(4, wants("AL3")), "retry 4 with high"),
        (token_refused(1), "publish high | -"),
    ]);
}

#[test]
fn t62_where_a_published_token_has_expired_the_one_beside_it_is_published() {
    let mut page = Page::with_popup();
    page.plays([(challenged(1, wants("AL1")), "1: open window, 1: start")]);
    grants(&mut page, 1, "AL1", ("low", "a b", 900.0), "1: end, publish low | -, retry 1 with low");
    page.plays([(challenged_with(1, 2, wants("AL3")), "2: open window, 2: start")]);
    let published = "2: end, publish high | -, retry 2 with high";
    grants(&mut page, 2, "AL3", ("high", "a b", 300.0), published);
    page.later(299).plays([(Event::TokenExpired, "publish high | -")]);
    page.later(1).plays([(Event::TokenExpired, "publish low | -")]);
    page.later(600).plays([(Event::TokenExpired, "publish - | -")]);
}

#[test]
fn t62_a_narrower_token_is_published_when_the_wider_one_has_expired() {
    let mut page = Page::with_popup();
    page.plays([(challenged(1, wants_scope("", "a b")), "1: open window, 1: start")]);
    let published = "1: end, publish wide | -, retry 1 with wide";
    grants(&mut page, 1, "AL1", ("wide", "a b", 60.0), published);
    page.plays([(challenged_with(1, 2, wants_scope("AL3", "a")), "2: open window, 2: start")]);
    let published = "2: end, publish wide | -, retry 2 with narrow";
    grants(&mut page, 2, "AL3", ("narrow", "a", 300.0), published);
    page.later(60).plays([(Event::TokenExpired, "publish narrow | -")]);
}

#[test]
fn t09_a_narrower_token_is_for_the_demands_that_it_was_obtained_for() {
    let mut page = Page::with_popup();
    page.plays([(challenged(1, wants_scope("", "a b")), "1: open window, 1: start")]);
    let published = "1: end, publish wide | -, retry 1 with wide";
    grants(&mut page, 1, "AL1", ("wide", "a b", 300.0), published);
    page.plays([(challenged_with(1, 2, wants_scope("AL3", "c")), "2: open window, 2: start")]);
    let published = "2: end, publish wide | -, retry 2 with narrow";
    grants(&mut page, 2, "AL3", ("narrow", "c", 300.0), published);
    page.later(1).plays([
        (challenged_with(1, 3, wants_scope("AL3", "c")), "retry 3 with narrow"),
        (answered(3, 200), ""),
    ]);
    // What the request had is what it needs, as nothing else is said.
    let call = Call { sent_at: page.now, ..call(API) };
    let (waiter, sent_with) = (WaiterId(4), Some(Serial(1)));
    let requirement = wants("AL3");
    let demand =
        Event::Challenged { waiter, call, status: 401, requirement, sent_with, offer: None };
    page.plays([(demand, "3: open window, 3: start")]);
    // But it is the answer to whoever had left while the user was asked for it.
    page.plays([(challenged_with(1, 5, wants("AL3")), "")]);
    let mut early = Page::with_popup();
    early.plays([(challenged(1, wants_scope("", "a b")), "1: open window, 1: start")]);
    let published = "1: end, publish wide | -, retry 1 with wide";
    grants(&mut early, 1, "AL1", ("wide", "a b", 300.0), published);
    early.plays([(challenged_with(1, 2, wants("AL3")), "2: open window, 2: start")]).later(5);
    let published = "2: end, publish wide | -, retry 2 with narrow";
    grants(&mut early, 2, "AL3", ("narrow", "a", 300.0), published);
    early.plays([(challenged_with(1, 3, wants("AL3")), "retry 3 with narrow")]);
}

#[test]
fn several_resources_have_their_tokens_side_by_side() {
    let mut page = Page::with_popup();
    page.plays([
        (challenged(1, wants("AL3")), "1: open window, 1: start"),
        (challenged_at(FILES, 2, wants("AL3")), ""),
    ]);
    let next = "1: end, publish a | -, retry 1 with a, 2: open window, 2: start";
    grants(&mut page, 1, "AL3", ("a", "a", 60.0), next);
    grants(&mut page, 2, "AL3", ("f", "f", 300.0), "2: end, publish a | f, retry 2 with f");
    page.plays([
        (challenged_at(FILES, 3, wants("")), "retry 3 with f"),
        (challenged(4, wants("")), "retry 4 with a"),
    ]);
    page.later(60).plays([
        (Event::TokenExpired, "publish - | f"),
        (challenged(5, wants("AL3")), "3: open window, 3: start"),
    ]);
}

#[test]
fn where_the_sessions_token_may_do_more_by_now_it_is_used() {
    let session = |scope: &str| {
        let (sub, scope) = (Some("alice".into()), Scope::parse(scope));
        FlowEvent::SessionRead(Ok(Session { sub, scope, ..Session::default() }))
    };
    let mut page = Page::with_popup();
    page.plays([(challenged(1, wants("AL3")), "1: open window, 1: start")]);
    grants(&mut page, 1, "AL3", ("t1", "a", 300.0), "1: end, publish t1 | -, retry 1 with t1");
    page.plays([
        (challenged_with(1, 2, wants_scope("", "b")), "2: open window, 2: start"),
        (of(2, session("a")), "publish t1 | -"),
        (of(2, FlowEvent::DeadlinePassed), "2: end, reject 2 timed_out"),
        // The app has signed in anew, with more.
        (challenged_with(1, 3, wants_scope("", "b")), "3: open window, 3: start"),
        (of(3, session("a b")), "publish - | -"),
    ]);
}

#[test]
fn what_is_offered_to_one_request_is_offered_until_that_has_it() {
    Page::with_own()
        .plays([(challenged_stream(1, wants("AL3")), "1: start")])
        .brings(1, "t1", "1: end, publish t1 once | -, reject 1 replay_unavailable")
        .plays([
            (token_refused(7), "publish t1 once | -"),
            (challenged_with(7, 2, wants("AL4")), "2: start"),
        ])
        .brings(2, "t2", "2: end, publish t1 once | -, retry 2 with t2")
        .plays([(Event::TokenSpent { serial: Serial(1) }, "publish - | -")]);
}

#[test]
fn a_token_that_is_refused_when_it_is_sent_again_is_given_up_too() {
    let mut page = Page::with_popup();
    page.plays([(challenged(1, wants("AL3")), "1: open window, 1: start")])
        .authenticates(1, "AL3", "t1", "1: end, publish t1 | -, retry 1 with t1")
        .plays([
            (challenged(2, wants("AL3")), "retry 2 with t1"),
            (answered(1, 403), ""),
            (answered(2, 401), "publish - | -"),
            (challenged(3, wants("AL3")), "2: open window, 2: start"),
        ]);
}

#[test]
fn t62_a_clock_that_is_set_back_gives_a_token_no_more_time() {
    let back = |page: &mut Page, seconds: u64| {
        let by = Seconds(seconds).millis();
        page.now = page.now.minus(by);
        page.on(Event::SetBack(by))
    };
    let mut page = Page::with_popup();
    page.plays([(ensured(1, wants("AL3")), "1: start")])
        .authenticates(1, "AL3", "t1", "1: end, publish t1 | -, settle 1")
        .later(200);
    assert_eq!(back(&mut page, 100), "publish t1 | -");
    page.later(99);
    assert!(page.core.assured(&wants_within("AL3", 300), page.now).is_some());
    assert!(page.core.assured(&wants_within("AL3", 299), page.now).is_none());
    page.later(1);
    assert!(page.core.assured(&wants("AL3"), page.now).is_none());
    // Nor does it make a cool-down longer.
    let mut tired = Page::with_popup();
    tired.plays([(challenged(1, wants("AL3")), "1: open window, 1: start")]).navigates(1);
    tired.plays([(of(1, step_up::cancel()), "1: end, reject 1 cancelled")]);
    assert_eq!(back(&mut tired, 3600), "publish - | -");
    tired.later(29).plays([(challenged(2, wants("AL3")), "reject 2 prompt_suppressed")]);
    tired.later(1).plays([(challenged(3, wants("AL3")), "2: open window, 2: start")]);
}

#[test]
fn an_unverified_token_goes_with_those_that_waited_for_it() {
    Page::with_own()
        .plays([
            (challenged(1, wants("AL3")), "1: start"),
            (challenged(2, wants("AL3")), ""),
            (ensured(3, wants("AL3")), ""),
        ])
        .brings(1, "t1", "1: end, publish - | -, retry 1 with t1, retry 2 with t1, settle 3")
        .plays([
            // That is all: it is trusted no further.
            (challenged(4, wants("AL3")), "2: start"),
            (ensured(5, wants("AL3")), ""),
        ]);
}

#[test]
fn an_unverified_token_that_nobody_could_use_is_kept_for_the_first_request_that_wants_it() {
    let mut page = Page::with_own();
    page.plays([(ensured(1, wants("AL3")), "1: start")])
        .brings(1, "t1", "1: end, publish - | -, settle 1")
        .later(1)
        .plays([
            // Another demand does not use it up.
            (left_at(1, 2, wants("AL4")), "2: start"),
            (aborted(2), "2: end"),
            (left_at(1, 3, wants("AL3")), "retry 3 with t1"),
            (left_at(1, 4, wants("AL3")), "3: start"),
            // It was sent with it, and it was not enough: one step-up, and no more.
            (again(3, wants("AL3")), ""),
        ])
        .brings(3, "t2", "3: end, publish - | -, retry 4 with t2, retry 3 with t2")
        .plays([(again(3, wants("AL3")), "reject 3 loop_detected")]);
}

#[test]
fn an_unverified_token_serves_what_had_left_before_it_came() {
    let mut page = Page::with_own();
    page.plays([(challenged(1, wants("AL3")), "1: start")])
        .later(5)
        .brings(1, "t1", "1: end, publish - | -, retry 1 with t1")
        .later(1)
        .plays([
            (left_at(4, 2, wants("AL3")), "retry 2 with t1"),
            (left_at(5, 3, wants("AL3")), "2: start"),
        ]);
}

#[test]
fn an_unverified_token_is_published_for_one_request_that_can_only_be_sent_by_the_app() {
    Page::with_own()
        .plays([(challenged_stream(1, wants("AL3")), "1: start")])
        .brings(1, "t1", "1: end, publish t1 once | -, reject 1 replay_unavailable")
        .later(1)
        // That one has it, and nobody else.
        .plays([(left_at(1, 2, wants("AL3")), "2: start")]);
}

#[test]
fn an_unverified_token_is_no_assurance() {
    let mut page = Page::with_own();
    page.plays([(ensured(1, wants("AL3")), "1: start")]).brings(
        1,
        "t1",
        "1: end, publish - | -, settle 1",
    );
    assert!(page.core.assured(&wants("AL3"), page.now).is_none());
    assert!(page.core.wants_window(&wants("AL3"), page.now));
    assert!(page.core.token(&wants("AL3"), page.now).is_some());
    assert!(page.core.token(&wants("AL4"), page.now).is_none());
}

#[test]
fn what_was_published_is_checked_again_for_each_requirement() {
    let mut page = Page::new(Config { require_verified: true, ..config() });
    page.plays([(ensured(1, wants("AL3")), "1: start")]).navigates(1).plays([
        (of(1, step_up::code("c1")), "1: close window, 1: hide gate, 1: exchange c1"),
        (of(1, step_up::tokens("t1")), "1: verify id-t1"),
    ]);
    let proof = Claims { auth_time: Some(1_799_999_970), ..step_up::claims("alice", "AL3") };
    page.plays([(of(1, AnswerVerified(Ok(proof))), "1: end, publish t1 | -, settle 1")]);
    assert!(page.core.assured(&wants_within("AL3", 31), page.now).is_some());
    assert!(page.core.assured(&wants_within("AL3", 30), page.now).is_none());
    assert!(page.core.assured(&wants_scope("AL3", "payees:write"), page.now).is_none());
    page.later(299);
    assert!(page.core.assured(&wants("AL3"), page.now).is_some());
    page.later(1);
    assert!(page.core.assured(&wants("AL3"), page.now).is_none());
}

#[test]
fn a_token_does_not_replace_the_sessions_own_where_that_ones_scopes_are_unknown() {
    let session = Session {
        sub: Some("alice".into()),
        signed_in: true,
        scope_unknown: true,
        ..Session::default()
    };
    Page::with_popup()
        .plays([
            (clicked(1, wants("AL3")), "1: adopt window of 1, 1: start"),
            (of(1, FlowEvent::SessionRead(Ok(session.clone()))), ""),
            (of(1, step_up::metadata()), ""),
            (of(1, step_up::secrets()), "1: go to provider"),
        ])
        .comes_back(1, "AL3", "t1", "1: end, publish - | -, settle 1")
        // It is there for whoever needs it.
        .plays([(challenged(2, wants("AL3")), "retry 2 with t1")]);
    // And for the one request that only the app can send again.
    let mut page = Page::with_popup();
    page.plays([(challenged_stream(1, wants("AL3")), "1: open window, 1: start")])
        .plays([
            (of(1, FlowEvent::WindowOpened), "1: hide gate"),
            (of(1, FlowEvent::SessionRead(Ok(session))), ""),
            (of(1, step_up::metadata()), ""),
            (of(1, step_up::secrets()), "1: go to provider"),
        ])
        .comes_back(1, "AL3", "t1", "1: end, publish t1 once | -, reject 1 replay_unavailable");
}

#[test]
fn a_token_that_an_api_refuses_is_given_up() {
    Page::with_popup()
        .plays([(challenged(1, wants("AL3")), "1: open window, 1: start")])
        .authenticates(1, "AL3", "t1", "1: end, publish t1 | -, retry 1 with t1")
        .plays([
            (token_refused(1), "publish - | -"),
            (challenged(2, wants("AL3")), "2: open window, 2: start"),
        ]);
}
