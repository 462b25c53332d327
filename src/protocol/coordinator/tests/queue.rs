//! Many wait, one prompt at a time.

use super::player::*;
use crate::protocol::config::Config;
use crate::protocol::config::tests::config;
use crate::protocol::flow::FlowEvent::{DeadlinePassed, TokenAnswered, WindowBlocked};
use crate::protocol::flow::tests::player::{
    answer, cancel, code, metadata, no_session, proves, query, secrets,
};
use crate::protocol::token::TokenAnswer;

#[test]
fn t22_twenty_challenges_are_one_prompt_and_twenty_retries() {
    let mut page = Page::with_popup();
    page.plays([(challenged(1, wants("AL3")), "1: open window, 1: start")]);
    for waiter in 2..=10 {
        page.plays([(challenged(waiter, wants("AL3")), "")]);
    }
    page.navigates(1);
    for waiter in 11..=20 {
        page.plays([(challenged(waiter, wants("AL3")), "")]);
    }
    let retries: Vec<_> = (1..=20).map(|waiter| format!("retry {waiter} with t1")).collect();
    let effects = format!("1: end, publish t1 | -, {}", retries.join(", "));
    page.comes_back(1, "AL3", "t1", &effects);
    for waiter in 1..=20 {
        page.plays([(answered(waiter, 201), "")]);
    }
}

#[test]
fn t22_requirements_are_united_until_the_user_is_asked() {
    let mut page = Page::with_popup();
    page.plays([
        (challenged(1, wants("AL2 AL3")), "1: open window, 1: start"),
        (challenged(2, wants_within("", 60)), ""),
        (challenged(3, wants_scope("AL3", "payees:write")), ""),
    ]);
    let goal = page.core.flow.as_ref().unwrap().goal().requirement.clone();
    let mut united = wants_scope("AL3", "payees:write");
    united.max_age = wants_within("", 60).max_age;
    assert_eq!(goal, united);
    page.authenticates(
        1,
        "AL3",
        "t1",
        "1: end, publish t1 | -, retry 1 with t1, retry 2 with t1, retry 3 with t1",
    );
}

#[test]
fn t22_a_stronger_one_queues_behind_a_prompt_that_cannot_serve_it() {
    Page::with_popup()
        .plays([(challenged(1, wants("AL2")), "1: open window, 1: start")])
        .navigates(1)
        .plays([
            (challenged(2, wants("AL3")), ""),
            (ensured(3, wants("AL2")), ""),
            (challenged(4, wants_within("AL2", 60)), ""),
            (challenged(5, wants("AL3")), ""),
        ])
        .comes_back(
            1,
            "AL2",
            "t1",
            // The fourth is served as well: the user has just authenticated.
            "1: end, publish t1 | -, retry 1 with t1, settle 3, retry 4 with t1, \
             2: open window, 2: start",
        )
        .authenticates(2, "AL3", "t2", "2: end, publish t2 | -, retry 2 with t2, retry 5 with t2");
}

#[test]
fn t22_what_was_not_asked_for_in_time_is_asked_for_next() {
    Page::with_popup()
        .plays([(challenged(1, wants("AL2")), "1: open window, 1: start")])
        .navigates(1)
        .plays([(challenged(2, wants_scope("AL2", "payees:write")), "")])
        .comes_back(
            1,
            "AL2",
            "t1",
            "1: end, publish t1 | -, retry 1 with t1, 2: open window, 2: start",
        );
}

#[test]
fn t22_the_queue_is_released_when_the_answer_happens_to_be_enough() {
    Page::with_popup()
        .plays([(challenged(1, wants("AL2 AL3")), "1: open window, 1: start")])
        .navigates(1)
        .plays([(challenged(2, wants("AL3")), ""), (challenged(3, wants("AL2")), "")])
        .comes_back(
            1,
            "AL3",
            "t1",
            "1: end, publish t1 | -, retry 1 with t1, retry 2 with t1, 2: open window, 2: start",
        );
}

#[test]
fn contexts_without_a_common_value_are_two_prompts() {
    Page::with_popup()
        .plays([
            (challenged(1, wants("AL2")), "1: open window, 1: start"),
            (challenged(2, wants("AL3")), ""),
        ])
        .authenticates(
            1,
            "AL2",
            "t1",
            "1: end, publish t1 | -, retry 1 with t1, 2: open window, 2: start",
        );
}

#[test]
fn a_request_for_another_resource_waits_for_a_prompt_of_its_own() {
    Page::with_popup()
        .plays([
            (challenged(1, wants("AL3")), "1: open window, 1: start"),
            (challenged_at(FILES, 2, wants("AL3")), ""),
        ])
        .authenticates(
            1,
            "AL3",
            "t1",
            "1: end, publish t1 | -, retry 1 with t1, 2: open window, 2: start",
        )
        .authenticates(2, "AL3", "t2", "2: end, publish t1 | t2, retry 2 with t2");
}

#[test]
fn a_cancel_is_for_the_whole_queue() {
    Page::with_popup()
        .plays([(challenged(1, wants("AL2")), "1: open window, 1: start")])
        .navigates(1)
        .plays([
            (challenged(2, wants("AL3")), ""),
            (ensured(3, wants("AL4")), ""),
            (of(1, cancel()), "1: end, reject 1 cancelled, reject 2 cancelled, reject 3 cancelled"),
            (ensured(4, wants("AL3")), "2: start"),
        ]);
}

#[test]
fn any_other_failure_gives_the_queue_its_turn() {
    let unmet = "error=unmet_authentication_requirements&state=the-state";
    Page::with_popup()
        .plays([(challenged(1, wants("AL4")), "1: open window, 1: start")])
        .navigates(1)
        .plays([
            (challenged(2, wants("AL3")), ""),
            (
                of(1, query(unmet)),
                "1: end, reject 1 assurance_unavailable, 2: open window, 2: start",
            ),
            (of(2, DeadlinePassed), "2: end, reject 2 timed_out"),
        ]);
}

#[test]
fn what_waits_for_its_answer_is_no_part_of_the_next_prompt() {
    Page::with_popup()
        .plays([(challenged(1, wants("AL3")), "1: open window, 1: start")])
        .authenticates(1, "AL3", "t1", "1: end, publish t1 | -, retry 1 with t1")
        .plays([
            (challenged_with(1, 2, wants("AL4")), "2: open window, 2: start"),
            (of(2, cancel()), "2: end, reject 2 cancelled"),
            (answered(1, 201), ""),
        ]);
}

#[test]
fn t03_a_sign_in_takes_whoever_comes() {
    let mut page = Page::with_popup();
    page.user = "";
    page.plays([(clicked(1, wants("")), "1: adopt window of 1, 1: start")])
        .authenticates(1, "AL1", "t1", "1: end, publish t1 | -, settle 1")
        // From now on it is the one who came.
        .plays([(ensured(2, wants("AL3")), "2: start")])
        .authenticates(2, "AL3", "t2", "2: end, publish t2 | -, settle 2");
}

#[test]
fn t03_a_request_of_nobody_is_not_sent_again() {
    let mut page = Page::with_popup();
    page.plays([
        (challenged(1, wants("AL3")), "1: open window, 1: start"),
        (of(1, metadata()), ""),
        (of(1, secrets()), ""),
        (of(1, no_session()), "1: end, reject 1 subject_unknown"),
    ]);
    let mut page = Page::new(Config { adopt_first_subject: true, ..config() });
    page.user = "";
    page.plays([(challenged(1, wants("AL3")), "1: open window, 1: start")]).authenticates(
        1,
        "AL3",
        "t1",
        "1: end, publish t1 | -, retry 1 with t1",
    );
}

#[test]
fn a_sign_in_is_not_taken_along_by_a_step_up_that_knows_nobody() {
    Page::with_popup().plays([
        (challenged(1, wants("AL3")), "1: open window, 1: start"),
        (of(1, WindowBlocked), "1: show open"),
        (ensured(2, wants("")), ""),
        (of(1, no_session()), "1: end, reject 1 subject_unknown, 2: start"),
    ]);
    // Where the step-up succeeds, so does the sign-in.
    Page::with_popup()
        .plays([
            (challenged(1, wants("AL3")), "1: open window, 1: start"),
            (ensured(2, wants("")), ""),
        ])
        .authenticates(1, "AL3", "t1", "1: end, publish t1 | -, retry 1 with t1, settle 2");
}

#[test]
fn a_scope_that_is_not_granted_fails_those_alone_that_demand_it() {
    let narrow = TokenAnswer { scope: Some("openid accounts:read".into()), ..answer("t1") };
    let mut page = Page::with_popup();
    page.plays([
        (challenged(1, wants("AL3")), "1: open window, 1: start"),
        (challenged(2, wants_scope("AL3", "admin")), ""),
    ])
    .navigates(1)
    .plays([
        (of(1, code("c1")), "1: close window, 1: hide gate, 1: exchange c1"),
        (of(1, TokenAnswered(Ok(narrow))), "1: verify id-t1"),
        (
            of(1, proves("alice", "AL3")),
            "1: end, publish t1 | -, retry 1 with t1, reject 2 scope_refused",
        ),
    ]);
}

#[test]
fn a_demand_that_cannot_be_met_does_not_spoil_the_others_it_was_asked_for_with() {
    let unmet = || query("error=unmet_authentication_requirements&state=the-state");
    Page::with_popup()
        .plays([
            (challenged(1, wants("AL3")), "1: open window, 1: start"),
            (challenged(2, wants_scope("", "payees:write")), ""),
            (challenged(3, wants_scope("", "accounts:read")), ""),
        ])
        .navigates(1)
        .plays([(
            of(1, unmet()),
            "1: end, reject 1 assurance_unavailable, 2: open window, 2: start",
        )])
        .navigates(2)
        // Each alone from now on: what fails now, fails for its own sake.
        .plays([(
            of(2, unmet()),
            "2: end, reject 2 assurance_unavailable, 3: open window, 3: start",
        )]);
}

#[test]
fn t22_those_that_another_one_spoiled_share_a_prompt_of_their_own() {
    let unmet = || query("error=unmet_authentication_requirements&state=the-state");
    let mut page = Page::with_popup();
    page.plays([
        (challenged(1, wants("AL2 AL3")), "1: open window, 1: start"),
        (challenged(2, wants("AL2 AL3")), ""),
        (challenged(3, wants("AL3")), ""),
        (challenged(4, wants("AL2 AL3")), ""),
    ])
    .navigates(1)
    .plays([
        (of(1, unmet()), "1: end, reject 3 assurance_unavailable, 2: open window, 2: start"),
        // It must not spoil them a second time.
        (challenged(5, wants("AL3")), ""),
        (challenged(6, wants("AL2 AL3")), ""),
    ])
    .authenticates(
        2,
        "AL2",
        "t1",
        "2: end, publish t1 | -, retry 1 with t1, retry 2 with t1, retry 4 with t1, \
         retry 6 with t1, 3: open window, 3: start",
    );
}

#[test]
fn those_who_queue_behind_a_prompt_share_the_next_one() {
    Page::with_popup()
        .plays([(challenged(1, wants("AL3")), "1: open window, 1: start")])
        .navigates(1)
        .plays([(challenged(2, wants("AL4")), ""), (challenged(3, wants("AL4")), "")])
        .comes_back(
            1,
            "AL3",
            "t1",
            "1: end, publish t1 | -, retry 1 with t1, 2: open window, 2: start",
        )
        .plays([(of(2, DeadlinePassed), "2: end, reject 2 timed_out, reject 3 timed_out")]);
}

#[test]
fn two_sign_ins_are_one() {
    let mut page = Page::with_popup();
    page.user = "";
    page.plays([(ensured(1, wants("")), "1: start"), (ensured(2, wants("")), "")]);
    page.plays([(of(1, DeadlinePassed), "1: end, reject 1 timed_out, reject 2 timed_out")]);
}
