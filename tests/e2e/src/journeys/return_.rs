//! The way back from a redirect, whatever the user does on it: reload, two windows, a link of somebody
//! else's.

use serde_json::{Value, json};

use super::{Journeys, journeys};
use crate::bench::{Bench, World};
use crate::pages::{BOTH, Harness, Provider, SEND};
use crate::wait::until_true;

pub const JOURNEYS: Journeys = journeys![
    t60_a_second_resume_and_a_second_callback_send_nothing,
    t60_effects_that_run_twice_take_it_up_once,
    an_instance_with_another_provider_leaves_it_to_who_awaits_it,
    t60_loaded_again_before_it_is_taken_up_it_is_taken_up_once,
    where_the_wasm_did_not_load_it_is_taken_up_when_it_does,
    t60_loaded_again_on_the_callback_page_the_user_gets_back_all_the_same,
    t60_loaded_again_before_it_is_sent_the_page_says_that_it_was_interrupted,
    t60_loaded_again_after_it_was_sent_the_page_says_that_it_was_interrupted,
    t60_of_two_windows_that_are_back_one_sends,
    t25_a_wrong_state_is_refused_and_the_right_one_still_counts,
    t26_a_callback_that_nobody_awaits_is_nothing,
    t26_the_link_of_an_attacker_signs_nobody_in,
    t31_an_app_on_its_own_redirect_uri_cleans_the_address_before_anything_is_fetched,
];

fn t60_a_second_resume_and_a_second_callback_send_nothing(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    page.leave(SEND);
    Provider(world).passkey();
    let page = Harness::back(world);
    let twice = "const one = e2e.su.resume(), two = e2e.su.resume(); \
        const results = (await one).results.length, same = (await one) === (await two); \
        const other = e2e.make({ methods: ['popup', 'redirect'] }); \
        return [results, same, await other.resume()]";
    assert_eq!(page.run(twice).value(), json!([1, true, null]));
    assert_eq!(world.sent("one"), 2);
    let answer = world.server.requests("app", "GET", "/e2e/callback.html");
    let query = &answer.first().expect("there was a callback").query;
    world.visit(&format!("/e2e/callback.html?{query}"));
    until_true("the address is clean, and leads nowhere", || {
        world.browser.session.url().is_ok_and(|url| url.ends_with("/e2e/callback.html"))
    });
    let page = Harness::open(world);
    page.make(BOTH);
    assert_eq!(page.resume(), Value::Null);
    assert_eq!(world.sent("one"), 2);
}

fn t60_effects_that_run_twice_take_it_up_once(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    page.leave(SEND);
    Provider(world).passkey();
    let page = Harness::back(world);
    // As a framework does that mounts a component twice: each time it makes an instance, and the first
    // one's answer may be dropped.
    let effects = "const effect = () => { const su = e2e.make({ methods: ['popup', 'redirect'] }); \
            return [su.resume(), su.resume()] }; \
        const [first, ...others] = await Promise.all([...effect(), ...effect()]); \
        return [first.results[0].response.status, others.map((one) => one === first)]";
    assert_eq!(page.run(effects).value(), json!([200, [true, true, true]]));
    assert_eq!(world.sent("one"), 2);
    assert_eq!(world.server.requests("auth", "POST", "/token").len(), 1);
    assert_eq!((page.keeps(), page.records()), (Vec::new(), vec![false]));
}

fn an_instance_with_another_provider_leaves_it_to_who_awaits_it(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    page.leave(SEND);
    Provider(world).passkey();
    let page = Harness::back(world);
    let other = "const other = { methods: ['redirect'], issuer: 'https://other.example' }; \
        return e2e.make(other).resume()";
    assert_eq!(page.run(other).value(), Value::Null);
    assert_eq!(page.resume()["results"][0]["answer"]["status"], 200);
}

fn t60_loaded_again_before_it_is_taken_up_it_is_taken_up_once(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    page.leave(SEND);
    Provider(world).passkey();
    Harness::back(world);
    for _ in 0..2 {
        world.reload();
        Harness::back(world);
    }
    assert_eq!(world.sent("one"), 1);
    assert_eq!(Harness(world).resume()["results"][0]["answer"]["status"], 200);
    world.reload();
    assert_eq!(Harness::back(world).resume(), Value::Null);
    assert_eq!(world.sent("one"), 2);
}

fn where_the_wasm_did_not_load_it_is_taken_up_when_it_does(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    page.leave(SEND);
    Provider(world).passkey();
    let page = Harness::back(world);
    let options =
        "{ methods: ['redirect'], wasm: { core: () => e2e.there ?? Promise.reject('down') } }";
    page.make(options);
    assert_eq!(page.run("return e2e.su.resume()").code(), "wasm_unavailable");
    assert_eq!((world.sent("one"), page.records()), (1, vec![true]));
    page.run("e2e.there = '/stepup/stepup_bg.wasm'").value();
    assert_eq!(page.resume()["results"][0]["answer"]["status"], 200);
    assert_eq!(world.sent("one"), 2);
}

/// The package's callback page has nothing to do with this query, and says in the end what can be done.
#[track_caller]
fn leads_nowhere(world: &World, query: &str) {
    world.visit(&format!("/stepup/callback.html{query}"));
    until_true("it says what can be done", || {
        world.text("#status").contains("return to the page you came from")
    });
    assert!(world.browser.session.url().is_ok_and(|url| url.ends_with("/stepup/callback.html")));
}

fn t60_loaded_again_on_the_callback_page_the_user_gets_back_all_the_same(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html?deep#link");
    page.leave(SEND);
    Provider(world).passkey();
    Harness::back(world);
    // Where the way back is slow, the callback page is still shown, and its address is clean already.
    world.visit("/e2e/callback.html");
    let page = Harness::back(world);
    assert!(world.browser.session.url().is_ok_and(|url| url.ends_with("/harness.html?deep#link")));
    assert_eq!(page.resume()["results"][0]["answer"]["status"], 200);
    // Once it is taken up, the callback page has nothing to give.
    leads_nowhere(world, "");
    assert_eq!(world.sent("one"), 2);
}

/// The page is loaded again while it takes up what waits, with `fetch` changed like this.
#[track_caller]
fn interrupted(bench: &Bench, fetch: &str, sent: usize) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    page.leave(SEND);
    Provider(world).passkey();
    let page = Harness::back(world);
    page.run(&format!("const real = fetch; e2e.held = 0; window.fetch = {fetch}")).value();
    page.start("resumed", "return e2e.su.resume()");
    until_true("it is under way", || page.run("return e2e.held").value() == 1);
    assert_eq!(page.records(), [false], "it is taken out before it is sent");
    until_true("as far as it gets", || world.sent("one") == sent);
    world.reload();
    let page = Harness::back(world);
    assert_eq!(page.run("return e2e.su.resume()").code(), "interrupted");
    assert_eq!(page.keeps(), Vec::<String>::new());
    world.reload();
    assert_eq!(Harness::back(world).resume(), Value::Null, "it is told once");
    assert_eq!(world.sent("one"), sent);
}

/// A `fetch` that hangs where the code is exchanged, so that nothing has been sent yet.
const HANGS_AT_THE_PROVIDER: &str = "(...all) => { if (!String(all[0].url ?? all[0]).endsWith('/token')) \
    return real(...all); e2e.held += 1; return new Promise(() => {}) }";

/// A `fetch` by which the API is reached, but its answer does not come.
const HANGS_AFTER_SENDING: &str = "(...all) => { const answer = real(...all); \
    if (!String(all[0].url ?? all[0]).startsWith(e2e.api)) return answer; \
    e2e.held += 1; return new Promise(() => {}) }";

fn t60_loaded_again_before_it_is_sent_the_page_says_that_it_was_interrupted(bench: &Bench) {
    interrupted(bench, HANGS_AT_THE_PROVIDER, 1);
}

fn t60_loaded_again_after_it_was_sent_the_page_says_that_it_was_interrupted(bench: &Bench) {
    interrupted(bench, HANGS_AFTER_SENDING, 2);
}

fn t60_of_two_windows_that_are_back_one_sends(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    page.leave(SEND);
    Provider(world).passkey();
    let page = Harness::back(world);
    let keeps = page.keeps();
    assert!(keeps.iter().any(|key| key == "stepup:response"), "{keeps:?}");
    // A window that is opened from here begins with a copy of all that this tab keeps.
    page.click("opened", "return Boolean(window.open(location.href))");
    let second = world.popup();
    let copy = Harness::back(world);
    assert_eq!(copy.keeps(), keeps);
    // Both begin at the same moment: when the other one says so.
    let at_once = "const channel = new BroadcastChannel('race'); \
        await new Promise((resolve) => { channel.onmessage = resolve }); \
        return (await e2e.su.resume())?.results[0].response.status ?? null";
    copy.start("resumed", at_once);
    world.switch_to(&world.main);
    page.start("resumed", at_once);
    page.run("new BroadcastChannel('race').postMessage('go')").value();
    let mut told = Vec::new();
    for window in [&world.main, &second] {
        world.switch_to(window);
        told.push(page.outcome("resumed").value());
        assert_eq!(page.keeps(), Vec::<String>::new());
    }
    told.sort_by_key(|status| status.as_u64());
    assert_eq!(told, [Value::Null, json!(200)]);
    assert_eq!(world.sent("one"), 2);
    assert_eq!(world.server.requests("auth", "POST", "/token").len(), 1);
}

fn t25_a_wrong_state_is_refused_and_the_right_one_still_counts(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    page.leave(SEND);
    let session = &world.browser.session;
    let provider = session.url().expect("there is an address");
    // A link of an attacker's, opened in this very tab: the callback page goes nowhere with it.
    leads_nowhere(world, "?code=evil&state=guessed");
    // On a page that is its own redirect URI the answer is named.
    session
        .go(&format!("{}/e2e/harness.html?code=evil&state=guessed", world.server.app))
        .expect("it loads");
    let page = Harness::back(world);
    let own = "return e2e.make({ methods: ['popup', 'redirect'], redirectUri: '/e2e/harness.html' }).resume()";
    assert_eq!(page.run(own).code(), "state_mismatch");
    assert_eq!((world.sent("one"), page.records()), (1, vec![true]));
    // The user goes on at the provider all the same.
    session.go(&provider).expect("the provider's page loads");
    Provider(world).passkey();
    let page = Harness::back(world);
    assert_eq!(page.resume()["results"][0]["answer"]["status"], 200);
    assert_eq!(world.sent("one"), 2);
}

fn t26_a_callback_that_nobody_awaits_is_nothing(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open_at(world, "/e2e/harness.html?code=evil&state=guessed");
    page.make("{ methods: ['redirect'], redirectUri: '/e2e/harness.html' }");
    assert_eq!(page.resume(), Value::Null);
    // It may be the answer to another library's question: it stays in the address.
    assert!(world.browser.session.url().is_ok_and(|url| url.contains("code=evil")));
    assert_eq!(world.server.requests("auth", "POST", "/token").len(), 0);
    assert_eq!(world.server.requests("app", "GET", "/stepup/stepup_bg.wasm").len(), 0);
}

fn t26_the_link_of_an_attacker_signs_nobody_in(bench: &Bench) {
    let world = bench.world(json!({}));
    // Mallory begins a sign-in of her own, and keeps the answer for somebody else.
    let tab = world.another_tab();
    let page = Harness::load(world, &tab, "/e2e/harness.html");
    page.make("{ methods: ['redirect'] }");
    page.leave("return e2e.su.ensure({})");
    Provider(world).password("bob");
    Harness::back(world);
    let answer = world.server.requests("app", "GET", "/e2e/callback.html");
    let link =
        format!("/e2e/callback.html?{}", answer.first().expect("there was a callback").query);
    world.kill_tab();
    world.visit(&link);
    let page = Harness::open(world);
    page.make(BOTH);
    assert_eq!(page.resume(), Value::Null);
    assert_eq!(page.run("return e2e.su.token() ?? null").value(), Value::Null);
    assert_eq!(page.keeps(), Vec::<String>::new());
    assert_eq!(world.server.requests("auth", "POST", "/token").len(), 0);
    let query = link.split_once('?').map(|(_, query)| format!("?{query}"));
    leads_nowhere(world, &query.unwrap_or_default());
}

fn t31_an_app_on_its_own_redirect_uri_cleans_the_address_before_anything_is_fetched(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html?deep");
    // From then on the app itself is at home on the redirect URI.
    page.run("sessionStorage.setItem('e2e:callback', 'app')").value();
    page.leave(SEND);
    Provider(world).passkey();
    let page = Harness::back(world);
    assert!(world.browser.session.url().is_ok_and(|url| url.contains("/e2e/callback.html?code=")));
    // It hears of nothing but the address until this comes.
    page.make("{ methods: ['redirect'], wasm: () => new Promise(() => {}) }");
    page.start("hangs", "return e2e.su.resume()");
    until_true("the address is clean", || {
        world.browser.session.url().is_ok_and(|url| url.ends_with("/e2e/callback.html"))
    });
    assert_eq!(world.sent("one"), 1);
    world.reload();
    let page = Harness::back(world);
    let resumed = page.resume();
    assert_eq!(resumed["returnTo"], "/e2e/harness.html?deep");
    assert_eq!(resumed["results"][0]["answer"]["status"], 200);
    assert_eq!(world.sent("one"), 2);
}
