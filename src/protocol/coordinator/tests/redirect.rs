//! Requests that outlive the page.

use super::player::*;
use super::{Event, WaiterId};
use crate::protocol::config::Config;
use crate::protocol::config::tests::config;
use crate::protocol::error::ErrorCode;
use crate::protocol::flow::FlowEvent;
use crate::protocol::flow::tests::player as step_up;
use crate::protocol::method::Method;
use crate::protocol::units::Seconds;

const QUERY: &str = "?code=c1&state=the-state&iss=https%3A%2F%2Flogin.example";

fn redirects() -> Page {
    Page::new(Config { methods: vec![Method::Redirect], ..config() })
}

/// The page goes as far as saving, with this told.
#[track_caller]
fn leaves(page: &mut Page, flow: u32, saves: &str) {
    for event in [step_up::session_of("alice"), step_up::metadata(), step_up::secrets()] {
        page.on(of(flow, event));
    }
    page.plays([
        (of(flow, FlowEvent::GestureRead(true)), &format!("{flow}: await quiet")),
        (of(flow, FlowEvent::Quiet), saves),
        (of(flow, FlowEvent::Saved(Ok(()))), &format!("{flow}: leave")),
    ]);
}

/// Another page takes up what this one saved; `resume()` is waiter 50.
fn back(page: &Page, waiters: &[u32]) -> (Page, Event) {
    let mut next = redirects();
    next.now = page.now;
    let saved = page.saved.clone().expect("something was saved");
    let event = Event::Resumed {
        waiter: WaiterId(50),
        saved,
        query: QUERY.into(),
        waiters: waiters.iter().map(|&id| Some(WaiterId(id)).filter(|_| id > 0)).collect(),
    };
    (next, event)
}

const TRADES: &str = "1: start, 1: close window, 1: hide gate, 1: exchange c1";

/// The user who came back is Alice, and the provider says so.
#[track_caller]
fn proves(page: &mut Page, effects: &str) {
    page.plays([
        (of(1, step_up::no_session()), ""),
        (of(1, step_up::tokens("t1")), "1: verify id-t1"),
        (of(1, step_up::proves("alice", "AL3")), effects),
    ]);
}

#[test]
fn everything_that_waits_is_saved_and_sent_once_by_the_next_page() {
    let mut page = redirects();
    page.plays([
        (challenged(1, wants("AL3")), "1: start"),
        (challenged(2, wants("AL2")), ""),
        (ensured(3, wants("AL3")), ""),
    ]);
    leaves(&mut page, 1, "1: save 1 2");
    // That is how it is found again, and for how long.
    let saved = page.saved.as_ref().unwrap();
    assert_eq!(saved.state(), "the-state");
    assert_eq!(saved.until(), page.now.plus(Seconds(300).millis()));
    let (mut next, resumed) = back(&page, &[51, 52]);
    next.plays([(resumed, TRADES)]);
    // What was demanded besides is asked for in its turn: here a click is needed first.
    proves(&mut next, "1: end, publish t1 | -, settle 50, retry 51 with t1, 2: start");
    next.plays([(answered(51, 201), "")]);
}

#[test]
fn what_is_challenged_while_others_are_on_the_wire_is_saved_too() {
    let mut page = redirects();
    page.plays([(challenged(1, wants("AL3")), "1: start")]);
    for event in [step_up::session_of("alice"), step_up::metadata(), step_up::secrets()] {
        page.on(of(1, event));
    }
    page.plays([
        (of(1, FlowEvent::GestureRead(true)), "1: await quiet"),
        (challenged(2, wants_scope("AL3", "payees:write")), ""),
        (of(1, FlowEvent::Quiet), "1: save 1 2"),
    ]);
}

#[test]
fn t49_a_stream_is_refused_before_the_page_is_left() {
    let mut page = redirects();
    page.plays([
        (challenged(1, wants("AL3")), "1: start"),
        (challenged_stream(2, wants("AL3")), ""),
    ]);
    leaves(&mut page, 1, "reject 2 replay_unavailable, 1: save 1");
    let mut page = redirects();
    page.plays([(challenged_stream(1, wants("AL3")), "1: start")]);
    for event in [step_up::session_of("alice"), step_up::metadata(), step_up::secrets()] {
        page.on(of(1, event));
    }
    let refused = "reject 1 replay_unavailable, 1: end";
    page.plays([
        (of(1, FlowEvent::GestureRead(true)), "1: await quiet"),
        (of(1, FlowEvent::Quiet), refused),
    ]);
}

#[test]
fn what_the_app_does_not_want_sent_is_not_sent() {
    let mut page = redirects();
    page.plays([(challenged(1, wants("AL3")), "1: start"), (challenged(2, wants("AL3")), "")]);
    leaves(&mut page, 1, "1: save 1 2");
    let (mut next, resumed) = back(&page, &[0, 52]);
    next.plays([(resumed, TRADES)]);
    proves(&mut next, "1: end, publish t1 | -, settle 50, retry 52 with t1");
}

#[test]
fn t53_who_comes_back_too_late_sends_nothing() {
    let mut page = redirects();
    page.plays([(challenged(1, wants("AL3")), "1: start")]);
    leaves(&mut page, 1, "1: save 1");
    let (mut next, resumed) = back(&page, &[51]);
    next.later(300);
    next.plays([(resumed, "reject 50 pending_expired, reject 51 pending_expired")]);
}

#[test]
fn t14_where_a_saved_request_goes_is_looked_at_again() {
    let mut page = redirects();
    page.plays([(challenged(1, wants("AL3")), "1: start")]);
    leaves(&mut page, 1, "1: save 1");
    let (mut next, resumed) = back(&page, &[51]);
    next.core.config.apis.clear();
    next.plays([(resumed, &format!("reject 51 origin_not_allowed, {TRADES}"))]);
}

#[test]
fn a_failed_return_rejects_all_who_waited_for_it() {
    let mut page = redirects();
    page.plays([(challenged(1, wants("AL3")), "1: start")]);
    leaves(&mut page, 1, "1: save 1");
    let (mut next, resumed) = back(&page, &[51]);
    let Event::Resumed { waiter, saved, waiters, .. } = resumed else { panic!() };
    let query = "?error=access_denied&state=the-state&iss=https%3A%2F%2Flogin.example".into();
    let ends = "1: start, 1: end, reject 50 cancelled, reject 51 cancelled";
    next.plays([(Event::Resumed { waiter, saved, query, waiters }, ends)]);
}

#[test]
fn who_is_back_while_another_step_up_is_under_way_waits_for_its_end() {
    let mut page = redirects();
    page.plays([(challenged(1, wants("AL3")), "1: start")]);
    leaves(&mut page, 1, "1: save 1");
    let (mut next, resumed) = back(&page, &[51]);
    next.plays([
        (ensured(1, wants("AL2")), "1: start"),
        (resumed, ""),
        (
            of(1, FlowEvent::DeadlinePassed),
            "1: end, reject 1 timed_out, 2: start, 2: close window, 2: hide gate, 2: exchange c1",
        ),
    ]);
}

#[test]
fn a_loop_is_one_across_pages() {
    let mut page = redirects();
    page.plays([(challenged(1, wants("AL3")), "1: start")]);
    leaves(&mut page, 1, "1: save 1");
    let (mut next, resumed) = back(&page, &[51]);
    next.plays([(resumed, TRADES)]);
    proves(&mut next, "1: end, publish t1 | -, settle 50, retry 51 with t1");
    next.plays([(again(51, wants("AL3")), "reject 51 loop_detected")]);
}

#[test]
fn t60_a_page_from_the_browsers_cache_awaits_nothing() {
    let mut page = redirects();
    page.plays([(challenged(1, wants("AL3")), "1: start"), (challenged(2, wants("AL2")), "")]);
    leaves(&mut page, 1, "1: save 1 2");
    page.plays([
        (Event::Interrupted, "1: end, reject 1 interrupted, reject 2 interrupted"),
        (of(1, step_up::tokens("t1")), ""),
        (Event::Interrupted, ""),
    ]);
}

#[test]
fn t66_what_cannot_be_saved_ends_all_that_waits_for_it() {
    let mut page = redirects();
    page.plays([(challenged(1, wants("AL3")), "1: start")]);
    for event in [step_up::session_of("alice"), step_up::metadata(), step_up::secrets()] {
        page.on(of(1, event));
    }
    let full = FlowEvent::Saved(Err(ErrorCode::StorageUnavailable.into()));
    page.plays([
        (of(1, FlowEvent::GestureRead(true)), "1: await quiet"),
        (of(1, FlowEvent::Quiet), "1: save 1"),
        (of(1, full), "1: end, reject 1 storage_unavailable"),
    ]);
}

#[test]
fn what_is_challenged_while_the_others_are_being_saved_is_saved_too() {
    let mut page = redirects();
    page.plays([(challenged(1, wants("AL3")), "1: start")]);
    for event in [step_up::session_of("alice"), step_up::metadata(), step_up::secrets()] {
        page.on(of(1, event));
    }
    page.on(of(1, FlowEvent::GestureRead(true)));
    page.plays([
        (of(1, FlowEvent::Quiet), "1: save 1"),
        (challenged(2, wants("AL3")), ""),
        (of(1, FlowEvent::Saved(Ok(()))), "1: await quiet"),
        (of(1, FlowEvent::Quiet), "1: save 1 2"),
        (of(1, FlowEvent::Saved(Ok(()))), "1: leave"),
    ]);
}
