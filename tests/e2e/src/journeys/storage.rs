//! Where a browser keeps nothing, or has lost what it kept: the page is not left for it, and whoever is
//! back learns it.

use serde_json::{Value, json};

use super::{Journeys, journeys};
use crate::bench::{Bench, World};
use crate::pages::{BOTH, Harness, Prompt, Provider, SEND};
use crate::wait::{until, until_true};

pub const JOURNEYS: Journeys = journeys![
    t66_where_nothing_can_be_saved_the_page_is_not_left,
    t66_without_any_storage_a_window_still_serves,
    t66_what_was_evicted_while_the_user_was_away_is_told,
    t66_a_tab_that_has_forgotten_what_it_awaits_goes_nowhere,
    t53_who_comes_back_too_late_sends_nothing,
    t62_what_has_expired_in_a_sleep_is_not_used,
];

/// The ways in which storage fails, each as it looks from a page.
const FAULTS: [(&str, &str); 8] = [
    (
        "it may not be asked for",
        "Object.defineProperty(window, 'indexedDB', { get() { \
        throw new DOMException('off', 'SecurityError'); } })",
    ),
    ("there is none", "Object.defineProperty(window, 'indexedDB', { value: undefined })"),
    (
        "it does not open",
        "IDBFactory.prototype.open = () => { \
        throw new DOMException('off', 'SecurityError'); }",
    ),
    (
        "it never opens",
        "const real = setTimeout; \
        window.setTimeout = (run, millis = 0, ...rest) => real(run, millis / 20, ...rest); \
        IDBFactory.prototype.open = () => new EventTarget()",
    ),
    (
        "there is no room",
        "IDBObjectStore.prototype.put = () => { \
        throw new DOMException('full', 'QuotaExceededError'); }",
    ),
    (
        "there is no room after all",
        "const { put } = IDBObjectStore.prototype; \
        IDBObjectStore.prototype.put = function (...all) { \
            const request = put.apply(this, all); this.transaction.abort(); return request; }",
    ),
    (
        "the tab may not keep anything",
        "Object.defineProperty(window, 'sessionStorage', { get() { \
        throw new DOMException('off', 'SecurityError'); } })",
    ),
    (
        "the tab has no room",
        "Storage.prototype.setItem = () => { \
        throw new DOMException('full', 'QuotaExceededError'); }",
    ),
];

fn t66_where_nothing_can_be_saved_the_page_is_not_left(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    let session = page.session();
    for (what, fault) in FAULTS {
        let page = Harness::open_at(world, "/e2e/harness.html?unsaved");
        page.make(&session);
        page.run(fault).value();
        page.click("sent", SEND);
        let outcome = until(&format!("where {what}, it ends"), || {
            world.agree_to_leave();
            page.peek("sent")
        });
        assert_eq!(outcome.code(), "storage_unavailable", "{what}");
        let response = &outcome.error()["response"];
        assert_eq!((&response["status"], &response["bodyUsed"]), (&json!(401), &json!(false)));
        assert!(!Prompt(world).is_shown(), "{what}");
        assert!(world.browser.session.url().is_ok_and(|url| url.ends_with("?unsaved")), "{what}");
        // Another page finds nothing of it.
        let page = Harness::open(world);
        page.make(BOTH);
        assert_eq!((page.keeps(), page.records()), (Vec::new(), Vec::new()), "{what}");
        assert_eq!(page.resume(), Value::Null, "{what}");
    }
    assert_eq!(world.server.requests("auth", "GET", "/auth").len(), 0);
    assert_eq!(world.sent("one"), FAULTS.len());
}

fn t66_without_any_storage_a_window_still_serves(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    for fault in [FAULTS[0].1, FAULTS[6].1] {
        page.run(fault).value();
    }
    page.run(
        "Object.defineProperty(window, 'localStorage', { get() { \
        throw new DOMException('off', 'SecurityError'); } })",
    )
    .value();
    page.make(BOTH);
    page.sign_in("alice");
    assert_eq!(page.resume(), Value::Null);
    page.click("sent", &SEND.replace("redirect", "popup"));
    world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    let state = "return e2e.results.sent.state";
    until_true("the answer is here", || page.run(state).value() == "returned");
    assert_eq!(world.sent("one"), 2);
}

/// The user is back, the answer has been put aside, and nothing has been taken up yet.
#[track_caller]
fn comes_back(world: &World) -> Harness<'_> {
    let page = Harness::signed_in_at(world, "/e2e/harness.html?deep#link");
    page.leave(SEND);
    Provider(world).passkey();
    Harness::back(world)
}

/// Nothing of what was begun is in the way of what is begun now.
#[track_caller]
fn can_begin_anew(world: &World) {
    let page = Harness::open(world);
    page.make(BOTH);
    assert_eq!(page.resume(), Value::Null, "and it is not in progress any more");
    assert_eq!(page.keeps(), Vec::<String>::new());
    page.leave("return e2e.su.ensure({ acr: 'AL3', methods: ['redirect'] })");
    world.confirm();
    let resumed = Harness::back(world).resume();
    assert_eq!(resumed["assurance"]["acr"], "AL3");
}

fn t66_what_was_evicted_while_the_user_was_away_is_told(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = comes_back(world);
    page.run(
        "await new Promise((resolve, reject) => { \
        const request = indexedDB.deleteDatabase('stepup'); \
        request.onsuccess = resolve; request.onerror = reject; })",
    )
    .value();
    // The user is where they left all the same.
    assert!(world.browser.session.url().is_ok_and(|url| url.ends_with("/harness.html?deep#link")));
    assert_eq!(page.run("return e2e.su.resume()").code(), "pending_expired");
    assert_eq!(world.sent("one"), 1);
    can_begin_anew(world);
}

fn t66_a_tab_that_has_forgotten_what_it_awaits_goes_nowhere(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    page.leave(SEND);
    let provider = world.browser.session.url().expect("there is an address");
    Harness::open(world).run("sessionStorage.clear()").value();
    world.browser.session.go(&provider).expect("the provider's page loads");
    Provider(world).passkey();
    until_true("the callback page has nowhere to go", || {
        world.browser.session.url().is_ok_and(|url| url.ends_with("/e2e/callback.html"))
    });
    assert_eq!(world.sent("one"), 1);
    can_begin_anew(world);
}

fn t53_who_comes_back_too_late_sends_nothing(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = comes_back(world);
    page.run("const { now } = Date; Date.now = () => now() + 301_000").value();
    let told = "return e2e.su.resume().catch((error) => error.code)";
    assert_eq!(page.run("return e2e.su.resume()").code(), "pending_expired");
    assert_eq!(page.run(told).value(), "pending_expired");
    assert_eq!(page.records(), Vec::<bool>::new(), "what was saved is gone");
    assert_eq!(world.sent("one"), 1);
    can_begin_anew(world);
}

fn t62_what_has_expired_in_a_sleep_is_not_used(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    let balance = "return (await e2e.su.fetch(e2e.api + '/balance')).status";
    assert_eq!(page.run(balance).value(), 200);
    // No timer has run meanwhile: the clock alone tells.
    page.run("window.setTimeout = () => 0; const { now } = Date; Date.now = () => now() + 301_000")
        .value();
    assert_eq!(page.run("return e2e.su.token() ?? null").value(), Value::Null);
    assert_eq!(page.run(balance).value(), 401);
    let seen = world.server.requests("api", "GET", "/balance");
    let tokens: Vec<bool> =
        seen.iter().map(|seen| seen.header("authorization").is_some()).collect();
    assert_eq!(tokens, [true, false]);
}
