//! The app brings its own authentication: `authenticate` with oidc-client-ts.

use serde_json::{Value, json};

use super::journeys;
use crate::bench::{Bench, Journey, World};
use crate::pages::{Harness, Prompt, Provider};
use crate::wait::until_true;

pub const JOURNEYS: &[(&str, Journey)] = journeys![
    a_step_up_by_the_app_s_own_library_is_checked_and_sent,
    without_an_id_token_the_api_decides_and_nothing_is_verified,
    an_unverified_result_is_refused_where_the_app_wants_proof,
    t01_the_app_s_own_library_cannot_bring_another_user,
    what_the_app_s_own_function_throws_is_the_cause,
    an_abort_reaches_the_app_s_own_function,
];

const SEND: &str = "return e2e.read(await e2e.su.fetch(e2e.api + '/echo', { \
    method: 'POST', body: 'mine', stepup: { reason: 'Pay' } }))";

/// The page's session is a token of alice's sign-in; step-up is by the app's own library.
fn page<'a>(world: &'a World, options: &str) -> Harness<'a> {
    let page = Harness::open(world);
    page.make("{}");
    page.sign_in("alice");
    page.run(&format!(
        "const {{ own }} = await import('/e2e/own.js'); \
         const token = e2e.su.token(); e2e.calls = []; e2e.events.length = 0; \
         const session = () => ({{ accessToken: token, sub: 'alice', scope: 'accounts:read' }}); \
         e2e.su = e2e.make({{ ...await own(e2e, e2e.calls), session, ...{options} }});"
    ))
    .value();
    world.server.forget();
    page
}

fn a_step_up_by_the_app_s_own_library_is_checked_and_sent(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = page(world, "{}");
    page.click("sent", SEND);
    world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    let answer = page.outcome("sent").value();
    assert_eq!((&answer["status"], &answer["body"]["size"]), (&json!(200), &json!(4)));

    let calls = page.run("return e2e.calls").value();
    let [call] = calls.as_array().map(Vec::as_slice).unwrap_or_default() else { panic!("{calls}") };
    assert_eq!(call["requirement"]["acrValues"], json!(["AL3"]));
    assert_eq!(call["requirement"]["maxAge"], 60);
    let scope = call["requirement"]["scope"].as_array().cloned().unwrap_or_default();
    for wanted in ["openid", "accounts:read", "transfers:write"] {
        assert!(scope.contains(&json!(wanted)), "{wanted} in {scope:?}");
    }
    assert_eq!(
        (&call["reason"], &call["hasWindow"], &call["hasSignal"]),
        (&json!("Pay"), &json!(true), &json!(true))
    );
    assert_eq!(world.server.requests("auth", "POST", "/token").len(), 1, "the library's own");
    assert_eq!(world.server.requests("api", "POST", "/echo").len(), 2);
    let events = page.events();
    let find =
        |kind: &str| events.iter().find(|event| event["type"] == kind).cloned().unwrap_or_default();
    assert_eq!(find("authenticated")["verified"], true);
    assert!(
        events.iter().any(|it| it["type"] == "prompt" && it["method"] == "authenticate"),
        "{events:?}"
    );
}

fn without_an_id_token_the_api_decides_and_nothing_is_verified(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = page(world, "{}");
    page.run("e2e.calls.withoutIdToken = true").value();
    page.click("sent", SEND);
    world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    assert_eq!(page.outcome("sent").value()["status"], 200);
    let events = page.events();
    let authenticated = events.iter().find(|event| event["type"] == "authenticated");
    assert_eq!(authenticated.map(|it| it["verified"].clone()), Some(json!(false)));
    // What nothing vouches for was good for that request only.
    page.run("return e2e.su.fetch(e2e.api + '/bare')").value();
    let bearer = |path: &str, method: &str, at: usize| {
        let sent = world.server.requests("api", method, path);
        sent.get(at).and_then(|seen| seen.header("authorization").map(str::to_owned))
    };
    assert_eq!(bearer("/bare", "GET", 0), bearer("/echo", "POST", 0), "the session's token again");
    assert_ne!(bearer("/bare", "GET", 0), bearer("/echo", "POST", 1));
}

fn an_unverified_result_is_refused_where_the_app_wants_proof(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = page(world, "{ requireVerified: true }");
    page.run("e2e.calls.withoutIdToken = true").value();
    page.click("sent", SEND);
    world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    assert_eq!(page.outcome("sent").code(), "assurance_unverifiable");
    assert_eq!(world.server.requests("api", "POST", "/echo").len(), 1);
}

fn t01_the_app_s_own_library_cannot_bring_another_user(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = page(world, "{ session: () => ({ accessToken: token, sub: 'bob' }) }");
    page.click("sent", SEND);
    world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    assert_eq!(page.outcome("sent").code(), "subject_mismatch");
    assert_eq!(world.server.requests("api", "POST", "/echo").len(), 1);
}

fn what_the_app_s_own_function_throws_is_the_cause(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = page(
        world,
        "{ methods: undefined, authenticate: async () => { throw new RangeError('mine'); } }",
    );
    let outcome = page.run(SEND);
    assert_eq!(outcome.code(), "authenticate_failed");
    assert_eq!(outcome.error()["cause"], "RangeError: mine");
    assert_eq!(outcome.error()["response"]["status"], 401);
    assert_eq!(world.popups(), [], "no window was asked for");
    assert!(!Prompt(world).is_shown());
    // A step-up error of its own keeps its code.
    page.run("e2e.su = e2e.make({ issuer: undefined, authenticate: async () => { throw new e2e.sdk.StepUpError('cancelled'); } })")
        .value();
    assert_eq!(page.run("return e2e.su.fetch(e2e.api + '/loop')").code(), "cancelled");
}

fn an_abort_reaches_the_app_s_own_function(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = page(
        world,
        "{ methods: undefined, authenticate: ({ signal }) => new Promise((_, reject) => { \
            e2e.asked = true; \
            signal.addEventListener('abort', () => { e2e.told = true; reject(signal.reason); }); }) }",
    );
    page.run("e2e.abort = new AbortController()").value();
    page.start("sent", "return e2e.su.fetch(e2e.api + '/loop', { signal: e2e.abort.signal })");
    until_true("authenticate is called", || page.run("return e2e.asked === true").value() == true);
    page.run("e2e.abort.abort('enough')").value();
    assert_eq!(page.outcome("sent").error()["message"], "enough");
    assert_eq!(page.run("return e2e.told").value(), Value::from(true));
    assert_eq!(world.server.requests("api", "GET", "/loop").len(), 1);
}
