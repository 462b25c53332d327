//! How often the user is asked for one request.

use super::player::*;
use crate::protocol::config::Config;
use crate::protocol::config::tests::config;
use crate::protocol::requirement::Requirement;

/// A request that was sent again after a step-up to this.
#[track_caller]
fn stepped_up(requirement: Requirement) -> Page {
    let mut page = Page::with_popup();
    page.plays([(challenged(1, requirement), "1: open window, 1: start")]).authenticates(
        1,
        "AL3",
        "t1",
        "1: end, publish t1 | -, retry 1 with t1",
    );
    page
}

#[test]
fn t11_the_same_or_less_after_a_success_is_a_loop() {
    for demanded in [
        wants_within("AL3", 60),
        wants_within("AL3", 300),
        wants_within("AL2 AL3", 60),
        wants("AL3"),
        wants_within("", 60),
        wants_scope("AL3", "payees:write"),
        wants(""),
    ] {
        let mut proved = wants_scope("AL3", "payees:write");
        proved.max_age = wants_within("", 60).max_age;
        stepped_up(proved).plays([(again(1, demanded), "reject 1 loop_detected")]);
    }
}

#[test]
fn t17_an_age_of_zero_asks_once_and_is_a_loop_then() {
    let now = || wants_within("AL3", 0);
    let mut page = Page::with_popup();
    page.plays([(challenged(1, now()), "1: open window, 1: start")]);
    page.navigates(1);
    assert!(page.urls.iter().any(|url| url.contains("max_age=0")), "{:?}", page.urls);
    page.comes_back(1, "AL3", "t1", "1: end, publish t1 | -, retry 1 with t1")
        .plays([(again(1, now()), "reject 1 loop_detected")]);
    // The next request is asked for anew: what was proved then is older than nothing.
    page.plays([(challenged_with(1, 2, now()), "2: open window, 2: start")]);
}

#[test]
fn t11_something_else_may_follow() {
    for demanded in [wants("AL4"), wants_within("AL3", 60), wants_scope("AL3", "payees:write")] {
        stepped_up(wants("AL3")).plays([(again(1, demanded), "2: open window, 2: start")]);
    }
}

#[test]
fn t11_a_demand_without_content_is_answered_once_and_is_a_loop_then() {
    // RFC 9470 leaves both parameters out where the API does not describe what it wants.
    stepped_up(wants("")).plays([(again(1, wants("")), "reject 1 loop_detected")]);
    // What it was sent with satisfies it by our own judgement, and still was not enough.
    stepped_up(wants("AL3"))
        .plays([
            (answered(1, 201), ""),
            (challenged_with(1, 2, wants("")), "2: open window, 2: start"),
        ])
        .authenticates(2, "AL3", "t2", "2: end, publish t2 | -, retry 2 with t2")
        .plays([(again(2, wants("")), "reject 2 loop_detected")]);
}

#[test]
fn t11_what_a_shared_prompt_proved_counts_for_each_that_it_served() {
    Page::with_popup()
        .plays([
            (challenged(1, wants_within("AL3", 60)), "1: open window, 1: start"),
            (challenged(2, wants("AL3")), ""),
        ])
        .authenticates(1, "AL3", "t1", "1: end, publish t1 | -, retry 1 with t1, retry 2 with t1")
        .plays([(again(2, wants_within("AL3", 60)), "reject 2 loop_detected")]);
}

#[test]
fn t12_alternating_demands_are_a_loop_after_two_prompts() {
    stepped_up(wants("AL3"))
        .plays([(again(1, wants("AL2")), "2: open window, 2: start")])
        .authenticates(2, "AL2", "t2", "2: end, publish t2 | -, retry 1 with t2")
        .plays([(again(1, wants("AL3")), "reject 1 loop_detected")]);
}

#[test]
fn t12_the_number_of_prompts_for_one_request_is_bounded() {
    stepped_up(wants("AL3"))
        .plays([(again(1, wants("AL4")), "2: open window, 2: start")])
        .authenticates(2, "AL4", "t2", "2: end, publish t2 | -, retry 1 with t2")
        .plays([(again(1, wants("AL5")), "reject 1 loop_detected")]);
    let mut page = Page::new(Config { max_rounds: 1, ..config() });
    page.plays([(challenged(1, wants("AL3")), "1: open window, 1: start")])
        .authenticates(1, "AL3", "t1", "1: end, publish t1 | -, retry 1 with t1")
        .plays([(again(1, wants("AL4")), "reject 1 loop_detected")]);
}

#[test]
fn t12_another_request_starts_counting_anew() {
    stepped_up(wants("AL3")).plays([
        (again(1, wants("AL3")), "reject 1 loop_detected"),
        (challenged_with(1, 2, wants("AL3")), "2: open window, 2: start"),
    ]);
}
