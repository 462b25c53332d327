//! `ensure()` as the guard of a page: the app has a session of its own, and the page is loaded anew.

use serde_json::{Value, json};

use super::journeys;
use crate::bench::{Bench, Journey, World};
use crate::pages::{Harness, Prompt, Provider};

pub const JOURNEYS: &[(&str, Journey)] = journeys![
    a_reload_with_a_fresh_session_prompts_nobody,
    a_session_that_is_not_enough_opens_the_window_inside_the_click,
    a_higher_level_answers_for_a_lower_one_until_it_ceases_to_hold,
];

const LEVELS: &str = "levels: ['AL1', 'AL2', { name: 'AL3', maxAge: 60, phishingResistant: true }]";

/// The page after a reload, its app having kept the ID token of alice's sign-in with a password.
fn reloaded(world: &World) -> Harness<'_> {
    let page = Harness::open(world);
    page.run(
        "const { own } = await import('/e2e/own.js'); const mine = await own(e2e, []); \
         e2e.su = e2e.make({ ...mine, authenticate: async (request) => { \
             const answer = await mine.authenticate(request); \
             sessionStorage.setItem('id', answer.idToken); return answer; } });",
    )
    .value();
    page.click("signed", "return e2e.su.ensure({ acr: 'AL1' })");
    world.prompted();
    Provider(world).password("alice");
    world.popup_is_gone();
    assert_eq!(page.outcome("signed").value()["acr"], "AL1");
    let page = Harness::open(world);
    page.make(&format!(
        "{{ {LEVELS}, session: () => ({{ idToken: sessionStorage.getItem('id') }}) }}"
    ));
    page.run(
        "e2e.opened = 0; const real = window.open; \
         window.open = (...all) => { e2e.opened += 1; return real(...all); };",
    )
    .value();
    world.server.forget();
    page
}

fn a_reload_with_a_fresh_session_prompts_nobody(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = reloaded(world);
    assert_eq!(page.run("return e2e.su.assurance ?? 'nothing'").value(), "nothing");
    let proved = page.run("return e2e.su.ensure({ acr: 'AL1', maxAge: 600 })").value();
    assert_eq!((&proved["acr"], &proved["level"]), (&json!("AL1"), &json!("AL1")));
    assert_eq!(proved["verified"], true);
    page.click("again", "return e2e.su.ensure({ acr: 'AL1' })");
    assert_eq!(page.outcome("again").value(), proved);
    assert_eq!(page.run("return e2e.su.assurance").value(), proved);
    // What it took: the provider's metadata and keys, once.
    let asked: Vec<_> = world.server.log_of("auth").iter().map(|seen| seen.line()).collect();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert_eq!(world.server.requests("auth", "GET", "/jwks").len(), 1, "{asked:?}");
    assert_eq!(page.run("return e2e.opened").value(), 0);
    assert!(!Prompt(world).is_shown());
    assert!(!page.event_types().contains(&"prompt".to_owned()));
}

fn a_session_that_is_not_enough_opens_the_window_inside_the_click(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = reloaded(world);
    page.click("more", "return e2e.su.ensure({ phishingResistant: true, reason: 'Pay' })");
    world.popup();
    Provider(world).passkey();
    world.popup_is_gone();
    let proved = page.outcome("more").value();
    assert_eq!((&proved["level"], &proved["verified"]), (&json!("AL3"), &json!(true)));
    assert_eq!(page.run("return e2e.opened").value(), 1);
    let asked = world.server.requests("auth", "GET", "/auth");
    let acr = asked.first().and_then(|seen| seen.parameter("acr_values"));
    assert_eq!(acr.as_deref(), Some("AL3"));
}

fn a_higher_level_answers_for_a_lower_one_until_it_ceases_to_hold(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = reloaded(world);
    page.click("more", "return e2e.su.ensure({ acr: 'AL3' })");
    world.popup();
    Provider(world).passkey();
    world.popup_is_gone();
    let proved = page.outcome("more").value();
    let millis = |name: &str| proved[name].as_f64().unwrap_or_default();
    assert!((millis("until") - millis("since") - 60_000.0).abs() < 1.0, "{proved}");
    world.server.forget();
    assert_eq!(page.run("return e2e.su.ensure({ acr: 'AL2' })").value()["level"], "AL3");
    let held = page.run("return e2e.su.token({ acr: 'AL1' }) !== undefined").value();
    assert_eq!(held, Value::from(true));
    // A minute later it is a second level, which nobody has to wait for to see.
    page.run(
        "const now = Date.now; Date.now = () => now() + 61_000; \
         e2e.later = e2e.su.assurance; e2e.token = e2e.su.token({ acr: 'AL3' }); Date.now = now;",
    )
    .value();
    assert_eq!(page.run("return e2e.later.level").value(), "AL2");
    assert_eq!(page.run("return e2e.token === undefined").value(), Value::from(true));
    assert!(world.server.log_of("auth").is_empty());
}
