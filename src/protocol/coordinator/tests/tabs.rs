//! What one tab tells the others, and what it does with what it is told.

use super::player::*;
use super::{Effect, Event};
use crate::protocol::config::Config;
use crate::protocol::config::tests::with_backend;
use crate::protocol::flow::FlowEvent::{Asserted, BackendAnswered, HandedOver, TurnAwaited};
use crate::protocol::flow::Obtained;
use crate::protocol::flow::tests::player::{NOW, secrets, session_of};
use crate::protocol::handover::HandOver;
use crate::protocol::json;
use crate::protocol::method::Method;
use crate::protocol::secret::Secret;

fn cleared_elsewhere(sub: Option<&str>) -> Event {
    Event::ClearedElsewhere { sub: sub.map(str::to_owned) }
}

/// What a page hands over when it succeeds.
fn hands_over(page: &mut Page, events: Vec<Event>) -> Option<HandOver> {
    let mut handed = None;
    for event in events {
        for effect in page.core.on(event, page.now) {
            if let Effect::HandOver { result, .. } = effect {
                assert!(handed.is_none(), "once");
                // By way of its text, as on a real page.
                let text = json::write(&*result);
                handed = Some(json::read(&text).unwrap());
            }
        }
    }
    handed
}

/// What a page obtains by a popup for this demand.
fn obtained(wanted: &str) -> HandOver {
    use crate::protocol::flow::tests::player as step_up;
    let mut page = Page::with_popup();
    page.plays([(challenged(1, wants(wanted)), "1: open window, 1: start")]).navigates(1);
    let events = [step_up::code("c1"), step_up::tokens("t1"), step_up::proves("alice", wanted)];
    let mut events: Vec<Event> = events.into_iter().map(|event| of(1, event)).collect();
    events.push(of(1, session_of("alice")));
    hands_over(&mut page, events).expect("something is handed over")
}

/// Another tab of the same user, which waits for its turn.
fn waits() -> Page {
    let mut page = Page::with_popup();
    page.alone = false;
    page.plays([
        (challenged(1, wants("AL3")), "1: open window, 1: start"),
        (of(1, TurnAwaited), "1: show elsewhere"),
        (challenged(2, wants("AL3")), ""),
    ])
    .navigates(1);
    page
}

#[test]
fn t58_one_tabs_prompt_serves_the_requests_of_another() {
    let handed = Box::new(obtained("AL3"));
    waits().plays([
        (of(1, HandedOver(handed)), "1: end, publish t1 | -, retry 1 with t1, retry 2 with t1"),
        (answered(1, 200), ""),
    ]);
}

#[test]
fn t58_what_was_handed_over_is_as_old_as_its_receipt_by_the_first_tab() {
    let mut page = waits();
    page.later(4).plays([(
        of(1, HandedOver(Box::new(obtained("AL3")))),
        "1: end, publish t1 | -, retry 1 with t1, retry 2 with t1",
    )]);
    // It lives for 300 seconds from when it was received, and not from when it was handed over.
    let at = |seconds: u64| NOW.plus(crate::protocol::units::Seconds(seconds).millis());
    assert!(page.core.token(&wants("AL3"), at(299)).is_some());
    assert!(page.core.token(&wants("AL3"), at(300)).is_none());
}

#[test]
fn t58_what_was_handed_over_is_not_handed_on() {
    let mut page = waits();
    let event = of(1, HandedOver(Box::new(obtained("AL3"))));
    assert!(hands_over(&mut page, vec![event]).is_none());
}

#[test]
fn what_nothing_vouches_for_is_handed_to_nobody() {
    use crate::protocol::flow::tests::player as step_up;
    let mut page = Page::with_own();
    page.plays([(challenged(1, wants("AL3")), "1: start")]);
    let events = vec![
        of(1, step_up::no_session()),
        of(1, step_up::own("t1", None)),
        of(1, step_up::no_session()),
    ];
    assert!(hands_over(&mut page, events).is_none());
    assert!(page.core.token(&wants("AL3"), page.now).is_some(), "it has succeeded");
}

#[test]
fn a_raised_session_is_told_to_the_others_without_a_secret() {
    let config = Config { methods: vec![Method::Passkey], ..with_backend() };
    let mut page = Page::new(config);
    page.plays([(carrying(API, 1, wants("AL3")), "1: start")]);
    page.on(of(1, secrets()));
    page.on(of(1, crate::protocol::flow::FlowEvent::GestureRead(true)));
    page.on(of(1, crate::protocol::flow::tests::player::options("o1")));
    page.on(of(1, crate::protocol::flow::FlowEvent::GestureRead(true)));
    page.on(of(1, Asserted(Ok(Secret::new("{}")))));
    let handed =
        hands_over(&mut page, vec![of(1, BackendAnswered(Ok(Default::default())))]).unwrap();
    assert!(matches!(handed.obtained, Obtained::Session { .. }) && handed.claims.is_none());
}

#[test]
fn t67_a_logout_in_another_tab_cancels_here_as_well() {
    waits().plays([(
        cleared_elsewhere(None),
        "1: end, publish - | -, reject 1 session_changed, reject 2 session_changed",
    )]);
}

#[test]
fn t67_another_user_in_another_tab_cancels_what_is_not_theirs() {
    waits().plays([(
        cleared_elsewhere(Some("bob")),
        "1: end, publish - | -, reject 1 session_changed, reject 2 session_changed",
    )]);
    // This tab is theirs already.
    waits().plays([(cleared_elsewhere(Some("alice")), "")]);
}

#[test]
fn t58_without_its_turn_a_tab_ends_when_its_time_is_over() {
    waits().plays([(
        of(1, crate::protocol::flow::FlowEvent::DeadlinePassed),
        "1: end, reject 1 timed_out, reject 2 timed_out",
    )]);
}

#[test]
fn t15_what_another_tab_has_spared_the_user_counts_as_no_prompt() {
    let mut page = Page::with_popup();
    page.alone = false;
    // More often than an API may ask in a minute.
    for number in 1..=6 {
        page.plays([(
            challenged(number, wants("AL3")),
            &format!("{number}: open window, {number}: start"),
        )]);
        page.on(of(number, TurnAwaited));
        page.navigates(number);
        page.on(of(number, HandedOver(Box::new(obtained("AL3")))));
        page.on(answered(number, 200));
        page.on(token_refused(number));
    }
}
