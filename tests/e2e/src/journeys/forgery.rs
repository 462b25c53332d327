//! Answers that nobody asked for, or that come from somebody else.

use serde_json::json;

use super::journeys;
use crate::bench::{Bench, Journey, World};
use crate::elsewhere::{Elsewhere, Page};
use crate::pages::{Harness, Provider};
use crate::wait::until_true;

pub const JOURNEYS: &[(&str, Journey)] = journeys![
    t34_a_message_from_a_foreign_origin_is_ignored,
    t34_a_message_from_another_window_of_the_page_is_ignored,
    t35_a_forged_broadcast_is_ignored,
    t26_an_answer_that_nobody_awaits_is_dropped,
    t30_t31_the_callback_goes_nowhere_and_keeps_no_code,
];

/// A page that posts to its parent whatever the fragment holds, as JSON.
const FORGER: &str = "<!doctype html><script>\
    parent.postMessage(JSON.parse(decodeURIComponent(location.hash.slice(1))), '*');\
    </script>";

/// Keeps every message that reaches the page, so that a test knows when a forgery has arrived.
const WATCH: &str = "e2e.messages = []; \
    addEventListener('message', (event) => e2e.messages.push(event.data?.forged ?? 'genuine'));";

/// Starts a step-up and returns its `state`, which an attacker is unlikely to know.
fn awaited<'a>(world: &'a World) -> (Harness<'a>, String) {
    let page = Harness::open(world);
    page.make("{}");
    page.run(WATCH).value();
    page.click("signed", "return e2e.su.ensure({ acr: 'AL3', scope: 'transfers:write' })");
    world.popup();
    world.element("button#use-passkey");
    world.switch_to(&world.main);
    let asked = world.server.requests("auth", "GET", "/auth");
    let state = asked[0].parameter("state").expect("an authorization request has a state");
    (page, state)
}

/// The step-up goes on and ends as it would have without the forgery.
fn goes_on(page: &Harness) {
    let world = page.0;
    assert_eq!(page.peek("signed"), None, "the forgery settled it");
    assert_eq!(world.server.requests("auth", "POST", "/token").len(), 0);
    world.popup();
    Provider(world).passkey();
    world.popup_is_gone();
    assert_eq!(page.outcome("signed").value()["acr"], "AL3");
    assert_eq!(world.server.requests("auth", "POST", "/token").len(), 1);
}

/// Everything right but its sender: it would end the step-up.
fn forged(world: &World, state: &str) -> serde_json::Value {
    let search = format!(
        "?error=access_denied&state={state}&iss={}",
        world.server.issuer.replace(':', "%3A").replace('/', "%2F")
    );
    json!({ "stepup": state, "search": search, "forged": "forged" })
}

fn t34_a_message_from_a_foreign_origin_is_ignored(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Page {
        headers: vec!["content-type: text/html".into()],
        body: FORGER.into(),
        ..Page::default()
    };
    let evil = Elsewhere::start([("/forge", page)]);
    let (page, state) = awaited(world);
    let message = forged(world, &state);
    page.run(&format!(
        "const frame = document.createElement('iframe'); \
         frame.src = {} + '#' + encodeURIComponent(JSON.stringify({message})); \
         document.body.append(frame);",
        json!(format!("{}/forge", evil.origin("evil.localhost")))
    ))
    .value();
    until_true("the forgery arrives", || page.run("return e2e.messages.length").value() == 1);
    assert_eq!(page.run("return e2e.messages").value(), json!(["forged"]));
    goes_on(&page);
}

fn t34_a_message_from_another_window_of_the_page_is_ignored(bench: &Bench) {
    let world = bench.world(json!({}));
    let (page, state) = awaited(world);
    let message = forged(world, &state);
    // Same origin, right state; but it is not the window that was opened.
    page.run(&format!(
        "const frame = document.createElement('iframe'); \
         frame.srcdoc = '<script>parent.postMessage(' + {} + ', \"*\")<\\/script>'; \
         document.body.append(frame);",
        json!(message.to_string())
    ))
    .value();
    until_true("the forgery arrives", || page.run("return e2e.messages.length").value() == 1);
    goes_on(&page);
}

fn t35_a_forged_broadcast_is_ignored(bench: &Bench) {
    let world = bench.world(json!({}));
    let (page, state) = awaited(world);
    // On the right channel with another state, without one, and what is no query at all.
    page.run(&format!(
        "const channel = new BroadcastChannel('stepup:' + {0}); \
         const told = new Promise((resolve) => {{ \
           const listener = new BroadcastChannel('stepup:' + {0}); \
           listener.onmessage = (event) => event.data === 'last' && resolve(); }}); \
         for (const forged of ['?error=access_denied&state=guessed', '?code=forged', \
             '?code=forged&state=guessed&iss=' + encodeURIComponent(e2e.issuer), \
             {{ search: '?error=access_denied' }}, 7, null, 'last']) channel.postMessage(forged); \
         await told;",
        json!(state)
    ))
    .value();
    goes_on(&page);
}

fn t26_an_answer_that_nobody_awaits_is_dropped(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    page.make("{}");
    page.run("await e2e.su.preload()").value();
    // That it was fetched is told.
    page.run("e2e.events.length = 0").value();
    page.run(WATCH).value();
    let open = format!(
        "window.open('/e2e/callback.html?code=stolen&state=unasked&iss=' + {})",
        json!(format!("encoded {}", world.server.issuer))
    );
    page.click("opened", &format!("{open}; return null"));
    world.popup();
    until_true("the code leaves the address", || {
        world.browser.session.url().is_ok_and(|url| url.ends_with("/e2e/callback.html"))
    });
    world.switch_to(&world.main);
    // The callback tries the broadcast first, and after that the page that opened it.
    until_true("the answer is offered to the opener", || {
        page.run("return e2e.messages.length").value() == 1
    });
    world.popup();
    world.close_popup();
    assert_eq!(page.event_types(), Vec::<String>::new());
    let asked = world.server.requests("auth", "POST", "/token");
    assert_eq!(asked.len(), 0, "nobody was asked for a token");
    assert_eq!(page.run("return e2e.su.token() ?? null").value(), json!(null));
    page.sign_in("alice");
    let tokens = world.server.requests("auth", "POST", "/token");
    assert_eq!(tokens.len(), 1, "the page's own sign-in works all the same");
}

fn t30_t31_the_callback_goes_nowhere_and_keeps_no_code(bench: &Bench) {
    let world = bench.world(json!({}));
    let evil = Elsewhere::start([]);
    let session = &world.browser.session;
    let target = evil.origin("evil.localhost");
    let names = ["return_to", "returnTo", "redirect_uri", "next", "url", "target_link_uri"];
    let query: String = names.iter().map(|name| format!("&{name}={target}/")).collect();
    let url = format!("{}/stepup/callback.html?code=secret&state=s{query}", world.server.app);
    session.go(&url).expect("the callback page loads");
    // After a while the page tells the user to close it: it had every chance to go elsewhere.
    until_true("the callback page has nothing more to do", || {
        session
            .execute("return document.querySelector('#status').textContent", json!([]))
            .is_ok_and(|text| text.as_str().is_some_and(|text| text.contains("close this window")))
    });
    let stayed = session.url().expect("the window has an address");
    assert_eq!(stayed, format!("{}/stepup/callback.html", world.server.app));
    let length = world.script("return history.length", json!([]));
    session.post("/back", &json!({})).expect("the browser goes back");
    let before = session.url().expect("the window has an address");
    assert!(!before.contains("code="), "the code is not in the history ({length}): {before}");
    assert_eq!(evil.arrived().len(), 0);
    let log = world.server.log();
    let told = log.iter().filter(|seen| seen.header("referer").is_some_and(|it| it.contains('?')));
    assert_eq!(told.count(), 0, "{log:?}");
    let callback = world.server.requests("app", "GET", "/stepup/callback.js");
    assert_eq!(callback.len(), 1);
    assert_eq!(callback[0].header("referer"), None);
}
