//! A backend-for-frontend: cookies, and no token in the page.

use serde_json::{Value, json};

use super::journeys;
use super::passkey::{confirm_by_passkey, sent_for_the_transfer, transfer};
use crate::bench::{Bench, Journey, World};
use crate::engine::Engine;
use crate::pages::{Bank, Harness, Provider};

pub const JOURNEYS: &[(&str, Journey)] = journeys![
    a_passkey_raises_the_session_in_four_requests,
    options_in_the_challenge_save_one,
    what_checks_id_tokens_is_never_fetched,
    a_window_raises_the_session_and_the_same_request_leaves_again,
    a_redirect_raises_the_session_and_the_same_request_leaves_again,
    after_ensure_the_request_leaves_once_and_nobody_is_asked,
    a_cancel_in_the_window_sends_nothing,
];

fn a_passkey_raises_the_session_in_four_requests(bench: &Bench) {
    let world = bench.world(json!({}));
    let expected = [
        "POST /bff/api/transfers 401",
        "POST /bff/passkey/options 200",
        "POST /bff/passkey/verify 200",
        "POST /bff/api/transfers 201",
    ];
    assert_eq!(transfer(world, "bff"), expected);
    no_token_is_in_the_page(world);
    // The retry is the same request, but for the token against forgery, which the raise has changed.
    let sent = world.server.requests("app", "POST", "/bff/api/transfers");
    let [first, second] = sent.as_slice() else { panic!("{sent:?}") };
    for header in ["content-type", "idempotency-key", "origin", "content-length"] {
        assert!(first.header(header).is_some(), "{first:?}");
        assert_eq!(first.header(header), second.header(header));
    }
    assert_eq!((first.header("authorization"), second.header("authorization")), (None, None));
    assert!(first.header("x-csrf-token").is_some() && second.header("x-csrf-token").is_some());
    // WebKit may show a page the cookies of an answer later than the answer.
    if world.browser.engine != Engine::Webkit {
        assert_ne!(first.header("x-csrf-token"), second.header("x-csrf-token"));
    }
}

fn what_checks_id_tokens_is_never_fetched(bench: &Bench) {
    let world = bench.world(json!({}));
    let bank = Bank::open_at(world, "/?arrangement=bff");
    world.authenticator.arm(&world.browser);
    bank.sign_in("alice");
    bank.transfer("25.50");
    confirm_by_passkey(world, &bank);
    for file in ["/stepup/id_token_bg.wasm", "/stepup/id_token.js"] {
        assert_eq!(world.server.requests("app", "GET", file).len(), 0, "{file}");
    }
    assert_eq!(world.server.requests("app", "GET", "/stepup/stepup_bg.wasm").len(), 1);
    for path in ["/.well-known/openid-configuration", "/jwks"] {
        let asked = world.server.requests("auth", "GET", path);
        assert!(asked.iter().all(|it| it.raw["from"] != "page"), "{asked:?}");
    }
}

#[track_caller]
fn no_token_is_in_the_page(world: &World) {
    let script = "return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, \
        document.documentElement.outerHTML])";
    let told = world.script(script, json!([]));
    let told = told.as_str().unwrap_or_default();
    assert!(!told.contains("eyJ"), "a JWT is in the page: {told}");
}

fn a_redirect_raises_the_session_and_the_same_request_leaves_again(bench: &Bench) {
    let world = bench.world(json!({}));
    let options = "{ apis: [{ origin: '/', pathPrefix: '/bff/api' }], methods: ['redirect'], \
        bff: { login: '/bff/login', csrf: { header: 'X-CSRF-Token', \
            token: () => /bank-csrf=([\\w-]+)/.exec(document.cookie)?.[1] ?? '' } } }";
    let page = Harness::open(world);
    page.make(options);
    page.leave("return e2e.su.ensure({})");
    Provider(world).password("alice");
    let page = Harness::back_with(world, options);
    assert_eq!(page.resume()["results"], json!([]));
    let send = "const payees = await (await e2e.su.fetch('/bff/api/payees')).json(); \
        return e2e.su.fetch('/bff/api/transfers', { method: 'POST', \
            headers: { 'Content-Type': 'application/json' }, \
            body: JSON.stringify({ payee: payees[0].id, amount: 2550 }), \
            stepup: { idempotencyKey: true } })";
    page.leave(send);
    Provider(world).passkey();
    let page = Harness::back_with(world, options);
    no_token_is_in_the_page(world);
    let resumed = page.resume();
    assert_eq!(resumed["results"][0]["answer"]["status"], 201, "{resumed}");
    // Of the sign-in and of the transfer it is known that they were taken up, and no more.
    assert_eq!((page.keeps(), page.records()), (Vec::new(), vec![false, false]));
    let sent = world.server.requests("app", "POST", "/bff/api/transfers");
    let [first, second] = sent.as_slice() else { panic!("{sent:?}") };
    for header in ["content-type", "idempotency-key", "content-length"] {
        assert!(first.header(header).is_some(), "{first:?}");
        assert_eq!(first.header(header), second.header(header));
    }
    assert_eq!((first.header("authorization"), second.header("authorization")), (None, None));
    world.reload();
    assert_eq!(Harness::back_with(world, options).resume(), Value::Null);
    assert_eq!(world.server.ledger().len(), 1);
}

fn options_in_the_challenge_save_one(bench: &Bench) {
    let world = bench.world(json!({ "carry": true }));
    let expected = [
        "POST /bff/api/transfers 401",
        "POST /bff/passkey/verify 200",
        "POST /bff/api/transfers 201",
    ];
    assert_eq!(transfer(world, "bff&carried=1"), expected);
}

/// The harness page with the backend's window as the only way.
const WINDOW: &str = "issuer: undefined, clientId: undefined, \
    apis: [{ origin: location.origin, pathPrefix: '/bff/api' }], methods: ['popup'], \
    bff: { login: '/bff/login', csrf: { header: 'X-CSRF-Token', \
      token: () => /bank-csrf=([\\w-]+)/.exec(document.cookie)?.[1] ?? '' } }";

const TRANSFER: &str = "return e2e.read(await e2e.su.fetch('/bff/api/transfers', { \
    method: 'POST', headers: { 'Content-Type': 'application/json' }, \
    body: JSON.stringify({ payee: 'rent', amount: 100 }) }))";

#[track_caller]
fn open(world: &World) -> Harness<'_> {
    let page = Harness::open(world);
    page.make(&format!("{{ {WINDOW} }}"));
    page.sign_in("alice");
    world.server.forget();
    page.run("e2e.events.length = 0").value();
    page
}

fn a_window_raises_the_session_and_the_same_request_leaves_again(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world);
    page.click("sent", TRANSFER);
    world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    assert_eq!(page.outcome("sent").value()["status"], 201);
    let lines = sent_for_the_transfer(&world.server);
    let transfers: Vec<_> = lines.iter().filter(|line| line.contains("/transfers")).collect();
    assert_eq!(transfers, ["POST /bff/api/transfers 401", "POST /bff/api/transfers 201"]);
    let logins = world.server.requests("app", "GET", "/bff/login");
    let [login] = logins.as_slice() else { panic!("{logins:?}") };
    assert_eq!(login.parameter("acr_values").as_deref(), Some("AL3"));
    assert_eq!(login.parameter("max_age").as_deref(), Some("60"));
    let back = login.parameter("return_to").unwrap_or_default();
    assert!(back.starts_with("/e2e/callback.html?stepup_state="), "{back}");
    assert_eq!(world.server.ledger().len(), 1);
    no_token_is_in_the_page(world);
}

fn after_ensure_the_request_leaves_once_and_nobody_is_asked(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world);
    let ensure = "return e2e.su.ensure({ acr: 'AL3', maxAge: 60, scope: 'transfers:write' })";
    page.click("ensured", ensure);
    world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    assert_eq!(page.outcome("ensured").value()["verified"], false);
    world.server.forget();
    page.run("e2e.events.length = 0").value();
    assert_eq!(page.run(TRANSFER).value()["status"], 201);
    page.run(ensure).value();
    assert_eq!(sent_for_the_transfer(&world.server), ["POST /bff/api/transfers 201"]);
    assert!(!page.event_types().contains(&"prompt".to_owned()));
}

fn a_cancel_in_the_window_sends_nothing(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world);
    page.click("sent", TRANSFER);
    world.prompted();
    Provider(world).cancel();
    world.popup_is_gone();
    assert_eq!(page.outcome("sent").code(), "cancelled");
    assert_eq!(world.server.ledger(), Vec::<Value>::new());
}
