//! Attacks on the ID token, by their numbers.

use super::*;
use crate::protocol::error::ErrorCode::{IdTokenInvalid, IssuerMismatch, KeyUnknown};

fn check(provider: &Provider, id_token: &str, code: ErrorCode) {
    refused(verify(id_token, &provider.jwks(), &response()), code);
}

#[test]
fn t02_the_same_subject_of_another_issuer_is_an_issuer_mismatch() {
    let (ours, theirs) = (Provider::new(), Provider::new());
    let foreign = claims_with("iss", json!("https://login.evil.example"));
    // Signed by the expected issuer's own key, and by the other's.
    check(&ours, &ours.issue(&foreign), IssuerMismatch);
    check(&ours, &theirs.issue(&foreign), IssuerMismatch);
    // With a key that the expected issuer does not have: no reason to fetch its set again.
    let header = r#"{"alg":"ES256","kid":"theirs"}"#;
    check(&ours, &theirs.sign(header, &foreign.to_string()), IssuerMismatch);
}

#[test]
fn t27_a_token_with_another_nonce_or_none_is_refused() {
    let provider = Provider::new();
    for nonce in [json!("injected"), json!(""), Value::Null] {
        check(&provider, &provider.issue(&claims_with("nonce", nonce)), IdTokenInvalid);
    }
    assert!(verify(&provider.issue(&claims()), &provider.jwks(), &response()).is_ok());
}

#[test]
fn t28_a_token_for_another_client_is_refused() {
    let provider = Provider::new();
    check(&provider, &provider.issue(&claims_with("aud", json!("mallory-spa"))), IdTokenInvalid);
    // Whoever it says it is for, it must name this client.
    let mut other = claims_with("aud", json!(["mallory-spa"]));
    other["azp"] = json!(CLIENT);
    check(&provider, &provider.issue(&other), IdTokenInvalid);
}

#[test]
fn t61_clock_skew_of_sixty_seconds_is_tolerated_and_no_more() {
    let provider = Provider::new();
    let cases = [
        ("exp", NOW + 1, true),
        ("exp", NOW, true),
        ("exp", NOW - 59, true),
        ("exp", NOW - 60, false),
        ("iat", NOW + 60, true),
        ("iat", NOW + 61, false),
        ("nbf", NOW - 3600, true),
        ("nbf", NOW + 60, true),
        ("nbf", NOW + 61, false),
    ];
    for (name, time, fine) in cases {
        let id_token = provider.issue(&claims_with(name, json!(time)));
        let outcome = verify(&id_token, &provider.jwks(), &response());
        let code = outcome.map(|_| ()).map_err(|error| error.code);
        assert_eq!(code, if fine { Ok(()) } else { Err(IdTokenInvalid) }, "{name} {time}");
    }
}

#[test]
fn t61_no_time_overflows() {
    let provider = Provider::new();
    for now in [0, u64::MAX] {
        let mut at = response();
        at.now = EpochSeconds(now);
        for time in [json!(0), json!(u64::MAX), json!(1e308), json!(9e15)] {
            for name in ["exp", "iat", "nbf"] {
                let id_token = provider.issue(&claims_with(name, time.clone()));
                let fine = now == 0 && name == "iat" && time == 0;
                assert_eq!(verify(&id_token, &provider.jwks(), &at).is_ok(), fine, "{name} {time}");
            }
        }
    }
    // Of a session's token nothing has expired, so that the other times are looked at too.
    let mut at = expectation(Source::Session);
    at.now = EpochSeconds(u64::MAX);
    let id_token = provider.issue(&claims_with("nbf", json!(1e308)));
    assert!(verify(&id_token, &provider.jwks(), &at).is_ok());
}

#[test]
fn t63_a_key_that_is_not_in_the_set_is_unknown() {
    let provider = Provider::new();
    let rotated = provider.sign(r#"{"alg":"ES256","kid":"two"}"#, &claims().to_string());
    check(&provider, &rotated, KeyUnknown);
}

#[test]
fn t64_alg_none_hs_and_wrong_kty_are_refused() {
    let provider = Provider::new();
    let payload = claims().to_string();
    let names = [
        "none", "None", "NONE", "", "HS256", "HS384", "HS512", "ES512", "ES256K", "es256", "RS1",
        "dir", "A128GCM",
    ];
    for alg in names {
        let header = json!({ "alg": alg, "kid": "one" }).to_string();
        check(&provider, &provider.sign(&header, &payload), IdTokenInvalid);
        let unsigned = format!("{}.{}.", encode(&header), encode(&payload));
        check(&provider, &unsigned, IdTokenInvalid);
    }
    for header in [r#"{"kid":"one"}"#, r#"{"alg":null}"#, r#"{"alg":["ES256"]}"#, "{}", "[]", ""] {
        check(&provider, &provider.sign(header, &payload), IdTokenInvalid);
    }
    // A key of another type under the id, also where the header asks for just that algorithm.
    for alg in ["RS256", "PS256", "ES384", "EdDSA"] {
        let header = json!({ "alg": alg, "kid": "one" }).to_string();
        check(&provider, &provider.sign(&header, &payload), IdTokenInvalid);
    }
    // The right one, called something else.
    for kty in ["RSA", "OKP", "oct", "ec", ""] {
        let mut jwk = provider.jwk();
        jwk["kty"] = json!(kty);
        let jwks = json!({ "keys": [jwk] });
        refused(verify(&provider.issue(&claims()), &jwks, &response()), IdTokenInvalid);
    }
}

#[test]
fn t64_an_algorithm_that_the_app_does_not_accept_is_refused() {
    let provider = Provider::new();
    let id_token = provider.issue(&claims());
    for (names, fine) in [
        (&["ES256"][..], true),
        (&["PS256", "ES256"], true),
        (&["PS256", "EdDSA"], false),
        (&["es256"], false),
        (&[], false),
    ] {
        let algorithms = Some(names.iter().map(|&name| name.to_owned()).collect());
        let outcome =
            verify(&id_token, &provider.jwks(), &Expectation { algorithms, ..response() });
        let code = outcome.map(|_| ()).map_err(|error| error.code);
        assert_eq!(code, if fine { Ok(()) } else { Err(IdTokenInvalid) }, "{names:?}");
    }
    // Whatever the app says, those stay refused.
    let unsigned = format!("{}.{}.", encode(r#"{"alg":"none"}"#), encode(claims().to_string()));
    let all = ["none", "HS256"].map(str::to_owned).to_vec();
    let accepting = Expectation { algorithms: Some(all), ..response() };
    refused(verify(&unsigned, &provider.jwks(), &accepting), IdTokenInvalid);
}

#[test]
fn t64_the_public_key_is_no_shared_secret() {
    let provider = Provider::new();
    let message =
        format!("{}.{}", encode(r#"{"alg":"HS256","kid":"one"}"#), encode(claims().to_string()));
    for secret in
        [provider.jwk().to_string().into_bytes(), provider.pair.public_key().as_ref().to_vec()]
    {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &secret);
        let tag = ring::hmac::sign(&key, message.as_bytes());
        check(&provider, &format!("{message}.{}", encode(tag)), IdTokenInvalid);
    }
    // Also where the set does contain a symmetric key.
    let set = json!({ "keys": [{ "kty": "oct", "kid": "one", "k": "AAAA", "alg": "HS256" }] });
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &[0, 0, 0]);
    let tag = ring::hmac::sign(&key, message.as_bytes());
    refused(verify(&format!("{message}.{}", encode(tag)), &set, &response()), IdTokenInvalid);
}

#[test]
fn t64_a_header_that_brings_its_own_key_is_not_believed() {
    let (provider, mallory) = (Provider::new(), Provider::new());
    let header = json!({ "alg": "ES256", "kid": "one", "jwk": mallory.jwk() }).to_string();
    check(&provider, &mallory.sign(&header, &claims().to_string()), IdTokenInvalid);
}

#[test]
fn t64_an_extension_that_must_be_understood_is_refused() {
    let provider = Provider::new();
    for crit in [json!(["b64"]), json!(["exp"]), json!([]), json!(null)] {
        let header = json!({ "alg": "ES256", "kid": "one", "crit": crit, "b64": true });
        check(
            &provider,
            &provider.sign(&header.to_string(), &claims().to_string()),
            IdTokenInvalid,
        );
    }
}

#[test]
fn t64_a_token_of_another_type_is_refused() {
    let provider = Provider::new();
    let sign = |typ: &str| {
        let header = json!({ "alg": "ES256", "kid": "one", "typ": typ }).to_string();
        provider.sign(&header, &claims().to_string())
    };
    for typ in ["at+jwt", "application/at+jwt", "AT+JWT", "logout+jwt", "dpop+jwt", "secevent+jwt"]
    {
        check(&provider, &sign(typ), IdTokenInvalid);
    }
    for typ in ["JWT", "jwt", "application/jwt"] {
        assert!(verify(&sign(typ), &provider.jwks(), &response()).is_ok());
    }
}

#[test]
fn a_token_of_monstrous_size_is_refused() {
    let provider = Provider::new();
    let padded = |size| provider.issue(&claims_with("padding", json!("x".repeat(size))));
    assert!(verify(&padded(10_000), &provider.jwks(), &response()).is_ok());
    check(&provider, &padded(100_000), IdTokenInvalid);
}

#[test]
fn t64_a_token_of_any_other_form_is_refused() {
    let provider = Provider::new();
    let good = provider.issue(&claims());
    let (message, signature) = good.rsplit_once('.').unwrap();
    let forms = [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        message.to_owned(),
        format!("{message}."),
        format!("{good}."),
        format!("{good}.a.b"),
        format!("{good}="),
        format!(" {good}"),
        format!("{good}\n"),
        format!("{message}.{}", "A".repeat(200_000)),
        format!("{message}.{}", signature.replace(['-', '_'], "+") + "+"),
    ];
    for form in forms {
        check(&provider, &form, IdTokenInvalid);
    }
    for parts in [format!("{good}."), format!("{good}.a"), format!("{good}.a.b")] {
        let error = inspect(&parts, &provider.jwks(), &response()).unwrap_err();
        assert_eq!(error.code, IdTokenInvalid);
    }
}
