//! Step-up for which the page is left: what waited is sent when the user is back, once.

use serde_json::{Value, json};

use super::{Journeys, journeys};
use crate::bench::Bench;
use crate::pages::{BOTH, Bank, Harness, Provider, SEND};
use crate::wait::until_true;

pub const JOURNEYS: Journeys = journeys![
    a_transfer_is_made_once_however_often_the_page_is_loaded,
    t30_the_user_is_back_where_they_left,
    t30_every_letter_of_the_address_is_restored,
    t52_the_idempotency_key_is_the_same_on_both_pages,
    t01_another_user_who_comes_back_sends_nothing,
    t67_another_user_who_has_signed_in_meanwhile_sends_nothing,
    the_app_may_ask_before_a_request_leaves_again,
    what_changes_nothing_may_leave_unasked,
    t54_a_logout_forgets_what_was_saved,
    t54_a_logout_in_another_tab_forgets_it_as_well,
    a_sign_in_by_redirect_comes_back_signed_in,
];

fn a_transfer_is_made_once_however_often_the_page_is_loaded(bench: &Bench) {
    let world = bench.world(json!({}));
    let bank = Bank::open_at(world, "/?arrangement=redirect");
    world.click("#sign-in");
    Provider(world).password("alice");
    assert_eq!(bank.outcome(), "ok");
    world.server.forget();
    bank.transfer("25.50");
    until_true("the page is left", || {
        world.agree_to_leave();
        world.shown("button#use-passkey").is_some()
    });
    Provider(world).passkey();
    assert_eq!(bank.outcome(), "ok");
    assert_eq!(world.text("#result"), "Sent €25.50 to Rent.");
    assert_eq!(world.server.ledger().len(), 1);
    // Both pages have seen a part of it, and this one shows the whole.
    let diagram = bank.diagram();
    for seen in ["challenge", "prompt", "authenticated", "retry", "settled"] {
        assert!(diagram.iter().any(|kind| kind == seen), "{seen}: {diagram:?}");
    }
    let counts = ["challenged", "options", "proof", "again"]
        .map(|count| world.text(&format!("tr[data-arrangement=redirect] [data-count={count}]")));
    assert_eq!(counts, ["1", "0", "1", "1"]);
    for _ in 0..3 {
        world.reload();
        world.element("#sign-in");
    }
    let ledger = world.server.ledger();
    assert_eq!(ledger.len(), 1, "{ledger:?}");
    assert_eq!((&ledger[0]["user"], &ledger[0]["amount"]), (&json!("alice"), &json!(2550)));
    let made = world.server.requests("api", "POST", "/transfers");
    let [first, second] = made.as_slice() else { panic!("{made:?}") };
    assert_eq!((first.status, second.status), (401, 201));
    for header in ["content-type", "idempotency-key", "origin"] {
        assert!(first.header(header).is_some(), "{first:?}");
        assert_eq!(first.header(header), second.header(header));
    }
    let answers = world.server.requests("app", "GET", "/stepup/callback.html");
    assert_eq!(answers.len(), 1);
}

fn t30_the_user_is_back_where_they_left(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html?view=details&n=1#part-2");
    page.leave(SEND);
    Provider(world).passkey();
    let page = Harness::back(world);
    let url = world.browser.session.url().expect("the page has an address");
    let expected = format!("{}/e2e/harness.html?view=details&n=1#part-2", world.server.app);
    assert_eq!(url, expected);
    let resumed = page.resume();
    assert_eq!(resumed["returnTo"], "/e2e/harness.html?view=details&n=1#part-2");
    let result = &resumed["results"][0];
    assert_eq!((&result["tag"], &result["answer"]["status"]), (&json!("mine"), &json!(200)));
    assert_eq!(resumed["assurance"]["acr"], "AL3");
}

fn t30_every_letter_of_the_address_is_restored(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    let session = page.session();
    let address = "return location.href.slice(location.origin.length)";
    for path in [
        "/e2e/harness.html?",
        "/e2e/harness.html?#",
        "/e2e//harness.html?a=%2F%3f&a=b+c%20d&&=#/part?%23/é",
        "/e2e/h%61rness.html?return=https://evil.localhost/&code=1&state=2",
    ] {
        // Else what differs in the fragment only is not loaded.
        world.browser.session.go("about:blank").expect("it is blank");
        let page = Harness::open_at(world, path);
        page.make(&session);
        let before = page.run(address).value();
        page.leave("return e2e.su.ensure({ acr: 'AL3', maxAge: 0, methods: ['redirect'] })");
        Provider(world).passkey();
        let page = Harness::back_with(world, &session);
        assert_eq!(page.run(address).value(), before, "{path}");
        let resumed = page.resume();
        assert_eq!((&resumed["returnTo"], &resumed["assurance"]["acr"]), (&before, &json!("AL3")));
    }
    // To go to the path `//evil.test/` as such would mean to leave the origin.
    let page = Harness::open(world);
    page.make(&session);
    page.run("history.replaceState(null, '', `${location.origin}//evil.test/deep?x#y`)").value();
    page.leave("return e2e.su.ensure({ acr: 'AL3', maxAge: 0, methods: ['redirect'] })");
    Provider(world).passkey();
    let there = format!("{}//evil.test/deep?x#y", world.server.app);
    until_true("the user is back", || world.browser.session.url().is_ok_and(|url| url == there));
}

fn t52_the_idempotency_key_is_the_same_on_both_pages(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    page.leave(
        "const send = (kind, method, idempotencyKey) => e2e.su.fetch(e2e.api + '/echo?kind=' + kind, \
             { method, stepup: { methods: ['redirect'], idempotencyKey } }); \
         for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) send(method, method, true); \
         send('own', 'POST', 'order-1'); send('none', 'POST'); \
         for (const method of ['GET', 'HEAD']) { send(method, method, true); send(method, method, 'order-2') } \
         return new Promise(() => {})",
    );
    Provider(world).passkey();
    let page = Harness::back(world);
    let resumed = page.resume();
    assert_eq!(resumed["results"].as_array().map(Vec::len), Some(10), "{resumed}");
    let log = world.server.log_of("api");
    let keys = |kind: &str| -> Vec<Option<String>> {
        let of_kind = log.iter().filter(|seen| {
            seen.method != "OPTIONS" && seen.parameter("kind").as_deref() == Some(kind)
        });
        of_kind.map(|seen| seen.header("idempotency-key").map(str::to_owned)).collect()
    };
    let mut made: Vec<String> = Vec::new();
    for kind in ["POST", "PUT", "PATCH", "DELETE"] {
        let [Some(first), Some(second)] = &keys(kind)[..] else {
            panic!("{kind}: {:?}", keys(kind))
        };
        assert_eq!(first, second, "{kind}");
        assert!(first.len() == 36 && !made.contains(first), "{first}");
        made.push(first.clone());
    }
    let own = Some("order-1".to_owned());
    assert_eq!(keys("own"), [own.clone(), own]);
    assert_eq!(keys("none"), [None, None]);
    for kind in ["GET", "HEAD"] {
        assert_eq!(keys(kind), [None, None, None, None], "{kind}");
    }
}

fn t01_another_user_who_comes_back_sends_nothing(bench: &Bench) {
    let world = bench.world(json!({ "hints": "ignore" }));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    world.forget_cookies(&world.server.issuer);
    page.leave(
        "return e2e.su.fetch(e2e.api + '/payees', { method: 'POST', \
        headers: { 'Content-Type': 'application/json' }, body: '{}', stepup: { methods: ['redirect'] } })",
    );
    Provider(world).password("bob");
    let page = Harness::back(world);
    let resumed = page.resume();
    assert_eq!(resumed["error"]["code"], "subject_mismatch");
    let result = &resumed["results"][0];
    assert_eq!(result["error"]["code"], "subject_mismatch");
    assert_eq!(result["request"]["method"], "POST");
    assert_eq!(world.server.requests("api", "POST", "/payees").len(), 1);
    assert_eq!(page.run("return e2e.su.token() ?? null").value(), Value::Null);
    assert_eq!(page.keeps(), Vec::<String>::new());
}

fn t67_another_user_who_has_signed_in_meanwhile_sends_nothing(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    page.leave(SEND);
    Provider(world).passkey();
    let bobs = "{ methods: ['redirect'], session: () => ({ sub: 'bob', accessToken: 'of bob' }) }";
    let page = Harness::back_with(world, bobs);
    let resumed = page.resume();
    assert_eq!(resumed["error"]["code"], "session_changed");
    assert_eq!(resumed["results"][0]["error"]["code"], "session_changed");
    assert_eq!(page.run("return e2e.su.token() ?? null").value(), Value::Null);
    assert_eq!(world.sent("one"), 1);
    // Nor later, when it is Alice's again.
    world.reload();
    assert_eq!(Harness::back(world).resume(), Value::Null);
    assert_eq!(page.records(), [false]);
    assert_eq!(world.sent("one"), 1);
}

fn the_app_may_ask_before_a_request_leaves_again(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    page.leave(SEND);
    Provider(world).passkey();
    let page = Harness::back(world);
    let told = page
        .run(
            "const { results } = await e2e.su.resume({ replay: 'ask' }); \
             const [{ send, discard, response }] = results; \
             return [response === undefined, typeof send, typeof discard]",
        )
        .value();
    assert_eq!(told, json!([true, "function", "function"]));
    assert_eq!(world.sent("one"), 1);
    let told = page
        .run(
            "const { results: [{ send }] } = await e2e.su.resume(); \
             const [one, two] = [send(), send()]; \
             return [(await one).status, one === two]",
        )
        .value();
    assert_eq!(told, json!([200, true]));
    assert_eq!(world.sent("one"), 2);
}

fn what_changes_nothing_may_leave_unasked(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    page.leave(
        "for (const method of ['POST', 'GET']) e2e.su.fetch(e2e.api + '/echo?kind=one', \
             { method, stepup: { tag: method, methods: ['redirect'] } }); \
         return new Promise(() => {})",
    );
    Provider(world).passkey();
    let page = Harness::back(world);
    let told = page
        .run(
            "const { results } = await e2e.su.resume({ replay: 'safe' }); \
             const of = (tag) => results.find((result) => result.tag === tag); \
             const { send, discard, response } = of('POST'); \
             discard(); \
             return [of('GET').response.status, of('GET').send === undefined, response === undefined, \
                 await send().catch((error) => error.code)]",
        )
        .value();
    assert_eq!(told, json!([200, true, true, "aborted"]));
    assert_eq!(world.sent("one"), 1);
    assert_eq!(world.server.requests("api", "GET", "/echo").len(), 2);
}

fn t54_a_logout_forgets_what_was_saved(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    page.leave(SEND);
    let provider = world.browser.session.url().expect("there is an address");
    let page = Harness::open(world);
    page.make(BOTH);
    page.run("e2e.su.clear()").value();
    until_true("it is forgotten", || page.keeps().is_empty());
    until_true("what was saved is deleted", || page.records().is_empty());
    world.browser.session.go(&provider).expect("the provider's page loads");
    Provider(world).passkey();
    until_true("the callback page has nothing to do", || {
        world.browser.session.url().is_ok_and(|url| url.contains("/e2e/callback.html"))
    });
    let page = Harness::open(world);
    page.make(BOTH);
    assert_eq!(page.resume(), Value::Null);
    assert_eq!(world.sent("one"), 1);
}

fn t54_a_logout_in_another_tab_forgets_it_as_well(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    page.leave(SEND);
    world.element("button#use-passkey");
    let tab = world.another_tab();
    let page = Harness::load(world, &tab, "/e2e/harness.html");
    page.make(BOTH);
    page.run("e2e.su.clear()").value();
    until_true("what was saved is deleted", || page.records().is_empty());
    world.kill_tab();
    Provider(world).passkey();
    let page = Harness::back(world);
    assert_eq!(page.run("return e2e.su.resume()").code(), "pending_expired");
    assert_eq!(world.sent("one"), 1);
}

fn a_sign_in_by_redirect_comes_back_signed_in(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    page.make("{ methods: ['redirect'] }");
    page.leave("return e2e.su.ensure({ scope: 'accounts:read' })");
    Provider(world).password("alice");
    let page = Harness::back(world);
    let resumed = page.resume();
    assert_eq!((&resumed["assurance"]["acr"], &resumed["results"]), (&json!("AL1"), &json!([])));
    assert_eq!(page.run("return (await e2e.su.fetch(e2e.api + '/balance')).status").value(), 200);
}
