//! The life of a token: renewed where an API refuses it, and used once where it is for one use.

use serde_json::{Value, json};

use super::journeys;
use crate::bench::{Bench, Journey, World};
use crate::pages::{Harness, Prompt, Provider};
use crate::server::{Seen, access_token_claims};
use crate::wait::{until, until_true};

pub const JOURNEYS: &[(&str, Journey)] = journeys![
    t65_a_revoked_token_is_renewed_without_a_prompt_and_the_request_goes_through_once,
    t65_the_lock_of_another_tab_is_waited_for,
    t08_a_challenge_is_put_to_the_user_although_there_is_a_refresh_token,
    a_refresh_token_that_was_revoked_leaves_the_answer_as_it_is,
    with_renewal_one_prompt_gives_each_of_two_requests_a_token_for_one_use,
    without_renewal_two_requests_are_asked_for_one_after_the_other,
];

/// What a request to make a transfer is, to the page.
const TRANSFER: &str = "const sent = await e2e.su.fetch(e2e.api + '/transfers', { method: 'POST', \
     headers: { 'Content-Type': 'application/json' }, \
     body: JSON.stringify({ payee: 'rent', amount: 100 }) }); \
     return sent.status;";

/// Alice has confirmed with her passkey, and the API has seen the token that came of it.
fn confirmed<'a>(world: &'a World, options: &str) -> Harness<'a> {
    let page = Harness::open(world);
    page.make(options);
    page.click(
        "confirmed",
        "return e2e.su.ensure({ acr: 'AL3', scope: 'accounts:read transfers:write' })",
    );
    world.popup();
    Provider(world).passkey();
    world.popup_is_gone();
    assert_eq!(page.outcome("confirmed").value()["acr"], "AL3");
    let balance = page.run("return (await e2e.su.fetch(e2e.api + '/balance')).status");
    assert_eq!(balance.value(), json!(200));
    world.server.forget();
    page
}

fn statuses(seen: &[Seen]) -> Vec<u64> {
    seen.iter().map(|seen| seen.status).collect()
}

fn t65_a_revoked_token_is_renewed_without_a_prompt_and_the_request_goes_through_once(
    bench: &Bench,
) {
    let world = bench.world(json!({}));
    let page = confirmed(world, "{ renew: true }");
    world.server.revoke();
    assert_eq!(page.run(TRANSFER).value(), json!(201));

    let ledger = world.server.ledger();
    assert_eq!(ledger.len(), 1, "{ledger:?}");
    let sent = world.server.requests("api", "POST", "/transfers");
    assert_eq!(statuses(&sent), [401, 201]);
    // Another token of the same authentication.
    let [before, after] = [&sent[0], &sent[1]].map(access_token_claims);
    assert_ne!(before["jti"], after["jti"]);
    for claim in ["sub", "acr", "auth_time", "scope"] {
        assert_eq!(before[claim], after[claim], "{claim}");
    }
    assert_eq!(statuses(&world.server.requests("auth", "POST", "/token")), [200]);
    assert_eq!(world.server.requests("auth", "GET", "/auth").len(), 0, "nobody is asked");
    assert_eq!(world.popups(), []);
    // Its refresh token has been rotated, and so has the next one.
    world.server.revoke();
    assert_eq!(page.run(TRANSFER).value(), json!(201));
    assert_eq!(statuses(&world.server.requests("auth", "POST", "/token")), [200, 200]);
    let secret = page.events().iter().any(|event| event.to_string().contains("eyJ"));
    assert!(!secret, "a token is in an event");
}

fn t65_the_lock_of_another_tab_is_waited_for(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = confirmed(world, "{ renew: true }");
    world.server.revoke();
    let hold = "e2e.held = new Promise((held) => { \
         navigator.locks.request('stepup:renewal ' + e2e.issuer + ' bank-spa', \
           () => new Promise((release) => { e2e.release = release; held(true); })); }); \
         return e2e.held;";
    assert_eq!(page.run(hold).value(), json!(true));
    page.start("transfer", TRANSFER);
    let pending = "const { pending } = await navigator.locks.query(); return pending.length;";
    until("it waits", || (page.run(pending).value() == json!(1)).then_some(()));
    assert_eq!(page.peek("transfer"), None);
    assert_eq!(world.server.requests("auth", "POST", "/token").len(), 0);
    page.run("e2e.release(); return null").value();
    assert_eq!(page.outcome("transfer").value(), json!(201));
    assert_eq!(world.server.ledger().len(), 1);
    let held = "const { held } = await navigator.locks.query(); return held.length;";
    until("it is given back", || (page.run(held).value() == json!(0)).then_some(()));
}

fn t08_a_challenge_is_put_to_the_user_although_there_is_a_refresh_token(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    page.make("{ renew: true }");
    page.sign_in("alice");
    world.server.forget();
    page.click("transfer", TRANSFER);
    world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    assert_eq!(page.outcome("transfer").value(), json!(201));
    assert_eq!(world.server.requests("auth", "GET", "/auth").len(), 1);
    let trades = world.server.requests("auth", "POST", "/token");
    assert_eq!(trades.len(), 1, "the code, and no refresh token: {trades:?}");
}

fn a_refresh_token_that_was_revoked_leaves_the_answer_as_it_is(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = confirmed(world, "{ renew: true }");
    // To use a refresh token twice ends all that came of its sign-in (RFC 9700 §4.14.2).
    let replay = "const used = e2e.sent.find((body) => body?.includes('grant_type=refresh_token')); \
         return (await e2e.native(e2e.issuer + '/token', { method: 'POST', body: used, \
           headers: { 'Content-Type': 'application/x-www-form-urlencoded' } })).status;";
    let listen = "e2e.sent = []; e2e.native = fetch.bind(globalThis); \
         globalThis.fetch = async (input, init) => { \
           if (input instanceof Request && input.url.endsWith('/token')) \
             e2e.sent.push(await input.clone().text()); \
           return e2e.native(input, init); }; return null;";
    page.run(listen).value();
    world.server.revoke();
    assert_eq!(page.run(TRANSFER).value(), json!(201));
    assert_eq!(page.run(replay).value(), json!(400));
    world.server.revoke();
    let body = TRANSFER.replace("return sent.status", "return e2e.read(sent)");
    let answer = page.run(&body).value();
    assert_eq!(answer["status"], 401);
    assert!(answer["body"].is_object(), "it is unread and untouched: {answer}");
    assert_eq!(world.server.ledger().len(), 1);
    let trades = statuses(&world.server.requests("auth", "POST", "/token"));
    assert_eq!(trades, [200, 400, 400]);
    // What is refused is not tried again.
    let status = page.run("return (await e2e.su.fetch(e2e.api + '/balance')).status");
    assert_eq!(status.value(), json!(401));
    assert_eq!(world.server.requests("auth", "POST", "/token").len(), 3);
}

/// Two requests at a time to what takes a token once; the session is the app's own, and lasts.
fn two_at_once<'a>(world: &'a World, options: &str) -> Harness<'a> {
    let page = Harness::open(world);
    page.make("{}");
    page.sign_in("alice");
    page.run("e2e.low = e2e.su.token(); return null").value();
    page.make(&format!(
        "{{ apis: [{{ origin: e2e.api, pathPrefix: '/once', tokenUse: 'once' }}], \
           session: () => ({{ accessToken: e2e.low, scope: 'accounts:read' }}), {options} }}",
    ));
    world.server.forget();
    page.click(
        "two",
        "return Promise.all([1, 2].map(async () => { \
           const sent = await e2e.su.fetch(e2e.api + '/once', { method: 'POST' }); \
           return [sent.status, (await sent.json()).id]; }));",
    );
    world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    page
}

/// Each was challenged, and sent once more with a token of its own.
#[track_caller]
fn each_had_its_own(world: &World, two: &Value) {
    let [one, other] = [&two[0], &two[1]];
    assert_eq!((&one[0], &other[0]), (&json!(200), &json!(200)), "{two}");
    assert_ne!(one[1], other[1], "one token for two requests");
    let mut answers = statuses(&world.server.requests("api", "POST", "/once"));
    answers.sort_unstable();
    assert_eq!(answers, [200, 200, 401, 401]);
}

fn with_renewal_one_prompt_gives_each_of_two_requests_a_token_for_one_use(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = two_at_once(world, "renew: true");
    each_had_its_own(world, &page.outcome("two").value());
    assert_eq!(world.server.requests("auth", "GET", "/auth").len(), 1);
    assert_eq!(statuses(&world.server.requests("auth", "POST", "/token")), [200, 200]);
}

fn without_renewal_two_requests_are_asked_for_one_after_the_other(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = two_at_once(world, "renew: false");
    // The user has just confirmed, so that the provider lets the second window go on by itself.
    let prompt = Prompt(world);
    until_true("the next window is asked for", || prompt.is_shown() || page.peek("two").is_some());
    if prompt.is_shown() {
        prompt.choose("open");
    }
    let two = page.outcome("two");
    world.popup_is_gone();
    each_had_its_own(world, &two.value());
    assert_eq!(world.server.requests("auth", "GET", "/auth").len(), 2);
    let trades = world.server.requests("auth", "POST", "/token");
    assert_eq!(trades.len(), 2, "a code for each, and no refresh token: {trades:?}");
}
