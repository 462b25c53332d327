//! The app's order of levels, on a page: who joins whom, what is held, and what the app is told.

use super::player::*;
use super::{Assurance, Notice};
use crate::protocol::config::Config;
use crate::protocol::config::tests::{config, with_backend, with_passkeys};
use crate::protocol::encode::parse_form;
use crate::protocol::flow::FlowEvent::{self, WindowOpened};
use crate::protocol::flow::tests::player::{
    claims, code, metadata, proves, secrets, session_of, tokens,
};
use crate::protocol::level::{Level, Levels};
use crate::protocol::requirement::{Requirement, Scope};
use crate::protocol::units::{EpochMillis, Seconds};

/// AL1 to AL4, of which the third and the fourth have a time to hold and names at the provider.
pub fn levels() -> Levels {
    let level = |name: &str, acr: &str, max_age: Option<u64>| Level {
        name: name.into(),
        acr: vec![acr.into()],
        amr: Vec::new(),
        max_age: max_age.map(Seconds),
        phishing_resistant: name == "AL3",
    };
    vec![
        level("AL1", "AL1", None),
        level("AL2", "AL2", None),
        level("AL3", "urn:p:3", Some(120)),
        level("AL4", "urn:p:4", Some(60)),
    ]
    .into()
}

fn page() -> Page {
    Page::new(Config { levels: levels(), ..config() })
}

/// A parameter of the authorization request by which a step-up would go.
fn asked(page: &mut Page, flow: u32, name: &str) -> Option<String> {
    page.navigates(flow);
    let url = page.urls.last().cloned().unwrap();
    let query = url.split_once('?').map(|(_, query)| query.to_owned()).unwrap();
    parse_form(&query).into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

fn resistant() -> Requirement {
    Requirement { phishing_resistant: true, ..Requirement::default() }
}

#[test]
fn t04_a_level_is_asked_for_in_the_providers_words_and_a_higher_one_serves() {
    let mut page = page();
    page.plays([(challenged(1, wants("AL3")), "1: open window, 1: start")]);
    assert_eq!(asked(&mut page, 1, "acr_values").as_deref(), Some("urn:p:3"));
    page.comes_back(1, "urn:p:4", "t1", "1: end, publish t1 | -, retry 1 with t1");
}

#[test]
fn t05_the_time_a_level_holds_is_asked_for() {
    let mut page = page();
    page.plays([(challenged(1, wants("AL3")), "1: open window, 1: start")]);
    assert_eq!(asked(&mut page, 1, "max_age").as_deref(), Some("120"));
}

#[test]
fn t04_a_lower_level_serves_nobody() {
    let mut page = page();
    page.plays([(challenged(1, wants("AL3")), "1: open window, 1: start")])
        .navigates(1)
        .comes_back(1, "AL2", "t1", "1: end, reject 1 assurance_not_met");
}

#[test]
fn t22_one_prompt_for_the_highest_level_serves_all_below_it() {
    let mut page = page();
    page.plays([
        (challenged(1, wants("AL2")), "1: open window, 1: start"),
        (challenged(2, wants("AL4")), ""),
        (challenged(3, wants_within("AL1", 30)), ""),
        (challenged(4, wants_scope("AL3", "a")), ""),
    ]);
    assert_eq!(asked(&mut page, 1, "acr_values").as_deref(), Some("urn:p:4"));
    let sent = |name: &str| {
        let (_, query) = page.urls.last().unwrap().split_once('?').unwrap();
        parse_form(query).into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    };
    assert_eq!(sent("max_age").as_deref(), Some("30"));
    assert_eq!(sent("scope").as_deref(), Some("openid a"));
    // One that comes too late, and is lower, is served as well.
    page.plays([(challenged(5, wants("AL3")), "")]);
    page.comes_back(
        1,
        "urn:p:4",
        "t1",
        "1: end, publish t1 | -, retry 1 with t1, retry 2 with t1, retry 3 with t1, \
         retry 4 with t1, retry 5 with t1",
    );
}

#[test]
fn a_held_level_serves_what_is_below_it_as_long_as_it_holds() {
    let mut page = page();
    page.plays([(ensured(1, wants("AL4")), "1: start")])
        .authenticates(1, "urn:p:4", "t1", "1: end, publish t1 | -, settle 1")
        .plays([(ensured(2, wants("AL3")), "settle 2"), (ensured(3, wants("AL4")), "settle 3")]);
    assert!(page.core.token(&wants("AL2"), page.now).is_some());
    assert!(!page.core.wants_window(&wants("AL3"), page.now));
    page.later(60).plays([
        (ensured(4, wants("AL3")), "settle 4"),
        (ensured(5, wants("AL4")), "2: start"),
        (aborted(5), "2: end"),
    ]);
    page.later(60)
        .plays([(ensured(6, wants("AL2")), "settle 6"), (ensured(7, wants("AL3")), "3: start")]);
}

#[test]
fn t11_a_lower_level_after_a_higher_one_was_proved_is_a_loop() {
    let mut page = page();
    page.plays([(challenged(1, wants("AL4")), "1: open window, 1: start")])
        .authenticates(1, "urn:p:4", "t1", "1: end, publish t1 | -, retry 1 with t1")
        .plays([(again(1, wants("AL2")), "reject 1 loop_detected")]);
}

#[test]
fn phishing_resistance_is_a_demand_of_its_own() {
    let mut page = page();
    page.plays([(ensured(1, resistant()), "1: start")]);
    assert_eq!(asked(&mut page, 1, "acr_values").as_deref(), Some("urn:p:3"));
    page.comes_back(1, "AL2", "t1", "1: end, reject 1 assurance_not_met");
    page.plays([(ensured(2, resistant()), "2: start")])
        .authenticates(2, "urn:p:3", "t2", "2: end, publish t2 | -, settle 2")
        .plays([(ensured(3, resistant()), "settle 3")]);
    let mut page = Page::with_popup();
    page.plays([(ensured(1, resistant()), "1: start")]);
    assert_eq!(asked(&mut page, 1, "acr_values").as_deref(), Some("phr"));
    page.comes_back(1, "phr", "t1", "1: end, publish t1 | -, settle 1");
}

#[test]
fn a_demand_that_another_has_spoiled_is_asked_for_alone() {
    let mut page = page();
    page.plays([
        (challenged(1, wants("AL2")), "1: open window, 1: start"),
        (challenged(2, resistant()), ""),
    ])
    .navigates(1)
    .comes_back(1, "AL2", "t1", "1: end, 2: open window, 2: start")
    .authenticates(
        2,
        "AL2",
        "t2",
        "2: end, publish t2 | -, retry 1 with t2, 3: open window, 3: start",
    );
}

#[test]
fn t22_those_that_another_has_spoiled_share_a_prompt_also_where_their_level_has_a_time() {
    let mut page = page();
    page.plays([
        (challenged(1, wants("AL3")), "1: open window, 1: start"),
        (challenged(2, wants("AL3")), ""),
        (challenged(3, wants("AL4")), ""),
    ])
    .navigates(1)
    .comes_back(1, "AL2", "t1", "1: end, reject 3 assurance_not_met, 2: open window, 2: start")
    .authenticates(
        2,
        "urn:p:3",
        "t2",
        "2: end, publish t2 | -, retry 1 with t2, retry 2 with t2",
    );
}

#[test]
fn t18_an_api_demands_no_scope_above_its_ceiling() {
    let mut config = Config { levels: levels(), ..config() };
    config.apis[0].scopes = Some(Scope::parse("a b"));
    let mut page = Page::new(config);
    page.plays([
        (challenged(1, wants_scope("AL2", "c")), "reject 1 scope_refused"),
        (challenged(2, wants_scope("AL2", "a c")), "reject 2 scope_refused"),
        // Up to it the scopes are united, and it is the API's own: others have another, the app none.
        (challenged(3, wants_scope("AL2", "a")), "1: open window, 1: start"),
        (challenged(4, wants_scope("AL2", "b")), ""),
        (ensured(5, wants_scope("AL2", "c")), ""),
    ]);
    assert_eq!(asked(&mut page, 1, "scope").as_deref(), Some("openid a b c"));
    page.comes_back(
        1,
        "AL2",
        "t1",
        "1: end, publish t1 | -, retry 3 with t1, retry 4 with t1, settle 5",
    );
    // Nor does the second demand for a request.
    page.plays([
        (again(3, wants_scope("AL3", "c")), "reject 3 scope_refused"),
        (challenged_at(FILES, 6, wants_scope("AL2", "c")), "2: open window, 2: start"),
    ]);
}

#[test]
fn a_passkey_reaches_what_is_below_its_level() {
    let with = |reached: &str| {
        let mut config = Config { levels: levels(), ..with_passkeys() };
        config.passkey.iter_mut().for_each(|it| it.acr_values = Some(vec![reached.into()]));
        Page::new(config)
    };
    with("AL3").plays([(challenged(1, wants("AL2")), "1: start")]);
    with("AL3").plays([(challenged(1, resistant()), "1: start")]);
    with("AL3").plays([(challenged(1, wants("AL4")), "1: open window, 1: start")]);
    with("AL2").plays([(challenged(1, resistant()), "1: open window, 1: start")]);
}

/// What the app is told of an authentication of ten seconds ago.
#[track_caller]
fn told(page: &Page, level: Option<&str>, since: u64, until: u64) -> Assurance {
    let assurance = page.core.assurance(page.now).unwrap();
    let at = |seconds: u64| EpochMillis((1_800_000_000 + seconds) * 1000);
    assert_eq!(assurance.level.as_deref(), level);
    assert_eq!((assurance.since, assurance.until), (EpochMillis(at(since).0), at(until)));
    assurance
}

#[test]
fn what_is_held_is_told_with_its_level_and_until_when() {
    let mut page = page();
    assert_eq!(page.core.assurance(page.now), None);
    page.later(5).plays([(ensured(1, wants("AL4")), "1: start")]).authenticates(
        1,
        "urn:p:4",
        "t1",
        "1: end, publish t1 | -, settle 1",
    );
    let assurance = told(&page, Some("AL4"), 5, 65);
    assert_eq!((assurance.acr.as_deref(), assurance.verified), (Some("urn:p:4"), true));
    assert_eq!(assurance.scope.to_string(), "openid");
    let notice = page.told().into_iter().find_map(|notice| match notice {
        Notice::Authenticated { assurance, .. } => Some(assurance),
        _ => None,
    });
    assert_eq!(notice, Some(assurance));
    // Each level ceases in its turn; what is left of it goes with the token.
    page.later(60);
    told(&page, Some("AL3"), 5, 125);
    page.later(60);
    told(&page, Some("AL2"), 5, 305);
    page.later(180);
    assert_eq!(page.core.assurance(page.now), None);
}

#[test]
fn of_several_that_are_held_the_highest_is_told() {
    let mut page = page();
    page.plays([(ensured(1, wants("AL3")), "1: start")])
        .authenticates(1, "urn:p:3", "t1", "1: end, publish t1 | -, settle 1")
        .later(1)
        .plays([(ensured(2, wants_scope("AL1", "a")), "2: start")])
        .authenticates(2, "AL1", "t2", "2: end, publish t2 | -, settle 2");
    told(&page, Some("AL3"), 0, 120);
    // Once it has ceased, what is newest.
    page.later(120);
    told(&page, Some("AL2"), 0, 300);
    let mut unordered = Page::with_popup();
    unordered
        .plays([(ensured(1, wants("AL3")), "1: start")])
        .authenticates(1, "AL3", "t1", "1: end, publish t1 | -, settle 1")
        .later(1)
        .plays([(ensured(2, wants("AL1")), "2: start")])
        .authenticates(2, "AL1", "t2", "2: end, publish t2 | -, settle 2");
    assert_eq!(told(&unordered, None, 1, 301).acr.as_deref(), Some("AL1"));
}

#[test]
fn what_a_backend_tells_is_told_on_and_vouched_for_by_nobody() {
    let mut page = Page::new(Config { levels: levels(), ..with_backend() });
    page.plays([(ensured(1, wants("AL3")), "1: start")]);
    let told_by_backend = crate::protocol::backend::Told {
        acr: Some("urn:p:3".into()),
        amr: None,
        auth_time: Some(page.now.seconds()),
    };
    for event in [
        secrets(),
        crate::protocol::flow::tests::player::options("o1"),
        FlowEvent::GestureRead(true),
        crate::protocol::flow::tests::player::asserted(r#"{"id":"a1"}"#),
        FlowEvent::BackendAnswered(Ok(told_by_backend)),
    ] {
        page.on(of(1, event));
    }
    assert!(!told(&page, Some("AL3"), 0, 120).verified);
    // It holds no longer than the level does, and the grace of a session that is as old as its raising.
    page.later(125).plays([(ensured(2, wants("AL3")), "settle 2")]);
    page.later(1).plays([(ensured(3, wants("AL3")), "2: start")]);
}

#[test]
fn the_order_is_kept_through_a_redirect() {
    let methods = vec![crate::protocol::method::Method::Redirect];
    let mut page = Page::new(Config { levels: levels(), methods, ..config() });
    page.plays([(challenged(1, wants("AL3")), "1: start")]);
    for event in [session_of("alice"), metadata(), secrets(), FlowEvent::GestureRead(true)] {
        page.on(of(1, event));
    }
    page.plays([(of(1, FlowEvent::Quiet), "1: save 1")]);
    let saved = page.saved.take().unwrap();
    let methods = vec![crate::protocol::method::Method::Redirect];
    let mut later = Page::new(Config { levels: levels(), methods, ..config() });
    let query = "?code=c1&state=the-state&iss=https%3A%2F%2Flogin.example".into();
    let (waiter, waiters) = (super::WaiterId(1), vec![Some(super::WaiterId(2))]);
    later.on(super::Event::Resumed { waiter, saved, query, waiters });
    later.on(of(1, session_of("alice")));
    later.plays([
        (of(1, tokens("t1")), "1: verify id-t1"),
        (of(1, proves("alice", "urn:p:4")), "1: end, publish t1 | -, settle 1, retry 2 with t1"),
        (again(2, wants("AL3")), "reject 2 loop_detected"),
    ]);
}

#[test]
fn t11_a_loop_is_one_by_the_order_also_across_pages() {
    let methods = vec![crate::protocol::method::Method::Redirect];
    let config =
        || Config { levels: levels(), methods: methods.clone(), max_rounds: 3, ..config() };
    let leave = |page: &mut Page, flow: u32| {
        for event in [session_of("alice"), metadata(), secrets(), FlowEvent::GestureRead(true)] {
            page.on(of(flow, event));
        }
        page.on(of(flow, FlowEvent::Quiet));
        page.saved.take().unwrap()
    };
    let back = |saved, acr: &str, waiter: u32| {
        let mut page = Page::new(config());
        let query = "?code=c1&state=the-state&iss=https%3A%2F%2Flogin.example".into();
        let waiters = vec![Some(super::WaiterId(waiter))];
        page.on(super::Event::Resumed { waiter: super::WaiterId(1), saved, query, waiters });
        for event in [session_of("alice"), tokens("t1"), proves("alice", acr)] {
            page.on(of(1, event));
        }
        page
    };
    let mut page = Page::new(config());
    page.on(challenged(9, wants_scope("AL3", "a")));
    let mut page = back(leave(&mut page, 1), "urn:p:3", 2);
    page.on(again(2, wants("AL4")));
    let mut page = back(leave(&mut page, 2), "urn:p:4", 3);
    // What was proved two pages ago was more than this.
    page.plays([(again(3, wants_scope("AL2", "a")), "reject 3 loop_detected")]);
}

#[test]
fn an_answer_is_compared_by_the_order_also_where_levels_are_told_by_methods() {
    let by_amr = Level {
        name: "mfa".into(),
        acr: vec!["urn:mfa".into()],
        amr: vec![vec!["mfa".into()]],
        max_age: None,
        phishing_resistant: false,
    };
    let mut page = Page::new(Config { levels: vec![by_amr].into(), ..config() });
    page.plays([(challenged(1, wants("mfa")), "1: open window, 1: start")]);
    for event in
        [WindowOpened, session_of("alice"), metadata(), secrets(), code("c1"), tokens("t1")]
    {
        page.on(of(1, event));
    }
    let mut answer = claims("alice", "");
    answer.amr = vec!["pwd".into(), "mfa".into()];
    let verdict = FlowEvent::AnswerVerified(Ok(answer));
    page.plays([(of(1, verdict), "1: end, publish t1 | -, retry 1 with t1")]);
    assert_eq!(page.core.assurance(page.now).unwrap().level.as_deref(), Some("mfa"));
}
