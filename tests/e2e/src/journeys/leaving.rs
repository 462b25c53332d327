//! Before a page is left for a redirect: whether the user wants it, and what of its requests goes along.

use serde_json::json;

use super::{Journeys, journeys};
use crate::bench::Bench;
use crate::pages::{Harness, Prompt, Provider, SEND};
use crate::wait::until_true;

pub const JOURNEYS: Journeys = journeys![
    t36_after_a_blocked_window_the_redirect_is_offered_where_the_app_lists_it,
    t36_who_is_writing_is_asked_before_the_page_is_left,
    t67_a_logout_while_the_requests_are_saved_leaves_nothing,
    t55_a_request_that_was_given_up_before_the_page_was_left_is_not_sent,
];

fn t36_after_a_blocked_window_the_redirect_is_offered_where_the_app_lists_it(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html?unsaved");
    let session = page.session();
    let stays = || {
        assert!(world.browser.session.url().is_ok_and(|url| url.ends_with("?unsaved")));
        assert_eq!(world.server.requests("auth", "GET", "/auth").len(), 0);
    };
    let send = "return e2e.su.fetch(e2e.api + '/echo?kind=one', { method: 'POST', body: 'one' })";
    for (methods, offers) in [
        ("['popup']", &["open", "cancel"][..]),
        ("['popup', 'redirect']", &["popup", "redirect", "cancel"][..]),
    ] {
        page.make(&session.replace("['popup', 'redirect']", methods));
        page.run("window.open = () => null; e2e.results = {}").value();
        page.click("sent", send);
        Prompt(world).offers(offers);
        stays();
        Prompt(world).choose(offers[0]);
        if methods.contains("redirect") {
            // The browser blocks it even inside a click: what is left is for the user to choose.
            Prompt(world).offers(&["redirect", "cancel"]);
            stays();
            Prompt(world).choose("redirect");
            world.leaves();
        } else {
            let outcome = page.outcome("sent");
            assert_eq!(outcome.code(), "popup_blocked");
            assert_eq!(outcome.error()["response"]["bodyUsed"], false);
            stays();
        }
    }
    Provider(world).passkey();
    let page = Harness::back(world);
    assert_eq!(page.resume()["results"][0]["answer"]["status"], 200);
    assert_eq!(world.sent("one"), 3);
}

fn t36_who_is_writing_is_asked_before_the_page_is_left(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    for field in ["<textarea id=text></textarea>", "<p id=text contenteditable>…</p>"] {
        let write = "document.querySelector('#text')?.remove(); \
            document.body.insertAdjacentHTML('beforeend', arguments[0]); \
            document.querySelector('#text').addEventListener('keydown', () => { \
                e2e.results = {}; e2e.start('sent', arguments[1]) }, { once: true })";
        world.script(write, json!([field, SEND]));
        // The gesture is a fresh one: a key of a text.
        world.click("#text");
        world.press("a");
        Prompt(world).offers(&["redirect", "cancel"]);
        assert_eq!(world.server.requests("auth", "GET", "/auth").len(), 0);
        Prompt(world).choose("cancel");
        assert_eq!(page.outcome("sent").code(), "cancelled");
    }
}

/// Keeps what is to be saved from being encrypted until `e2e.release()`; `e2e.saving` and `e2e.written`
/// tell how far it is.
const HOLD: &str = "const { encrypt } = SubtleCrypto.prototype; \
    const held = new Promise((resolve) => { e2e.release = resolve }); \
    SubtleCrypto.prototype.encrypt = async function (...all) { \
        e2e.saving = true; await held; return encrypt.apply(this, all); }; \
    const { put } = IDBObjectStore.prototype; \
    IDBObjectStore.prototype.put = function (...all) { \
        e2e.written ||= this.name === 'records'; return put.apply(this, all); }";

fn t67_a_logout_while_the_requests_are_saved_leaves_nothing(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    page.run(HOLD).value();
    page.click("sent", SEND);
    until_true("it is being saved", || {
        world.agree_to_leave();
        page.run("return e2e.saving === true").value() == true
    });
    page.run("e2e.su.clear()").value();
    assert_eq!(page.outcome("sent").code(), "session_changed");
    page.run("e2e.release()").value();
    until_true("it has been saved after all", || page.run("return e2e.written").value() == true);
    until_true("and is gone", || page.records().is_empty());
    assert_eq!(page.keeps(), Vec::<String>::new());
    assert_eq!(world.server.requests("auth", "GET", "/auth").len(), 0);
}

fn t55_a_request_that_was_given_up_before_the_page_was_left_is_not_sent(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    page.run(HOLD).value();
    page.click(
        "sent",
        "const send = (kind, signal) => e2e.su.fetch(e2e.api + '/echo?kind=' + kind, \
             { method: 'POST', body: kind, signal, stepup: { methods: ['redirect'] } }); \
         const [during, after] = e2e.aborts = [new AbortController(), new AbortController()]; \
         send('during', during.signal).catch(() => {}); \
         send('after', after.signal).catch(() => {}); \
         addEventListener('pagehide', () => after.abort()); \
         return send('kept')",
    );
    until_true("it is being saved", || {
        world.agree_to_leave();
        page.run("return e2e.saving === true").value() == true
    });
    page.start("go on", "e2e.aborts[0].abort(); e2e.release()");
    world.leaves();
    Provider(world).passkey();
    let resumed = Harness::back(world).resume();
    let results = resumed["results"].as_array().cloned().unwrap_or_default();
    let [kept] = &results[..] else { panic!("{results:?}") };
    assert_eq!(kept["answer"]["status"], 200);
    let sent = ["during", "after", "kept"].map(|kind| world.sent(kind));
    assert_eq!(sent, [1, 1, 2]);
}
