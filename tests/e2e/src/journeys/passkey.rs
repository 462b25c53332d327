//! Step-up by a passkey in the page: what it takes, and what becomes of it when it fails.

use serde_json::{Value, json};

use super::ceremony::framed;
use super::{Journeys, journeys};
use crate::authenticator::Manner;
use crate::bench::{Bench, Journey, World};
use crate::engine::Engine;
use crate::pages::{Bank, Harness, Prompt, Provider};
use crate::server::Server;
use crate::wait::{until, until_true};

pub const JOURNEYS: &[(&str, Journey)] = journeys![
    options_from_an_endpoint_take_four_requests,
    options_in_the_challenge_take_three_requests,
    a_first_party_app_takes_five_requests,
    after_ensure_the_request_leaves_once_and_nobody_is_asked,
    t42_a_refusal_is_shown_and_nothing_is_tried_by_itself,
    t42_after_a_refusal_the_window_is_another_way,
    t42_without_a_gate_a_refusal_is_the_result,
    t46_presence_alone_reaches_no_level,
    t45_options_of_an_api_that_is_no_passkey_server_are_ignored,
    t43_an_abort_ends_the_ceremony_and_sends_nothing,
    t38_without_a_gesture_the_gate_asks_and_the_keyboard_answers,
    t15_after_a_no_a_script_gets_no_prompt_but_a_click_does,
    t44_a_ceremony_of_the_app_s_own_is_ended_first,
    t47_who_has_no_passkey_is_led_to_the_window,
];

/// What is different, or there at all, in some engines only.
pub const IN_SOME: &[(&[Engine], Journeys)] = &[
    // Only Chromium's authenticators lie when they are told to.
    (&[Engine::Chromium], journeys![an_authenticator_that_lies_gets_nothing_sent]),
    // Only Chromium tells its policy.
    (&[Engine::Chromium], journeys![t39_where_the_frame_forbids_passkeys_the_window_is_used]),
    // A stand-in makes no passkeys that the page could tell from real ones.
    (
        &[Engine::Chromium, Engine::Firefox],
        journeys![a_passkey_that_was_just_added_confirms_a_transfer],
    ),
];

/// What the page has sent to the API, the provider and the backend so far, without preflights:
/// `METHOD path status`, up to the answer that the transfer was made.
#[track_caller]
pub fn sent_for_the_transfer(server: &Server) -> Vec<String> {
    let mut lines = Vec::new();
    for seen in server.log() {
        let from_the_page = seen.raw["from"] == "page" && seen.raw["preflight"] == false;
        let counts = seen.role != "app" || seen.path.starts_with("/bff/");
        if from_the_page && counts {
            lines.push(seen.line());
        }
        if from_the_page && seen.status == 201 {
            break;
        }
    }
    lines
}

/// Lets the passkey answer: by the gate where the gesture is gone by then.
#[track_caller]
pub fn confirm_by_passkey(world: &World, bank: &Bank) {
    let prompt = Prompt(world);
    let outcome = "return document.querySelector('#result')?.dataset.outcome";
    until("the passkey is asked for", || {
        if prompt.choices().first().is_some_and(|choice| choice == "passkey") {
            prompt.choose("passkey");
        }
        let outcome = world.browser.session.execute(outcome, json!([])).ok()?;
        outcome.as_str().filter(|outcome| *outcome != "pending").map(drop)
    });
    assert_eq!(bank.outcome(), "ok");
}

/// A transfer of alice's in this arrangement, and what was sent for it.
#[track_caller]
pub fn transfer(world: &World, arrangement: &str) -> Vec<String> {
    let bank = Bank::open_at(world, &format!("/?arrangement={arrangement}"));
    world.authenticator.arm(&world.browser);
    // Metadata and keys are known from here on.
    bank.sign_in("alice");
    world.server.forget();
    bank.transfer("25.50");
    confirm_by_passkey(world, &bank);
    let ledger = world.server.ledger();
    assert_eq!(ledger.len(), 1, "{ledger:?}");
    assert_eq!((&ledger[0]["user"], &ledger[0]["amount"]), (&json!("alice"), &json!(2550)));
    assert_eq!(world.popups(), [], "no window was needed");
    sent_for_the_transfer(&world.server)
}

fn options_from_an_endpoint_take_four_requests(bench: &Bench) {
    let world = bench.world(json!({}));
    let expected = [
        "POST /transfers 401",
        "POST /passkey/options 200",
        "POST /token 200",
        "POST /transfers 201",
    ];
    assert_eq!(transfer(world, "endpoints"), expected);
    // The provider is asked by forms, which need no preflight.
    let preflights = world.server.log_of("auth").iter().filter(|it| it.method == "OPTIONS").count();
    assert_eq!(preflights, 0);
}

fn options_in_the_challenge_take_three_requests(bench: &Bench) {
    let world = bench.world(json!({ "carry": true }));
    let expected = ["POST /transfers 401", "POST /token 200", "POST /transfers 201"];
    assert_eq!(transfer(world, "carried"), expected);
}

fn a_first_party_app_takes_five_requests(bench: &Bench) {
    let world = bench.world(json!({}));
    let expected = [
        "POST /transfers 401",
        "POST /authorize-challenge 400",
        "POST /authorize-challenge 200",
        "POST /token 200",
        "POST /transfers 201",
    ];
    assert_eq!(transfer(world, "first-party"), expected);
}

/// Options of the harness page for passkeys by endpoints, then the window.
pub const ENDPOINTS: &str = "passkey: { options: e2e.issuer + '/passkey/options', \
    token: e2e.issuer + '/token', grantType: 'urn:bank:passkey' }";

const TRANSFER: &str = "return e2e.read(await e2e.su.fetch(e2e.api + '/transfers', { \
    method: 'POST', headers: { 'Content-Type': 'application/json' }, \
    body: JSON.stringify({ payee: 'rent', amount: 100 }) }))";

/// The harness page with alice signed in, an authenticator of this manner, and these options.
#[track_caller]
pub fn open<'a>(world: &'a World, manner: Manner, options: &str) -> Harness<'a> {
    let page = Harness::open(world);
    world.authenticator.arm_with(&world.browser, manner);
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

/// Waits until the gate says that the passkey was refused, having let it be asked for.
#[track_caller]
fn refused(world: &World) {
    let prompt = Prompt(world);
    until_true("the refusal is shown", || {
        if prompt.choices().first().is_some_and(|choice| choice == "passkey") {
            prompt.choose("passkey");
        }
        prompt.choices() == ["retry", "another", "cancel"]
    });
}

#[track_caller]
fn count(world: &World, role: &str, method: &str, path: &str) -> usize {
    world.server.requests(role, method, path).len()
}

#[track_caller]
fn prompts(page: &Harness, shown: &str) -> usize {
    let is_it = |event: &&Value| event["type"] == "prompt" && event["shown"] == shown;
    page.events().iter().filter(is_it).count()
}

fn after_ensure_the_request_leaves_once_and_nobody_is_asked(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world, Manner::default(), ENDPOINTS);
    let ensure = "return e2e.su.ensure({ acr: 'AL3', maxAge: 60, scope: 'transfers:write' })";
    page.click("ensured", ensure);
    let assurance = page.outcome("ensured").value();
    assert_eq!((&assurance["acr"], &assurance["verified"]), (&json!("AL3"), &json!(true)));
    assert_eq!(prompts(&page, "dialog"), 1);
    world.server.forget();
    assert_eq!(page.run(TRANSFER).value()["status"], 201);
    page.run(ensure).value();
    assert_eq!(sent_for_the_transfer(&world.server), ["POST /transfers 201"]);
    assert_eq!((prompts(&page, "dialog"), prompts(&page, "button")), (1, 0));
}

fn t42_a_refusal_is_shown_and_nothing_is_tried_by_itself(bench: &Bench) {
    let world = bench.world(json!({}));
    let manner = Manner { holds_passkey: false, ..Manner::default() };
    let page = open(world, manner, ENDPOINTS);
    page.click("sent", TRANSFER);
    refused(world);
    assert!(Prompt(world).text().contains("not confirmed"), "{}", Prompt(world).text());
    assert_eq!((prompts(&page, "dialog"), page.peek("sent")), (1, None));
    assert_eq!(count(world, "auth", "POST", "/passkey/options"), 1);
    assert_eq!(count(world, "auth", "POST", "/token"), 0);
    // Once more, by the user's own click and with options of its own.
    Prompt(world).choose("retry");
    until_true("it is asked again", || prompts(&page, "dialog") == 2);
    refused(world);
    assert_eq!(count(world, "auth", "POST", "/passkey/options"), 2);
    Prompt(world).choose("cancel");
    let outcome = page.outcome("sent");
    assert_eq!(outcome.code(), "passkey_refused");
    let response = &outcome.error()["response"];
    assert_eq!((&response["status"], &response["bodyUsed"]), (&json!(401), &json!(false)));
    assert!(!Prompt(world).is_shown());
    assert_eq!(
        sent_for_the_transfer(&world.server).iter().filter(|it| it.contains("transfers")).count(),
        1
    );
    assert_eq!(world.server.ledger(), Vec::<Value>::new());
}

fn t42_after_a_refusal_the_window_is_another_way(bench: &Bench) {
    let world = bench.world(json!({}));
    let manner = Manner { holds_passkey: false, ..Manner::default() };
    let page = open(world, manner, ENDPOINTS);
    page.click("sent", TRANSFER);
    refused(world);
    Prompt(world).choose("another");
    Prompt(world).offers(&["passkey", "popup", "cancel"]);
    Prompt(world).choose("popup");
    world.popup();
    // There the same user has a passkey after all.
    if world.browser.engine == Engine::Firefox {
        world.authenticator.remove(&world.browser);
    }
    Provider(world).passkey();
    world.popup_is_gone();
    assert_eq!(page.outcome("sent").value()["status"], 201);
    assert_eq!(world.server.ledger().len(), 1);
}

fn t42_without_a_gate_a_refusal_is_the_result(bench: &Bench) {
    let world = bench.world(json!({}));
    let manner = Manner { holds_passkey: false, ..Manner::default() };
    let page = open(world, manner, &format!("{ENDPOINTS}, gate: false"));
    page.click("sent", TRANSFER);
    assert_eq!(page.outcome("sent").code(), "passkey_refused");
    assert_eq!(count(world, "auth", "POST", "/passkey/options"), 1);
    assert_eq!(world.popups(), []);
}

fn t46_presence_alone_reaches_no_level(bench: &Bench) {
    let world = bench.world(json!({ "userVerification": "preferred" }));
    let manner = Manner { can_verify: false, ..Manner::default() };
    let page = open(world, manner, &format!("{ENDPOINTS}, gate: false"));
    page.click("sent", TRANSFER);
    assert_eq!(page.outcome("sent").code(), "assurance_not_met");
    assert_eq!(count(world, "auth", "POST", "/token"), 1);
    assert_eq!(count(world, "api", "POST", "/transfers"), 1);
    assert_eq!(page.run("return e2e.su.token({ acr: 'AL3' }) ?? null").value(), Value::Null);
}

fn t45_options_of_an_api_that_is_no_passkey_server_are_ignored(bench: &Bench) {
    let world = bench.world(json!({ "carry": true }));
    // Only challenges could carry options, and this API is not the one to do so.
    let page = open(world, Manner::default(), "passkey: { token: e2e.issuer + '/token' }");
    page.click("sent", TRANSFER);
    world.prompted();
    assert_eq!(count(world, "auth", "POST", "/token"), 0);
    world.close_popup();
    assert_eq!(prompts(&page, "dialog"), 0);
    Prompt(world).choose("cancel");
    assert_eq!(page.outcome("sent").code(), "cancelled");
}

fn t43_an_abort_ends_the_ceremony_and_sends_nothing(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world, Manner::default(), ENDPOINTS);
    // The browser's ceremony stays open, and its answer comes late.
    page.run(
        "const real = navigator.credentials.get.bind(navigator.credentials); \
         e2e.late = new Promise((resolve) => { e2e.release = resolve; }); \
         navigator.credentials.get = async ({ signal, ...options }) => { \
             e2e.signal = signal; const credential = await real(options); await e2e.late; \
             return credential; };",
    )
    .value();
    page.click(
        "sent",
        "e2e.abort = new AbortController(); \
         return e2e.su.fetch(e2e.api + '/loop', { signal: e2e.abort.signal })",
    );
    until_true("the passkey is asked for", || {
        if Prompt(world).choices().first().is_some_and(|choice| choice == "passkey") {
            Prompt(world).choose("passkey");
        }
        page.run("return !!e2e.signal").value() == true
    });
    page.run("e2e.abort.abort(new RangeError('enough'))").value();
    let outcome = page.outcome("sent");
    assert_eq!(outcome.error()["message"], "enough");
    assert_eq!(page.run("return e2e.signal.aborted").value(), true);
    page.run("e2e.release(); await e2e.late; await new Promise((done) => setTimeout(done, 50))")
        .value();
    assert_eq!(count(world, "auth", "POST", "/token"), 0, "a late assertion goes nowhere");
    assert_eq!(count(world, "api", "GET", "/loop"), 1);
    assert!(!Prompt(world).is_shown());
}

fn t38_without_a_gesture_the_gate_asks_and_the_keyboard_answers(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world, Manner::default(), ENDPOINTS);
    // No click has led to this: it is a script's doing.
    page.run(
        "delete Object.getPrototypeOf(navigator).userActivation; \
        Object.defineProperty(navigator, 'userActivation', { value: { isActive: false } })",
    )
    .value();
    page.start("sent", TRANSFER);
    Prompt(world).offers(&["passkey", "popup", "cancel"]);
    assert_eq!((prompts(&page, "dialog"), prompts(&page, "button")), (0, 1));
    let focused =
        "return document.querySelector('stepup-gate').shadowRoot.activeElement?.dataset.choice";
    assert_eq!(world.script(focused, json!([])), "passkey");
    // Tab goes through what is there and stays inside; Enter chooses.
    world.press("\u{e004}");
    assert_eq!(world.script(focused, json!([])), "popup");
    world.press("\u{e008}\u{e004}\u{e008}");
    assert_eq!(world.script(focused, json!([])), "passkey");
    world.press("\u{e007}");
    assert_eq!(page.outcome("sent").value()["status"], 201);
    assert!(!Prompt(world).is_shown());
}

fn t15_after_a_no_a_script_gets_no_prompt_but_a_click_does(bench: &Bench) {
    let world = bench.world(json!({}));
    let manner = Manner { holds_passkey: false, ..Manner::default() };
    let page = open(world, manner, ENDPOINTS);
    page.click("sent", TRANSFER);
    refused(world);
    Prompt(world).choose("cancel");
    assert_eq!(page.outcome("sent").code(), "passkey_refused");
    let outcome = page.run(TRANSFER);
    assert_eq!(outcome.code(), "prompt_suppressed");
    assert_eq!(outcome.error()["response"]["bodyUsed"], false);
    assert_eq!(prompts(&page, "dialog"), 1);
    // The user's own click is not held back, nor is the app's own wish.
    page.click("again", TRANSFER);
    refused(world);
    Prompt(world).choose("cancel");
    assert_eq!(page.outcome("again").code(), "passkey_refused");
    page.start("ensured", "return e2e.su.ensure({ acr: 'AL3' })");
    refused(world);
    Prompt(world).choose("cancel");
    assert_eq!(page.outcome("ensured").code(), "passkey_refused");
}

fn t44_a_ceremony_of_the_app_s_own_is_ended_first(bench: &Bench) {
    let world = bench.world(json!({}));
    let options =
        format!("{ENDPOINTS}, beforeCeremony: async () => {{ e2e.ended = (e2e.ended ?? 0) + 1 }}");
    let page = open(world, Manner::default(), &options);
    page.click("sent", TRANSFER);
    until("it is confirmed", || {
        if Prompt(world).choices().first().is_some_and(|choice| choice == "passkey") {
            Prompt(world).choose("passkey");
        }
        page.peek("sent")
    });
    assert_eq!(page.outcome("sent").value()["status"], 201);
    assert_eq!(page.run("return e2e.ended").value(), 1);
}

fn t47_who_has_no_passkey_is_led_to_the_window(bench: &Bench) {
    let world = bench.world(json!({ "passkeys": [] }));
    let page = open(world, Manner::default(), "firstPartyApps: true");
    page.click("ensured", "return e2e.su.ensure({ acr: 'AL2' })");
    world.prompted();
    assert_eq!(count(world, "auth", "POST", "/authorize-challenge"), 1);
    Provider(world).code();
    Provider(world).not_now();
    world.popup_is_gone();
    assert_eq!(page.outcome("ensured").value()["acr"], "AL2");
    assert_eq!(prompts(&page, "dialog"), 0);
}

fn an_authenticator_that_lies_gets_nothing_sent(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world, Manner::default(), ENDPOINTS);
    for (lie, run) in [("isBogusSignature", 1), ("isBadUV", 2), ("isBadUP", 3)] {
        world.authenticator.lie(&world.browser, lie);
        let name = format!("sent {run}");
        page.click(&name, TRANSFER);
        until_true("the server's refusal is shown", || {
            Prompt(world).choices() == ["retry", "another", "cancel"]
        });
        assert_eq!(count(world, "auth", "POST", "/token"), run, "{lie}: nothing is tried again");
        Prompt(world).choose("cancel");
        assert_eq!(page.outcome(&name).code(), "token_refused", "{lie}");
    }
    assert_eq!(count(world, "api", "POST", "/transfers"), 3);
    assert_eq!(world.server.ledger(), Vec::<Value>::new());
}

fn t39_where_the_frame_forbids_passkeys_the_window_is_used(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = framed(world, "");
    let set = "Object.assign(window.e2e, arguments[0])";
    world.script(set, json!([{ "issuer": world.server.issuer, "api": world.server.api }]));
    page.make(&format!("{{ {ENDPOINTS} }}"));
    page.click("only", "return e2e.su.ensure({ acr: 'AL3', methods: ['passkey'] })");
    assert_eq!(page.outcome("only").code(), "embedding_blocked");
    assert_eq!(count(world, "auth", "POST", "/passkey/options"), 0, "found before anything else");
    page.click("any", "return e2e.su.ensure({ acr: 'AL3' })");
    until_true("the window opens", || world.popups().len() == 1);
    assert_eq!(count(world, "auth", "POST", "/passkey/options"), 0);
}

fn a_passkey_that_was_just_added_confirms_a_transfer(bench: &Bench) {
    let world = bench.world(json!({ "passkeys": [] }));
    let bank = Bank::open_at(world, "/?arrangement=endpoints");
    let manner = Manner { holds_passkey: false, ..Manner::default() };
    world.authenticator.arm_with(&world.browser, manner);
    bank.sign_in("alice");
    world.click("#add-a-passkey");
    // To add one is a step-up itself.
    world.prompted();
    Provider(world).code();
    world.popup_is_gone();
    assert_eq!(bank.outcome(), "ok");
    world.server.forget();
    bank.transfer("12");
    confirm_by_passkey(world, &bank);
    assert_eq!(world.server.ledger().len(), 1);
    assert_eq!(sent_for_the_transfer(&world.server).len(), 4);
}
