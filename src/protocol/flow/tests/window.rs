//! The window: opened in a click, blocked, lost, opened again, and the clock that ends it all.

use super::Choice;
use super::FlowEvent::{
    self, Chosen, DeadlinePassed, GateRefused, WindowBlocked, WindowLost, WindowOpened,
};
use super::player::*;
use crate::protocol::config::tests::config;
use crate::protocol::error::ErrorCode;

#[test]
fn a_window_opened_in_the_click_is_navigated_once_everything_is_there() {
    let mut journey = Journey::starts_with(true, config(), goal("AL3"), GATHERS);
    journey.plays([
        (secrets(), ""),
        (session_of("alice"), ""),
        (metadata(), "go to provider"),
        (code("c1"), "close window, hide gate, exchange c1"),
        (tokens("t1"), "verify id-t1"),
        (proves("alice", "AL3"), "done t1"),
    ]);
    assert_eq!(journey.sent("acr_values").as_deref(), Some("AL3"));
}

#[test]
fn without_one_the_window_is_opened_before_anything_slow() {
    let begins = format!("open window, {GATHERS}");
    let mut journey = Journey::starts(config(), goal("AL3"), &begins);
    journey.plays([
        (WindowOpened, "hide gate"),
        (session_of("alice"), ""),
        (metadata(), ""),
        (secrets(), "go to provider"),
    ]);
}

#[test]
fn t36_a_blocked_window_waits_for_the_button_and_is_navigated_then() {
    let mut journey = Journey::starts(config(), goal("AL3"), &format!("open window, {GATHERS}"));
    journey.plays([
        (WindowBlocked, "show open"),
        (session_of("alice"), ""),
        (metadata(), ""),
        // Nobody is redirected over unsaved work: without a click nothing happens.
        (secrets(), ""),
        (Chosen(Choice::Open), "open window"),
        (WindowOpened, "hide gate, go to provider"),
        (code("c1"), "close window, hide gate, exchange c1"),
    ]);
}

#[test]
fn t36_where_not_even_a_click_opens_it_the_popup_is_blocked() {
    let begins = format!("open window, {GATHERS}");
    let mut journey = Journey::starts(config(), goal("AL3"), &begins);
    journey.plays([
        (WindowBlocked, "show open"),
        (Chosen(Choice::Open), "open window"),
        (WindowBlocked, "done popup_blocked"),
    ]);
}

#[test]
fn t36_a_click_before_the_metadata_opens_at_once_and_navigates_later() {
    let mut journey = Journey::starts(config(), goal("AL3"), &format!("open window, {GATHERS}"));
    journey.plays([
        (WindowBlocked, "show open"),
        (Chosen(Choice::Open), "open window"),
        (WindowOpened, "hide gate"),
        (session_of("alice"), ""),
        (secrets(), ""),
        (metadata(), "go to provider"),
    ]);
}

#[test]
fn t37_a_window_that_reads_as_closed_never_settles_anything() {
    let mut journey = Journey::at_the_provider(config());
    journey.plays([
        (WindowLost, "show lost"),
        (WindowLost, "show lost"),
        (Chosen(Choice::Continue), "focus window"),
        (WindowLost, "show lost"),
        // It was only severed: the response of the same window still counts.
        (code("c1"), "close window, hide gate, exchange c1"),
        (WindowLost, ""),
        (tokens("t1"), "verify id-t1"),
        (WindowLost, ""),
        (proves("alice", "AL3"), "done t1"),
    ]);
}

#[test]
fn t37_a_lost_window_is_opened_again_with_the_same_request() {
    let mut journey = Journey::at_the_provider(config());
    let first = journey.url.clone();
    journey.plays([
        (WindowLost, "show lost"),
        (Chosen(Choice::Open), "open window"),
        (WindowBlocked, "show lost"),
        (Chosen(Choice::Open), "open window"),
        (WindowOpened, "hide gate, go to provider"),
    ]);
    assert_eq!(journey.url, first);
}

#[test]
fn t37_a_window_lost_before_it_was_navigated_is_asked_for_anew() {
    let mut journey = Journey::starts_with(true, config(), goal("AL3"), GATHERS);
    journey.plays([
        (WindowLost, "show open"),
        (session_of("alice"), ""),
        (metadata(), ""),
        (secrets(), ""),
        (Chosen(Choice::Open), "open window"),
        (WindowOpened, "hide gate, go to provider"),
    ]);
}

/// Plays up to each state, and hands over the journey there.
fn in_each_state(mut check: impl FnMut(Journey)) {
    let steps: [(FlowEvent, &str); 2] =
        [(code("c1"), "close window, hide gate, exchange c1"), (tokens("t1"), "verify id-t1")];
    check(Journey::starts_with(true, config(), goal("AL3"), GATHERS));
    for reached in 0..=steps.len() {
        let mut journey = Journey::at_the_provider(config());
        for step in steps.iter().take(reached) {
            journey.plays([step.clone()]);
        }
        check(journey);
    }
}

#[test]
fn the_time_limit_and_the_user_end_it_in_every_state() {
    in_each_state(|mut journey| {
        journey.plays([(DeadlinePassed, "done timed_out")]);
    });
    in_each_state(|mut journey| {
        journey.plays([(cancel(), "done cancelled")]);
    });
}

#[test]
fn nothing_comes_after_the_end() {
    in_each_state(|mut journey| {
        journey.plays([
            (DeadlinePassed, "done timed_out"),
            (DeadlinePassed, ""),
            (cancel(), ""),
            (Chosen(Choice::Open), ""),
            (Chosen(Choice::Continue), ""),
            (session_of("alice"), ""),
            (metadata(), ""),
            (secrets(), ""),
            (WindowOpened, ""),
            (WindowBlocked, ""),
            (WindowLost, ""),
            (code("c1"), ""),
            (tokens("t1"), ""),
            (session_is("alice"), ""),
            (proves("alice", "AL3"), ""),
            (own("t1", None), ""),
            (fails(ErrorCode::KeyUnknown), ""),
        ]);
    });
}

#[test]
fn a_valid_response_before_the_limit_wins() {
    let mut journey = Journey::at_the_provider(config());
    journey.plays([
        (WindowLost, "show lost"),
        (code("c1"), "close window, hide gate, exchange c1"),
        (tokens("t1"), "verify id-t1"),
        (proves("alice", "AL3"), "done t1"),
        (DeadlinePassed, ""),
        (cancel(), ""),
    ]);
}

#[test]
fn t36_t40_where_no_dialog_is_shown_what_needs_a_click_fails() {
    for code in [ErrorCode::PopupBlocked, ErrorCode::EmbeddingBlocked] {
        let begins = format!("open window, {GATHERS}");
        let mut journey = Journey::starts(config(), goal("AL3"), &begins);
        let done = format!("done {}", code.code());
        journey.plays([(WindowBlocked, "show open"), (GateRefused(code.into()), &done)]);
    }
}

#[test]
fn t37_where_no_dialog_is_shown_a_window_that_may_be_gone_is_waited_for() {
    let mut journey = Journey::at_the_provider(config());
    journey.plays([
        (WindowLost, "show lost"),
        (GateRefused(ErrorCode::EmbeddingBlocked.into()), ""),
        (code("c1"), "close window, hide gate, exchange c1"),
    ]);
}
