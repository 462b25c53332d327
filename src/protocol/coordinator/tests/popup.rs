//! From the click or the challenge to the retry, through a window at the provider.

use super::player::*;
use crate::protocol::error::ErrorCode;
use crate::protocol::flow::Choice;
use crate::protocol::flow::FlowEvent::WindowOpened;
use crate::protocol::flow::FlowEvent::{self, Chosen, DeadlinePassed, WindowBlocked, WindowLost};
use crate::protocol::flow::tests::player::{
    cancel, code, fails, metadata, proves, query, secrets, session_of, tokens,
};

#[test]
fn a_transfer_is_challenged_and_sent_again_with_the_new_token() {
    Page::with_popup().plays([
        (challenged(1, wants("AL3")), "1: open window, 1: start"),
        (of(1, WindowOpened), "1: hide gate"),
        (of(1, session_of("alice")), ""),
        (of(1, metadata()), ""),
        (of(1, secrets()), "1: go to provider"),
        (of(1, code("c1")), "1: close window, 1: hide gate, 1: exchange c1"),
        (of(1, tokens("t1")), "1: verify id-t1"),
        (of(1, proves("alice", "AL3")), "1: end, publish t1 | -, retry 1 with t1"),
        (answered(1, 201), ""),
    ]);
}

#[test]
fn ensure_in_a_click_brings_its_window_and_settles() {
    Page::with_popup()
        .plays([(clicked(1, wants("AL3")), "1: adopt window of 1, 1: start")])
        .authenticates(1, "AL3", "t1", "1: end, publish t1 | -, settle 1")
        .plays([
            // What is held is looked at first.
            (ensured(2, wants("AL3")), "settle 2"),
            (clicked(3, wants("AL3")), "drop window of 3, settle 3"),
            (ensured(4, wants("")), "settle 4"),
            (clicked(5, wants("AL4")), "2: adopt window of 5, 2: start"),
        ]);
}

#[test]
fn t36_a_blocked_window_is_opened_by_the_button() {
    Page::with_popup()
        .plays([
            (challenged(1, wants("AL3")), "1: open window, 1: start"),
            (of(1, WindowBlocked), "1: show open"),
            (of(1, session_of("alice")), ""),
            (of(1, metadata()), ""),
            (of(1, secrets()), ""),
            (of(1, Chosen(Choice::Open)), "1: open window"),
            (of(1, WindowOpened), "1: hide gate, 1: go to provider"),
        ])
        .comes_back(1, "AL3", "t1", "1: end, publish t1 | -, retry 1 with t1");
}

#[test]
fn t36_the_window_of_another_click_serves_a_step_up_that_lacks_one() {
    Page::with_popup().plays([
        (challenged(1, wants("AL3")), "1: open window, 1: start"),
        (of(1, WindowBlocked), "1: show open"),
        (clicked(2, wants("AL3")), "1: adopt window of 2, 1: hide gate"),
        // It has one now.
        (clicked(3, wants("AL3")), "drop window of 3"),
        (clicked(4, wants("AL1")), "drop window of 4"),
    ]);
}

#[test]
fn t37_a_lost_window_settles_nothing() {
    Page::with_popup()
        .plays([(clicked(1, wants("AL3")), "1: adopt window of 1, 1: start")])
        .navigates(1)
        .plays([
            (of(1, WindowLost), "1: show lost"),
            (of(1, Chosen(Choice::Continue)), "1: focus window"),
            (of(1, WindowLost), "1: show lost"),
            (of(1, Chosen(Choice::Open)), "1: open window"),
            (of(1, WindowOpened), "1: hide gate, 1: go to provider"),
            (of(1, WindowLost), "1: show lost"),
        ])
        .comes_back(1, "AL3", "t1", "1: end, publish t1 | -, settle 1");
}

#[test]
fn t37_only_the_user_or_the_clock_ends_it() {
    for (event, ends) in [
        (cancel(), "1: end, reject 1 cancelled, reject 2 cancelled"),
        (DeadlinePassed, "1: end, reject 1 timed_out, reject 2 timed_out"),
    ] {
        Page::with_popup()
            .plays([
                (challenged(1, wants("AL3")), "1: open window, 1: start"),
                (clicked(2, wants("AL3")), "1: adopt window of 2, 1: hide gate"),
            ])
            .navigates(1)
            .plays([(of(1, WindowLost), "1: show lost"), (of(1, event), ends)]);
    }
}

#[test]
fn t27_nothing_is_published_before_the_id_token_has_passed() {
    for (verdict, ends) in [
        (fails(ErrorCode::IdTokenInvalid), "1: end, reject 1 id_token_invalid"),
        (fails(ErrorCode::IssuerMismatch), "1: end, reject 1 issuer_mismatch"),
        (proves("bob", "AL3"), "1: end, reject 1 subject_mismatch"),
        (proves("alice", "AL1"), "1: end, reject 1 assurance_not_met"),
    ] {
        let mut page = Page::with_popup();
        page.plays([(challenged(1, wants("AL3")), "1: open window, 1: start")]).navigates(1).plays(
            [
                (of(1, code("c1")), "1: close window, 1: hide gate, 1: exchange c1"),
                (of(1, tokens("t1")), "1: verify id-t1"),
            ],
        );
        assert_eq!(page.core.token(&wants(""), page.now), None);
        page.plays([(of(1, verdict), ends)]);
        assert_eq!(page.core.token(&wants(""), page.now), None);
    }
}

#[test]
fn t01_a_refused_answer_leaves_what_was_held() {
    let mut page = Page::with_popup();
    page.plays([(ensured(1, wants("AL1")), "1: start")])
        .authenticates(1, "AL1", "t1", "1: end, publish t1 | -, settle 1")
        .plays([(challenged_with(1, 2, wants("AL3")), "2: open window, 2: start")])
        .navigates(2)
        .plays([
            (of(2, code("c1")), "2: close window, 2: hide gate, 2: exchange c1"),
            (of(2, tokens("t2")), "2: verify id-t2"),
            (of(2, proves("bob", "AL3")), "2: end, reject 2 subject_mismatch"),
        ]);
    let held = page.core.token(&wants("AL1"), page.now).map(|token| token.expose().to_owned());
    assert_eq!(held.as_deref(), Some("t1"));
    assert!(page.core.assured(&wants("AL1"), page.now).is_some());
    assert!(page.core.assured(&wants("AL3"), page.now).is_none());
}

#[test]
fn t35_a_forged_response_leaves_everybody_waiting() {
    let forged = |query: &str| of(1, FlowEvent::Responded(query.into()));
    Page::with_popup()
        .plays([(challenged(1, wants("AL3")), "1: open window, 1: start")])
        .navigates(1)
        .plays([
            (of(1, query("code=evil&state=guessed")), ""),
            (forged("?error=access_denied"), ""),
            (forged("?code=a&code=b"), ""),
        ])
        .comes_back(1, "AL3", "t1", "1: end, publish t1 | -, retry 1 with t1");
}

#[test]
fn t26_events_of_a_step_up_that_is_over_or_never_was_change_nothing() {
    Page::with_popup()
        .plays([
            (of(1, code("evil")), ""),
            (of(7, tokens("evil")), ""),
            (challenged(1, wants("AL3")), "1: open window, 1: start"),
        ])
        .authenticates(1, "AL3", "t1", "1: end, publish t1 | -, retry 1 with t1")
        .plays([
            (of(1, code("c1")), ""),
            (of(1, proves("alice", "AL3")), ""),
            (of(1, cancel()), ""),
            (of(1, DeadlinePassed), ""),
            (answered(1, 200), ""),
            (answered(1, 200), ""),
            // Nor do they change another that is under way.
            (challenged(2, wants("AL4")), "2: open window, 2: start"),
            (of(1, cancel()), ""),
            (of(1, DeadlinePassed), ""),
            (of(7, cancel()), ""),
        ])
        .authenticates(2, "AL4", "t2", "2: end, publish t2 | -, retry 2 with t2");
}

#[test]
fn one_click_is_one_window() {
    let mut page = Page::with_popup();
    assert!(page.core.wants_window(&wants("AL3"), page.now));
    page.plays([(ensured(1, wants("AL3")), "1: start")]);
    // It has none yet: one that is opened elsewhere serves it.
    assert!(page.core.wants_window(&wants("AL3"), page.now));
    page.navigates(1);
    assert!(!page.core.wants_window(&wants("AL3"), page.now));
    page.comes_back(1, "AL3", "t1", "1: end, publish t1 | -, settle 1");
    assert!(!page.core.wants_window(&wants("AL3"), page.now));
    assert!(page.core.wants_window(&wants("AL4"), page.now));
}
