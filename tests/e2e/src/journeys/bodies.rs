//! Bodies of requests that are sent again: what arrives the second time is what left the first time.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::journeys;
use crate::bench::{Bench, Journey};
use crate::engine::Engine;
use crate::pages::{Harness, Provider};

pub const JOURNEYS: &[(&str, Journey)] = journeys![
    every_body_that_can_be_sent_again_is,
    t49_a_form_in_a_request_is_sent_again_whole_or_not_at_all,
    t51_a_stream_is_not_sent_again_and_the_token_is_kept,
    t50_a_large_file_is_sent_again_by_reference,
];

/// Sends one request per kind of body, all in one click, and changes after the calls what can be
/// changed. Returns for each what the server got and what it should have got.
const SEND: &str = r"
const bytes = (length) => Uint8Array.from({ length }, (_, n) => (n * 7) % 251);
const hex = async (data) => [...new Uint8Array(await crypto.subtle.digest('SHA-256', data))]
  .map((byte) => byte.toString(16).padStart(2, '0')).join('');
const blob = async (part) => hex(await new Blob([part]).arrayBuffer());
const expected = {}, sent = {};
const send = (kind, body, init = {}) => {
  sent[kind] = e2e.su.fetch(e2e.api + '/echo?kind=' + kind, { method: 'POST', body, ...init });
};

const text = 'text with ü and €';
send('string', text);
expected.string = blob(text);

const params = new URLSearchParams({ a: '1', b: 'zwei & drei' });
expected.params = blob(params.toString());
send('params', params);
params.set('a', 'changed');

const buffer = bytes(300).buffer;
expected.buffer = blob(buffer.slice(0));
send('buffer', buffer);
new Uint8Array(buffer).fill(0);

const whole = bytes(300);
expected.view = blob(whole.slice(10, 110));
send('view', new Uint8Array(whole.buffer, 10, 100));
whole.fill(0);

const words = new Uint16Array([1, 2, 65535]);
expected.words = blob(words.slice());
send('words', words);
words.fill(9);

const data = new DataView(bytes(50).buffer, 5, 20);
expected.data = blob(bytes(50).slice(5, 25));
send('data', data);
data.setUint8(0, 255);

send('blob', new Blob([bytes(5000)], { type: 'application/x-blob' }));
expected.blob = blob(bytes(5000));

send('file', new File(['the file'], 'a.txt', { type: 'text/x-file' }));
expected.file = blob('the file');

const form = new FormData();
form.append('name', 'Zoë');
form.append('name', 'again');
form.append('upload', new File([bytes(999)], 'b.bin', { type: 'application/x-part' }));
send('form', form);
form.append('late', 'changed');

const headers = { 'X-Mine': 'kept' };
const request = new Request(e2e.api + '/echo?kind=request', { method: 'PUT', body: 'in a request', headers });
sent.request = e2e.su.fetch(request);
expected.request = blob('in a request');

const object = new Request(e2e.api + '/echo?kind=replaced', { method: 'PUT', body: 'unused' });
sent.replaced = e2e.su.fetch(object, { body: 'from init', headers });
expected.replaced = blob('from init');

const changed = new Headers({ 'X-Mine': 'kept' });
send('headers', 'with headers', { headers: changed });
changed.set('X-Mine', 'changed');
expected.headers = blob('with headers');

sent.none = e2e.su.fetch(e2e.api + '/echo?kind=none');
expected.none = blob('');

const result = {};
for (const kind of Object.keys(sent)) {
  const response = await sent[kind];
  result[kind] = { status: response.status, got: await response.json(), expected: await expected[kind] ?? null };
}
result.digests = { Zoe: await blob('Zoë'), again: await blob('again'), part: await blob(bytes(999)) };
return result;";

fn signed_in<'a>(bench: &'a Bench) -> Harness<'a> {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    page.make("{}");
    page.sign_in("alice");
    world.server.forget();
    page
}

fn every_body_that_can_be_sent_again_is(bench: &Bench) {
    let page = signed_in(bench);
    let world = page.0;
    page.click("sent", SEND);
    world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    let result = page.outcome("sent").value();
    let kinds = [
        "string", "params", "buffer", "view", "words", "data", "blob", "file", "form", "request",
        "replaced", "headers", "none",
    ];
    let log: Vec<_> =
        world.server.log_of("api").into_iter().filter(|it| it.method != "OPTIONS").collect();
    let mut sent: HashMap<String, Vec<_>> = HashMap::new();
    for seen in &log {
        sent.entry(seen.parameter("kind").unwrap_or_default()).or_default().push(seen);
    }
    for kind in kinds {
        let one = &result[kind];
        assert_eq!(one["status"], 200, "{kind}: {one}");
        let [first, second] = sent[kind].as_slice() else { panic!("{kind}: {:?}", sent[kind]) };
        assert_eq!((first.status, second.status), (401, 200), "{kind}");
        assert_eq!(first.method, second.method, "{kind}");
        if kind != "form" {
            assert_eq!(one["got"]["sha256"], one["expected"], "{kind}: what arrived");
            assert_eq!(first.header("content-length"), second.header("content-length"), "{kind}");
            assert_eq!(first.header("content-type"), second.header("content-type"), "{kind}");
        }
    }
    assert_eq!(log.len(), 2 * kinds.len());

    let kind_of = |kind: &str| result[kind]["got"]["headers"]["content-type"].clone();
    assert_eq!(kind_of("string"), "text/plain;charset=UTF-8");
    assert_eq!(kind_of("params"), "application/x-www-form-urlencoded;charset=UTF-8");
    assert_eq!(kind_of("blob"), "application/x-blob");
    assert_eq!(kind_of("file"), "text/x-file");
    for kind in ["request", "replaced", "headers"] {
        assert_eq!(result[kind]["got"]["headers"]["x-mine"], "kept", "{kind}");
    }
    assert_eq!(result["request"]["got"]["method"], "PUT");

    let digests = &result["digests"];
    let parts = result["form"]["got"]["parts"].as_array().cloned().unwrap_or_default();
    let got: Vec<Value> =
        parts.iter().map(|part| json!([part["name"], part["filename"], part["sha256"]])).collect();
    let expected = vec![
        json!(["name", null, digests["Zoe"]]),
        json!(["name", null, digests["again"]]),
        json!(["upload", "b.bin", digests["part"]]),
    ];
    assert_eq!(got, expected);
    assert_eq!(parts[2]["type"], "application/x-part");
    assert_eq!(world.server.requests("auth", "GET", "/auth").len(), 1);
}

fn t49_a_form_in_a_request_is_sent_again_whole_or_not_at_all(bench: &Bench) {
    let page = signed_in(bench);
    let world = page.0;
    // Nothing in the page holds the file but the `Request`, which may let go of it.
    page.click(
        "sent",
        "const form = new FormData(); \
         form.append('name', 'Zoë'); form.append('upload', new File([new Uint8Array(999)], 'b.bin')); \
         return e2e.read(await e2e.su.fetch(new Request(e2e.api + '/echo', { method: 'POST', body: form })))",
    );
    world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    let outcome = page.outcome("sent");
    let sent = world.server.requests("api", "POST", "/echo").len();
    if world.browser.engine == Engine::Webkit {
        assert_eq!((outcome.code().as_str(), sent), ("replay_unavailable", 1));
        assert_eq!(page.run("return typeof e2e.su.token()").value(), "string", "it is kept");
        return;
    }
    let answer = outcome.value();
    let parts = answer["body"]["parts"].as_array().cloned().unwrap_or_default();
    let sizes: Vec<_> = parts.iter().map(|part| (&part["name"], &part["size"])).collect();
    assert_eq!(sizes, [(&json!("name"), &json!(4)), (&json!("upload"), &json!(999))]);
    assert_eq!(sent, 2);
}

fn t51_a_stream_is_not_sent_again_and_the_token_is_kept(bench: &Bench) {
    let page = signed_in(bench);
    let world = page.0;
    let stream = "new ReadableStream({ start(controller) { \
        controller.enqueue(new TextEncoder().encode('streamed')); controller.close(); } })";
    // Chromium uploads streams over HTTP/2 only, which a server without TLS has not, and WebKit not
    // at all: there the body is something else that can be read once. Firefox takes a stream for a
    // thing with a name, and sends that.
    let body = match world.browser.engine {
        Engine::Chromium | Engine::Webkit => {
            let outcome = page.run(&format!(
                "return e2e.su.fetch(e2e.api + '/echo', {{ \
                    method: 'POST', body: {stream}, duplex: 'half' }})"
            ));
            // fetch's own refusal, whatever the engine calls it.
            assert_eq!(outcome.error()["isStepUpError"], false);
            let kinds = page.event_types();
            assert!(!kinds.contains(&"challenge".into()), "{kinds:?}");
            world.server.forget();
            "{ async *[Symbol.asyncIterator]() { yield 'once'; } }"
        }
        Engine::Firefox => stream,
    };
    let send = format!(
        "return e2e.read(await e2e.su.fetch(e2e.api + '/echo', {{ method: 'POST', body: {body} }}))"
    );
    page.click("sent", &send);
    world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    let outcome = page.outcome("sent");
    assert_eq!(outcome.code(), "replay_unavailable");
    assert_eq!(outcome.error()["response"]["status"], 401);
    assert_eq!(world.server.requests("api", "POST", "/echo").len(), 1, "not sent again");

    let again = page.run(&send).value();
    assert_eq!(again["status"], 200, "the token is kept, and the app sends it again: {again}");
    assert_eq!(world.popups(), []);
    assert_eq!(world.server.requests("auth", "GET", "/auth").len(), 1);
    assert_eq!(world.server.requests("api", "POST", "/echo").len(), 2);
}

fn t50_a_large_file_is_sent_again_by_reference(bench: &Bench) {
    let page = signed_in(bench);
    let world = page.0;
    // The same Blob object is handed to fetch both times: nothing reads or copies it in between.
    page.run(
        "const part = new Uint8Array(1 << 20).fill(7); \
         e2e.big = new Blob(Array(50).fill(part)); e2e.bodies = []; e2e.reads = 0; \
         for (const name of ['arrayBuffer', 'text', 'stream', 'slice', 'bytes']) { \
           const real = Blob.prototype[name]; \
           if (real) Blob.prototype[name] = function (...all) { e2e.reads += 1; return real.apply(this, all); }; } \
         const real = window.fetch; \
         window.fetch = (input, init) => { if (init?.body) e2e.bodies.push(init.body === e2e.big); return real(input, init); };",
    )
    .value();
    page.click(
        "sent",
        "return e2e.read(await e2e.su.fetch(e2e.api + '/echo', { method: 'POST', body: e2e.big }))",
    );
    world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    let answer = page.outcome("sent").value();
    assert_eq!((&answer["status"], &answer["body"]["size"]), (&json!(200), &json!(50 << 20)));
    assert_eq!(
        page.run("return [e2e.bodies[0], e2e.bodies.at(-1), e2e.reads]").value(),
        json!([true, true, 0])
    );
    let sent = world.server.requests("api", "POST", "/echo");
    let length = (50 << 20).to_string();
    assert_eq!(sent.len(), 2);
    assert!(sent.iter().all(|seen| seen.header("content-length") == Some(&length)), "{sent:?}");
}
