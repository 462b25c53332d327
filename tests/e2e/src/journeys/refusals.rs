//! The user or the provider says no, or not enough: nothing is sent again, nothing is kept.

use serde_json::{Value, json};

use super::journeys;
use crate::bench::{Bench, Journey, World};
use crate::pages::{Bank, Harness, Provider};
use crate::server::Seen;

pub const JOURNEYS: &[(&str, Journey)] = journeys![
    a_cancel_at_the_provider_sends_nothing,
    t01_another_user_at_the_provider_sends_nothing,
    t01_the_page_keeps_the_tokens_of_its_own_user,
    t03_nobody_is_adopted_unless_the_app_allows_it,
    t04_a_provider_that_answers_lower_is_not_believed,
    t06_a_provider_that_refuses_is_not_asked_again,
    t11_the_same_demand_after_a_step_up_is_a_loop,
    t12_alternating_demands_end_after_two_step_ups,
];

/// What happened at the API: the statuses of one kind of request, in order.
fn statuses(seen: &[Seen]) -> Vec<u64> {
    seen.iter().map(|seen| seen.status).collect()
}

fn nothing_was_sent(world: &World) {
    assert_eq!(world.server.ledger(), Vec::<Value>::new());
    assert_eq!(statuses(&world.server.requests("api", "POST", "/transfers")), [401]);
}

fn a_cancel_at_the_provider_sends_nothing(bench: &Bench) {
    let world = bench.world(json!({}));
    let bank = Bank::open(world);
    bank.sign_in("alice");
    world.server.forget();
    bank.transfer("10");
    world.prompted();
    Provider(world).cancel();
    world.popup_is_gone();
    assert_eq!(bank.outcome(), "cancelled");
    nothing_was_sent(world);
    assert_eq!(world.server.requests("auth", "POST", "/token").len(), 0);
}

fn t01_another_user_at_the_provider_sends_nothing(bench: &Bench) {
    let world = bench.world(json!({}));
    // A login_hint does not bind the provider, as an id_token_hint would.
    let bank = Bank::open_at(world, "/?arrangement=popup&hint=login");
    bank.sign_in("bob");
    world.forget_cookies(&world.server.issuer);
    world.server.forget();
    bank.transfer("10");
    world.prompted();
    // The passkey is alice's.
    Provider(world).passkey();
    world.popup_is_gone();
    assert_eq!(bank.outcome(), "subject_mismatch");
    nothing_was_sent(world);
    let asked = world.server.requests("auth", "GET", "/auth");
    assert_eq!(asked[0].parameter("login_hint").as_deref(), Some("bob"));
    assert_eq!(asked[0].parameter("id_token_hint"), None);
}

fn t01_the_page_keeps_the_tokens_of_its_own_user(bench: &Bench) {
    let world = bench.world(json!({ "hints": "ignore" }));
    let page = Harness::open(world);
    page.make("{}");
    page.sign_in("bob");
    let token = "return e2e.su.token({ scope: 'accounts:read' })";
    let before = page.run(token).value();
    assert!(before.is_string(), "{before}");
    world.forget_cookies(&world.server.issuer);
    world.server.forget();
    page.click("sent", "return e2e.read(await e2e.su.fetch(e2e.api + '/loop'))");
    world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    let outcome = page.outcome("sent");
    assert_eq!(outcome.code(), "subject_mismatch");
    let response = &outcome.error()["response"];
    assert_eq!((&response["status"], &response["bodyUsed"]), (&json!(401), &json!(false)));
    assert!(response["challenge"].as_str().unwrap_or_default().contains("AL3"), "{response}");
    assert_eq!(page.run(token).value(), before, "the tokens held before are as they were");
    assert_eq!(page.run("return e2e.su.token({ acr: 'AL3' }) ?? null").value(), Value::Null);
    assert_eq!(statuses(&world.server.requests("api", "GET", "/loop")), [401]);
}

fn t03_nobody_is_adopted_unless_the_app_allows_it(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    page.make("{ firstSubject: 'refuse' }");
    let outcome = page.run("return e2e.read(await e2e.su.fetch(e2e.api + '/loop'))");
    assert_eq!(outcome.code(), "subject_unknown");
    assert_eq!(outcome.error()["response"]["status"], 401);
    assert_eq!(world.server.requests("auth", "GET", "/auth").len(), 0);
    assert_eq!(world.popups(), []);
    assert_eq!(statuses(&world.server.requests("api", "GET", "/loop")), [401]);
}

fn t04_a_provider_that_answers_lower_is_not_believed(bench: &Bench) {
    let world = bench.world(json!({ "assurance": "lower" }));
    let bank = Bank::open(world);
    bank.sign_in("alice");
    // The session at the provider would answer at once: the user must do something for the window.
    world.forget_cookies(&world.server.issuer);
    world.server.forget();
    bank.transfer("10");
    world.prompted();
    Provider(world).password("alice");
    world.popup_is_gone();
    assert_eq!(bank.outcome(), "assurance_not_met");
    nothing_was_sent(world);
    assert_eq!(statuses(&world.server.requests("auth", "POST", "/token")), [200]);
}

fn t06_a_provider_that_refuses_is_not_asked_again(bench: &Bench) {
    let world = bench.world(json!({}));
    let bank = Bank::open(world);
    bank.sign_in("bob");
    world.server.forget();
    bank.transfer("10");
    // Bob cannot reach AL3, and so the window may come and go before anybody sees it.
    world.allow_window();
    assert_eq!(bank.outcome(), "assurance_unavailable");
    world.popup_is_gone();
    nothing_was_sent(world);
    let asked = world.server.requests("auth", "GET", "/auth");
    assert_eq!(asked.len(), 1, "never asked again with weaker values: {asked:?}");
    assert_eq!(world.server.requests("auth", "POST", "/token").len(), 0);
}

fn t11_the_same_demand_after_a_step_up_is_a_loop(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    page.make("{}");
    page.click("sent", "return e2e.read(await e2e.su.fetch(e2e.api + '/loop'))");
    world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    let outcome = page.outcome("sent");
    assert_eq!(outcome.code(), "loop_detected");
    assert_eq!(outcome.error()["response"]["bodyUsed"], false);
    assert_eq!(statuses(&world.server.requests("api", "GET", "/loop")), [401, 401]);
    assert_eq!(world.server.requests("auth", "GET", "/auth").len(), 1);
    assert_eq!(statuses(&world.server.requests("auth", "POST", "/token")), [200]);
}

fn t12_alternating_demands_end_after_two_step_ups(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    page.make("{}");
    // First AL2, then AL3, then AL2 again, for ever.
    page.click("sent", "return e2e.read(await e2e.su.fetch(e2e.api + '/alternate'))");
    world.prompted();
    Provider(world).password("alice");
    Provider(world).code();
    world.popup_is_gone();
    world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    assert_eq!(page.outcome("sent").code(), "loop_detected");
    assert_eq!(statuses(&world.server.requests("api", "GET", "/alternate")), [401, 401, 401]);
    let asked = world.server.requests("auth", "GET", "/auth");
    let acr: Vec<_> = asked.iter().filter_map(|seen| seen.parameter("acr_values")).collect();
    assert_eq!(acr, ["AL2", "AL3"]);
}
