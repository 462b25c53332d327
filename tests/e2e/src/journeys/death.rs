//! A tab that dies on its way through a redirect: nothing stays in progress, nothing leaves twice.

use serde_json::{Value, json};

use super::{Journeys, journeys};
use crate::bench::{Bench, World};
use crate::pages::{Harness, Prompt, Provider, SEND};
use crate::wait::until_true;

pub const JOURNEYS: Journeys = journeys![
    t59_a_tab_that_dies_while_it_saves_leaves_nothing_in_progress,
    t59_a_tab_that_dies_at_the_provider_leaves_nothing_in_progress,
    t59_a_tab_that_dies_on_the_callback_page_leaves_nothing_in_progress,
    t59_a_tab_that_dies_with_what_it_took_sends_nothing,
    t59_a_tab_that_dies_after_sending_has_sent_once,
    t59_a_provider_that_never_answers_is_not_waited_for,
    t59_what_nobody_comes_back_for_is_deleted_when_its_time_is_over,
];

/// A tab of a user who is signed in, which is going to die; with the options of its app.
#[track_caller]
fn doomed(world: &World) -> (Harness<'_>, String) {
    let session = Harness::signed_in_at(world, "/e2e/harness.html").session();
    let tab = world.another_tab();
    let page = Harness::load(world, &tab, "/e2e/harness.html");
    page.make(&session);
    (page, session)
}

/// The tab is gone. In a new one there is nothing to take up, nothing is asked, and the user can do what
/// they wanted, which then leaves once.
#[track_caller]
fn nothing_is_in_progress(world: &World, session: &str, sent: usize) {
    world.kill_tab();
    let tab = world.another_tab();
    let page = Harness::load(world, &tab, "/e2e/harness.html");
    page.make(session);
    assert_eq!(page.resume(), Value::Null);
    assert_eq!(page.keeps(), Vec::<String>::new());
    assert!(!Prompt(world).is_shown());
    assert_eq!(world.sent("one"), sent);
    page.leave(&SEND.replace("kind=one", "kind=two"));
    world.confirm();
    let page = Harness::back_with(world, session);
    let resumed = page.resume();
    let results = resumed["results"].as_array().map(Vec::len);
    assert_eq!((results, &resumed["results"][0]["answer"]["status"]), (Some(1), &json!(200)));
    assert_eq!((world.sent("one"), world.sent("two")), (sent, 2));
}

fn t59_a_tab_that_dies_while_it_saves_leaves_nothing_in_progress(bench: &Bench) {
    let world = bench.world(json!({}));
    let (page, session) = doomed(world);
    page.run("SubtleCrypto.prototype.encrypt = () => { e2e.saving = true; return new Promise(() => {}) }")
        .value();
    page.click("sent", SEND);
    until_true("it is being saved", || {
        world.agree_to_leave();
        page.run("return e2e.saving === true").value() == true
    });
    assert_eq!(page.records(), Vec::<bool>::new());
    nothing_is_in_progress(world, &session, 1);
}

fn t59_a_tab_that_dies_at_the_provider_leaves_nothing_in_progress(bench: &Bench) {
    let world = bench.world(json!({}));
    let (page, session) = doomed(world);
    page.leave(SEND);
    world.element("button#use-passkey");
    nothing_is_in_progress(world, &session, 1);
}

fn t59_a_tab_that_dies_on_the_callback_page_leaves_nothing_in_progress(bench: &Bench) {
    let world = bench.world(json!({}));
    let (page, session) = doomed(world);
    page.run("sessionStorage.setItem('e2e:callback', 'nothing')").value();
    page.leave(SEND);
    Provider(world).passkey();
    until_true("the callback page is there", || {
        world.browser.session.url().is_ok_and(|url| url.contains("/e2e/callback.html?code="))
    });
    nothing_is_in_progress(world, &session, 1);
}

/// The user is back, and the page takes up what waits with a `fetch` that hangs like this.
#[track_caller]
fn takes_up(world: &World, fetch: &str) -> String {
    let (page, session) = doomed(world);
    page.leave(SEND);
    Provider(world).passkey();
    let page = Harness::back_with(world, &session);
    page.run(&format!("const real = fetch; e2e.held = 0; window.fetch = {fetch}")).value();
    page.start("resumed", "return e2e.su.resume()");
    until_true("it is under way", || page.run("return e2e.held").value() == 1);
    assert_eq!(page.records(), [false], "it is taken out before it is sent");
    session
}

fn t59_a_tab_that_dies_with_what_it_took_sends_nothing(bench: &Bench) {
    let world = bench.world(json!({}));
    let session = takes_up(
        world,
        "(...all) => { if (!String(all[0].url ?? all[0]).endsWith('/token')) return real(...all); \
            e2e.held += 1; return new Promise(() => {}) }",
    );
    nothing_is_in_progress(world, &session, 1);
}

fn t59_a_tab_that_dies_after_sending_has_sent_once(bench: &Bench) {
    let world = bench.world(json!({}));
    let session = takes_up(
        world,
        "(...all) => { const answer = real(...all); \
            if (!String(all[0].url ?? all[0]).startsWith(e2e.api)) return answer; \
            e2e.held += 1; return new Promise(() => {}) }",
    );
    until_true("it has arrived", || world.sent("one") == 2);
    nothing_is_in_progress(world, &session, 2);
}

fn t59_a_provider_that_never_answers_is_not_waited_for(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    let session = page.session();
    page.leave(SEND);
    world.element("button#use-passkey");
    // The user gives up there, and comes by the address that they know.
    let page = Harness::open(world);
    page.make(&session);
    assert_eq!(page.resume(), Value::Null);
    page.leave(&SEND.replace("kind=one", "kind=two"));
    world.confirm();
    let page = Harness::back_with(world, &session);
    // What was begun before can be come back to by nobody: it is deleted.
    assert_eq!(page.records(), [true]);
    assert_eq!(page.resume()["results"][0]["answer"]["status"], 200);
    assert_eq!((world.sent("one"), world.sent("two")), (1, 2));
}

fn t59_what_nobody_comes_back_for_is_deleted_when_its_time_is_over(bench: &Bench) {
    let world = bench.world(json!({}));
    let (page, session) = doomed(world);
    page.leave(SEND);
    world.element("button#use-passkey");
    world.kill_tab();
    let page = Harness::open(world);
    assert_eq!(page.records(), [true]);
    page.run("const { now } = Date; Date.now = () => now() + 301_000").value();
    page.make(&session);
    page.run("await e2e.su.preload()").value();
    until_true("it is deleted", || page.records().is_empty());
    // Nor does a tab remember for ever what it awaited.
    let page = Harness::open(world);
    page.make(&session);
    page.leave(SEND);
    world.element("button#use-passkey");
    let page = Harness::open(world);
    page.run("const { now } = Date; Date.now = () => now() + 301_000").value();
    page.make(&session);
    assert_eq!(page.resume(), Value::Null);
    assert_eq!(page.keeps(), Vec::<String>::new());
    until_true("it is deleted", || page.records().is_empty());
    assert_eq!(world.sent("one"), 2);
}
