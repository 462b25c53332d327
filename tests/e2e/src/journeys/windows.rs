//! The window: blocked, closed, lost, cut off by an opener policy, taken away.

use serde_json::{Value, json};

use super::journeys;
use crate::bench::{Bench, Journey, World};
use crate::pages::{Asked, Bank, Harness, Prompt, Provider};
use crate::wait::until_true;

pub const JOURNEYS: &[(&str, Journey)] = journeys![
    t36_t38_without_a_gesture_the_button_asks_for_a_click,
    t36_where_not_even_a_click_opens_a_window_it_is_popup_blocked,
    t37_a_closed_window_settles_nothing_and_is_opened_again,
    t37_a_closed_window_is_continued_and_then_cancelled_from_the_page,
    an_opener_policy_on_the_app,
    an_opener_policy_on_the_provider,
    an_opener_policy_on_both,
    an_abort_closes_the_window_and_rejects_with_the_caller_s_own_reason,
    an_abort_takes_the_button_away,
];

const ECHO: &str =
    "return e2e.read(await e2e.su.fetch(e2e.api + '/echo', { method: 'POST', body: 'hello' }))";
const LOOP: &str = "return e2e.read(await e2e.su.fetch(e2e.api + '/loop', e2e.init ?? {}))";

/// A page whose user has signed in with the password.
fn signed_in(world: &World) -> Harness<'_> {
    let page = Harness::open(world);
    page.make("{}");
    page.sign_in("alice");
    world.server.forget();
    page
}

/// The request was sent twice and answered, after one exchange of a code.
fn was_echoed(page: &Harness) {
    let world = page.0;
    let answer = page.outcome("sent").value();
    assert_eq!((&answer["status"], &answer["body"]["size"]), (&json!(200), &json!(5)));
    let sent = world.server.requests("api", "POST", "/echo");
    assert_eq!(sent.iter().map(|seen| seen.status).collect::<Vec<_>>(), [401, 200]);
    assert_eq!(world.server.requests("auth", "POST", "/token").len(), 1);
}

/// How the user was asked, by the events.
fn prompts(page: &Harness) -> Vec<String> {
    let events = page.events();
    let prompts = events.iter().filter(|event| event["type"] == "prompt");
    prompts.map(|event| event["shown"].as_str().unwrap_or_default().to_owned()).collect()
}

fn t36_t38_without_a_gesture_the_button_asks_for_a_click(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = signed_in(world);
    let before = prompts(&page).len();
    page.start(
        "sent",
        "return e2e.read(await e2e.su.fetch(e2e.api + '/echo', { \
            method: 'POST', body: 'hello', stepup: { reason: 'Pay <b>25</b> to Rent' } }))",
    );
    let prompt = Prompt(world);
    prompt.offers(&["open", "cancel"]);
    assert_eq!(world.popups(), [], "nothing opens without a click");
    let text = prompt.text();
    assert!(text.contains("Pay <b>25</b> to Rent"), "the reason is plain text: {text}");
    assert!(text.contains(&world.server.issuer), "the provider is named: {text}");
    assert_eq!(prompts(&page)[before..], ["button"]);
    assert_eq!(world.server.requests("auth", "GET", "/auth").len(), 0, "nobody was asked yet");
    prompt.choose("open");
    prompt.is_gone();
    world.popup();
    Provider(world).passkey();
    world.popup_is_gone();
    was_echoed(&page);
    assert_eq!(prompts(&page)[before..], ["button", "window"]);
}

fn t36_where_not_even_a_click_opens_a_window_it_is_popup_blocked(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    page.make("{}");
    page.run("e2e.opened = 0; window.open = () => { e2e.opened += 1; return null; }").value();
    page.click("sent", LOOP);
    let prompt = Prompt(world);
    prompt.choose("open");
    let outcome = page.outcome("sent");
    assert_eq!(outcome.code(), "popup_blocked");
    assert_eq!(outcome.error()["response"]["status"], 401);
    prompt.is_gone();
    assert_eq!(page.run("return location.pathname").value(), json!("/e2e/harness.html"));
    let opened = page.run("return e2e.opened").value();
    assert!(opened.as_u64().is_some_and(|times| times >= 1), "{opened}");
    assert_eq!(world.server.requests("auth", "GET", "/auth").len(), 0);
    assert_eq!(world.server.requests("api", "GET", "/loop").len(), 1);
}

fn t37_a_closed_window_settles_nothing_and_is_opened_again(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = signed_in(world);
    page.click("sent", ECHO);
    world.prompted();
    world.element("button#use-passkey");
    world.close_popup();
    let prompt = Prompt(world);
    prompt.offers(&["continue", "open", "cancel"]);
    assert_eq!(page.peek("sent"), None, "a closed window settles nothing");
    assert!(!page.event_types().contains(&"settled".into()) || prompts(&page).len() > 1);
    prompt.choose("open");
    prompt.is_gone();
    world.popup();
    Provider(world).passkey();
    world.popup_is_gone();
    was_echoed(&page);
    let asked = world.server.requests("auth", "GET", "/auth");
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert_eq!(asked[0].query, asked[1].query, "it is the same request, looked for again");
}

fn t37_a_closed_window_is_continued_and_then_cancelled_from_the_page(bench: &Bench) {
    let world = bench.world(json!({}));
    let bank = Bank::open(world);
    bank.sign_in("alice");
    world.server.forget();
    bank.transfer("10");
    world.prompted();
    world.element("button#use-passkey");
    world.close_popup();
    let prompt = Prompt(world);
    prompt.choose("continue");
    // There is nothing to continue: the window is gone, and the user may still choose.
    prompt.offers(&["continue", "open", "cancel"]);
    prompt.choose("cancel");
    assert_eq!(bank.outcome(), "cancelled");
    prompt.is_gone();
    assert_eq!(world.server.ledger(), Vec::<Value>::new());
    assert_eq!(world.server.requests("api", "POST", "/transfers").len(), 1);
    assert_eq!(world.server.requests("auth", "POST", "/token").len(), 0);
}

fn an_opener_policy_on_the_app(bench: &Bench) {
    opener_policy(bench, &json!({ "app": "same-origin" }));
}

fn an_opener_policy_on_the_provider(bench: &Bench) {
    opener_policy(bench, &json!({ "provider": "same-origin" }));
}

fn an_opener_policy_on_both(bench: &Bench) {
    opener_policy(bench, &json!({ "app": "same-origin", "provider": "same-origin" }));
}

/// The window and the page cannot reach each other, and `closed` may read true while it lives.
fn opener_policy(bench: &Bench, coop: &Value) {
    let world = bench.world(json!({ "coop": coop }));
    let page = Harness::open(world);
    page.make("{}");
    page.click("sent", "return e2e.su.ensure({ acr: 'AL3', scope: 'transfers:write' })");
    world.popup();
    Provider(world).passkey();
    world.switch_to(&world.main);
    let assurance = page.outcome("sent").value();
    assert_eq!((&assurance["acr"], &assurance["verified"]), (&json!("AL3"), &json!(true)));
    Prompt(world).is_gone();
    assert_eq!(world.server.requests("auth", "GET", "/auth").len(), 1);
    assert_eq!(world.server.requests("auth", "POST", "/token").len(), 1);
    let sent = page.run(ECHO).value();
    assert_eq!(sent["status"], 200);
    assert_eq!(world.server.requests("api", "POST", "/echo").len(), 1);
}

fn an_abort_closes_the_window_and_rejects_with_the_caller_s_own_reason(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    page.make("{}");
    page.run("e2e.abort = new AbortController(); e2e.init = { signal: e2e.abort.signal }").value();
    page.click("sent", LOOP);
    world.prompted();
    world.element("input[name=login]");
    world.switch_to(&world.main);
    page.run("e2e.abort.abort(new RangeError('my own reason'))").value();
    let outcome = page.outcome("sent");
    assert_eq!(outcome.error()["name"], "RangeError");
    assert_eq!(outcome.error()["message"], "my own reason");
    world.popup_is_gone();
    assert_eq!(page.run("return e2e.abort.signal.reason.message").value(), "my own reason");
    assert_eq!(world.server.requests("api", "GET", "/loop").len(), 1);
    assert_eq!(world.server.requests("auth", "POST", "/token").len(), 0);
    until_true("the abort is told", || page.event_types().last().is_some_and(|it| it == "settled"));
    assert_eq!(page.events().last().map(|event| event["code"].clone()), Some(json!("aborted")));
}

fn an_abort_takes_the_button_away(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    page.make("{}");
    page.run("e2e.abort = new AbortController(); e2e.init = { signal: e2e.abort.signal }").value();
    page.start("sent", LOOP);
    let prompt = Prompt(world);
    prompt.offers(&["open", "cancel"]);
    page.run("e2e.abort.abort()").value();
    prompt.is_gone();
    assert_eq!(page.outcome("sent").error()["name"], "AbortError");
    assert_eq!(prompts(&page), [Asked::Button.shown()]);
}
