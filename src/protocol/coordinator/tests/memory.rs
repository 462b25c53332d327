//! What challenges have taught, where the app wants it remembered.

use super::player::*;
use super::{Call, Event};
use crate::protocol::config::Config;
use crate::protocol::config::tests::config;
use crate::protocol::details::Details;
use crate::protocol::flow::Choice;
use crate::protocol::flow::FlowEvent;
use crate::protocol::flow::tests::player::{self as step_up, session_of};
use crate::protocol::requirement::{Requirement, Scope};

fn remembering() -> Page {
    Page::new(Config { remember: true, ..config() })
}

fn within(seconds: u64) -> Requirement {
    wants_within("AL3", seconds)
}

/// It is challenged, the user proves AL3, and it goes through. The tokens are called after the step-up.
#[track_caller]
fn challenge(page: &mut Page, flow: u32, waiter: u32, need: Requirement) {
    let token = format!("t{flow}");
    page.plays([(left_now(page, waiter, need), &format!("{flow}: open window, {flow}: start"))]);
    let done = format!("{flow}: end, publish {token} | -, retry {waiter} with {token}");
    page.authenticates(flow, "AL3", &token, &done).plays([(answered(waiter, 200), "")]);
}

fn left_now(page: &Page, waiter: u32, need: Requirement) -> Event {
    left_at((page.now.0 - 1_800_000_000_000) / 1000, waiter, need)
}

/// It asks first, the user proves AL3, and it goes through.
#[track_caller]
fn asks_first(page: &mut Page, flow: u32, waiter: u32) {
    let token = format!("t{flow}");
    page.plays([
        (demanded(waiter, &[]), &format!("{flow}: start")),
        (of(flow, session_of("alice")), &format!("{flow}: open window")),
    ]);
    let done = format!("{flow}: end, publish {token} | -, retry {waiter} with {token}");
    page.authenticates(flow, "AL3", &token, &done).plays([(answered(waiter, 200), "")]);
}

fn went_through() -> Event {
    Event::WentThrough { method: "POST".into(), url: API.into() }
}

#[test]
fn the_next_request_of_the_kind_brings_the_right_token() {
    let mut page = remembering();
    challenge(&mut page, 1, 1, wants("AL3"));
    page.plays([
        (demanded(2, &[]), "retry 2 with t1"),
        (answered(2, 200), ""),
        // Another method, path or origin is another kind; another query is not.
        (demanded_of(Call { method: "GET".into(), ..call(API) }, 3, &[]), "let 3 go"),
        (demanded_of(call("https://api.example/transfers/1"), 4, &[]), "let 4 go"),
        (demanded_of(call(FILES), 5, &[]), "let 5 go"),
        (demanded_of(call("https://api.example/transfers?id=2"), 6, &[]), "retry 6 with t1"),
    ]);
}

#[test]
fn it_asks_first_where_what_is_held_is_not_enough_any_more() {
    let mut page = remembering();
    challenge(&mut page, 1, 1, within(60));
    page.later(100);
    asks_first(&mut page, 2, 2);
}

#[test]
fn nothing_is_remembered_where_the_app_did_not_ask_for_it() {
    let mut page = Page::with_popup();
    page.plays([(challenged(1, wants("AL3")), "1: open window, 1: start")])
        .authenticates(1, "AL3", "t1", "1: end, publish t1 | -, retry 1 with t1")
        .plays([(demanded(2, &[]), "let 2 go")]);
}

#[test]
fn a_demand_that_was_for_one_body_only_prompts_once_in_vain() {
    let mut page = remembering();
    challenge(&mut page, 1, 1, within(60));
    // In vain, as nobody knows yet.
    page.later(100);
    asks_first(&mut page, 2, 2);
    page.later(100).plays([
        (demanded(3, &[]), "let 3 go on trial"),
        (went_through(), ""),
        (demanded(4, &[]), "let 4 go"),
    ]);
    // Neither does a further challenge teach anything any more.
    challenge(&mut page, 3, 5, within(60));
    page.later(100).plays([(demanded(6, &[]), "let 6 go")]);
}

#[test]
fn a_demand_that_holds_is_put_to_the_test_less_and_less() {
    let mut page = remembering();
    challenge(&mut page, 1, 1, within(60));
    let (mut flow, mut waiter) = (1, 1);
    for trust in [1, 2, 4, 4] {
        for _ in 0..trust {
            (flow, waiter) = (flow + 1, waiter + 1);
            page.later(100);
            asks_first(&mut page, flow, waiter);
        }
        (flow, waiter) = (flow + 1, waiter + 2);
        page.later(100);
        page.plays([(demanded(waiter - 1, &[]), &format!("let {} go on trial", waiter - 1))]);
        challenge(&mut page, flow, waiter, within(60));
        // An answer that comes late refutes nothing.
        page.plays([(went_through(), "")]);
    }
}

#[test]
fn what_is_held_puts_nothing_to_the_test() {
    let mut page = remembering();
    challenge(&mut page, 1, 1, within(60));
    page.later(100);
    asks_first(&mut page, 2, 2);
    page.plays([(demanded(3, &[]), "retry 3 with t2"), (answered(3, 200), "")]);
    page.later(100).plays([(demanded(4, &[]), "let 4 go on trial")]);
}

#[test]
fn a_second_demand_is_added_to_the_first_and_another_one_replaces_it() {
    let write = || Requirement { scope: Scope::parse("write"), ..wants("") };
    let mut page = remembering();
    page.plays([(challenged(1, wants("AL3")), "1: open window, 1: start")])
        .authenticates(1, "AL3", "t1", "1: end, publish t1 | -, retry 1 with t1")
        .plays([(again(1, write()), "2: open window, 2: start"), (aborted(1), "2: end")]);
    page.plays([(demanded(2, &[]), "3: start"), (of(3, session_of("alice")), "3: open window")]);
    page.navigates(3);
    let url = page.urls.pop().unwrap();
    assert!(url.contains("acr_values=AL3") && url.contains("write"), "{url}");
    page.plays([
        (aborted(2), "3: end"),
        (challenged_with(1, 3, wants("AL2")), "4: open window, 4: start"),
        (aborted(3), "4: end"),
        (demanded(4, &[]), "5: start"),
    ]);
    page.plays([(of(5, session_of("alice")), "5: open window")]).navigates(5);
    assert!(page.urls.pop().unwrap().contains("acr_values=AL2"));
}

#[test]
fn t15_a_lesson_keeps_no_request_from_leaving_in_a_cool_down() {
    let mut page = remembering();
    page.plays([
        (challenged(1, wants("AL3")), "1: open window, 1: start"),
        (of(1, FlowEvent::WindowBlocked), "1: show open"),
        (of(1, FlowEvent::Chosen(Choice::Cancel)), "1: end, reject 1 cancelled"),
        (demanded(2, &[]), "let 2 go"),
    ]);
    page.later(31).plays([(demanded(3, &[]), "2: start")]);
}

#[test]
fn a_prompt_on_its_word_that_comes_to_nothing_is_the_last() {
    let mut page = remembering();
    challenge(&mut page, 1, 1, within(60));
    page.later(100).plays([
        (demanded(2, &[]), "2: start"),
        (of(2, session_of("alice")), "2: open window"),
        (of(2, FlowEvent::DeadlinePassed), "2: end, reject 2 timed_out"),
        (demanded(3, &[]), "let 3 go"),
    ]);
}

#[test]
fn a_logout_forgets_it() {
    let mut page = remembering();
    challenge(&mut page, 1, 1, wants("AL3"));
    page.plays([(Event::Cleared, "publish - | -"), (demanded(2, &[]), "let 2 go")]);
}

#[test]
fn a_demand_beyond_the_ceiling_teaches_nothing() {
    let mut config = Config { remember: true, ..config() };
    config.apis[0].scopes = Some(Scope::parse("read"));
    let write = Requirement { scope: Scope::parse("write"), ..wants("") };
    Page::new(config)
        .plays([(challenged(1, write), "reject 1 scope_refused"), (demanded(2, &[]), "let 2 go")]);
}

#[test]
fn a_rule_is_asked_for_together_with_what_is_remembered() {
    let write = || Requirement { scope: Scope::parse("write"), ..wants("") };
    let mut page = remembering();
    page.plays([(challenged(1, write()), "1: open window, 1: start"), (aborted(1), "1: end")]);
    page.plays([
        (demanded(2, &[wants("AL3")]), "2: start"),
        (of(2, session_of("alice")), "2: open window"),
    ]);
    page.navigates(2);
    let url = page.urls.pop().unwrap();
    assert!(url.contains("acr_values=AL3") && url.contains("write"), "{url}");
}

#[test]
fn the_oldest_of_too_many_kinds_is_forgotten() {
    let mut page = remembering();
    for waiter in 1..=51 {
        let url = format!("https://api.example/{waiter}");
        page.on(challenged_at(&url, waiter, wants("AL3")));
        page.on(aborted(waiter));
    }
    page.later(100).plays([
        (demanded_of(call("https://api.example/1"), 60, &[]), "let 60 go"),
        (demanded_of(call("https://api.example/2"), 61, &[]), "6: start"),
    ]);
}

#[test]
fn what_a_request_was_about_in_particular_is_not_remembered() {
    let details = Details::new(r#"[{"type":"pay","amount":1}]"#);
    let about = Requirement { authorization_details: details, ..wants("AL3") };
    let mut page = remembering();
    page.plays([(challenged(1, about), "1: open window, 1: start"), (aborted(1), "1: end")]);
    page.plays([(demanded(2, &[]), "2: start"), (of(2, session_of("alice")), "2: open window")]);
    page.navigates(2);
    let url = page.urls.pop().unwrap();
    assert!(url.contains("AL3") && !url.contains("authorization_details"), "{url}");
}

#[test]
fn a_no_to_somebody_elses_prompt_keeps_no_request_from_leaving() {
    let mut page = remembering();
    challenge(&mut page, 1, 1, within(10));
    page.later(60);
    page.plays([
        (ensured(2, wants("AL4")), "2: start"),
        (of(2, session_of("alice")), "2: open window"),
        // It waits for its turn: another level is asked for.
        (demanded(3, &[]), ""),
        (of(2, step_up::cancel()), "2: end, reject 2 cancelled, let 3 go"),
    ]);
}
