//! What the SDK is tested against: a provider that tells truly what the user did.

use serde_json::{Value, json};

use super::journeys;
use crate::bench::{Bench, Journey, World};
use crate::pages::{Harness, Provider};
use crate::wait::until;

pub const JOURNEYS: &[(&str, Journey)] = journeys![
    a_password_alone_is_reported_as_such,
    a_one_time_code_is_reported_as_a_second_factor,
    a_cancelled_sign_in_comes_back_as_an_error,
    a_passkey_is_reported_as_the_highest_level,
    a_passkey_works_at_a_provider_on_another_site,
];

/// Opens an authorization request by hand, without the SDK, inside a click.
const AUTHORIZE: &str = r"
const popup = window.open('about:blank', '', 'width=500,height=700');
e2e.verifier = 'a-verifier-that-is-long-enough-for-rfc-7636-4.1';
const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(e2e.verifier));
const challenge = btoa(String.fromCharCode(...new Uint8Array(digest)))
  .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
popup.location = e2e.issuer + '/auth?' + new URLSearchParams({
  client_id: 'bank-spa', response_type: 'code', scope: 'openid accounts:read', acr_values: ACR,
  redirect_uri: location.origin + '/e2e/callback.html', state: 'by-hand', nonce: 'once',
  code_challenge: challenge, code_challenge_method: 'S256',
});";

/// Exchanges the code by hand and reads the ID token's claims.
const EXCHANGE: &str = r"
const response = await fetch(e2e.issuer + '/token', { method: 'POST', body: new URLSearchParams({
  grant_type: 'authorization_code', client_id: 'bank-spa', code: CODE,
  code_verifier: e2e.verifier, redirect_uri: location.origin + '/e2e/callback.html',
}) });
const token = await response.json();
const claims = token.id_token?.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
return claims ? JSON.parse(atob(claims)) : token;";

/// Signs in by hand for `acr` and returns the query that the callback page is opened with.
fn callback(world: &World, acr: &str, sign_in: impl Fn(&Provider)) -> Vec<(String, String)> {
    let page = Harness::open(world);
    page.click("authorize", &format!("const ACR = {};{AUTHORIZE}", json!(acr)));
    world.popup();
    sign_in(&Provider(world));
    let query = until("the callback page is asked for", || {
        let mut log = world.server.log_of("app").into_iter();
        log.find(|seen| seen.path == "/e2e/callback.html").map(|seen| seen.query)
    });
    world.switch_to(&world.main);
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Signs in by hand for `acr` and returns the ID token's claims.
fn claims(world: &World, acr: &str, sign_in: impl Fn(&Provider)) -> Value {
    let query = callback(world, acr, sign_in);
    let code = query.into_iter().find(|(name, _)| name == "code").expect("a code came back").1;
    let page = Harness(world);
    page.run(&format!("const CODE = {};{EXCHANGE}", json!(code))).value()
}

fn a_password_alone_is_reported_as_such(bench: &Bench) {
    let world = bench.world(json!({}));
    let claims = claims(world, "AL1", |provider| provider.password("bob"));
    assert_eq!(claims["sub"], "bob");
    assert_eq!(claims["acr"], "AL1");
    assert_eq!(claims["amr"], json!(["pwd"]));
}

fn a_one_time_code_is_reported_as_a_second_factor(bench: &Bench) {
    let world = bench.world(json!({}));
    let claims = claims(world, "AL2", |provider| {
        provider.password("alice");
        provider.code();
    });
    assert_eq!(claims["acr"], "AL2");
    let amr = claims["amr"].as_array().cloned().unwrap_or_default();
    assert!(amr.contains(&json!("otp")) && amr.contains(&json!("mfa")), "{claims}");
}

fn a_cancelled_sign_in_comes_back_as_an_error(bench: &Bench) {
    let world = bench.world(json!({}));
    let query = callback(world, "AL1", |provider| provider.cancel());
    let has = |name: &str, value: &str| query.contains(&(name.into(), value.into()));
    assert!(has("error", "access_denied") && has("state", "by-hand"), "{query:?}");
}

fn a_passkey_is_reported_as_the_highest_level(bench: &Bench) {
    let world = bench.world(json!({}));
    with_passkey(world);
}

fn a_passkey_works_at_a_provider_on_another_site(bench: &Bench) {
    let world = bench.world(json!({ "provider": "auth.idp.localhost" }));
    with_passkey(world);
}

fn with_passkey(world: &World) {
    let claims = claims(world, "AL3", |provider| {
        provider.password("alice");
        provider.passkey();
    });
    assert_eq!(claims["sub"], "alice");
    assert_eq!(claims["acr"], "AL3");
    let amr = claims["amr"].as_array().cloned().unwrap_or_default();
    assert!(amr.contains(&json!("pop")) && amr.contains(&json!("user")), "{claims}");
}
