//! Bodies that outlive their page: what arrives from the next one is what left from this one.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{Journeys, journeys};
use crate::bench::Bench;
use crate::engine::Engine;
use crate::pages::{Harness, Prompt, Provider};
use crate::wait::until;

pub const JOURNEYS: Journeys = journeys![
    every_body_comes_back_as_it_left,
    t49_a_form_in_a_request_comes_back_whole_or_not_at_all,
    t53_what_is_too_large_is_refused_before_the_page_is_left,
    t53_too_many_requests_are_refused_before_the_page_is_left,
];

/// The bodies, each by its kind: what is sent, and what must arrive. `bytes` are no text in any
/// encoding, and have line ends and zeros in them.
const BODIES: &str = r"
const bytes = (length) => Uint8Array.from({ length }, (_, n) => (n * 31 + (n >> 8)) & 255);
const words = Uint16Array.of(0, 13, 0x0a0d, 65535, 9);
const type = (type) => ({ type });
const bodies = {
  string: ['text with ü, \u{1F600},\r\n and \0', 'text with ü, \u{1F600},\r\n and \0'],
  empty: ['', ''],
  params: [new URLSearchParams({ a: '1', b: 'zwei & drei' }), 'a=1&b=zwei+%26+drei'],
  buffer: [bytes(300).buffer, bytes(300)],
  view: [new Uint8Array(bytes(300).buffer, 10, 100), bytes(300).slice(10, 110)],
  words: [words.subarray(1, 4), words.slice(1, 4)],
  data: [new DataView(bytes(50).buffer, 5, 20), bytes(50).slice(5, 25)],
  blob: [new Blob([bytes(5000)], type('application/x-blob')), bytes(5000)],
  large: [new Blob([bytes(5 << 20)], type('application/pdf')), bytes(5 << 20)],
  typeless: [new Blob(['no type']), 'no type'],
  file: [new File(['the file'], 'a.txt', type('text/x-file')), 'the file'],
};
const form = new FormData();
const parts = [
  ['name', null, null, 'Zoë'], ['name', null, null, ''], ['line', null, null, 'a\r\nb'],
  ['--x', null, null, '--x'],
  ['upload', 'b.bin', 'application/x-part', bytes(999)], ['upload', 'ü.txt', 'text/plain', ''],
  ['large', 'large.pdf', 'application/pdf', bytes(2 << 20)],
  ['blob', 'blob', 'application/octet-stream', Uint8Array.of(0, 13, 10)],
];
for (const [name, filename, type, body] of parts) {
  if (filename === null) form.append(name, name === 'line' ? 'a\nb' : body);
  else if (filename === 'blob') form.append(name, new Blob([body]));
  else form.append(name, new File([body], filename, { type }));
}
const sha256 = async (part) => [...new Uint8Array(await crypto.subtle.digest('SHA-256',
  await new Blob([part]).arrayBuffer()))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
";

/// Sends one request per kind, all in one click.
const LEAVE: &str = r"
const stepup = { methods: ['redirect'] };
const to = (kind) => e2e.api + '/echo?kind=' + kind;
const send = (kind, body, init = {}) => e2e.su.fetch(to(kind), { method: 'POST', body, stepup, ...init });
for (const [kind, [body]] of Object.entries(bodies)) send(kind, body);
send('form', form);
const headers = { 'X-Mine': 'kept', 'Content-Type': 'application/json' };
send('put', '{}', { method: 'PUT', headers });
send('patch', '{}', { method: 'PATCH', headers });
send('delete', undefined, { method: 'DELETE' });
send('deleting', 'with a body', { method: 'DELETE' });
e2e.su.fetch(new Request(to('request'), { method: 'PUT', body: 'in a request', headers }), { stepup });
e2e.su.fetch(new Request(to('bare'), { headers: { 'X-Mine': 'kept' } }), { stepup });
e2e.su.fetch(to('none'), { stepup });
return new Promise(() => {});";

/// What must arrive, by the same means.
const EXPECTED: &str = r"
const expected = { put: await sha256('{}'), patch: await sha256('{}'), delete: await sha256(''),
  deleting: await sha256('with a body'), request: await sha256('in a request'),
  bare: await sha256(''), none: await sha256('') };
for (const [kind, [, body]] of Object.entries(bodies)) expected[kind] = await sha256(body);
const form_ = [];
for (const [name, filename, type, body] of parts) form_.push([name, filename, type, await sha256(body)]);
return { ...expected, form: form_ };";

/// A part of a form as the server saw it.
fn part(part: &Value) -> Value {
    json!([part["name"], part["filename"], part["type"], part["sha256"]])
}

fn every_body_comes_back_as_it_left(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    page.leave(&[BODIES, LEAVE].concat());
    Provider(world).passkey();
    let page = Harness::back(world);
    let resumed = page.resume();
    let expected = page.run(&[BODIES, EXPECTED].concat()).value();
    let kinds = expected.as_object().cloned().unwrap_or_default();
    assert_eq!(kinds.len(), 19);
    let log = world.server.log_of("api");
    let mut sent: HashMap<String, Vec<_>> = HashMap::new();
    for seen in log.iter().filter(|seen| seen.method != "OPTIONS") {
        sent.entry(seen.parameter("kind").unwrap_or_default()).or_default().push(seen);
    }
    let results = resumed["results"].as_array().cloned().unwrap_or_default();
    assert_eq!(results.len(), kinds.len(), "{resumed}");
    for result in &results {
        let url = result["request"]["url"].as_str().unwrap_or_default();
        let kind = url.split_once("kind=").map(|(_, kind)| kind).unwrap_or_default();
        let [first, second] = sent[kind].as_slice() else { panic!("{kind}: {:?}", sent[kind]) };
        assert_eq!((first.status, second.status), (401, 200), "{kind}: {result}");
        assert_eq!(first.method, second.method, "{kind}");
        assert_eq!(result["request"]["method"], Value::from(first.method.clone()), "{kind}");
        assert_eq!(first.header("x-mine"), second.header("x-mine"), "{kind}");
        let body = &result["answer"]["body"];
        if kind == "form" {
            let parts: Vec<Value> =
                body["parts"].as_array().into_iter().flatten().map(part).collect();
            assert_eq!(Value::from(parts), kinds["form"]);
        } else {
            assert_eq!(body["sha256"], kinds[kind], "{kind}: what arrived");
            for header in ["content-type", "content-length"] {
                assert_eq!(first.header(header), second.header(header), "{kind}: {header}");
            }
        }
    }
    let of = |kind: &str, header: &str| sent[kind][1].header(header).map(str::to_owned);
    let expected = [
        ("string", Some("text/plain;charset=UTF-8")),
        ("params", Some("application/x-www-form-urlencoded;charset=UTF-8")),
        ("large", Some("application/pdf")),
        ("typeless", None),
        ("file", Some("text/x-file")),
        ("patch", Some("application/json")),
        ("none", None),
    ];
    for (kind, media_type) in expected {
        assert_eq!(of(kind, "content-type").as_deref(), media_type, "{kind}");
    }
    for kind in ["put", "patch", "request", "bare"] {
        assert_eq!(of(kind, "x-mine").as_deref(), Some("kept"), "{kind}");
    }
}

fn t49_a_form_in_a_request_comes_back_whole_or_not_at_all(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    let send = "e2e.results = {}; return e2e.su.fetch(new Request(e2e.api + '/echo?kind=form', \
        { method: 'POST', body: form }), { stepup: { methods: ['redirect'] } })";
    page.click("sent", &[BODIES, send].concat());
    // WebKit cannot read a `Request` of a form that has files, and may lose them.
    if world.browser.engine == Engine::Webkit {
        let outcome = until("it ends", || {
            world.agree_to_leave();
            page.peek("sent")
        });
        assert_eq!(outcome.code(), "replay_unavailable");
        assert_eq!(world.server.requests("auth", "GET", "/auth").len(), 0);
        return;
    }
    world.leaves();
    Provider(world).passkey();
    let page = Harness::back(world);
    let resumed = page.resume();
    let expected = page.run(&[BODIES, EXPECTED].concat()).value();
    let body = &resumed["results"][0]["answer"]["body"];
    let parts: Vec<Value> = body["parts"].as_array().into_iter().flatten().map(part).collect();
    assert_eq!(Value::from(parts), expected["form"], "{resumed}");
}

/// Sends this, which cannot be saved: the page is not left, and each call has its challenge unread.
#[track_caller]
fn refused(bench: &Bench, send: &str) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html#unsaved");
    page.click("sent", send);
    let outcomes = until("all of them end", || {
        world.agree_to_leave();
        page.peek("sent")
    });
    let outcomes = outcomes.value().as_array().cloned().unwrap_or_default();
    assert!(!outcomes.is_empty());
    for error in &outcomes {
        assert_eq!(error["code"], "storage_unavailable", "{error}");
        let response = &error["response"];
        assert_eq!((&response["status"], &response["bodyUsed"]), (&json!(401), &json!(false)));
    }
    assert!(world.browser.session.url().is_ok_and(|url| url.ends_with("#unsaved")));
    assert_eq!(world.server.requests("auth", "GET", "/auth").len(), 0);
    assert_eq!((page.keeps(), page.records()), (Vec::new(), Vec::new()));
    assert!(!Prompt(world).is_shown());
    // The page goes on: what is smaller may still leave.
    page.leave(
        "return e2e.su.fetch(e2e.api + '/echo?kind=small', { method: 'POST', body: 'small', \
        stepup: { methods: ['redirect'] } })",
    );
    Provider(world).passkey();
    assert_eq!(Harness::back(world).resume()["results"][0]["answer"]["status"], 200);
}

fn t53_what_is_too_large_is_refused_before_the_page_is_left(bench: &Bench) {
    // Each is small enough by itself.
    refused(
        bench,
        "const body = new Blob([new Uint8Array((5 << 20) + 1)]); \
         const sent = [1, 2].map(() => e2e.su.fetch(e2e.api + '/echo?kind=large', \
             { method: 'POST', body, stepup: { methods: ['redirect'] } })); \
         return Promise.all(sent.map((one) => one.then(() => 'sent', e2e.describe)))",
    );
}

fn t53_too_many_requests_are_refused_before_the_page_is_left(bench: &Bench) {
    refused(
        bench,
        "const sent = Array.from({ length: 21 }, () => e2e.su.fetch(e2e.api + '/echo?kind=many', \
             { method: 'POST', body: 'many', stepup: { methods: ['redirect'] } })); \
         return Promise.all(sent.map((one) => one.then(() => 'sent', e2e.describe)))",
    );
}
