//! Which token the next requests carry.

use super::player::*;
use crate::protocol::claims::Claims;
use crate::protocol::config::tests::config;
use crate::protocol::config::{Api, Config};
use crate::protocol::flow::FlowEvent::{self, AnswerVerified, TokenAnswered};
use crate::protocol::flow::Session;
use crate::protocol::flow::tests::player as step_up;
use crate::protocol::requirement::Scope;
use crate::protocol::token::TokenAnswer;

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
