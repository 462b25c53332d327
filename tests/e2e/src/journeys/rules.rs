//! Requests that ask first, by the app's rules: what is sent, and how often.

use serde_json::json;

use super::journeys;
use super::passkey::{confirm_by_passkey, sent_for_the_transfer};
use crate::bench::{Bench, Journey, World};
use crate::pages::{BOTH, Bank, Harness, Prompt, Provider, SEND};
use crate::wait::{until, until_true};

pub const JOURNEYS: &[(&str, Journey)] = journeys![
    a_transfer_over_a_threshold_asks_first_and_is_sent_once,
    options_that_are_prepared_leave_two_requests_after_the_click,
    the_window_opens_inside_the_click_and_the_request_is_sent_once,
    a_redirect_keeps_the_request_that_has_not_left_and_it_leaves_once,
    what_the_user_has_not_confirmed_away_asks_again_when_the_app_sends_it,
    the_copy_of_url_pattern_is_fetched_where_the_browser_lacks_it_and_nowhere_else,
    what_a_challenge_demands_is_remembered_for_the_next_request,
    a_form_with_a_file_is_looked_at_and_sent_whole,
    the_bank_asks_before_it_sends_a_large_transfer,
    the_banks_backend_is_asked_first_as_well,
];

/// Passkeys by endpoints, and a rule for what costs more than ten.
const OVER_TEN: &str = "passkey: { options: e2e.issuer + '/passkey/options', \
    token: e2e.issuer + '/token', grantType: 'urn:bank:passkey' }, \
    rules: [{ method: 'POST', url: '/transfers', \
        when: async (request) => (await request.json()).amount > 1000, \
        require: { acr: 'AL3', maxAge: 60, scope: 'transfers:write' } }]";

const TRANSFER: &str = "return e2e.read(await e2e.su.fetch(e2e.api + '/transfers', { \
    method: 'POST', headers: { 'Content-Type': 'application/json' }, \
    body: JSON.stringify({ payee: 'rent', amount: 2550 }) }))";

const ECHO: &str = "const sent = await e2e.su.fetch(e2e.api + '/echo?kind=one', \
    { method: 'POST', body: 'one' }); return sent.status";

/// The harness page with alice signed in, and with these options.
#[track_caller]
fn open<'a>(world: &'a World, options: &str) -> Harness<'a> {
    let page = Harness::open(world);
    world.authenticator.arm(&world.browser);
    page.make(&format!("{{ {options} }}"));
    page.click("sign in", "return e2e.su.ensure({ scope: 'accounts:read', methods: ['popup'] })");
    world.popup();
    Provider(world).password("alice");
    world.popup_is_gone();
    page.outcome("sign in").value();
    world.server.forget();
    page.run("e2e.events.length = 0").value();
    page
}

/// Clicks for the transfer and lets the passkey answer, by the gate where the gesture is gone.
#[track_caller]
fn transfers(world: &World, page: &Harness) {
    page.click("sent", TRANSFER);
    let prompt = Prompt(world);
    let sent = until("the transfer is made", || {
        if prompt.choices().first().is_some_and(|choice| choice == "passkey") {
            prompt.choose("passkey");
        }
        page.peek("sent")
    });
    assert_eq!(sent.value()["status"], 201);
    assert_eq!(world.server.ledger().len(), 1);
}

fn a_transfer_over_a_threshold_asks_first_and_is_sent_once(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world, OVER_TEN);
    transfers(world, &page);
    let expected = ["POST /passkey/options 200", "POST /token 200", "POST /transfers 201"];
    assert_eq!(sent_for_the_transfer(&world.server), expected);
    let types = page.event_types();
    assert!(types.contains(&"demand".to_owned()), "{types:?}");
    assert!(!types.contains(&"challenge".to_owned()) && !types.contains(&"retry".to_owned()));
}

fn options_that_are_prepared_leave_two_requests_after_the_click(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world, OVER_TEN);
    let prepares = "return e2e.su.prepare({ acr: 'AL3', maxAge: 60, scope: 'transfers:write' })";
    assert_eq!(page.run(prepares).value(), true);
    assert!(!Prompt(world).is_shown());
    assert_eq!(world.server.requests("auth", "POST", "/passkey/options").len(), 1);
    world.server.forget();
    transfers(world, &page);
    assert_eq!(sent_for_the_transfer(&world.server), ["POST /token 200", "POST /transfers 201"]);
}

fn the_window_opens_inside_the_click_and_the_request_is_sent_once(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(
        world,
        "rules: [{ method: 'POST', url: '/echo', require: { acr: 'AL3', maxAge: 60, scope: 'transfers:write' } }]",
    );
    // They are loaded with the first request to the API, whatever it is.
    page.run("await e2e.su.fetch(e2e.api + '/nothing')").value();
    world.server.forget();
    page.click("sent", ECHO);
    world.popup();
    Provider(world).passkey();
    world.popup_is_gone();
    page.outcome("sent").value();
    let sent = world.server.requests("api", "POST", "/echo");
    assert_eq!(sent.iter().map(|seen| seen.status).collect::<Vec<_>>(), [200]);
    let prompts: Vec<_> =
        page.events().into_iter().filter(|event| event["type"] == "prompt").collect();
    assert_eq!(prompts.len(), 1, "{prompts:?}");
    assert_eq!(prompts[0]["shown"], "window");
}

fn a_redirect_keeps_the_request_that_has_not_left_and_it_leaves_once(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    let session = page.session();
    let rules = "methods: ['redirect'], \
        rules: [{ url: '/echo', require: { acr: 'AL3', maxAge: 60, scope: 'transfers:write' } }]";
    page.make(&format!("{{ ...{session}, {rules} }}"));
    world.server.forget();
    page.leave(SEND);
    assert_eq!(world.sent("one"), 0, "it has not left");
    world.confirm();
    let page = Harness::back_with(world, BOTH);
    let resumed = page.resume();
    let results = resumed["results"].as_array().expect("results");
    assert_eq!(results.len(), 1, "{resumed}");
    assert_eq!(
        (&results[0]["tag"], &results[0]["answer"]["status"]),
        (&json!("mine"), &json!(200))
    );
    assert_eq!(resumed["assurance"]["acr"], "AL3");
    page.run("await e2e.su.resume()").value();
    assert_eq!(world.sent("one"), 1);
}

fn what_the_user_has_not_confirmed_away_asks_again_when_the_app_sends_it(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    let session = page.session();
    let rules = "methods: ['redirect'], \
        rules: [{ url: '/echo', require: { acr: 'AL3', maxAge: 60, scope: 'transfers:write' } }]";
    let options = format!("{{ ...{session}, {rules} }}");
    page.make(&options);
    world.server.forget();
    page.leave(SEND);
    Provider(world).cancel();
    let page = Harness::back_with(world, &options);
    page.run("e2e.back = await e2e.su.resume({ replay: 'ask' })").value();
    page.start("again", "return e2e.back.results[0].send()");
    until_true("it asks first", || page.event_types().iter().any(|it| it == "demand"));
    assert_eq!(world.sent("one"), 0, "it has not left");
}

fn the_copy_of_url_pattern_is_fetched_where_the_browser_lacks_it_and_nowhere_else(bench: &Bench) {
    let world = bench.world(json!({}));
    let fetched = |name: &str| world.server.requests("app", "GET", name).len();
    let page = Harness::open(world);
    page.make("{}");
    page.run("await e2e.su.fetch(e2e.api + '/nothing')").value();
    let both = || (fetched("/stepup/rules.js"), fetched("/stepup/urlpattern.js"));
    assert_eq!(both(), (0, 0), "without rules nothing of them is fetched");

    let rules = "{ rules: [{ url: '/nothing/:id', require: () => { e2e.asked = true; } }], \
        session: () => ({ sub: 'alice' }) }";
    let lacks = page.run("return typeof URLPattern === 'undefined'").value() == true;
    page.make(rules);
    let uses = "e2e.asked = false; await e2e.su.fetch(e2e.api + '/nothing/7'); \
        const is = e2e.asked; e2e.asked = false; await e2e.su.fetch(e2e.api + '/nothing'); \
        return [is, e2e.asked]";
    assert_eq!(page.run(uses).value(), json!([true, false]));
    assert_eq!(both(), (1, usize::from(lacks)));
    // Nor does a request to no API touch them.
    let page = Harness::open(world);
    page.make(rules);
    world.server.forget();
    page.run("await e2e.su.fetch('/e2e/harness.html')").value();
    assert_eq!(both(), (0, 0));

    // Where there is none, it is the same.
    page.run("delete globalThis.URLPattern").value();
    assert_eq!(page.run(uses).value(), json!([true, false]));
    assert_eq!(
        page.run("return typeof URLPattern").value(),
        "undefined",
        "the page stays as it was"
    );
    assert_eq!(fetched("/stepup/urlpattern.js"), 1);
}

fn what_a_challenge_demands_is_remembered_for_the_next_request(bench: &Bench) {
    let world = bench.world(json!({}));
    // The session's token is the app's own, of unknown width: what is obtained does not replace it.
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    let token = page.run("return e2e.su.token()").value();
    let token = token.as_str().expect("a token is held");
    page.make(&format!(
        "{{ rememberRequirements: true, session: () => ({{ sub: 'alice', accessToken: '{token}' }}) }}"
    ));
    page.click("sent", ECHO);
    world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    page.outcome("sent").value();
    assert_eq!(world.sent("one"), 2);
    page.run(ECHO).value();
    assert_eq!(world.sent("one"), 3, "the next one brought the right token");
}

fn a_form_with_a_file_is_looked_at_and_sent_whole(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(
        world,
        "rules: [{ url: '/echo', \
            when: async (request) => (await request.formData()).get('amount') === '600', \
            require: { acr: 'AL3', maxAge: 60, scope: 'transfers:write' } }]",
    );
    page.click(
        "sent",
        "const form = new FormData(); form.set('amount', '600'); \
         form.set('file', new File(['the bill'], 'bill.txt', { type: 'text/plain' })); \
         const sent = await e2e.su.fetch(e2e.api + '/echo', { method: 'POST', body: form }); \
         return (await sent.json()).parts.map(({ name, filename, size }) => [name, filename ?? '', size])",
    );
    world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    let parts = page.outcome("sent").value();
    assert_eq!(parts, json!([["amount", "", 3], ["file", "bill.txt", 8]]));
    assert_eq!(world.server.requests("api", "POST", "/echo").len(), 1);
}

/// A transfer of 1200 euros in this arrangement of the bank, and what was sent for it.
#[track_caller]
fn large_transfer(world: &World, arrangement: &str) -> (Vec<String>, Vec<String>) {
    let bank = Bank::open_at(world, &format!("/?arrangement={arrangement}"));
    world.authenticator.arm(&world.browser);
    bank.sign_in("alice");
    world.server.forget();
    bank.transfer("1200");
    confirm_by_passkey(world, &bank);
    assert_eq!(world.server.ledger().len(), 1);
    let count = |column: &str| {
        world.text(&format!("tr[data-arrangement={arrangement}] [data-count={column}]"))
    };
    let counts = ["challenged", "options", "proof", "again"].map(count);
    assert_eq!(counts, ["0", "1", "1", "1"]);
    (sent_for_the_transfer(&world.server), bank.diagram())
}

fn the_bank_asks_before_it_sends_a_large_transfer(bench: &Bench) {
    let world = bench.world(json!({}));
    let (sent, diagram) = large_transfer(world, "endpoints");
    assert_eq!(sent, ["POST /passkey/options 200", "POST /token 200", "POST /transfers 201"]);
    assert!(diagram.contains(&"demand".to_owned()), "{diagram:?}");
}

fn the_banks_backend_is_asked_first_as_well(bench: &Bench) {
    let world = bench.world(json!({}));
    let (sent, _) = large_transfer(world, "bff");
    let [options, verify, transfer] = sent.as_slice() else { panic!("{sent:?}") };
    assert!(options.starts_with("POST /bff/passkey/options 200"), "{sent:?}");
    assert!(verify.starts_with("POST /bff/passkey/verify 2"), "{sent:?}");
    assert_eq!(transfer, "POST /bff/api/transfers 201");
}
