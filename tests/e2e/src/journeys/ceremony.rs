//! Passkeys alone: `passkey.get`, `passkey.create` and `passkey.capabilities` in the app's page.

use serde_json::{Value, json};

use super::{Journeys, journeys};
use crate::authenticator::{Manner, passkey};
use crate::bench::{Bench, World};
use crate::elsewhere::{Elsewhere, Page};
use crate::engine::Engine;
use crate::pages::Harness;
use crate::wait::{until, until_true};

pub const JOURNEYS: Journeys = journeys![
    an_assertion_is_signed_and_comes_as_json,
    an_assertion_is_verified_by_the_provider,
    a_new_passkey_is_made_and_answers,
    a_user_who_has_a_passkey_already_makes_no_second,
    t42_without_a_passkey_it_is_refused_and_not_tried_again,
    a_user_who_is_not_verified_is_refused,
    a_user_who_does_not_consent_is_refused,
    t43_an_abort_ends_the_ceremony_with_the_caller_s_reason,
    t43_an_assertion_that_comes_after_the_abort_is_dropped,
    t44_a_second_ceremony_waits_once_and_is_then_busy,
    t44_the_app_ends_a_ceremony_of_its_own_first,
    an_rp_id_of_another_domain_is_a_mistake_of_the_app,
    what_the_browser_can_do_is_told_as_far_as_it_is_known,
    a_ceremony_ends_with_the_instance,
];

/// What is different, or there at all, in some engines only.
pub const IN_SOME: &[(&[Engine], Journeys)] = &[
    // WebKitGTK has no WebAuthn of its own: the stand-in's JSON would only be compared with itself.
    (
        &[Engine::Chromium, Engine::Firefox],
        journeys![our_json_is_the_browser_s_json, t39_a_frame_with_the_permission_may_ask],
    ),
    (
        &[Engine::Chromium],
        journeys![
            t39_a_frame_without_the_permission_is_found_before_prompting,
            t44_a_pending_foreign_ceremony_is_waited_for_once
        ],
    ),
    // Firefox hides its policy.
    (&[Engine::Firefox], journeys![t39_where_the_policy_is_hidden_the_browser_itself_refuses]),
    (&[Engine::Firefox, Engine::Webkit], journeys![t44_a_foreign_ceremony_gives_way]),
    (&[Engine::Webkit], journeys![a_browser_without_webauthn_says_so]),
];

/// Opens the page, with an authenticator of this manner.
#[track_caller]
fn open(world: &World, manner: Manner) -> Harness<'_> {
    let page = Harness::open(world);
    world.authenticator.arm_with(&world.browser, manner);
    prepare(&page);
    page
}

/// Puts what the journeys need into the page that is shown.
#[track_caller]
fn prepare(page: &Harness) {
    let fixture =
        json!({ "credentialId": passkey("credentialId"), "publicKey": passkey("publicKey") });
    // By its whole address: Chromium may take code that it has compiled for a page before, and with
    // it that page's address.
    page.run(&format!(
        "const journeys = await import(location.origin + '/e2e/ceremony.js'); \
         Object.assign(e2e, journeys, {{ passkey: {fixture} }}); \
         e2e.calls = e2e.spy();"
    ))
    .value();
}

/// An authenticator at which a ceremony stays open, and the settings with which it does: Chromium's
/// waits for a user who does nothing, the others for one who picks from the autofill.
fn open_ended(world: &World) -> (Manner, &'static str) {
    match world.browser.engine {
        Engine::Chromium => (Manner { consents: false, ..Manner::default() }, "{}"),
        Engine::Firefox | Engine::Webkit => (Manner::default(), "{ mediation: 'conditional' }"),
    }
}

/// From now on the user agrees.
#[track_caller]
fn consent(world: &World) {
    if world.browser.engine == Engine::Chromium {
        world.authenticator.consent(&world.browser);
    }
}

#[track_caller]
fn asked(page: &Harness) -> Value {
    page.run("return e2e.calls.length").value()
}

#[track_caller]
fn until_asked(page: &Harness, times: u64) {
    until_true("the browser is asked", || asked(page) == times);
}

const GET: &str = "return e2e.sdk.passkey.get(e2e.request())";

fn an_assertion_is_signed_and_comes_as_json(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world, Manner::default());
    page.click(
        "signed",
        "const options = e2e.request(); \
         const response = await e2e.sdk.passkey.get(options); \
         return { response, plain: Object.getPrototypeOf(response) === Object.prototype, \
             verdict: await e2e.verify(response, options, e2e.spki(e2e.passkey.publicKey)) };",
    );
    let signed = page.outcome("signed").value();
    assert_eq!(
        signed["verdict"],
        json!({ "verifies": true, "type": "webauthn.get", "origin": world.server.app,
            "challenge": true, "rp": true, "flags": 5 })
    );
    let response = &signed["response"];
    assert_eq!(signed["plain"], true);
    assert_eq!(response["id"], json!(passkey("credentialId")));
    assert_eq!((&response["id"], &response["type"]), (&response["rawId"], &json!("public-key")));
    assert_eq!(response["response"]["userHandle"], json!(passkey("userHandle")));
    assert_eq!(response["clientExtensionResults"], json!({}));
    assert_eq!(asked(&page), 1);
}

fn an_assertion_is_verified_by_the_provider(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world, Manner::default());
    page.click(
        "signed",
        "const post = async (path, form) => { \
           const body = new URLSearchParams({ client_id: 'bank-spa', nonce: 'n-1', \
               scope: 'openid', acr_values: 'AL3', ...form }); \
           return (await fetch(e2e.issuer + path, { method: 'POST', body })).json(); }; \
         const { publicKey, auth_session, ...bare } = await post('/passkey/options', {}); \
         const credential = await e2e.sdk.passkey.get(publicKey ?? bare); \
         const token = await post('/token', { grant_type: 'urn:bank:passkey', \
             ...(auth_session && { auth_session }), credential: JSON.stringify(credential) }); \
         return { error: token.error, claims: token.id_token && \
             JSON.parse(new TextDecoder().decode(e2e.bytes(token.id_token.split('.')[1]))) };",
    );
    let answer = page.outcome("signed").value();
    let claims = &answer["claims"];
    assert_eq!((&claims["sub"], &claims["nonce"]), (&json!("alice"), &json!("n-1")), "{answer}");
    assert_eq!(claims["acr"], "AL3");
}

fn a_new_passkey_is_made_and_answers(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world, Manner { holds_passkey: false, ..Manner::default() });
    page.click(
        "made",
        "const made = await e2e.sdk.passkey.create(e2e.creation()); \
         const options = e2e.request({ allowCredentials: [{ type: 'public-key', id: made.id }] }); \
         const response = await e2e.sdk.passkey.get(options); \
         return { made, same: response.id === made.id, \
             verdict: await e2e.verify(response, options, made.response.publicKey) };",
    );
    let outcome = page.outcome("made").value();
    assert_eq!(outcome["same"], true);
    assert_eq!(
        (&outcome["verdict"]["verifies"], &outcome["verdict"]["flags"]),
        (&json!(true), &json!(5))
    );
    let made = &outcome["made"];
    assert_eq!((&made["id"], &made["type"]), (&made["rawId"], &json!("public-key")));
    assert_eq!(made["response"]["publicKeyAlgorithm"], -7);
    assert_eq!(made["response"]["transports"], json!(["internal"]));
    for bytes in ["clientDataJSON", "attestationObject", "authenticatorData"] {
        assert!(made["response"][bytes].is_string(), "{bytes} in {made}");
    }
}

fn a_user_who_has_a_passkey_already_makes_no_second(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world, Manner::default());
    let excluded = "return e2e.sdk.passkey.create(e2e.creation({ excludeCredentials: \
        [{ type: 'public-key', id: e2e.passkey.credentialId }] }))";
    page.click("made", excluded);
    let outcome = page.outcome("made");
    assert_eq!(outcome.code(), "passkey_exists");
    assert!(outcome.error()["cause"].to_string().contains("InvalidStateError"), "{outcome:?}");
}

fn t42_without_a_passkey_it_is_refused_and_not_tried_again(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world, Manner::default());
    world.authenticator.remove(&world.browser);
    let empty = Manner { holds_passkey: false, ..Manner::default() };
    world.authenticator.arm_with(&world.browser, empty);
    prepare(&page);
    page.click("signed", GET);
    let outcome = page.outcome("signed");
    assert_eq!(outcome.code(), "passkey_refused");
    assert!(outcome.error()["cause"].to_string().contains("NotAllowedError"), "{outcome:?}");
    assert_eq!(asked(&page), 1);
}

fn a_user_who_is_not_verified_is_refused(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world, Manner { verifies: false, ..Manner::default() });
    page.click("signed", GET);
    assert_eq!(page.outcome("signed").code(), "passkey_refused");
}

/// In Chromium a time limit passes, the others' users say no: pages cannot tell one from the other.
fn a_user_who_does_not_consent_is_refused(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world, Manner { consents: false, ..Manner::default() });
    page.click("signed", "return e2e.sdk.passkey.get(e2e.request({ timeout: 500 }))");
    assert_eq!(page.outcome("signed").code(), "passkey_refused");
    assert_eq!(asked(&page), 1);
}

fn t43_an_abort_ends_the_ceremony_with_the_caller_s_reason(bench: &Bench) {
    let world = bench.world(json!({}));
    let (manner, settings) = open_ended(world);
    let page = open(world, manner);
    page.click(
        "signed",
        &format!(
            "e2e.abort = new AbortController(); \
             return e2e.sdk.passkey.get(e2e.request(), {{ ...{settings}, signal: e2e.abort.signal }})"
        ),
    );
    until_asked(&page, 1);
    assert_eq!(page.peek("signed"), None);
    page.run("e2e.abort.abort(new RangeError('enough'))").value();
    let outcome = page.outcome("signed");
    assert_eq!(
        (&outcome.error()["name"], &outcome.error()["message"]),
        (&json!("RangeError"), &json!("enough"))
    );
    // The browser's own ceremony is over too, so that there is room for the next.
    until_true("the browser's ceremony ends", || {
        page.run("return e2e.calls[0].state").value() == "rejected"
    });
    consent(world);
    page.click("again", GET);
    page.outcome("again").value();
}

fn t43_an_assertion_that_comes_after_the_abort_is_dropped(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world, Manner::default());
    // A browser that does not hear of the abort, and whose answer is late.
    page.run(
        "const real = navigator.credentials.get.bind(navigator.credentials); \
         e2e.late = new Promise((resolve) => { e2e.release = resolve; }); \
         navigator.credentials.get = async ({ signal, ...options }) => { \
             const credential = await real(options); e2e.signed = true; await e2e.late; \
             return credential; };",
    )
    .value();
    page.click(
        "signed",
        "e2e.abort = new AbortController(); e2e.settled = 0; \
         const held = e2e.sdk.passkey.get(e2e.request(), { signal: e2e.abort.signal }); \
         held.then(() => { e2e.settled += 1; }, () => { e2e.settled -= 1; }); return held;",
    );
    until_true("it is signed", || page.run("return e2e.signed === true").value() == true);
    page.run("e2e.abort.abort('enough')").value();
    assert_eq!(page.outcome("signed").error()["message"], "enough");
    page.run("e2e.release(); await e2e.late; await new Promise((resolve) => setTimeout(resolve))")
        .value();
    assert_eq!(page.run("return e2e.settled").value(), -1);
    assert_eq!(page.console(), [], "nobody is told of what came late");
}

fn t44_a_second_ceremony_waits_once_and_is_then_busy(bench: &Bench) {
    let world = bench.world(json!({}));
    let (manner, settings) = open_ended(world);
    let page = open(world, manner);
    page.click(
        "first",
        &format!(
            "e2e.abort = new AbortController(); \
             return e2e.sdk.passkey.get(e2e.request(), {{ ...{settings}, signal: e2e.abort.signal }})"
        ),
    );
    until_asked(&page, 1);
    page.run("e2e.hurry()").value();
    page.click("second", GET);
    assert_eq!(page.outcome("second").code(), "passkey_busy");
    assert_eq!((asked(&page), page.peek("first")), (json!(1), None), "the first goes on");
    // One that waits goes through when the first ends.
    page.run("e2e.hurry(0.01)").value();
    page.click("third", GET);
    page.run("await new Promise((resolve) => requestAnimationFrame(resolve))").value();
    assert_eq!((asked(&page), page.peek("third")), (json!(1), None), "the third waits");
    consent(world);
    page.run("e2e.abort.abort('enough')").value();
    page.outcome("third").value();
    assert_eq!(page.outcome("first").error()["message"], "enough");
    assert_eq!(asked(&page), 2);
}

/// The app's own ceremony, which the SDK knows nothing of: `e2e.own` aborts it.
fn own_ceremony(settings: &str) -> String {
    format!(
        "e2e.own = new AbortController(); \
         const {{ mediation }} = {settings}; \
         return navigator.credentials.get({{ ...(mediation && {{ mediation }}), \
             signal: e2e.own.signal, publicKey: {{ challenge: new Uint8Array(32), \
             rpId: 'bank.localhost', timeout: 20000, allowCredentials: [{{ type: 'public-key', \
             id: e2e.bytes(e2e.passkey.credentialId) }}] }} }}).then(() => 'signed')"
    )
}

fn t44_the_app_ends_a_ceremony_of_its_own_first(bench: &Bench) {
    let world = bench.world(json!({}));
    let (manner, settings) = open_ended(world);
    let page = open(world, manner);
    page.click("own", &own_ceremony(settings));
    until_asked(&page, 1);
    consent(world);
    page.click(
        "signed",
        "return e2e.sdk.passkey.get(e2e.request(), \
             { beforeCeremony: async () => { e2e.own.abort('mine'); } })",
    );
    page.outcome("signed").value();
    assert_eq!(asked(&page), 2, "and so nothing was pending");
    assert_eq!(page.outcome("own").error()["message"], "mine");
}

fn t44_a_pending_foreign_ceremony_is_waited_for_once(bench: &Bench) {
    let world = bench.world(json!({}));
    let (manner, settings) = open_ended(world);
    let page = open(world, manner);
    page.click("own", &own_ceremony(settings));
    until_asked(&page, 1);
    page.run("e2e.hurry()").value();
    page.click("signed", GET);
    let outcome = page.outcome("signed");
    assert_eq!(outcome.code(), "passkey_busy");
    assert!(outcome.error()["cause"].to_string().contains("OperationError"), "{outcome:?}");
    assert_eq!(asked(&page), 3, "once, and once more");
    assert_eq!(page.peek("own"), None, "the foreign ceremony goes on");
    // One that ends meanwhile makes room.
    page.run("e2e.hurry(0.02)").value();
    page.click("waits", GET);
    until_asked(&page, 4);
    consent(world);
    page.run("e2e.own.abort('mine')").value();
    page.outcome("waits").value();
    assert_eq!(asked(&page), 5);
}

fn t44_a_foreign_ceremony_gives_way(bench: &Bench) {
    let world = bench.world(json!({}));
    let (manner, settings) = open_ended(world);
    let page = open(world, manner);
    page.click("own", &own_ceremony(settings));
    until_asked(&page, 1);
    page.click("signed", GET);
    page.outcome("signed").value();
    assert_eq!(asked(&page), 2);
    let ended = page.outcome("own").error()["name"].clone();
    assert!(ended == "AbortError" || ended == "NotAllowedError", "{ended}");
    // And the other way round: what ends ours by a foreign one is no abort of the caller's.
    page.click("held", &format!("return e2e.sdk.passkey.get(e2e.request(), {settings})"));
    until_asked(&page, 3);
    page.click("own", &own_ceremony("{}"));
    assert_eq!(page.outcome("own").value(), "signed");
    assert_eq!(page.outcome("held").code(), "passkey_refused");
}

fn an_rp_id_of_another_domain_is_a_mistake_of_the_app(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world, Manner::default());
    page.click("signed", "return e2e.sdk.passkey.get(e2e.request({ rpId: 'idp.localhost' }))");
    let outcome = page.outcome("signed");
    assert_eq!(outcome.code(), "configuration_invalid");
    assert!(outcome.error()["cause"].to_string().contains("SecurityError"), "{outcome:?}");
    page.click(
        "made",
        "return e2e.sdk.passkey.create(e2e.creation({ rp: { id: 'idp.localhost', name: 'Bank' } }))",
    );
    assert_eq!(page.outcome("made").code(), "configuration_invalid");
    page.run("e2e.calls.length = 0").value();
    page.click("signed", "return e2e.sdk.passkey.get(e2e.request({ challenge: '*' }))");
    assert_eq!(page.outcome("signed").code(), "configuration_invalid");
    assert_eq!(asked(&page), 0);
}

fn what_the_browser_can_do_is_told_as_far_as_it_is_known(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world, Manner::default());
    let older = "const older = { \
        conditionalGet: await PublicKeyCredential.isConditionalMediationAvailable(), \
        userVerifyingPlatformAuthenticator: \
            await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable() }; ";
    let told = page
        .run(&format!(
            "{older} const all = await PublicKeyCredential.getClientCapabilities?.(); \
             return [await e2e.sdk.passkey.capabilities(), all ?? older]"
        ))
        .value();
    assert_eq!(told[0], told[1]);
    assert!(told[0]["conditionalGet"].is_boolean(), "{told}");
    // What is not told stays unknown, with the method and without it.
    let told = page
        .run(&format!(
            "{older} const method = (value) => Object.defineProperty(PublicKeyCredential, \
                 'getClientCapabilities', {{ configurable: true, value }}); \
             const ask = e2e.sdk.passkey.capabilities; \
             method(async () => ({{ hybridTransport: true }})); const few = await ask(); \
             method(async () => {{ throw new Error('mine') }}); const none = await ask(); \
             method(undefined); const formerly = await ask(); \
             PublicKeyCredential.isConditionalMediationAvailable = undefined; \
             return [few, none, [formerly, older], Object.keys(await ask())]"
        ))
        .value();
    assert_eq!((&told[0], &told[1]), (&json!({ "hybridTransport": true }), &json!({})));
    assert_eq!(told[2][0], told[2][1]);
    assert_eq!(told[3], json!(["userVerifyingPlatformAuthenticator"]));
    assert_eq!(world.server.requests("app", "GET", "/stepup/stepup_bg.wasm").len(), 0);
}

fn a_ceremony_ends_with_the_instance(bench: &Bench) {
    let world = bench.world(json!({}));
    let (manner, settings) = open_ended(world);
    let page = open(world, manner);
    page.run(
        "const { replaceBody } = await import('/e2e/wasm-section.js'); \
         const bytes = await (await fetch('/stepup/stepup_bg.wasm')).arrayBuffer(); \
         e2e.broken = await replaceBody(new Uint8Array(bytes), 'parse_challenges');",
    )
    .value();
    page.click(
        "signed",
        &format!(
            "return e2e.sdk.passkey.get(e2e.request(), {{ ...{settings}, wasm: e2e.broken }})"
        ),
    );
    until_asked(&page, 1);
    assert_eq!(page.run("return e2e.sdk.parseChallenges('Bearer')").code(), "instance_dead");
    assert_eq!(page.outcome("signed").code(), "instance_dead");
    until_true("the browser's ceremony ends", || {
        page.run("return e2e.calls[0].state").value() == "rejected"
    });
    page.click("again", GET);
    assert_eq!(page.outcome("again").code(), "instance_dead");
}

fn our_json_is_the_browser_s_json(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = open(world, Manner { has_prf: true, ..Manner::default() });
    // Each credential is written twice: by the browser, and by us. Then the options are read by us.
    page.click(
        "compared",
        "const { passkey } = e2e.sdk; const { credentials } = navigator; \
         const prf = { eval: { first: e2e.base64url(new Uint8Array(32)), second: 'AQID' } }; \
         const twice = async (kind, options) => { \
           const theirs = await passkey[kind](options); \
           const { credential } = e2e.calls.at(-1); \
           Object.defineProperty(credential, 'toJSON', { value: undefined }); \
           const real = credentials[kind]; \
           credentials[kind] = async () => credential; \
           const ours = await passkey[kind](options); \
           credentials[kind] = real; \
           return [ours, theirs]; }; \
         const extensions = { prf: {}, credProps: true }; \
         const made = await twice('create', e2e.creation({ extensions })); \
         const allowCredentials = [{ type: 'public-key', id: made[0].id }]; \
         const derive = () => e2e.request({ allowCredentials, extensions: { prf } }); \
         const signed = await twice('get', derive()); \
         for (const name of ['parseRequestOptionsFromJSON', 'parseCreationOptionsFromJSON']) \
           PublicKeyCredential[name] = undefined; \
         const derived = await passkey.get(derive()); \
         const another = await passkey.create(e2e.creation()); \
         const options = e2e.request({ allowCredentials: [{ type: 'public-key', id: another.id }] }); \
         const verdict = await e2e.verify(await passkey.get(options), options, another.response.publicKey); \
         return { signed, made, derived, verdict };",
    );
    let compared = page.outcome("compared").value();
    for both in ["signed", "made"] {
        assert_eq!(compared[both][0], compared[both][1], "{both}");
    }
    assert_eq!(compared["made"][0]["clientExtensionResults"]["prf"]["enabled"], true);
    let results = |response: &Value| response["clientExtensionResults"]["prf"]["results"].clone();
    let secrets = results(&compared["signed"][0]);
    for one in ["first", "second"] {
        assert_eq!(secrets[one].as_str().map(str::len), Some(43), "32 bytes in {secrets}");
    }
    assert_eq!(results(&compared["derived"]), secrets, "the same secrets for the same values");
    let verdict = &compared["verdict"];
    assert_eq!((&verdict["verifies"], &verdict["challenge"]), (&json!(true), &json!(true)));
}

fn a_browser_without_webauthn_says_so(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    assert_eq!(
        page.run("return e2e.sdk.passkey.get({ challenge: 'AQID' })").code(),
        "passkey_unavailable"
    );
    assert_eq!(page.run("return e2e.sdk.passkey.create({})").code(), "passkey_unavailable");
    assert_eq!(page.run("return e2e.sdk.passkey.capabilities()").code(), "passkey_unavailable");
    assert_eq!(world.server.requests("app", "GET", "/stepup/stepup_bg.wasm").len(), 0);
}

/// The harness page inside a frame of another site, which grants what `allow` says.
#[track_caller]
pub fn framed<'a>(world: &'a World, allow: &str) -> Harness<'a> {
    let body = format!(
        "<!doctype html><title>Elsewhere</title>\
         <iframe allow=\"{allow}\" src=\"{}/e2e/harness.html\" width=\"600\" height=\"400\"></iframe>",
        world.server.app
    );
    let page = Page { headers: vec!["content-type: text/html".into()], body, ..Page::default() };
    let evil = Elsewhere::start([("/frame", page)]);
    world.switch_to(&world.main);
    let session = &world.browser.session;
    session.go(&format!("{}/frame", evil.origin("evil.localhost"))).expect("the page loads");
    let frame = json!({ "using": "css selector", "value": "iframe" });
    let frame = session.post("/element", &frame).expect("there is a frame");
    session.post("/frame", &json!({ "id": frame })).expect("the frame can be entered");
    until("the harness page is ready", || {
        let ready = "return window.e2e?.ready === true";
        session.execute(ready, json!([])).ok()?.as_bool()?.then_some(())
    });
    world.authenticator.arm(&world.browser);
    let page = Harness(world);
    prepare(&page);
    page
}

fn t39_a_frame_with_the_permission_may_ask(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = framed(world, "publickey-credentials-get");
    page.click(
        "signed",
        "const options = e2e.request(); const response = await e2e.sdk.passkey.get(options); \
         return e2e.verify(response, options, e2e.spki(e2e.passkey.publicKey))",
    );
    assert_eq!(page.outcome("signed").value()["verifies"], true);
}

fn t39_a_frame_without_the_permission_is_found_before_prompting(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = framed(world, "publickey-credentials-create");
    page.click("signed", GET);
    assert_eq!(page.outcome("signed").code(), "embedding_blocked");
    assert_eq!(asked(&page), 0, "the browser was not asked");
    // Each ceremony has a permission of its own.
    page.click("made", "return e2e.sdk.passkey.create(e2e.creation())");
    page.outcome("made").value();
}

fn t39_where_the_policy_is_hidden_the_browser_itself_refuses(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = framed(world, "");
    page.click("signed", GET);
    let outcome = page.outcome("signed");
    assert_eq!(outcome.code(), "passkey_refused");
    assert!(outcome.error()["cause"].to_string().contains("NotAllowedError"), "{outcome:?}");
    assert_eq!(asked(&page), 1);
}
