//! Requests about one thing in particular: each thing is confirmed alone, and its token is used for it
//! only, once.

use super::super::{Call, Effect, Event, WaiterId};
use super::player::*;
use crate::protocol::claims_request::ClaimsRequest;
use crate::protocol::config::Config;
use crate::protocol::config::tests::config;
use crate::protocol::details::Details;
use crate::protocol::flow::FlowEvent;
use crate::protocol::flow::tests::player as step_up;
use crate::protocol::requirement::Requirement;
use crate::protocol::token::TokenAnswer;

fn details(payee: &str) -> Details {
    Details::new(format!(r#"[{{"type":"transfer","payee":"{payee}"}}]"#))
}

/// The same in other words.
fn turned(payee: &str) -> Details {
    Details::new(format!(r#"[ {{"payee":"{payee}", "type":"transfer"}} ]"#))
}

fn about(payee: &str, requirement: Requirement) -> Requirement {
    Requirement { authorization_details: details(payee), ..requirement }
}

/// A request that pays this payee is challenged, having left so many seconds after the beginning.
fn paying_at(seconds: u64, waiter: u32, payee: Details) -> Event {
    let Event::Challenged { call, requirement, .. } = left_at(seconds, waiter, wants("AL3")) else {
        panic!("no challenge")
    };
    let (waiter, call) = (WaiterId(waiter), Call { authorization_details: payee, ..call });
    Event::Challenged { waiter, call, status: 401, requirement, sent_with: None, offer: None }
}

fn paying(waiter: u32, payee: &str) -> Event {
    paying_at(0, waiter, details(payee))
}

/// Alice confirms it, and the provider grants it.
#[track_caller]
fn confirms(page: &mut Page, flow: u32, payee: &str, token: &str, effects: &str) {
    page.navigates(flow);
    let granted = TokenAnswer { authorization_details: details(payee), ..step_up::answer(token) };
    let exchange = format!("{flow}: close window, {flow}: hide gate, {flow}: exchange c1");
    page.plays([
        (of(flow, step_up::code("c1")), &exchange),
        (of(flow, FlowEvent::TokenAnswered(Ok(granted))), &format!("{flow}: verify id-{token}")),
        (of(flow, step_up::proves("alice", "AL3")), effects),
    ]);
}

#[test]
fn t09_two_payments_do_not_share_a_prompt() {
    let mut page = Page::with_popup();
    page.plays([
        (paying(1, "rent"), "1: open window, 1: start"),
        (paying(2, "savings"), ""),
        // Nor does the same payment in other words: it may be a second one.
        (paying_at(0, 3, turned("rent")), ""),
        (challenged(4, wants("AL3")), ""),
    ]);
    let ends = "1: end, publish - | -, retry 1 with t1, 2: open window, 2: start";
    confirms(&mut page, 1, "rent", "t1", ends);
    let ends = "2: end, publish - | -, retry 2 with t2, 3: open window, 3: start";
    confirms(&mut page, 2, "savings", "t2", ends);
    let ends = "3: end, publish - | -, retry 3 with t3, 4: open window, 4: start";
    confirms(&mut page, 3, "rent", "t3", ends);
    page.authenticates(4, "AL3", "t4", "4: end, publish t4 | -, retry 4 with t4");
}

#[test]
fn t09_what_was_confirmed_is_not_handed_to_another_tab() {
    let mut page = Page::new(Config { renew: true, ..config() });
    page.plays([(paying(1, "rent"), "1: open window, 1: start")]).navigates(1);
    let granted = TokenAnswer { authorization_details: details("rent"), ..refreshable("t1", "r1") };
    page.plays([
        (of(1, step_up::code("c1")), "1: close window, 1: hide gate, 1: exchange c1"),
        (of(1, FlowEvent::TokenAnswered(Ok(granted))), "1: verify id-t1"),
    ]);
    let mut effects = page.core.on(of(1, step_up::proves("alice", "AL3")), page.now);
    effects.extend(page.core.on(of(1, step_up::session_of("alice")), page.now));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Retry { .. })), "{effects:?}");
    let handed = |effect: &Effect| matches!(effect, Effect::HandOver { .. });
    assert!(!effects.iter().any(handed), "{effects:?}");
}

#[test]
fn t09_a_session_that_proves_enough_confirms_nothing_in_particular() {
    let mut page = Page::with_popup();
    page.plays([(ensured(1, wants("AL1")), "1: start")]);
    page.plays([
        (of(1, step_up::secrets()), ""),
        (of(1, step_up::metadata()), ""),
        (of(1, step_up::session_with("id-s")), "1: verify id-s"),
        (of(1, step_up::session_is("alice")), "1: end, settle 1"),
        (ensured(2, about("rent", wants("AL1"))), "2: open window, 2: start"),
        (aborted(2), "2: end"),
    ]);
    // The window is opened in the click.
    let claims = ClaimsRequest::new(r#"{"a":null}"#);
    let demanding = Requirement { claims, ..wants("AL1") };
    for (asked, window) in
        [(about("rent", wants("AL1")), true), (demanding, true), (wants("AL1"), false)]
    {
        assert_eq!(page.core.wants_window(&asked, page.now), window, "{asked:?}");
    }
}

#[test]
fn t09_a_confirmed_payment_is_made_once() {
    let mut page = Page::with_popup();
    page.plays([(paying(1, "rent"), "1: open window, 1: start")]);
    confirms(&mut page, 1, "rent", "t1", "1: end, publish - | -, retry 1 with t1");
    page.plays([(answered(1, 201), "")]).later(5).plays([
        // What is held before stays in use, and is not enough for a second one.
        (paying_at(5, 2, details("rent")), "2: open window, 2: start"),
    ]);
    assert_eq!(page.core.token(&about("rent", wants("")), page.now), None);
}

#[test]
fn t09_what_was_granted_for_one_payment_replaces_nothing() {
    let mut page = Page::with_popup();
    page.plays([(ensured(1, wants("AL1")), "1: start")]);
    page.authenticates(1, "AL1", "wide", "1: end, publish wide | -, settle 1");
    page.plays([(paying(2, "rent"), "2: open window, 2: start")]);
    confirms(&mut page, 2, "rent", "t2", "2: end, publish wide | -, retry 2 with t2");
    assert_eq!(page.core.token(&wants("AL1"), page.now).map(|it| it.expose()), Some("wide"));
    assert_eq!(page.core.token(&wants("AL3"), page.now), None);
}

#[test]
fn what_was_ensured_goes_with_the_next_request_about_it() {
    let url = "https://api.example/transfers";
    let mut page = Page::with_popup();
    page.plays([(ensured(1, about("rent", wants("AL3"))), "1: open window, 1: start")]);
    confirms(&mut page, 1, "rent", "t1", "1: end, publish - | -, settle 1");
    page.plays([(ensured(2, about("rent", wants("AL3"))), "settle 2")]);
    let now = page.now;
    let mut take = |url: &str, details: &Details| page.core.take_narrow(url, details, now);
    assert_eq!(take(url, &details("savings")), None);
    assert_eq!(take(url, &Details::default()), None);
    assert_eq!(take(FILES, &details("rent")), None, "another resource");
    assert_eq!(take("https://evil.example/", &details("rent")), None);
    let taken = take(url, &turned("rent")).expect("it is held");
    assert!(taken.once && taken.access_token.expose() == "t1");
    assert_eq!(take(url, &details("rent")), None, "once");
    // One that leaves without it, and is challenged, finds it too.
    page.plays([(ensured(3, about("rent", wants("AL3"))), "2: open window, 2: start")]);
    confirms(&mut page, 2, "rent", "t2", "2: end, publish - | -, settle 3");
    page.later(5).plays([
        (paying_at(5, 4, details("savings")), "3: open window, 3: start"),
        (paying_at(5, 5, details("rent")), "retry 5 with t2"),
        (paying_at(5, 6, details("rent")), ""),
    ]);
}

#[test]
fn t51_what_cannot_be_sent_again_finds_its_token_at_the_next_try() {
    let mut page = Page::with_popup();
    let Event::Challenged { call, .. } = paying(1, "rent") else { panic!("no challenge") };
    let call = Call { replayable: false, ..call };
    let challenge = |call| Event::Challenged {
        waiter: WaiterId(1),
        call,
        status: 401,
        requirement: wants("AL3"),
        sent_with: None,
        offer: None,
    };
    page.plays([(challenge(call), "1: open window, 1: start")]);
    confirms(&mut page, 1, "rent", "t1", "1: end, publish - | -, reject 1 replay_unavailable");
    let taken = page.core.take_narrow(API, &details("rent"), page.now);
    assert_eq!(taken.map(|it| it.access_token.expose().to_owned()).as_deref(), Some("t1"));
}

#[test]
fn t11_the_same_payment_demanded_again_is_a_loop() {
    let mut page = Page::with_popup();
    page.plays([(paying(1, "rent"), "1: open window, 1: start")]);
    confirms(&mut page, 1, "rent", "t1", "1: end, publish - | -, retry 1 with t1");
    page.plays([(again(1, wants("AL3")), "reject 1 loop_detected")]);
}

#[test]
fn t09_what_was_confirmed_is_not_renewed() {
    let mut page = Page::new(Config { renew: true, ..config() });
    page.plays([(paying(1, "rent"), "1: open window, 1: start")]).navigates(1);
    let granted = TokenAnswer { authorization_details: details("rent"), ..refreshable("t1", "r1") };
    page.plays([
        (of(1, step_up::code("c1")), "1: close window, 1: hide gate, 1: exchange c1"),
        (of(1, FlowEvent::TokenAnswered(Ok(granted))), "1: verify id-t1"),
        (of(1, step_up::proves("alice", "AL3")), "1: end, publish - | -, retry 1 with t1"),
        // The API takes it for invalid: that is the answer, and no other token is made of it.
        (Event::TokenInvalidAgain { waiter: WaiterId(1) }, "publish - | -, give 1 back"),
    ]);
}
