//! Requests and answers that are none of the SDK's business, and places no token may go to.

use serde_json::{Value, json};

use super::journeys;
use crate::bench::{Bench, Journey, World};
use crate::elsewhere::{Elsewhere, Page};
use crate::pages::Harness;
use crate::wait::until_true;

pub const JOURNEYS: &[(&str, Journey)] = journeys![
    t23_an_answer_that_is_no_challenge_is_the_native_one,
    t24_a_hidden_challenge_is_the_plain_answer_and_one_diagnostic,
    t13_a_challenge_from_another_origin_is_not_answered,
    t14_a_token_does_not_travel_along_a_redirect,
    t14_redirects_within_the_origin_are_followed_where_the_app_allows_it,
    t14_a_look_alike_origin_gets_no_token,
    t14_a_plain_http_origin_gets_no_token,
];

/// Nothing of the SDK but the loader was fetched.
fn wasm_was_not_fetched(world: &World) {
    let log = world.server.log_of("app");
    assert!(log.iter().any(|seen| seen.path == "/stepup/index.js"), "{log:?}");
    let more: Vec<&str> = log
        .iter()
        .map(|seen| seen.path.as_str())
        .filter(|path| path.ends_with(".wasm") || path.ends_with("/engine.js"))
        .collect();
    assert_eq!(more, Vec::<&str>::new());
}

fn t23_an_answer_that_is_no_challenge_is_the_native_one(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    page.make("{}");
    let cases = [("/unauthorized", 401), ("/bare", 401), ("/teapot", 418), ("/nowhere", 404)];
    for (path, status) in cases {
        let answer = page.run(&format!(
            "const response = await e2e.su.fetch(e2e.api + '{path}'); \
             return [response.status, response.constructor === Response, response.bodyUsed, \
               response.url.endsWith('{path}'), (await response.text()).length > 0]"
        ));
        assert_eq!(answer.value(), json!([status, true, false, true, true]), "{path}");
        assert_eq!(world.server.requests("api", "GET", path).len(), 1, "{path}");
    }
    let own = page.run("return (await e2e.su.fetch('/config.js')).status").value();
    assert_eq!(own, 200, "the page's own origin is not on the list");
    assert_eq!(page.event_types().iter().filter(|it| *it != "diagnostic").count(), 0);
    wasm_was_not_fetched(world);
}

fn t24_a_hidden_challenge_is_the_plain_answer_and_one_diagnostic(bench: &Bench) {
    let world = bench.world(json!({ "exposeChallenge": false }));
    let page = Harness::open(world);
    page.make("{}");
    for _ in 0..2 {
        let answer = page.run("return e2e.read(await e2e.su.fetch(e2e.api + '/loop'))").value();
        assert_eq!(answer["status"], 401);
        assert!(answer["body"].is_object(), "the body is readable: {answer}");
    }
    let warnings: Vec<_> =
        page.console().into_iter().filter(|(_, text)| text.contains("stepup")).collect();
    let [(level, text)] = warnings.as_slice() else { panic!("one warning, not {warnings:?}") };
    assert_eq!(level, "warn");
    assert!(text.contains("WWW-Authenticate"), "{text}");
    assert!(text.contains("Access-Control-Expose-Headers"), "{text}");
    assert!(text.contains(&world.server.api), "{text}");
    let events = page.events();
    let [first, ..] = events.as_slice() else { panic!("no event") };
    assert_eq!(first["type"], "diagnostic");
    assert_eq!(first["code"], "challenge_unreadable");
    assert_eq!(world.server.requests("api", "GET", "/loop").len(), 2, "once per call");
    wasm_was_not_fetched(world);
}

fn t13_a_challenge_from_another_origin_is_not_answered(bench: &Bench) {
    let world = bench.world(json!({}));
    let challenge = Page {
        status: 401,
        headers: vec![
            "www-authenticate: Bearer error=\"insufficient_user_authentication\", \
             acr_values=\"AL1\""
                .into(),
            "access-control-expose-headers: WWW-Authenticate".into(),
        ],
        body: "not yours".into(),
    };
    let other = Elsewhere::start([("/secret", challenge)]);
    let page = Harness::open(world);
    page.make("{ session: () => ({ accessToken: 'the-page-s-token', sub: 'alice' }) }");
    let url = json!(format!("{}/secret", other.origin("api.elsewhere.localhost")));
    let answer = page.run(&format!("return e2e.read(await e2e.su.fetch({url}))")).value();
    assert_eq!((&answer["status"], &answer["body"]), (&json!(401), &json!("not yours")));
    let arrived = other.arrived();
    assert_eq!(arrived.len(), 1, "{arrived:?}");
    assert_eq!(arrived[0].headers.get("authorization"), None);
    assert_eq!((page.event_types(), world.popups()), (vec![], vec![]));
    wasm_was_not_fetched(world);
}

fn t14_a_token_does_not_travel_along_a_redirect(bench: &Bench) {
    let world = bench.world(json!({}));
    let evil = Elsewhere::start([]);
    let page = Harness::open(world);
    page.make("{}");
    page.sign_in("alice");
    let to = evil.origin("evil.localhost");
    for target in [format!("{to}/take"), format!("{}/balance", world.server.api)] {
        let url = format!("/redirect?to={target}");
        let outcome = page.run(&format!("return e2e.su.fetch(e2e.api + {})", json!(url)));
        assert_eq!(outcome.code(), "origin_not_allowed", "{target}");
    }
    let sent = world.server.requests("api", "GET", "/redirect");
    assert_eq!(sent.len(), 2);
    assert!(sent.iter().all(|seen| seen.header("authorization").is_some()), "{sent:?}");
    assert_eq!(evil.arrived().len(), 0);
    assert_eq!(world.server.requests("api", "GET", "/balance").len(), 0);
}

fn t14_redirects_within_the_origin_are_followed_where_the_app_allows_it(bench: &Bench) {
    let world = bench.world(json!({}));
    let evil = Elsewhere::start([]);
    let to = evil.origin("evil.localhost");
    let page = Harness::open(world);
    page.make("{ apis: [{ origin: e2e.api, redirects: 'same-origin' }] }");
    page.sign_in("alice");
    let url = format!("/redirect?to={}/balance", world.server.api);
    let answer =
        page.run(&format!("return e2e.read(await e2e.su.fetch(e2e.api + {}))", json!(url)));
    assert_eq!(answer.value()["status"], 200);
    // One that leaves it is refused all the same, and what it ended at got no token.
    let url = format!("/redirect?to={to}/take");
    let outcome = page.run(&format!("return e2e.su.fetch(e2e.api + {})", json!(url)));
    assert!(outcome.error()["message"].is_string(), "{outcome:?}");
    for arrived in evil.arrived() {
        assert_eq!(arrived.headers.get("authorization"), None, "{arrived:?}");
    }
}

fn t14_a_look_alike_origin_gets_no_token(bench: &Bench) {
    let world = bench.world(json!({}));
    let evil = Elsewhere::start([]);
    let page = Harness::open(world);
    page.make("{}");
    page.sign_in("alice");
    world.server.forget();
    let port = world.server.port;
    let look_alikes = [
        evil.origin("api.bank.localhost.evil.localhost"),
        evil.origin("api.bank.localhost"),
        evil.origin(&format!("api.bank.localhost:{port}@evil.localhost")),
        evil.origin("API.bank.localhost"),
    ];
    for origin in &look_alikes {
        let url = json!(format!("{origin}/balance"));
        // Credentials in a URL are refused by fetch itself; the others arrive without a token.
        page.run(&format!("return (await e2e.su.fetch({url})).status"));
    }
    let arrived = evil.arrived();
    assert_eq!(arrived.len(), 3, "{arrived:?}");
    for seen in &arrived {
        assert_eq!(seen.line, "GET /balance HTTP/1.1");
        assert_eq!(seen.headers.get("authorization"), None, "{seen:?}");
    }
    // The very origin, written in another way, is still the very origin.
    let shouted = world.server.api.replace("api.", "API.");
    let url = json!(format!("{shouted}/balance"));
    let status = page.run(&format!("return (await e2e.su.fetch({url})).status")).value();
    assert_eq!(status, 200);
    let sent = world.server.requests("api", "GET", "/balance");
    assert!(sent[0].header("authorization").is_some());
}

fn t14_a_plain_http_origin_gets_no_token(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    page.make("{ apis: ['http://api.example.test'], session: () => ({ accessToken: 'secret' }) }");
    page.run("e2e.asked = 0; const real = fetch; window.fetch = (...all) => { e2e.asked += 1; return real(...all); }")
        .value();
    let outcome = page.run("return e2e.su.fetch('http://api.example.test/x')");
    assert_eq!(outcome.code(), "origin_not_allowed");
    assert_eq!(page.run("return e2e.asked").value(), Value::from(0));
    until_true("nothing opens", || world.popups().is_empty());
    wasm_was_not_fetched(world);
}
