//! Who leaves early: aborts one by one, and the step-up that nobody waits for any more.

use super::player::*;
use crate::protocol::flow::tests::player::{code, proves, tokens};

#[test]
fn t55_each_waiter_leaves_alone_and_the_prompt_stays_for_the_others() {
    Page::with_popup()
        .plays([
            (challenged(1, wants("AL3")), "1: open window, 1: start"),
            (challenged(2, wants("AL3")), ""),
            (ensured(3, wants("AL3")), ""),
        ])
        .navigates(1)
        .plays([(aborted(1), ""), (aborted(3), ""), (aborted(3), ""), (aborted(9), "")])
        .comes_back(1, "AL3", "t1", "1: end, publish t1 | -, retry 2 with t1");
}

#[test]
fn t55_the_last_one_to_leave_ends_the_prompt() {
    Page::with_popup()
        .plays([
            (clicked(1, wants("AL3")), "1: adopt window of 1, 1: start"),
            (challenged(2, wants("AL3")), ""),
        ])
        .navigates(1)
        .plays([
            (aborted(1), ""),
            (aborted(2), "1: end"),
            // A late answer finds nobody.
            (of(1, code("c1")), ""),
            (of(1, tokens("t1")), ""),
            (of(1, proves("alice", "AL3")), ""),
            (challenged(3, wants("AL3")), "2: open window, 2: start"),
        ]);
}

#[test]
fn t55_in_every_state_the_step_up_ends_with_its_last_waiter() {
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
        page.plays([(aborted(1), "1: end"), (of(1, proves("alice", "AL3")), "")]);
        assert!(page.core.assured(&wants(""), page.now).is_none());
    }
}

#[test]
fn t55_the_queues_next_has_its_turn_when_the_last_one_leaves() {
    Page::with_popup()
        .plays([(challenged(1, wants("AL2")), "1: open window, 1: start")])
        .navigates(1)
        .plays([
            (challenged(2, wants("AL3")), ""),
            (challenged(3, wants("AL4")), ""),
            (challenged(4, wants("AL3")), ""),
            // One that queues leaves without disturbing anybody.
            (aborted(2), ""),
            (aborted(1), "1: end, 2: open window, 2: start"),
            (aborted(3), "2: end, 3: open window, 3: start"),
            (aborted(4), "3: end"),
        ]);
}

#[test]
fn t55_a_request_that_was_sent_again_can_still_be_aborted() {
    Page::with_popup()
        .plays([(challenged(1, wants("AL3")), "1: open window, 1: start")])
        .authenticates(1, "AL3", "t1", "1: end, publish t1 | -, retry 1 with t1")
        .plays([(aborted(1), ""), (answered(1, 201), ""), (again(1, wants("AL4")), "")]);
}

#[test]
fn answers_of_requests_that_are_not_under_way_change_nothing() {
    Page::with_popup()
        .plays([
            (challenged(1, wants("AL3")), "1: open window, 1: start"),
            // It has not been sent again yet: these are not its answers.
            (answered(1, 200), ""),
            (again(1, wants("AL4")), ""),
        ])
        .authenticates(1, "AL3", "t1", "1: end, publish t1 | -, retry 1 with t1");
}
