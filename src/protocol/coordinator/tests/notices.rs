//! What the app's listeners are told: enough to draw it, nothing that is secret.

use super::player::*;
use super::{Notice, Outcome};
use crate::protocol::coordinator::{Call, Event, WaiterId};
use crate::protocol::flow::FlowEvent::{WindowBlocked, WindowLost};
use crate::protocol::flow::FlowId;
use crate::protocol::flow::tests::player as step_up;
use crate::protocol::method::Method;

/// A notice in words: its kind, its step-up, and what tells it apart.
fn said(notice: &Notice) -> String {
    let of = |flow: &Option<FlowId>| flow.map_or("-".into(), |flow| flow.0.to_string());
    match notice {
        Notice::Challenge { flow, waiter, status, method, url, .. } => {
            format!("{}: {status} of {} {method} {url}", of(flow), waiter.0)
        }
        Notice::Prompt { flow, method, button, reason } => {
            let what = match (method, button) {
                (_, true) => "button",
                (None, _) => "app",
                (Some(Method::Popup), _) => "window",
                (Some(Method::Passkey), _) => "dialog",
                (Some(Method::Redirect), _) => "page",
            };
            format!("{}: prompt by {what} {}", flow.0, reason.as_deref().unwrap_or_default())
        }
        Notice::Demand { flow, waiter, url, requirement, by, .. } => {
            let acr = requirement.acr_values.join(" ");
            format!("{}: {by:?} demands {acr} of {} {url}", of(flow), waiter.0)
        }
        Notice::Authenticated { flow, assurance } => {
            let acr = assurance.acr.as_deref().unwrap_or("-");
            format!("{}: authenticated {acr} {}", flow.0, assurance.verified)
        }
        Notice::Retry { flow, waiter, url, .. } => {
            format!("{}: retry of {} {url}", of(flow), waiter.0)
        }
        Notice::Settled { flow, waiter, outcome, .. } => {
            let outcome = match outcome {
                Outcome::Response(status) => format!("{status:?}"),
                Outcome::Assurance => "assurance".into(),
                Outcome::Error(code) => code.code().into(),
                Outcome::Aborted => "aborted".into(),
            };
            format!("{}: settled {} {outcome}", of(flow), waiter.0)
        }
    }
}

#[track_caller]
fn check(page: &mut Page, expect: &[&str]) {
    let told: Vec<_> = page.told().iter().map(said).collect();
    assert_eq!(told, expect);
}

#[test]
fn a_step_up_can_be_drawn_from_what_is_told() {
    let mut page = Page::with_popup();
    page.on(challenged(1, wants("AL3")));
    page.on(of(1, WindowBlocked));
    page.on(challenged(2, wants("AL4")));
    page.authenticates(
        1,
        "pwd AL3",
        "t1",
        "1: end, publish t1 | -, retry 1 with t1, 2: open window, 2: start",
    );
    page.on(answered(1, 201));
    page.on(of(2, step_up::cancel()));
    // Never with the query, which may be secret.
    check(
        &mut page,
        &[
            "1: 401 of 1 POST https://api.example/transfers",
            "1: prompt by button ",
            "-: 401 of 2 POST https://api.example/transfers",
            "1: prompt by window ",
            "1: authenticated AL3 true",
            "1: retry of 1 https://api.example/transfers",
            "1: settled 1 Some(201)",
            "2: settled 2 cancelled",
        ],
    );
}

#[test]
fn a_second_challenge_belongs_to_the_step_up_that_answers_it() {
    let mut page = Page::with_popup();
    page.on(challenged(1, wants("AL3")));
    page.authenticates(1, "AL3", "t1", "1: end, publish t1 | -, retry 1 with t1");
    page.told();
    page.on(again(1, wants("AL4")));
    check(&mut page, &["2: 401 of 1 POST https://api.example/transfers"]);
    page.authenticates(2, "AL4", "t2", "2: end, publish t2 | -, retry 1 with t2");
    page.told();
    page.on(again(1, wants("AL4")));
    check(
        &mut page,
        &["-: 401 of 1 POST https://api.example/transfers", "2: settled 1 loop_detected"],
    );
}

#[test]
fn a_retry_with_a_held_token_belongs_to_no_step_up() {
    let mut page = Page::with_popup();
    page.on(ensured(1, wants("AL3")));
    page.authenticates(1, "AL3", "t1", "1: end, publish t1 | -, settle 1");
    page.told();
    page.on(challenged(2, wants("AL3")));
    page.on(ensured(3, wants("AL3")));
    page.on(aborted(2));
    check(
        &mut page,
        &[
            "-: 401 of 2 POST https://api.example/transfers",
            "-: retry of 2 https://api.example/transfers",
            "-: settled 3 assurance",
            "-: settled 2 aborted",
        ],
    );
}

#[test]
fn the_step_up_that_served_a_request_before_has_no_part_in_a_retry_with_a_held_token() {
    let mut page = Page::with_popup();
    page.on(challenged(1, wants("AL3")));
    page.authenticates(1, "AL3", "t1", "1: end, publish t1 | -, retry 1 with t1");
    page.on(ensured(2, wants("AL4")));
    page.authenticates(2, "AL4", "t2", "2: end, publish t2 | -, settle 2");
    page.told();
    page.plays([(again(1, wants("AL4")), "retry 1 with t2")]);
    check(
        &mut page,
        &[
            "-: 401 of 1 POST https://api.example/transfers",
            "-: retry of 1 https://api.example/transfers",
        ],
    );
}

#[test]
fn what_is_refused_belongs_to_no_step_up_although_one_is_under_way() {
    let mut page = Page::with_popup();
    page.on(challenged(1, wants("AL3")));
    page.told();
    page.on(challenged_at("https://api.example.evil.test/transfers", 2, wants("AL3")));
    check(
        &mut page,
        &[
            "-: 401 of 2 POST https://api.example.evil.test/transfers",
            "-: settled 2 origin_not_allowed",
        ],
    );
}

#[test]
fn a_window_that_may_be_gone_is_no_new_prompt() {
    let mut page = Page::with_popup();
    page.on(ensured(1, wants("AL3")));
    page.navigates(1);
    page.told();
    page.on(of(1, WindowLost));
    check(&mut page, &[]);
}

#[test]
fn the_apps_own_prompt_is_told_with_the_reason_of_the_first() {
    let mut page = Page::with_own();
    let asks = |waiter, reason: &str| Event::Challenged {
        waiter: WaiterId(waiter),
        call: Call { reason: Some(reason.into()), ..call(API) },
        status: 403,
        requirement: wants("AL3"),
        sent_with: None,
        offer: None,
    };
    page.on(asks(1, "Confirm the transfer"));
    page.on(asks(2, "Show the statement"));
    assert_eq!(page.core.reason().as_deref(), Some("Confirm the transfer"));
    page.brings(1, "t1", "1: end, publish - | -, retry 1 with t1, retry 2 with t1");
    check(
        &mut page,
        &[
            "1: 403 of 1 POST https://api.example/transfers",
            "1: 403 of 2 POST https://api.example/transfers",
            "1: prompt by app Confirm the transfer",
            "1: authenticated - false",
            "1: retry of 1 https://api.example/transfers",
            "1: retry of 2 https://api.example/transfers",
        ],
    );
}

#[test]
fn t70_no_secret_is_printed() {
    let mut page = Page::with_popup();
    let _ = page.on(challenged(1, wants("AL3")));
    page.navigates(1);
    let mut printed = String::new();
    for event in
        [step_up::code("c1"), step_up::tokens("very-secret-token"), step_up::proves("alice", "AL3")]
    {
        let effects = page.core.on(of(1, event), page.now);
        printed.push_str(&format!("{effects:?} {:?}", page.core));
    }
    assert!(printed.contains("[redacted]"));
    for secret in ["very-secret-token", "id-very", "the-verifier", "=c1"] {
        assert!(!printed.contains(secret), "{secret}");
    }
}

#[test]
fn a_request_that_asks_first_is_told_as_such_and_is_no_retry() {
    let mut page = Page::with_popup();
    page.on(demanded(1, &[wants("AL3")]));
    page.on(of(1, crate::protocol::flow::tests::player::session_of("alice")));
    page.authenticates(1, "AL3", "t1", "1: end, publish t1 | -, retry 1 with t1");
    page.on(answered(1, 201));
    check(
        &mut page,
        &[
            "1: Rule demands AL3 of 1 https://api.example/transfers",
            "1: prompt by window ",
            "1: authenticated AL3 true",
            "1: settled 1 Some(201)",
        ],
    );
}
