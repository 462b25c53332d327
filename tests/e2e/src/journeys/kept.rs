//! Back from the provider: a page that the browser has kept, or one that it loads anew.
//!
//! All three engines keep pages under automation, given a tab of its own and no command of the driver's
//! while the page is left; so what they do is real here. Another journey dispatches the events besides.

use serde_json::{Value, json};

use super::{Journeys, journeys};
use crate::bench::{Bench, World};
use crate::engine::Engine;
use crate::pages::{Harness, Prompt, SEND};
use crate::wait::{until, until_true};

pub const JOURNEYS: Journeys = journeys![
    t60_a_page_that_the_browser_had_kept_is_told_that_it_was_interrupted,
    t60_back_from_the_provider_nothing_is_in_progress_and_nothing_lost,
    t60_by_dispatched_events_a_kept_page_is_told_that_it_was_interrupted,
];

/// Goes back from the provider. Whether the page is as it was left; else it was loaded anew.
#[track_caller]
fn goes_back(world: &World) -> bool {
    world.browser.session.post("/back", &json!({})).expect("the user goes back");
    until("the page is shown", || {
        let script = "return window.e2e?.ready === true ? window.e2e.api !== '' : null";
        world.browser.session.execute(script, json!([])).ok()?.as_bool()
    })
}

/// A tab that opened no window, of a user who is signed in: what keeps pages keeps such a one.
#[track_caller]
fn in_a_tab_of_its_own(world: &World) -> (Harness<'_>, String) {
    let session = Harness::signed_in_at(world, "/e2e/harness.html").session();
    let tab = world.another_tab();
    let page = Harness::load(world, &tab, "/e2e/harness.html");
    page.make(&session);
    (page, session)
}

/// Leaves the page while no command of the driver is under way: Firefox would not keep it then, nor
/// after a click of the driver's.
#[track_caller]
fn leave_unwatched(page: &Harness) {
    let world = page.0;
    let clicked = "Object.defineProperty(navigator, 'userActivation', { value: { isActive: true } }); \
        await new Promise((resolve) => setTimeout(resolve, 500));";
    page.start("sent", &[clicked, SEND].concat());
    until_true("the page is left", || {
        world.browser.session.url().is_ok_and(|url| url.starts_with(&world.server.issuer))
    });
    world.element("button#use-passkey");
}

fn t60_a_page_that_the_browser_had_kept_is_told_that_it_was_interrupted(bench: &Bench) {
    let world = bench.world(json!({}));
    let (page, session) = in_a_tab_of_its_own(world);
    leave_unwatched(&page);
    assert!(goes_back(world), "the engine has kept the page");
    assert_eq!(page.outcome("sent").code(), "interrupted");
    until_true("what was saved is gone", || page.records().is_empty());
    // Who goes on at the provider all the same finds back, and is told.
    world.browser.session.post("/forward", &json!({})).expect("the user goes forward");
    world.confirm();
    let page = Harness::back_with(world, &session);
    assert_eq!(page.run("return e2e.su.resume()").code(), "pending_expired");
    assert_eq!((world.sent("one"), page.keeps()), (1, Vec::new()));
}

fn t60_back_from_the_provider_nothing_is_in_progress_and_nothing_lost(bench: &Bench) {
    let world = bench.world(json!({}));
    let (page, session) = in_a_tab_of_its_own(world);
    // What an engine does not keep: who listens for `unload` or holds a lock. WebKit keeps them too, so
    // there the page is come back to by its address.
    page.run(
        "addEventListener('unload', () => {}); \
         navigator.locks.request('mine', () => new Promise(() => {}))",
    )
    .value();
    leave_unwatched(&page);
    let kept = world.browser.engine == Engine::Webkit;
    if kept {
        world.visit("/e2e/harness.html");
    } else {
        assert!(!goes_back(world), "the page is loaded anew");
    }
    let page = Harness::back_with(world, &session);
    assert_eq!(page.resume(), Value::Null);
    assert!(!Prompt(world).is_shown());
    assert_eq!(page.records(), [true]);
    // What was begun can be gone on with, as long as nothing else is begun.
    let way = if kept { "/back" } else { "/forward" };
    world.browser.session.post(way, &json!({})).expect("the user goes to the provider again");
    world.confirm();
    let page = Harness::back_with(world, &session);
    assert_eq!(page.resume()["results"][0]["answer"]["status"], 200);
    assert_eq!(world.sent("one"), 2);
}

fn t60_by_dispatched_events_a_kept_page_is_told_that_it_was_interrupted(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    page.run("Object.defineProperty(navigator, 'userActivation', { value: { isActive: false } })")
        .value();
    page.start("sent", SEND);
    Prompt(world).offers(&["redirect", "cancel"]);
    // The events stand for what an engine may not do under automation.
    page.run(
        "for (const kind of ['pagehide', 'pageshow']) \
             dispatchEvent(new PageTransitionEvent(kind, { persisted: true }))",
    )
    .value();
    assert_eq!(page.outcome("sent").code(), "interrupted");
    assert!(!Prompt(world).is_shown());
    assert_eq!(world.sent("one"), 1);
}
