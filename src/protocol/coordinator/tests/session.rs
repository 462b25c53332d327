//! Logout, and another user than before.

use super::Event::Cleared;
use super::player::*;
use super::{Notice, Outcome};
use crate::protocol::error::ErrorCode;
use crate::protocol::flow::FlowEvent::WindowOpened;
use crate::protocol::flow::tests::player::{
    code, fails, metadata, proves, secrets, session_is, session_of, session_with, tokens,
};

#[test]
fn t67_clear_during_the_prompt_cancels_everything_and_publishes_nothing() {
    Page::with_popup()
        .plays([(challenged(1, wants("AL1")), "1: open window, 1: start")])
        .authenticates(1, "AL1", "t1", "1: end, publish t1 | -, retry 1 with t1")
        .plays([(challenged_with(1, 2, wants("AL2")), "2: open window, 2: start")])
        .navigates(2)
        .plays([
            (challenged_with(1, 3, wants("AL3")), ""),
            (ensured(4, wants("AL2")), ""),
            (
                Cleared,
                "2: end, publish - | -, reject 2 session_changed, reject 3 session_changed, \
                 reject 4 session_changed",
            ),
            // What comes back of it is discarded.
            (of(2, code("c1")), ""),
            (of(2, tokens("t2")), ""),
            (of(2, proves("alice", "AL3")), ""),
            (answered(1, 201), ""),
            (again(2, wants("AL2")), ""),
            (ensured(5, wants("AL1")), "3: start"),
        ]);
}

#[test]
fn t67_clear_in_every_state_of_the_step_up_leaves_nothing_behind() {
    for reached in 0..4 {
        let mut page = Page::with_popup();
        page.plays([(clicked(1, wants("AL3")), "1: adopt window of 1, 1: start")]);
        if reached > 0 {
            page.navigates(1);
        }
        if reached > 1 {
            page.on(of(1, code("c1")));
        }
        if reached > 2 {
            page.on(of(1, tokens("t1")));
        }
        page.plays([
            (Cleared, "1: end, publish - | -, reject 1 session_changed"),
            (of(1, proves("alice", "AL3")), ""),
            (Cleared, "publish - | -"),
        ]);
        assert!(page.core.token(&wants(""), page.now).is_none());
    }
}

#[test]
fn t67_after_clear_another_user_may_come() {
    let mut page = Page::with_popup();
    page.user = "";
    page.plays([(ensured(1, wants("")), "1: start")])
        .authenticates(1, "AL1", "t1", "1: end, publish t1 | -, settle 1")
        .plays([(Cleared, "publish - | -"), (ensured(2, wants("")), "2: start")])
        .navigates(2)
        .plays([
            (of(2, code("c1")), "2: close window, 2: hide gate, 2: exchange c1"),
            (of(2, tokens("t2")), "2: verify id-t2"),
            (of(2, proves("bob", "AL1")), "2: end, publish t2 | -, settle 2"),
        ]);
}

/// A page on which Alice holds AL1 and needs AL3 now.
#[track_caller]
fn alice_needs_more() -> Page {
    let mut page = Page::with_popup();
    page.plays([(ensured(1, wants("AL1")), "1: start")])
        .authenticates(1, "AL1", "t1", "1: end, publish t1 | -, settle 1")
        .plays([(ensured(2, wants("AL3")), "2: start")]);
    page
}

#[test]
fn t67_another_user_in_the_session_drops_what_is_held() {
    let mut page = alice_needs_more();
    page.plays([
        (of(2, WindowOpened), ""),
        (of(2, session_of("bob")), "publish - | -, clear others but bob's"),
    ]);
    assert!(page.core.token(&wants("AL1"), page.now).is_none());
    // The step-up is Bob's from here on.
    page.plays([
        (of(2, metadata()), ""),
        (of(2, secrets()), "2: go to provider"),
        (of(2, code("c1")), "2: close window, 2: hide gate, 2: exchange c1"),
        (of(2, tokens("t2")), "2: verify id-t2"),
        (of(2, proves("alice", "AL3")), "2: end, reject 2 subject_mismatch"),
    ]);
}

#[test]
fn t67_another_user_is_also_found_out_by_the_sessions_id_token() {
    let mut page = alice_needs_more();
    page.plays([
        (of(2, WindowOpened), ""),
        (of(2, metadata()), ""),
        (of(2, secrets()), ""),
        (of(2, session_with("id-bob")), "2: verify id-bob"),
        (of(2, session_is("bob")), "publish - | -, clear others but bob's, 2: go to provider"),
    ])
    .plays([
        (of(2, code("c1")), "2: close window, 2: hide gate, 2: exchange c1"),
        (of(2, tokens("t2")), "2: verify id-t2"),
        (of(2, proves("bob", "AL3")), "2: end, publish t2 | -, settle 2"),
    ]);
}

#[test]
fn the_same_user_keeps_what_is_held() {
    let mut page = alice_needs_more();
    page.plays([
        (of(2, WindowOpened), ""),
        (of(2, metadata()), ""),
        (of(2, session_with("id-alice")), "2: verify id-alice"),
        (of(2, session_is("alice")), ""),
    ]);
    assert!(page.core.token(&wants("AL1"), page.now).is_some());
}

#[test]
fn t63_the_cool_down_of_the_keys_is_shared_by_all_step_ups() {
    let unknown = |flow| of(flow, fails(ErrorCode::KeyUnknown));
    let comes_back = |page: &mut Page, flow: u32| {
        page.navigates(flow);
        page.on(of(flow, code("c1")));
        page.on(of(flow, tokens("t1")));
    };
    let mut page = Page::with_popup();
    page.plays([(ensured(1, wants("AL3")), "1: start")]);
    comes_back(&mut page, 1);
    page.plays([
        (unknown(1), "1: verify id-t1 with fresh keys"),
        (unknown(1), "1: end, reject 1 key_unknown"),
    ]);
    page.later(59).plays([(ensured(2, wants("AL3")), "2: start")]);
    comes_back(&mut page, 2);
    page.plays([(unknown(2), "2: end, reject 2 key_unknown")]);
    page.later(1).plays([(ensured(3, wants("AL3")), "3: start")]);
    comes_back(&mut page, 3);
    page.plays([(unknown(3), "3: verify id-t1 with fresh keys")]);
}

#[test]
fn t67_what_is_on_the_wire_when_the_session_ends_keeps_its_answer_but_asks_for_nothing() {
    let sent = || {
        let mut page = Page::with_popup();
        page.plays([(challenged(1, wants("AL3")), "1: open window, 1: start")]).authenticates(
            1,
            "AL3",
            "t1",
            "1: end, publish t1 | -, retry 1 with t1",
        );
        page
    };
    sent()
        .plays([(Cleared, "publish - | -"), (again(1, wants("AL4")), "reject 1 session_changed")]);
    let mut page = sent();
    page.plays([(Cleared, "publish - | -"), (answered(1, 201), "")]);
    let settled = |notice: &Notice| {
        matches!(notice, Notice::Settled { outcome: Outcome::Response(Some(201)), .. })
    };
    assert!(page.told().iter().any(settled));
    // What was to leave and has not, does not.
    sent().plays([(stayed(1), "reject 1 session_changed"), (Cleared, "publish - | -")]);
}
