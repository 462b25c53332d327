//! Step-up for which the page is left: what waited is sent when the user is back, once.

use serde_json::{Value, json};

use super::{Journeys, journeys};
use crate::bench::{Bench, World};
use crate::pages::{Bank, Harness, Prompt, Provider};
use crate::wait::{until, until_true};

pub const JOURNEYS: Journeys = journeys![
    a_transfer_is_made_once_however_often_the_page_is_loaded,
    every_body_comes_back_as_it_left,
    t30_the_user_is_back_where_they_left,
    t60_a_second_resume_and_a_second_callback_send_nothing,
    t25_a_wrong_state_is_refused_and_the_right_one_still_counts,
    t26_a_callback_that_nobody_awaits_is_nothing,
    t53_who_comes_back_too_late_sends_nothing,
    t66_where_nothing_can_be_saved_the_page_is_not_left,
    t01_another_user_who_comes_back_sends_nothing,
    t60_back_from_the_provider_nothing_is_in_progress,
    t60_a_page_from_the_cache_is_told_that_it_was_interrupted,
    the_app_may_ask_before_a_request_leaves_again,
    t54_a_logout_forgets_what_was_saved,
    a_sign_in_by_redirect_comes_back_signed_in,
];

/// A sign-in takes the window; what waits for a redirect says so.
const MAKE: &str = "{ methods: ['popup', 'redirect'] }";

/// The harness page of a user who is signed in at the provider, with the redirect as the only way.
#[track_caller]
fn open<'a>(world: &'a World, path: &str) -> Harness<'a> {
    let page = Harness::open_at(world, path);
    page.make(MAKE);
    page.sign_in("alice");
    world.server.forget();
    page
}

/// Clicks with this as the button's handler, and waits until the page has been left.
#[track_caller]
fn leave(page: &Harness, body: &str) {
    page.click("sent", body);
    let world = page.0;
    until_true("the page is left", || {
        if Prompt(world).choices().first().is_some_and(|choice| choice == "redirect") {
            Prompt(world).choose("redirect");
        }
        let url = world.browser.session.url().unwrap_or_default();
        url.starts_with(&world.server.issuer)
    });
}

/// Waits until the user is back on the page, which knows nothing of what was before.
#[track_caller]
fn back(world: &World) -> Harness<'_> {
    until_true("the user is back", || {
        let script = "return location.href.includes('/e2e/harness.html') && \
            window.e2e?.ready === true && !window.e2e.api";
        world.browser.session.execute(script, json!([])).is_ok_and(|ready| ready == true)
    });
    let set = "Object.assign(window.e2e, arguments[0])";
    world.script(set, json!([{ "issuer": world.server.issuer, "api": world.server.api }]));
    let page = Harness(world);
    page.make(MAKE);
    page
}

const LOOP: &str = "return e2e.su.fetch(e2e.api + '/echo?kind=one', { method: 'POST', body: 'one', \
    stepup: { tag: 'mine', methods: ['redirect'] } })";

/// What `resume()` gives, each response read.
const RESUME: &str = "const back = await e2e.su.resume(); if (!back) return null; \
    const results = []; \
    for (const { response, error, ...rest } of back.results) results.push({ ...rest, \
        answer: response && await e2e.read(response), error: error && e2e.describe(error) }); \
    return { ...back, error: back.error && e2e.describe(back.error), results }";

#[track_caller]
fn sent(world: &World) -> usize {
    world.server.requests("api", "POST", "/echo").len()
}

fn a_transfer_is_made_once_however_often_the_page_is_loaded(bench: &Bench) {
    let world = bench.world(json!({}));
    let bank = Bank::open_at(world, "/?arrangement=redirect");
    world.click("#sign-in");
    Provider(world).password("alice");
    assert_eq!(bank.outcome(), "ok");
    world.server.forget();
    bank.transfer("25.50");
    until_true("the page is left", || {
        if Prompt(world).choices().first().is_some_and(|choice| choice == "redirect") {
            Prompt(world).choose("redirect");
        }
        world.shown("button#use-passkey").is_some()
    });
    Provider(world).passkey();
    assert_eq!(bank.outcome(), "ok");
    assert_eq!(world.server.ledger().len(), 1);
    for _ in 0..3 {
        world.browser.session.post("/refresh", &json!({})).expect("the page is loaded again");
        world.element("#sign-in");
    }
    let ledger = world.server.ledger();
    assert_eq!(ledger.len(), 1, "{ledger:?}");
    assert_eq!((&ledger[0]["user"], &ledger[0]["amount"]), (&json!("alice"), &json!(2550)));
    let made = world.server.requests("api", "POST", "/transfers");
    let [first, second] = made.as_slice() else { panic!("{made:?}") };
    assert_eq!((first.status, second.status), (401, 201));
    for header in ["content-type", "idempotency-key", "origin"] {
        assert!(first.header(header).is_some(), "{first:?}");
        assert_eq!(first.header(header), second.header(header));
    }
    let answers = world.server.requests("app", "GET", "/stepup/callback.html");
    assert_eq!(answers.len(), 1);
}

const BODIES: &str = r"
const stepup = { methods: ['redirect'] };
const bytes = (length) => Uint8Array.from({ length }, (_, n) => (n * 7) % 251);
const send = (kind, body, init = {}) =>
  e2e.su.fetch(e2e.api + '/echo?kind=' + kind, { method: 'POST', body, stepup, ...init });
send('string', 'text with ü and €');
send('params', new URLSearchParams({ a: '1', b: 'zwei & drei' }));
send('buffer', bytes(300).buffer);
send('view', new Uint8Array(bytes(300).buffer, 10, 100));
send('blob', new Blob([bytes(5 << 20)], { type: 'application/x-blob' }));
send('file', new File(['the file'], 'a.txt', { type: 'text/x-file' }));
const form = new FormData();
form.append('name', 'Zoë');
form.append('upload', new File([bytes(999)], 'b.bin', { type: 'application/x-part' }));
send('form', form);
const headers = { 'X-Mine': 'kept' };
e2e.su.fetch(new Request(e2e.api + '/echo?kind=request', { method: 'PUT', body: 'in a request', headers }), { stepup });
e2e.su.fetch(e2e.api + '/echo?kind=none', { stepup });
return new Promise(() => {});";

/// What the server should have got, by the same means.
const DIGESTS: &str = r"
const bytes = (length) => Uint8Array.from({ length }, (_, n) => (n * 7) % 251);
const hex = async (part) => [...new Uint8Array(await crypto.subtle.digest('SHA-256',
  await new Blob([part]).arrayBuffer()))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
return { string: await hex('text with ü and €'), params: await hex('a=1&b=zwei+%26+drei'),
  buffer: await hex(bytes(300)), view: await hex(bytes(300).slice(10, 110)),
  blob: await hex(bytes(5 << 20)), file: await hex('the file'), request: await hex('in a request'),
  none: await hex(''), name: await hex('Zoë'), upload: await hex(bytes(999)) };";

fn every_body_comes_back_as_it_left(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world, "/e2e/harness.html");
    leave(&page, BODIES);
    Provider(world).passkey();
    let page = back(world);
    let resumed = page.run(RESUME).value();
    let digests = page.run(DIGESTS).value();
    let results = resumed["results"].as_array().cloned().unwrap_or_default();
    assert_eq!(results.len(), 9, "{resumed}");
    for result in &results {
        let url = result["request"]["url"].as_str().unwrap_or_default();
        let kind = url.split_once("kind=").map(|(_, kind)| kind).unwrap_or_default();
        let answer = &result["answer"];
        assert_eq!(answer["status"], 200, "{kind}: {result}");
        assert_eq!(answer["body"]["method"], result["request"]["method"], "{kind}");
        if kind != "form" {
            assert_eq!(answer["body"]["sha256"], digests[kind], "{kind}");
            continue;
        }
        let parts = answer["body"]["parts"].as_array().cloned().unwrap_or_default();
        let got: Vec<Value> = parts
            .iter()
            .map(|part| json!([part["name"], part["filename"], part["type"], part["sha256"]]))
            .collect();
        let expected = vec![
            json!(["name", null, null, digests["name"]]),
            json!(["upload", "b.bin", "application/x-part", digests["upload"]]),
        ];
        assert_eq!(got, expected);
    }
    let statuses: Vec<u64> = world
        .server
        .log_of("api")
        .iter()
        .filter(|seen| seen.path == "/echo" && seen.method != "OPTIONS")
        .map(|seen| seen.status)
        .collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 9, "each once");
}

fn t30_the_user_is_back_where_they_left(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world, "/e2e/harness.html?view=details&n=1#part-2");
    leave(&page, LOOP);
    Provider(world).passkey();
    let page = back(world);
    let url = world.browser.session.url().expect("the page has an address");
    let expected = format!("{}/e2e/harness.html?view=details&n=1#part-2", world.server.app);
    assert_eq!(url, expected);
    let resumed = page.run(RESUME).value();
    assert_eq!(resumed["returnTo"], "/e2e/harness.html?view=details&n=1#part-2");
    let result = &resumed["results"][0];
    assert_eq!((&result["tag"], &result["answer"]["status"]), (&json!("mine"), &json!(200)));
    assert_eq!(resumed["assurance"]["acr"], "AL3");
}

fn t60_a_second_resume_and_a_second_callback_send_nothing(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world, "/e2e/harness.html");
    leave(&page, LOOP);
    Provider(world).passkey();
    let page = back(world);
    // As a framework does that runs its effects twice, and another instance after that.
    let twice = "const one = e2e.su.resume(), two = e2e.su.resume(); \
        const results = (await one).results.length, same = (await one) === (await two); \
        const other = e2e.make({ methods: ['popup', 'redirect'] }); \
        return [results, same, await other.resume()]";
    assert_eq!(page.run(twice).value(), json!([1, true, null]));
    assert_eq!(sent(world), 2);
    let answer = world.server.requests("app", "GET", "/e2e/callback.html");
    let query = &answer.first().expect("there was a callback").query;
    let again = format!("{}/e2e/callback.html?{query}", world.server.app);
    world.browser.session.go(&again).expect("the callback is opened again");
    until_true("it says that there is nothing to do", || {
        world
            .browser
            .session
            .execute("return document.readyState", json!([]))
            .is_ok_and(|it| it == "complete")
    });
    let page = Harness::open(world);
    page.make(MAKE);
    assert_eq!(page.run(RESUME).value(), Value::Null);
    assert_eq!(sent(world), 2);
}

fn t25_a_wrong_state_is_refused_and_the_right_one_still_counts(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world, "/e2e/harness.html");
    leave(&page, LOOP);
    let session = &world.browser.session;
    let callback = |query: &str| format!("{}/e2e/callback.html?{query}", world.server.app);
    let provider = session.url().expect("there is an address");
    // A link of an attacker's, opened in this very tab: the callback page goes nowhere with it.
    session.go(&callback("code=evil&state=guessed")).expect("the callback loads");
    until_true("nothing happens", || {
        session.execute("return document.readyState", json!([])).is_ok_and(|it| it == "complete")
    });
    assert!(session.url().is_ok_and(|url| url.contains("/e2e/callback.html")));
    // On a page that is its own redirect URI the answer is named.
    session
        .go(&format!("{}/e2e/harness.html?code=evil&state=guessed", world.server.app))
        .expect("it loads");
    let page = back(world);
    let own =
        "e2e.su = e2e.make({ methods: ['popup', 'redirect'], redirectUri: '/e2e/harness.html' });";
    assert_eq!(page.run(&format!("{own} {RESUME}")).code(), "state_mismatch");
    assert_eq!(sent(world), 1);
    // The user goes on at the provider all the same.
    session.go(&provider).expect("the provider's page loads");
    Provider(world).passkey();
    let page = back(world);
    assert_eq!(page.run(RESUME).value()["results"][0]["answer"]["status"], 200);
    assert_eq!(sent(world), 2);
}

fn t26_a_callback_that_nobody_awaits_is_nothing(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open_at(world, "/e2e/harness.html?code=evil&state=guessed");
    page.make("{ methods: ['redirect'], redirectUri: '/e2e/harness.html' }");
    assert_eq!(page.run(RESUME).value(), Value::Null);
    // It may be the answer to another library's question: it stays in the address.
    assert!(world.browser.session.url().is_ok_and(|url| url.contains("code=evil")));
    assert_eq!(world.server.requests("auth", "POST", "/token").len(), 0);
    assert_eq!(world.server.requests("app", "GET", "/stepup/stepup_bg.wasm").len(), 0);
}

fn t53_who_comes_back_too_late_sends_nothing(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world, "/e2e/harness.html");
    leave(&page, LOOP);
    Provider(world).passkey();
    let page = back(world);
    page.run("const { now } = Date; Date.now = () => now() + 301_000").value();
    assert_eq!(page.run(RESUME).code(), "pending_expired");
    assert_eq!(sent(world), 1);
    assert_eq!(
        page.run("return e2e.su.resume().catch((error) => error.code)").value(),
        "pending_expired"
    );
    let page = Harness::open(world);
    page.make(MAKE);
    assert_eq!(page.run(RESUME).value(), Value::Null, "and it is not in progress any more");
}

fn t66_where_nothing_can_be_saved_the_page_is_not_left(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world, "/e2e/harness.html");
    page.run(
        "IDBFactory.prototype.open = () => { throw new DOMException('off', 'SecurityError'); }",
    )
    .value();
    page.click("sent", LOOP);
    until("it ends", || {
        if Prompt(world).choices().first().is_some_and(|choice| choice == "redirect") {
            Prompt(world).choose("redirect");
        }
        page.peek("sent")
    });
    let outcome = page.outcome("sent");
    assert_eq!(outcome.code(), "storage_unavailable");
    assert_eq!(outcome.error()["response"]["bodyUsed"], false);
    assert_eq!(world.server.requests("auth", "GET", "/auth").len(), 0);
    assert_eq!(page.run("return Object.keys(sessionStorage)").value(), json!([]));
}

fn t01_another_user_who_comes_back_sends_nothing(bench: &Bench) {
    let world = bench.world(json!({ "hints": "ignore" }));
    let page = open(world, "/e2e/harness.html");
    world.forget_cookies(&world.server.issuer);
    leave(
        &page,
        "return e2e.su.fetch(e2e.api + '/payees', { method: 'POST', \
        headers: { 'Content-Type': 'application/json' }, body: '{}', stepup: { methods: ['redirect'] } })",
    );
    Provider(world).password("bob");
    let page = back(world);
    let resumed = page.run(RESUME).value();
    assert_eq!(resumed["error"]["code"], "subject_mismatch");
    assert_eq!(resumed["results"][0]["error"]["code"], "subject_mismatch");
    assert_eq!(world.server.requests("api", "POST", "/payees").len(), 1);
    assert_eq!(page.run("return e2e.su.token() ?? null").value(), Value::Null);
}

fn t60_back_from_the_provider_nothing_is_in_progress(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world, "/e2e/harness.html");
    leave(&page, LOOP);
    world.browser.session.post("/back", &json!({})).expect("the user goes back");
    // From the browser's cache the page is as it was left; else it is loaded anew.
    let cached = until("the page is shown", || {
        let script = "return window.e2e?.ready === true ? window.e2e.api !== '' : null";
        world.browser.session.execute(script, json!([])).ok()?.as_bool()
    });
    let page = Harness(world);
    if cached {
        assert_eq!(page.outcome("sent").code(), "interrupted");
    }
    let page = Harness::open(world);
    page.make(MAKE);
    assert_eq!(page.run(RESUME).value(), Value::Null);
    leave(&page, "return e2e.su.ensure({ acr: 'AL3', methods: ['redirect'] })");
    Provider(world).passkey();
    let page = back(world);
    assert_eq!(page.run(RESUME).value()["assurance"]["acr"], "AL3", "it can be begun anew");
}

fn t60_a_page_from_the_cache_is_told_that_it_was_interrupted(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world, "/e2e/harness.html");
    page.run("Object.defineProperty(navigator, 'userActivation', { value: { isActive: false } })")
        .value();
    page.start("sent", LOOP);
    Prompt(world).offers(&["redirect", "cancel"]);
    // No engine keeps a page under automation: the event stands for it.
    page.run("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))").value();
    let outcome = page.outcome("sent");
    assert_eq!(outcome.code(), "interrupted");
    assert!(!Prompt(world).is_shown());
    assert_eq!(sent(world), 1);
}

fn the_app_may_ask_before_a_request_leaves_again(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world, "/e2e/harness.html");
    leave(&page, LOOP);
    Provider(world).passkey();
    let page = back(world);
    let told = page
        .run(
            "const { results } = await e2e.su.resume({ replay: 'ask' }); \
             const [{ send, discard, response }] = results; \
             return [response === undefined, typeof send, typeof discard]",
        )
        .value();
    assert_eq!(told, json!([true, "function", "function"]));
    assert_eq!(sent(world), 1);
    let told = page
        .run(
            "const { results: [{ send }] } = await e2e.su.resume(); \
             const [one, two] = [send(), send()]; \
             return [(await one).status, one === two]",
        )
        .value();
    assert_eq!(told, json!([200, true]));
    assert_eq!(sent(world), 2);
}

fn t54_a_logout_forgets_what_was_saved(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world, "/e2e/harness.html");
    leave(&page, LOOP);
    let provider = world.browser.session.url().expect("there is an address");
    let page = Harness::open(world);
    page.make(MAKE);
    page.run("e2e.su.clear()").value();
    until_true("it is forgotten", || {
        page.run("return Object.keys(sessionStorage)").value() == json!([])
    });
    world.browser.session.go(&provider).expect("the provider's page loads");
    Provider(world).passkey();
    until_true("the callback page has nothing to do", || {
        world.browser.session.url().is_ok_and(|url| url.contains("/e2e/callback.html"))
    });
    let page = Harness::open(world);
    page.make(MAKE);
    assert_eq!(page.run(RESUME).value(), Value::Null);
    assert_eq!(sent(world), 1);
}

fn a_sign_in_by_redirect_comes_back_signed_in(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    page.make("{ methods: ['redirect'] }");
    leave(&page, "return e2e.su.ensure({ scope: 'accounts:read' })");
    Provider(world).password("alice");
    let page = back(world);
    let resumed = page.run(RESUME).value();
    assert_eq!((&resumed["assurance"]["acr"], &resumed["results"]), (&json!("AL1"), &json!([])));
    assert_eq!(page.run("return (await e2e.su.fetch(e2e.api + '/balance')).status").value(), 200);
}
