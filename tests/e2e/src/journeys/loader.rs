//! What an app calls: `ensure`, `preload`, `install`, `clear`, `token`, and the events it hears.

use serde_json::{Value, json};

use super::journeys;
use crate::bench::{Bench, Journey, World};
use crate::pages::{Harness, Prompt, Provider};
use crate::wait::until_true;

pub const JOURNEYS: &[(&str, Journey)] = journeys![
    ensure_in_a_click_opens_the_window_before_the_wasm_is_there,
    ensure_opens_nothing_when_it_is_proved_already,
    preload_fetches_the_wasm_and_what_the_provider_publishes_ahead,
    install_wraps_fetch_and_its_undo_gives_it_back,
    clear_during_a_prompt_is_session_changed,
    the_events_of_a_journey_belong_together_and_hold_no_secret,
    the_requirement_can_be_asked_for_as_an_essential_claim,
    t68_a_wasm_that_is_not_there_lets_requests_pass,
    t68_a_policy_without_wasm_lets_requests_pass,
    t69_a_dead_instance_rejects_every_waiter_and_fetch_goes_on,
];

/// The wasm of the core, as often as it was asked for.
fn wasm_fetches(world: &World) -> usize {
    world.server.requests("app", "GET", "/stepup/stepup_bg.wasm").len()
}

fn ensure_in_a_click_opens_the_window_before_the_wasm_is_there(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    // The wasm comes only when the window is open already.
    page.run("e2e.gate = new Promise((resolve) => { e2e.release = resolve; })").value();
    page.make("{ wasm: async () => { await e2e.gate; return '/stepup/stepup_bg.wasm'; } }");
    page.click("signed", "return e2e.su.ensure({ acr: 'AL3', maxAge: 60, reason: 'Pay' })");
    world.popup();
    world.switch_to(&world.main);
    assert_eq!((wasm_fetches(world), world.server.log_of("auth").len()), (0, 0));
    page.run("e2e.release()").value();
    world.popup();
    Provider(world).passkey();
    world.popup_is_gone();
    let assurance = page.outcome("signed").value();
    assert_eq!(assurance["acr"], "AL3");
    assert_eq!(assurance["verified"], true);
    assert!(assurance["authTime"].is_u64() && assurance["until"].is_number(), "{assurance}");
    assert!(assurance.get("accessToken").is_none(), "never a bare token: {assurance}");
    assert_eq!(wasm_fetches(world), 1);
    assert_eq!(world.server.requests("auth", "GET", "/auth").len(), 1);
    let token = page.run("return e2e.su.token({ acr: 'AL3', maxAge: 60 })").value();
    assert_eq!(token.as_str().map(|token| token.split('.').count()), Some(3));
}

fn ensure_opens_nothing_when_it_is_proved_already(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    page.make("{}");
    page.sign_in("alice");
    world.server.forget();
    page.run(
        "e2e.opened = 0; const real = window.open; \
        window.open = (...all) => { e2e.opened += 1; return real(...all); };",
    )
    .value();
    page.click("again", "return e2e.su.ensure({ acr: 'AL1' })");
    assert_eq!(page.outcome("again").value()["acr"], "AL1");
    assert_eq!(page.run("return e2e.opened").value(), 0);
    assert_eq!(world.server.log_of("auth").len(), 0);
}

fn preload_fetches_the_wasm_and_what_the_provider_publishes_ahead(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    page.make("{}");
    assert_eq!(wasm_fetches(world), 0);
    let published = || {
        let paths = ["/.well-known/openid-configuration", "/jwks"];
        paths.map(|path| world.server.requests("auth", "GET", path).len())
    };
    assert_eq!(published(), [0, 0]);
    page.run("await e2e.su.preload()").value();
    assert_eq!(wasm_fetches(world), 1);
    assert_eq!(published(), [1, 1]);
    page.start("sent", "return e2e.su.fetch(e2e.api + '/loop')");
    until_true("the challenge is told", || page.event_types().contains(&"challenge".into()));
    assert_eq!(wasm_fetches(world), 1, "once is enough");
    assert_eq!(published(), [1, 1]);
}

fn install_wraps_fetch_and_its_undo_gives_it_back(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    page.make("{}");
    page.run("e2e.native = fetch; e2e.undo = e2e.su.install(); e2e.nothing = e2e.su.install()")
        .value();
    assert_eq!(
        page.run("return [fetch === e2e.native, typeof e2e.nothing]").value(),
        json!([false, "function"])
    );
    page.sign_in("alice");
    page.click(
        "sent",
        "const sent = await fetch(e2e.api + '/echo', { method: 'POST', body: 'wrapped' }); \
         return (await sent.json()).size",
    );
    world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    assert_eq!(page.outcome("sent").value(), 7);
    assert_eq!(world.server.requests("api", "POST", "/echo").len(), 2, "intercepted once");
    page.run("e2e.undo()").value();
    assert_eq!(page.run("return fetch === e2e.native").value(), true);
    assert_eq!(page.run("return (await fetch(e2e.api + '/echo')).status").value(), 401);
    let last = world.server.requests("api", "GET", "/echo");
    assert_eq!(last[0].header("authorization"), None, "the native fetch adds nothing");
}

fn clear_during_a_prompt_is_session_changed(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    page.make("{}");
    page.sign_in("alice");
    page.click("sent", "return e2e.su.fetch(e2e.api + '/echo', { method: 'POST', body: 'x' })");
    world.prompted();
    world.element("button#use-passkey");
    world.switch_to(&world.main);
    world.server.forget();
    page.run("e2e.su.clear()").value();
    let outcome = page.outcome("sent");
    assert_eq!(outcome.code(), "session_changed");
    assert_eq!(outcome.error()["response"]["status"], 401);
    world.popup_is_gone();
    assert_eq!(page.run("return e2e.su.token() ?? null").value(), Value::Null);
    page.run("return e2e.su.fetch(e2e.api + '/bare')").value();
    let sent = world.server.requests("api", "GET", "/bare");
    assert_eq!(sent[0].header("authorization"), None, "no token is left");
    assert_eq!(world.server.requests("api", "POST", "/echo").len(), 0, "nothing was sent again");
    assert_eq!(world.server.requests("auth", "POST", "/token").len(), 0);
}

fn the_events_of_a_journey_belong_together_and_hold_no_secret(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    page.make("{}");
    page.sign_in("alice");
    let before = page.events().len();
    page.click(
        "sent",
        "return (await e2e.su.fetch(e2e.api + '/echo?private=1', { \
            method: 'POST', stepup: { tag: 'mine', reason: 'why' } })).status",
    );
    world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    assert_eq!(page.outcome("sent").value(), 200);
    until_true("it is settled", || page.event_types().last().is_some_and(|it| it == "settled"));
    let events: Vec<Value> = page.events().split_off(before);
    let find = |kind: &str| events.iter().find(|event| event["type"] == kind).expect("an event");
    let challenge = find("challenge");
    assert_eq!(
        (&challenge["tag"], &challenge["method"], &challenge["status"]),
        (&json!("mine"), &json!("POST"), &json!(401))
    );
    assert_eq!(challenge["url"], format!("{}/echo", world.server.api), "a URL without its query");
    let requirement = &challenge["requirement"];
    assert_eq!((&requirement["acrValues"], &requirement["maxAge"]), (&json!(["AL3"]), &json!(60)));
    assert_eq!(find("prompt")["reason"], "why");
    assert_eq!(find("authenticated")["acr"], "AL3");
    assert_eq!(find("settled")["outcome"], "response");
    assert_eq!(find("settled")["status"], 200);
    for kind in ["retry", "settled"] {
        assert_eq!(find(kind)["request"], challenge["request"], "{kind}");
        assert_eq!(find(kind)["tag"], "mine", "{kind}");
    }
    for event in &events {
        assert_eq!(event["flow"], challenge["flow"], "{event}");
        assert!(event["at"].is_number(), "{event}");
    }
    let asked = world.server.requests("auth", "GET", "/auth");
    let back = world.server.requests("app", "GET", "/e2e/callback.html");
    let token = page.run("return e2e.su.token({ acr: 'AL3' })").value();
    let secrets = [
        asked[1].parameter("state"),
        asked[1].parameter("nonce"),
        asked[1].parameter("id_token_hint"),
        back[1].parameter("code"),
        token.as_str().map(str::to_owned),
    ];
    let told = Value::from(page.events()).to_string();
    let printed = format!("{:?}", page.console());
    for secret in secrets {
        let secret = secret.expect("the secret is known to the test");
        assert!(!told.contains(&secret) && !printed.contains(&secret), "{secret} was told");
    }
}

fn the_requirement_can_be_asked_for_as_an_essential_claim(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    page.make("{ acrRequest: 'claims' }");
    page.click("signed", "return e2e.su.ensure({ acr: 'AL3' })");
    world.popup();
    Provider(world).passkey();
    world.popup_is_gone();
    assert_eq!(page.outcome("signed").value()["acr"], "AL3");
    let asked = world.server.requests("auth", "GET", "/auth");
    assert_eq!(asked[0].parameter("acr_values"), None);
    let claims: Value = serde_json::from_str(&asked[0].parameter("claims").unwrap_or_default())
        .expect("the claims parameter is JSON");
    assert_eq!(claims, json!({ "id_token": { "acr": { "essential": true, "value": "AL3" } } }));
}

fn t68_a_wasm_that_is_not_there_lets_requests_pass(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    page.make("{ wasm: '/e2e/no-such.wasm' }");
    let outcome = page.run("return e2e.su.fetch(e2e.api + '/loop')");
    assert_eq!(outcome.code(), "wasm_unavailable");
    let response = &outcome.error()["response"];
    assert_eq!((&response["status"], &response["bodyUsed"]), (&json!(401), &json!(false)));
    assert_eq!(page.run("return (await e2e.su.fetch(e2e.api + '/bare')).status").value(), 401);
    assert_eq!(page.run("return (await e2e.su.fetch('/config.js')).status").value(), 200);
    page.click("signed", "return e2e.su.ensure({ acr: 'AL3' })");
    assert_eq!(page.outcome("signed").code(), "wasm_unavailable");
    world.popup_is_gone();
    assert_eq!(page.run("return e2e.su.preload()").code(), "wasm_unavailable");
    assert_eq!(world.server.requests("api", "GET", "/loop").len(), 1);
    assert_eq!(world.server.log_of("auth").len(), 0);
}

fn t68_a_policy_without_wasm_lets_requests_pass(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open_at(world, "/e2e/strict.html");
    page.watch("sent", "strict");
    let result = page.outcome("sent").value();
    assert_eq!(result["challenged"]["code"], "wasm_unavailable", "{result}");
    assert_eq!(result["challenged"]["response"]["status"], 401, "{result}");
    assert_eq!((&result["bare"], &result["own"]), (&json!(401), &json!(200)));
    assert_eq!(wasm_fetches(world), 2, "it was fetched, and again for the second challenge");
    assert_eq!(world.server.requests("api", "GET", "/loop").len(), 2);
}

fn t69_a_dead_instance_rejects_every_waiter_and_fetch_goes_on(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    page.run(
        "const { replaceBody } = await import('/e2e/wasm-section.js'); \
         const bytes = await (await fetch('/stepup/stepup_bg.wasm')).arrayBuffer(); \
         const broken = await replaceBody(new Uint8Array(bytes), 'client_cleared'); \
         e2e.su = e2e.make({ wasm: broken, rememberRequirements: true }); e2e.other = e2e.make({ wasm: broken });",
    )
    .value();
    page.start("one", "return e2e.su.fetch(e2e.api + '/loop?n=1')");
    page.start("two", "return e2e.su.fetch(e2e.api + '/loop?n=2')");
    page.start("three", "return e2e.other.fetch(e2e.api + '/loop?n=3')");
    until_true("all three wait", || {
        page.event_types().iter().filter(|it| *it == "challenge").count() == 3
    });
    assert_eq!((page.peek("one"), page.peek("three")), (None, None));
    page.run("e2e.su.clear()").value();
    for name in ["one", "two", "three"] {
        let outcome = page.outcome(name);
        assert_eq!(outcome.code(), "instance_dead", "{name}");
        assert_eq!(outcome.error()["response"]["status"], 401, "{name}");
        assert_eq!(outcome.error()["response"]["bodyUsed"], false, "{name}");
    }
    Prompt(world).is_gone();
    for sdk in ["su", "other"] {
        let bare = format!("return (await e2e.{sdk}.fetch(e2e.api + '/bare')).status");
        assert_eq!(page.run(&bare).value(), 401, "{sdk}");
    }
    assert_eq!(page.run("return (await fetch('/config.js')).status").value(), 200);
    let outcome = page.run("return e2e.su.fetch(e2e.api + '/loop?n=4')");
    assert_eq!(outcome.code(), "instance_dead", "a challenge is answered by nobody any more");
    page.click("signed", "return e2e.su.ensure({ acr: 'AL3' })");
    assert_eq!(page.outcome("signed").code(), "instance_dead");
    world.popup_is_gone();
    assert_eq!(world.server.requests("api", "GET", "/loop").len(), 4);
    assert_eq!(world.server.requests("auth", "GET", "/auth").len(), 0);
}
