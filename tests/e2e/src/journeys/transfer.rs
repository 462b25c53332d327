//! The main job in the bank's own page: a transfer that wants a passkey.

use serde_json::json;

use super::journeys;
use crate::bench::{Bench, Journey, World};
use crate::pages::{Asked, Bank, Provider};
use crate::server::{Seen, access_token_claims};

pub const JOURNEYS: &[(&str, Journey)] = journeys![
    a_transfer_is_challenged_confirmed_with_a_passkey_and_sent_once,
    a_transfer_is_confirmed_at_a_provider_on_another_site,
];

fn a_transfer_is_challenged_confirmed_with_a_passkey_and_sent_once(bench: &Bench) {
    transfer(bench.world(json!({})));
}

fn a_transfer_is_confirmed_at_a_provider_on_another_site(bench: &Bench) {
    transfer(bench.world(json!({ "provider": "auth.idp.localhost" })));
}

fn transfer(world: &World) {
    let bank = Bank::open(world);
    bank.sign_in("alice");
    world.server.forget();
    bank.transfer("25.50");
    let asked = world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    assert_eq!(bank.outcome(), "ok");

    let ledger = world.server.ledger();
    assert_eq!(ledger.len(), 1, "{ledger:?}");
    assert_eq!((&ledger[0]["user"], &ledger[0]["amount"]), (&json!("alice"), &json!(2550)));

    // The API saw the same request twice, first with the sign-in's token, then with the new one.
    let sent = world.server.requests("api", "POST", "/transfers");
    let [first, second] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!((first.status, second.status), (401, 201));
    for header in ["content-type", "idempotency-key", "origin"] {
        assert!(first.header(header).is_some(), "{first:?}");
        assert_eq!(first.header(header), second.header(header));
    }
    assert_eq!(access_token_claims(first)["acr"], "AL1");
    let claims = access_token_claims(second);
    assert_eq!((&claims["sub"], &claims["acr"]), (&json!("alice"), &json!("AL3")));
    let scopes: Vec<&str> = claims["scope"].as_str().unwrap_or_default().split(' ').collect();
    assert!(scopes.contains(&"transfers:write") && scopes.contains(&"accounts:read"), "{scopes:?}");

    // The provider saw one authorization request, made from the challenge, and one token request.
    let asks = world.server.requests("auth", "GET", "/auth");
    let [ask] = asks.as_slice() else { panic!("{asks:?}") };
    let parameter = |name: &str| ask.parameter(name).unwrap_or_default();
    assert_eq!(parameter("response_type"), "code");
    assert_eq!(parameter("acr_values"), "AL3");
    assert_eq!(parameter("max_age"), "60");
    assert_eq!(parameter("code_challenge_method"), "S256");
    assert_eq!(parameter("id_token_hint").split('.').count(), 3);
    assert!(parameter("state").len() >= 22 && parameter("nonce").len() >= 22, "{ask:?}");
    let tokens = world.server.requests("auth", "POST", "/token");
    assert_eq!(tokens.iter().map(|seen| seen.status).collect::<Vec<_>>(), [200]);

    // t31: the callback has the code and the state, and tells nobody where it was.
    let back = world.server.requests("app", "GET", "/stepup/callback.html");
    let [back] = back.as_slice() else { panic!("{back:?}") };
    assert_eq!(back.parameter("state").as_deref(), Some(parameter("state").as_str()));
    let after = world.server.log();
    assert!(after.iter().filter(|seen| seen.n > back.n).all(no_referrer), "{after:?}");

    // Keys and metadata are known from the sign-in: the first request is for the token.
    let mut expected = vec!["challenge", "prompt"];
    expected.extend((asked == Asked::Button).then_some("prompt"));
    expected.extend(["request", "authenticated", "retry", "request", "settled"]);
    let rows = bank.diagram();
    let of_this: Vec<&str> =
        rows.iter().map(String::as_str).skip_while(|row| *row != "challenge").collect();
    assert_eq!(of_this, expected, "asked by {asked:?}");
}

fn no_referrer(seen: &Seen) -> bool {
    seen.header("referer").is_none_or(|from| !from.contains("code="))
}
