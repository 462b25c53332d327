//! How many prompts an API may cause.

use super::player::*;
use crate::protocol::claims_request::ClaimsRequest;
use crate::protocol::config::tests::with_passkeys;
use crate::protocol::details::Details;
use crate::protocol::error::ErrorCode::PasskeyRefused;
use crate::protocol::flow::FlowEvent::{self, DeadlinePassed};
use crate::protocol::flow::tests::player::{cancel, refused};
use crate::protocol::requirement::Requirement;

/// A page whose user has said no to the first prompt.
fn declined() -> Page {
    let mut page = Page::with_popup();
    page.plays([
        (challenged(1, wants("AL3")), "1: open window, 1: start"),
        (of(1, cancel()), "1: end, reject 1 cancelled"),
    ]);
    page
}

#[test]
fn t15_after_a_no_challenges_lead_to_no_prompt_for_half_a_minute() {
    let mut page = declined();
    page.later(29)
        .plays([(challenged(2, wants("AL3")), "reject 2 prompt_suppressed")])
        .plays([(challenged_at(FILES, 3, wants("AL3")), "reject 3 prompt_suppressed")])
        .later(1)
        .plays([(challenged(4, wants("AL3")), "2: open window, 2: start")]);
}

#[test]
fn t15_the_apps_own_wish_and_the_users_click_are_not_held_back() {
    declined().plays([(ensured(2, wants("AL3")), "2: start")]);
    declined().later(1).plays([(clicked_for(1, 2, wants("AL3")), "2: open window, 2: start")]);
}

#[test]
fn t15_a_click_is_good_for_one_prompt() {
    let mut page = Page::with_popup();
    page.plays([
        (clicked_for(0, 1, wants("AL3")), "1: open window, 1: start"),
        (of(1, cancel()), "1: end, reject 1 cancelled"),
        // The same click: its prompt has been refused.
        (clicked_for(0, 2, wants("AL3")), "reject 2 prompt_suppressed"),
    ]);
    page.later(2).plays([(clicked_for(2, 3, wants("AL3")), "2: open window, 2: start")]);
}

#[test]
fn t15_the_click_that_says_no_is_no_wish() {
    let mut page = Page::with_popup();
    page.plays([(challenged(1, wants("AL3")), "1: open window, 1: start")]);
    page.later(3).plays([
        (of(1, cancel()), "1: end, reject 1 cancelled"),
        // In an app's own gate it is a click like any other, just before the refusal.
        (clicked_for(3, 2, wants("AL3")), "reject 2 prompt_suppressed"),
    ]);
}

#[test]
fn t15_a_click_long_before_the_request_is_not_for_it() {
    let mut page = declined();
    let stale = match clicked_for(10, 2, wants("AL3")) {
        super::Event::Challenged { waiter, call, status, requirement, sent_with, offer } => {
            let clicked_at = Some(page.now.plus(crate::protocol::units::Millis(1)));
            let call = super::Call { clicked_at, ..call };
            super::Event::Challenged { waiter, call, status, requirement, sent_with, offer }
        }
        other => other,
    };
    page.later(10).plays([(stale, "reject 2 prompt_suppressed")]);
}

#[test]
fn t15_five_prompts_a_minute_for_one_api_and_no_more() {
    let mut page = Page::with_popup();
    for prompt in 1..=5 {
        let start = format!("{prompt}: open window, {prompt}: start");
        let end = format!("{prompt}: end, reject {prompt} timed_out");
        page.plays([(challenged(prompt, wants("AL3")), &start)])
            .later(5)
            .plays([(of(prompt, DeadlinePassed), &end)]);
    }
    page.plays([
        (challenged(6, wants("AL3")), "reject 6 prompt_suppressed"),
        // Another API has a budget of its own.
        (challenged_at(FILES, 7, wants("AL3")), "6: open window, 6: start"),
        (of(6, DeadlinePassed), "6: end, reject 7 timed_out"),
    ]);
    // A minute after the first of them there is room for one again.
    page.later(35).plays([
        (challenged(8, wants("AL3")), "7: open window, 7: start"),
        (of(7, DeadlinePassed), "7: end, reject 8 timed_out"),
        (challenged(9, wants("AL3")), "reject 9 prompt_suppressed"),
    ]);
}

#[test]
fn t15_the_queue_is_held_back_like_everybody_else() {
    let mut page = Page::with_popup();
    page.plays([(challenged(1, wants("A")), "1: open window, 1: start")]).navigates(1);
    for (waiter, acr) in [(2, "B"), (3, "C"), (4, "D"), (5, "E"), (6, "F")] {
        page.plays([(challenged(waiter, wants(acr)), "")]);
    }
    for flow in 1..=4 {
        let next = flow + 1;
        let told =
            format!("{flow}: end, reject {flow} timed_out, {next}: open window, {next}: start");
        page.plays([(of(flow, DeadlinePassed), &told)]);
    }
    let told = "5: end, reject 5 timed_out, reject 6 prompt_suppressed";
    page.plays([(of(5, DeadlinePassed), told)]);
}

#[test]
fn t15_a_passkey_that_went_unused_is_a_no() {
    let mut page = Page::new(with_passkeys());
    page.plays([(challenged(1, wants("AL3")), "1: start")]);
    for event in [
        crate::protocol::flow::tests::player::session_of("alice"),
        crate::protocol::flow::tests::player::secrets(),
        crate::protocol::flow::tests::player::options("o1"),
        FlowEvent::GestureRead(true),
        refused(PasskeyRefused),
    ] {
        page.on(of(1, event));
    }
    page.plays([
        (challenged_at(FILES, 2, wants("AL3")), ""),
        (of(1, cancel()), "1: end, reject 1 passkey_refused, reject 2 passkey_refused"),
        (challenged(3, wants("AL3")), "reject 3 prompt_suppressed"),
    ]);
}

#[test]
fn t15_a_prompt_for_which_the_session_is_not_looked_at_uses_up_the_click() {
    for asked in [
        Requirement { claims: ClaimsRequest::new(r#"{"a":null}"#), ..wants("AL3") },
        Requirement { authorization_details: Details::new(r#"[{"type":"t"}]"#), ..wants("AL3") },
    ] {
        let mut page = Page::with_popup();
        page.plays([
            (challenged(1, wants("AL3")), "1: open window, 1: start"),
            (of(1, cancel()), "1: end, reject 1 cancelled"),
        ]);
        page.later(2).plays([
            (ensured(2, asked), "2: open window, 2: start"),
            (aborted(2), "2: end"),
            // The click before that prompt was for it.
            (clicked_for(1, 3, wants("AL3")), "reject 3 prompt_suppressed"),
        ]);
    }
}
