//! Transfers with tokens that are bound to a key of the browser, where API and provider both want a
//! nonce of theirs in each proof.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::passkey::{confirm_by_passkey, sent_for_the_transfer};
use super::{Journeys, journeys};
use crate::bench::{Bench, World};
use crate::pages::{Bank, Prompt, Provider};
use crate::server::{Seen, access_token_claims, proof};
use crate::wait::until_true;

pub const JOURNEYS: Journeys = journeys![
    a_transfer_by_popup_proves_the_key_with_each_request,
    a_transfer_by_redirect_finds_its_key_again,
    a_passkey_in_the_page_takes_no_more_requests_than_without,
    without_the_option_nothing_of_it_is_loaded,
];

/// The statuses of the requests of one kind, in order.
#[track_caller]
fn statuses(world: &World, role: &str, method: &str, path: &str) -> Vec<u64> {
    world.server.requests(role, method, path).iter().map(|seen| seen.status).collect()
}

/// The one key of all proofs so far, each of which was used once.
#[track_caller]
fn one_key(world: &World) -> Value {
    let sent: Vec<Seen> =
        world.server.log().into_iter().filter(|seen| seen.header("dpop").is_some()).collect();
    let proofs: Vec<(Value, Value)> = sent.iter().map(proof).collect();
    let used: BTreeSet<String> =
        proofs.iter().map(|(_, claims)| claims["jti"].to_string()).collect();
    assert!(!proofs.is_empty());
    assert_eq!(used.len(), proofs.len(), "a proof was used twice");
    let (header, _) = &proofs[0];
    assert!(proofs.iter().all(|(other, _)| other["jwk"] == header["jwk"]), "{proofs:?}");
    assert!(header["jwk"]["d"].is_null(), "the private key stays where it is");
    header["jwk"].clone()
}

/// The last transfer was made, with a token that is bound to the key of its proof.
#[track_caller]
fn is_made(world: &World) {
    let ledger = world.server.ledger();
    assert_eq!(ledger.len(), 1, "{ledger:?}");
    let made = world.server.requests("api", "POST", "/transfers");
    let made = made.last().expect("a transfer was sent");
    assert_eq!(made.status, 201);
    assert!(made.header("authorization").is_some_and(|it| it.starts_with("DPoP ")), "{made:?}");
    let claims = access_token_claims(made);
    assert_eq!((&claims["sub"], &claims["acr"]), (&json!("alice"), &json!("AL3")));
    assert!(claims["cnf"]["jkt"].is_string(), "{claims}");
}

fn a_transfer_by_popup_proves_the_key_with_each_request(bench: &Bench) {
    let world = bench.world(json!({ "nonces": true }));
    let bank = Bank::open(world);
    world.click("#dpop");
    until_true("the page is loaded anew", || {
        world.browser.session.url().is_ok_and(|url| url.contains("dpop=1"))
            && world.shown("#dpop:checked").is_some()
    });
    bank.sign_in("alice");
    // Each server asks for its nonce once, and each request of those that left without one is repeated.
    assert_eq!(statuses(world, "auth", "POST", "/token"), [400, 200]);
    assert_eq!(statuses(world, "api", "GET", "/balance"), [401, 200]);
    let key = one_key(world);
    world.server.forget();
    bank.transfer("25.50");
    world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    assert_eq!(bank.outcome(), "ok");
    is_made(world);
    // From then on they are known, and the challenge is the only thing that is answered.
    assert_eq!(statuses(world, "api", "POST", "/transfers"), [401, 201]);
    assert_eq!(statuses(world, "auth", "POST", "/token"), [200]);
    assert_eq!(one_key(world), key);
    let asks = world.server.requests("auth", "GET", "/auth");
    let [ask] = asks.as_slice() else { panic!("{asks:?}") };
    let made = world.server.requests("api", "POST", "/transfers");
    let bound_to = &access_token_claims(made.last().expect("it was made"))["cnf"]["jkt"];
    assert_eq!(ask.parameter("dpop_jkt").map(Value::from).as_ref(), Some(bound_to));
    assert_eq!(world.server.requests("app", "GET", "/stepup/dpop.js").len(), 0, "loaded before");
}

fn a_transfer_by_redirect_finds_its_key_again(bench: &Bench) {
    let world = bench.world(json!({ "nonces": true }));
    let bank = Bank::open_at(world, "/?arrangement=redirect&dpop=1");
    world.click("#sign-in");
    Provider(world).password("alice");
    assert_eq!(bank.outcome(), "ok");
    bank.transfer("25.50");
    until_true("the page is left", || {
        if Prompt(world).choices().first().is_some_and(|choice| choice == "redirect") {
            Prompt(world).choose("redirect");
        }
        world.shown("button#use-passkey").is_some()
    });
    world.server.forget();
    Provider(world).passkey();
    assert_eq!(bank.outcome(), "ok");
    is_made(world);
    // The page that came back knows no nonces yet, but its key.
    assert_eq!(statuses(world, "auth", "POST", "/token"), [400, 200]);
    assert_eq!(statuses(world, "api", "POST", "/transfers"), [401, 201]);
    let bound_to = one_key(world);
    for _ in 0..2 {
        world.browser.session.post("/refresh", &json!({})).expect("the page is loaded again");
        world.element("#sign-in");
    }
    assert_eq!(world.server.ledger().len(), 1);
    // A reload has lost the token, and the next one is bound to the same key.
    world.server.forget();
    world.click("#sign-in");
    assert_eq!(bank.outcome(), "ok");
    assert_eq!(one_key(world), bound_to);
}

fn a_passkey_in_the_page_takes_no_more_requests_than_without(bench: &Bench) {
    let world = bench.world(json!({ "nonces": true }));
    let bank = Bank::open_at(world, "/?arrangement=endpoints&dpop=1");
    world.authenticator.arm(&world.browser);
    bank.sign_in("alice");
    world.server.forget();
    bank.transfer("25.50");
    confirm_by_passkey(world, &bank);
    is_made(world);
    let expected = [
        "POST /transfers 401",
        "POST /passkey/options 200",
        "POST /token 200",
        "POST /transfers 201",
    ];
    assert_eq!(sent_for_the_transfer(&world.server), expected);
    one_key(world);
}

fn without_the_option_nothing_of_it_is_loaded(bench: &Bench) {
    let world = bench.world(json!({}));
    let bank = Bank::open(world);
    bank.sign_in("alice");
    assert_eq!(statuses(world, "api", "GET", "/balance"), [200]);
    assert_eq!(world.server.requests("app", "GET", "/stepup/engine.js").len(), 1);
    for file in ["dpop.js", "store.js"] {
        let path = format!("/stepup/{file}");
        assert_eq!(world.server.requests("app", "GET", &path).len(), 0, "{file}");
    }
}
