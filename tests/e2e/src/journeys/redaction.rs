//! What a page of the browser can find of secrets, its own storages and history included: nothing.

use std::collections::BTreeSet;

use serde_json::json;

use super::passkey::{self, ENDPOINTS};
use super::{Journeys, journeys};
use crate::authenticator::Manner;
use crate::bench::{Bench, World};
use crate::pages::{Harness, Prompt, Provider};
use crate::wait::until_true;
use crate::webdriver::Window;

pub const JOURNEYS: Journeys = journeys![
    t70_a_window_leaves_no_secret_in_the_page,
    t70_a_redirect_leaves_no_secret_in_the_clear,
    t70_a_passkey_in_the_page_leaves_no_secret,
];

/// In the body and the headers of the request.
const MARK: &str = "mark-1f9c";

/// A request with the mark in all that may be secret, by a method.
fn send(method: &str) -> String {
    format!(
        "return (await e2e.su.fetch(e2e.api + '/echo?kind=one', {{ method: 'POST', body: 'password={MARK}', \
             headers: {{ 'X-Api-Key': '{MARK}', Authorization: 'Bearer {MARK}' }}, \
             stepup: {{ methods: ['{method}'] }} }})).status"
    )
}

/// All that a script of this origin finds: the document with the gate in it, what is stored, in which
/// bytes soever, the address, the history, and what the SDK has told. A key is asked for its bytes.
const FOUND: &str = "const seen = []; \
    const bytes = (buffer) => { \
        for (const encoding of ['latin1', 'utf-8', 'utf-16le']) \
            seen.push(new TextDecoder(encoding).decode(buffer)); }; \
    const visit = async (value, depth = 0) => { \
        if (value instanceof CryptoKey) { \
            for (const format of ['raw', 'jwk']) \
                try { visit(await crypto.subtle.exportKey(format, value)); seen.push('exported'); } catch {} \
        } else if (value instanceof ArrayBuffer) bytes(value); \
        else if (ArrayBuffer.isView(value)) bytes(value.buffer); \
        else if (value instanceof Blob) bytes(await value.arrayBuffer()); \
        else if (value && typeof value === 'object' && depth < 8) \
            for (const [name, inner] of Object.entries(value)) { seen.push(name); await visit(inner, depth + 1); } \
        else seen.push(String(value)); }; \
    seen.push(document.documentElement.outerHTML, location.href, document.cookie, document.referrer, window.name); \
    for (const element of document.querySelectorAll('*')) seen.push(element.shadowRoot?.innerHTML ?? ''); \
    for (const storage of [localStorage, sessionStorage]) await visit({ ...storage }); \
    await visit(history.state); \
    const open = (name) => new Promise((resolve) => { \
        const request = indexedDB.open(name); \
        request.onupgradeneeded = () => request.transaction.abort(); \
        request.onsuccess = () => resolve(request.result); \
        request.onerror = (event) => { event.preventDefault(); resolve(null); }; }); \
    const names = new Set(['stepup', ...((await indexedDB.databases?.()) ?? []).map(({ name }) => name)]); \
    let records = 0; \
    for (const name of names) { \
        const db = await open(name); \
        for (const store of db?.objectStoreNames ?? []) { \
            const objects = db.transaction(store).objectStore(store); \
            for (const request of [objects.getAll(), objects.getAllKeys()]) { \
                await new Promise((resolve) => { request.onsuccess = resolve; }); \
                records += request.result.length; \
                await visit(request.result); } } \
        db?.close(); } \
    seen.push(JSON.stringify(e2e.events), JSON.stringify(structuredClone(e2e.events)), JSON.stringify(e2e.console)); \
    return { text: seen.join('\\n'), records }";

/// Tokens, codes, nonces and proofs that the servers have seen so far.
#[track_caller]
fn secrets(world: &World) -> BTreeSet<String> {
    let mut secrets = BTreeSet::from([MARK.to_owned()]);
    for seen in world.server.log() {
        let token = seen.header("authorization").and_then(|all| all.strip_prefix("Bearer "));
        secrets.extend(token.map(str::to_owned));
        let names = ["code", "nonce", "code_challenge", "id_token_hint"];
        secrets.extend(names.iter().filter_map(|name| seen.parameter(name)));
    }
    secrets
}

/// Nothing of them is in this page. Gives how many records are stored.
#[track_caller]
fn tells_nothing(page: &Harness, secrets: &BTreeSet<String>) -> u64 {
    let found = page.run(FOUND).value();
    let text = found["text"].as_str().unwrap_or_default();
    assert!(text.contains("<html"), "the page was looked at: {text}");
    for secret in secrets {
        assert!(!text.contains(secret.as_str()), "{secret} in {text}");
    }
    found["records"].as_u64().unwrap_or_default()
}

/// What is stored in any way is found.
#[track_caller]
fn finds(page: &Harness) {
    for hides in [
        "sessionStorage.setItem('x', '{}')",
        "history.replaceState({ x: ['{}'] }, '')",
        "document.body.dataset.x = '{}'",
        "const db = await new Promise((resolve) => { const request = indexedDB.open('other'); \
            request.onupgradeneeded = () => request.result.createObjectStore('x'); \
            request.onsuccess = () => resolve(request.result); }); \
         const transaction = db.transaction('x', 'readwrite'); \
         transaction.objectStore('x').put({ a: new TextEncoder().encode('{}') }, 1); \
         await new Promise((resolve) => { transaction.oncomplete = resolve; }); db.close()",
    ] {
        page.run(&hides.replace("{}", "hidden-2e8d")).value();
        let found = page.run(FOUND).value();
        let text = found["text"].as_str().unwrap_or_default();
        let is_found = text.contains("hidden-2e8d");
        // One that no engine need list is found by its name only.
        assert!(is_found || hides.contains("'other'"), "{hides}: {text}");
        let undo = "sessionStorage.removeItem('x'); history.replaceState(null, ''); delete document.body.dataset.x";
        page.run(undo).value();
    }
}

/// Another tab of the app.
#[track_caller]
fn another(world: &World) -> Harness<'_> {
    let opened = world.browser.session.post("/window/new", &json!({ "type": "tab" }));
    let opened = opened.expect("a tab opens");
    let tab = Window(opened["handle"].as_str().unwrap_or_default().to_owned());
    Harness::load(world, &tab, "/e2e/harness.html")
}

fn t70_a_window_leaves_no_secret_in_the_page(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    finds(&page);
    page.make("{}");
    page.sign_in("alice");
    tells_nothing(&page, &secrets(world));
    // With the gate, which is there where no click is.
    page.start("sent", &send("popup"));
    until_true("the gate asks, or a window has opened", || {
        Prompt(world).is_shown() || !world.popups().is_empty()
    });
    tells_nothing(&page, &secrets(world));
    if Prompt(world).is_shown() {
        Prompt(world).choose("open");
    }
    world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    assert_eq!(page.outcome("sent").value(), 200);
    let secrets = secrets(world);
    // Two tokens, a code, a nonce and a digest for each of two windows, and more.
    assert!(secrets.len() >= 9, "{secrets:?}");
    tells_nothing(&page, &secrets);
    let error = page
        .run("return e2e.su.fetch(e2e.api + '/loop', { method: 'GET', stepup: { gate: false } })");
    let told = error.error().to_string();
    for secret in &secrets {
        assert!(!told.contains(secret.as_str()), "{secret} in {told}");
    }
}

fn t70_a_redirect_leaves_no_secret_in_the_clear(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    page.leave(&send("redirect"));
    let before = secrets(world);
    // While the user is away, everything that is needed lies in the browser.
    let other = another(world);
    assert!(tells_nothing(&other, &before) >= 2, "a key and a record are stored");
    world.browser.session.close_window().expect("the tab closes");
    world.switch_to(&world.main);
    world.confirm();
    let page = Harness::back(world);
    let resumed = page.resume();
    assert_eq!(resumed["results"][0]["answer"]["status"], 200, "{resumed}");
    assert_eq!(resumed["results"][0]["request"]["method"], "POST");
    let secrets = secrets(world);
    assert!(secrets.len() > before.len(), "{secrets:?}");
    tells_nothing(&page, &secrets);
    // Nor is the code where Back leads to.
    world.browser.session.post("/back", &json!({})).expect("the browser goes back");
    let url = world.browser.session.url().unwrap_or_default();
    assert!(!url.contains("code="), "{url}");
}

fn t70_a_passkey_in_the_page_leaves_no_secret(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = passkey::open(world, Manner::default(), ENDPOINTS);
    page.click("sent", &send("passkey"));
    until_true("the answer is here", || {
        if Prompt(world).choices().first().is_some_and(|choice| choice == "passkey") {
            tells_nothing(&page, &secrets(world));
            Prompt(world).choose("passkey");
        }
        page.peek("sent").is_some()
    });
    assert_eq!(page.outcome("sent").value(), 200);
    assert_eq!(world.popups(), []);
    // The mark, and a token for each send.
    let secrets = secrets(world);
    assert!(secrets.len() >= 3, "{secrets:?}");
    tells_nothing(&page, &secrets);
}
