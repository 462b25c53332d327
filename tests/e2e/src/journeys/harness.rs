//! What the other journeys rely on: that popups are really blocked, and that passkeys are real.

use serde_json::json;

use super::journeys;
use crate::authenticator::passkey;
use crate::bench::{Bench, Journey};
use crate::pages::Harness;

pub const JOURNEYS: &[(&str, Journey)] = journeys![
    a_window_opens_only_from_a_click,
    names_below_localhost_are_secure_contexts,
    the_passkey_signs_with_the_key_that_the_server_knows,
];

/// Asks for an assertion and verifies it with the public key, as a server would.
const ASSERTION: &str = r"
const bytes = (text) => Uint8Array.from(
  atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
const challenge = crypto.getRandomValues(new Uint8Array(32));
const { response } = await navigator.credentials.get({ publicKey: {
  challenge, rpId: 'bank.localhost', userVerification: 'required', timeout: 15000,
  allowCredentials: [{ type: 'public-key', id: bytes(PASSKEY.credentialId) }],
} });
const clientData = JSON.parse(new TextDecoder().decode(response.clientDataJSON));
const data = new Uint8Array(response.authenticatorData);
const digest = await crypto.subtle.digest('SHA-256', response.clientDataJSON);
const signed = new Uint8Array([...data, ...new Uint8Array(digest)]);
// DER: 30 len 02 len r 02 len s; WebCrypto wants r and s in 32 bytes each.
const der = new Uint8Array(response.signature);
const part = (at) => der.slice(at + 2, at + 2 + der[at + 1]);
const fixed = (part) => [...new Uint8Array(32), ...part].slice(-32);
const signature = new Uint8Array([...fixed(part(2)), ...fixed(part(4 + der[3]))]);
const point = bytes(PASSKEY.publicKey);
const key = await crypto.subtle.importKey('raw',
  new Uint8Array([4, ...point.slice(10, 42), ...point.slice(45, 77)]),
  { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify']);
return {
  verifies: await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, signature, signed),
  mine: clientData.challenge === btoa(String.fromCharCode(...challenge))
    .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', ''),
  flags: data[32] & 5,
};";

fn a_window_opens_only_from_a_click(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    let open = "return window.open('about:blank', '', 'width=400,height=500') === null";
    assert_eq!(page.run(open).value(), json!(true), "without a gesture nothing opens");
    assert_eq!(world.popups(), []);
    page.click("opened", open);
    assert_eq!(page.outcome("opened").value(), json!(false), "a click opens a window");
    world.popup();
    world.close_popup();
}

fn names_below_localhost_are_secure_contexts(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    let secure = page.run("return [isSecureContext, typeof crypto.subtle, location.hostname]");
    assert_eq!(secure.value(), json!([true, "object", "app.bank.localhost"]));
}

fn the_passkey_signs_with_the_key_that_the_server_knows(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    world.authenticator.arm(&world.browser);
    let fixture = json!({
        "credentialId": passkey("credentialId"),
        "publicKey": passkey("publicKey"),
    });
    page.click("signed", &format!("const PASSKEY = {fixture};{ASSERTION}"));
    let expected = json!({ "verifies": true, "mine": true, "flags": 5 });
    assert_eq!(page.outcome("signed").value(), expected);
}
