//! Which requests prove that the key of their token is held.

use super::super::RenewalEvent;
use super::player::renewed as renewed_by;
use super::player::*;
use crate::protocol::config::Config;
use crate::protocol::config::tests::config;
use crate::protocol::flow::tests::player::{code, proves, secrets_with, session_of, tokens_of};
use crate::protocol::flow::{FlowEvent, tests::player::metadata};
use crate::protocol::token::TokenAnswer;

fn bound() -> Page {
    Page::new(Config { dpop: true, ..config() })
}

/// Alice proves AL3, and the token is bound to this key.
#[track_caller]
fn authenticates(page: &mut Page, flow: u32, key: &str, token: &str, effects: &str) {
    for event in [FlowEvent::WindowOpened, session_of("alice"), metadata(), secrets_with(key)] {
        let _ = page.on(of(flow, event));
    }
    let exchange =
        format!("{flow}: close window, {flow}: hide gate, {flow}: exchange c1 holding {key}");
    page.plays([
        (of(flow, code("c1")), &exchange),
        (of(flow, tokens_of("DPoP", token)), &format!("{flow}: verify id-{token}")),
        (of(flow, proves("alice", "AL3")), effects),
    ]);
}

#[test]
fn a_held_token_remembers_its_key() {
    let mut page = bound();
    page.plays([(challenged(1, wants("AL3")), "1: open window, 1: start")]);
    let ends = "1: end, publish t1 holding k1 | -, retry 1 with t1 holding k1";
    authenticates(&mut page, 1, "k1", "t1", ends);
    // Also where it is found later on, and the page has another key by then.
    page.plays([
        (answered(1, 200), ""),
        (ensured(2, wants("AL4")), "2: start"),
        (challenged(3, wants("AL3")), "retry 3 with t1 holding k1"),
    ]);
}

#[test]
fn t10_a_downgrade_leaves_what_was_held() {
    let mut page = bound();
    page.plays([(ensured(1, wants("AL3")), "1: start")]);
    let ends = "1: end, publish t1 holding k1 | -, settle 1";
    authenticates(&mut page, 1, "k1", "t1", ends);
    page.plays([(challenged_with(1, 2, wants("AL4")), "2: open window, 2: start")]);
    for event in [FlowEvent::WindowOpened, session_of("alice"), secrets_with("k1"), metadata()] {
        let _ = page.on(of(2, event));
    }
    page.plays([
        (of(2, code("c2")), "2: close window, 2: hide gate, 2: exchange c2 holding k1"),
        (of(2, tokens_of("Bearer", "t2")), "2: end, reject 2 downgrade_refused"),
        (ensured(3, wants("AL3")), "settle 3"),
    ]);
}

#[test]
fn a_renewal_proves_the_key_and_its_token_stays_bound_to_it() {
    let mut page = Page::new(Config { dpop: true, renew: true, ..config() });
    page.plays([(ensured(1, wants("AL3")), "1: start")]);
    for event in [session_of("alice"), metadata(), secrets_with("k1"), FlowEvent::WindowOpened] {
        let _ = page.on(of(1, event));
    }
    let dpop = |answer: TokenAnswer| TokenAnswer { token_type: Some("DPoP".into()), ..answer };
    let answered = FlowEvent::TokenAnswered(Ok(dpop(refreshable("t1", "r1"))));
    page.plays([
        (of(1, code("c1")), "1: close window, 1: hide gate, 1: exchange c1 holding k1"),
        (of(1, answered), "1: verify id-t1"),
        (of(1, proves("alice", "AL3")), "1: end, publish t1+ holding k1 | -, settle 1"),
        (token_invalid(1, 2), "renewal of 1: ask with r1 holding k1"),
    ]);
    let renewed = |answer| renewal(1, RenewalEvent::Answered(Ok(answer)));
    page.plays([(
        renewed(dpop(renewed_by("t2", "r2"))),
        "publish t2+ holding k1 | -, retry 2 with t2 holding k1",
    )]);
}

#[test]
fn t10_a_renewal_that_takes_the_token_off_its_key_is_none() {
    let mut page = Page::new(Config { dpop: true, renew: true, ..config() });
    page.plays([(ensured(1, wants("AL3")), "1: start")]);
    for event in [session_of("alice"), metadata(), secrets_with("k1"), FlowEvent::WindowOpened] {
        let _ = page.on(of(1, event));
    }
    let bound = TokenAnswer { token_type: Some("DPoP".into()), ..refreshable("t1", "r1") };
    for event in [code("c1"), FlowEvent::TokenAnswered(Ok(bound)), proves("alice", "AL3")] {
        let _ = page.on(of(1, event));
    }
    page.plays([
        (token_invalid(1, 2), "renewal of 1: ask with r1 holding k1"),
        (
            renewal(1, RenewalEvent::Answered(Ok(renewed_by("t2", "r2")))),
            "publish - | -, give 2 back",
        ),
    ]);
}
